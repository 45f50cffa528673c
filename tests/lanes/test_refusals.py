"""Manifests that no layout can make right, and pools that can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lanes.fleet import BIG, died_for_a_taken_chip, lanes, running, sharing
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

RED: dict[str, Any] = {"pool": {"attribute": "team", "value": "red"}}
BLUE: dict[str, Any] = {"pool": {"attribute": "team", "value": "blue"}}


@pytest.mark.parametrize("devices", [2, "all"])
def test_who_names_no_pool_where_others_have_one_is_refused(
    make_operator: Callable[..., Operator], devices: Any
) -> None:
    operator = make_operator((BIG, 2))
    operator.driver.sandbox.add_instances(BIG, 2, team="red")
    operator.write(sharing("web", 2, devices), sharing("red", 2, 1, **RED))
    (error,) = operator.plan().errors
    assert (error.code, error.key) == ("pool-overlap", "NeuronService/web")
    assert "team=red" in error.message
    assert error.path == "spec.neuron.pool"
    operator.apply(errors=True)
    assert running(operator) == {"red": 2}


def test_two_pools_of_one_type_are_laid_out_each_by_itself(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator()
    operator.driver.sandbox.add_instances(BIG, 1, team="red")
    operator.driver.sandbox.add_instances(BIG, 1, team="blue")
    fleet = [sharing("red", 6, 2, **RED), sharing("blue", 6, 2, **BLUE)]
    operator.converge(*fleet)
    assert running(operator) == {"red": 6, "blue": 6}
    assert {name.partition("-")[2] for name in lanes(operator, "red")} == {
        name.partition("-")[2] for name in lanes(operator, "blue")
    }
    assert is_empty(operator.plan())
    assert not operator.plan().diagnostics, "neither counts the other's lanes as its own"
    assert not died_for_a_taken_chip(operator)
