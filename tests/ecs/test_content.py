"""Hashes of content: equal for equal content, on every machine and in every version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from glia.ecs.canonical import canonical
from glia.ecs.content import content_hash, service_hash
from support.requests import NEURON_SAMPLE, task_definition

if TYPE_CHECKING:
    from support.driver import Driver

SERVICE: dict[str, Any] = {
    "placementConstraints": [{"type": "distinctInstance"}],
    "deploymentConfiguration": {
        "strategy": "LINEAR",
        "linearConfiguration": {"stepPercent": 20, "stepBakeTimeInMinutes": 1},
    },
}


def test_a_hash_is_what_it_was_when_it_was_written_into_a_tag() -> None:
    """Another result is another version: ``v1`` would lie about what is in people's tags."""
    assert content_hash(NEURON_SAMPLE) == "v1:ca13508892c1c0d13d4561e7ba959bb5"
    assert service_hash(SERVICE) == "b551cbfbca8599ec"


def test_a_registered_definition_has_the_hash_of_its_request(driver: Driver) -> None:
    request = task_definition(cpu="1 vCPU", tags=[{"key": "team", "value": "vision"}])
    answer = driver.ecs.register_task_definition(**request)["taskDefinition"]
    assert content_hash(answer) == content_hash(request)
    assert content_hash(canonical("taskDefinition", request)) == content_hash(request)
    assert re.fullmatch(r"v1:[0-9a-f]{32}", content_hash(request))


def test_a_number_is_hashed_alike_as_whole_and_as_fraction() -> None:
    """A manifest's 20 is described as 20.0."""
    linear = {"stepPercent": 20.0, "stepBakeTimeInMinutes": 1}
    described = {"strategy": "LINEAR", "linearConfiguration": linear}
    assert service_hash(SERVICE | {"deploymentConfiguration": described}) == service_hash(SERVICE)


TEXTS = st.dictionaries(st.text(min_size=1), st.text(), max_size=3)


@given(TEXTS, TEXTS)
def test_hashes_are_equal_exactly_where_the_canonical_forms_are(
    one: dict[str, str], other: dict[str, str]
) -> None:
    requests = [
        {"containerDefinitions": [{"environment": [{"name": n, "value": each[n]} for n in each]}]}
        for each in (one, other)
    ]
    hashes = {content_hash(each) for each in requests}
    first, second = (canonical("taskDefinition", each) for each in requests)
    assert (len(hashes) == 1) is (first == second)
