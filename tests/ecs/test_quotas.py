from __future__ import annotations

import pytest

from glia.ecs.quotas import least_seconds


@pytest.mark.parametrize(
    ("calls", "seconds"),
    [
        ({}, 0),
        ({"RegisterTaskDefinition": 20}, 0),
        ({"RegisterTaskDefinition": 300, "CreateService": 300}, 280),
        ({"CreateService": 200, "UpdateService": 100}, 50),  # one bucket for both
        ({"NoOperationOfEcs": 1000}, 0),
    ],
)
def test_calls_take_as_long_as_the_slowest_bucket(calls: dict[str, int], seconds: float) -> None:
    assert least_seconds(calls) == seconds
