"""Glia's own percentages: always some that move, and within the rollout wherever there are any."""

from __future__ import annotations

import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glia.desired.percentages import down_at_once, percentages, surplus_at_once
from glia.manifest.document import Source
from glia.manifest.load import load
from support.operator import CLUSTER, neuron_service

COUNTS = st.one_of(st.integers(1, 400), st.integers(1, 5000))
FEW = st.integers(0, 60)


def room(replicas: int, unavailable: int, surge: int) -> tuple[int, int]:
    """How many may be down, and how many run in addition, by ECS's rounding."""
    made = percentages(replicas, unavailable, surge)
    return (
        down_at_once(replicas, made["minimumHealthyPercent"]),
        surplus_at_once(replicas, made["maximumPercent"]),
    )


@given(COUNTS, FEW, FEW)
def test_a_lane_always_moves_and_by_no_more_than_it_must(
    replicas: int, unavailable: int, surge: int
) -> None:
    assume(unavailable or surge)
    down, surplus = room(replicas, unavailable, surge)
    assert down or surplus
    percents = range(101)
    possible = {down_at_once(replicas, each) for each in percents}
    more = {surplus_at_once(replicas, 100 + each) for each in range(6001)}
    allowed = max(each for each in possible if each <= unavailable)
    in_addition = max(each for each in more if each <= surge)
    if allowed or in_addition:
        assert (down, surplus) == (allowed, in_addition)
    elif unavailable:
        assert (down, surplus) == (min(possible - {0}), 0)
    else:
        assert (down, surplus) == (0, min(more - {0}))


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.integers(1, 30), st.integers(90, 1200)), st.integers(0, 14), st.integers(0, 14))
def test_validate_refuses_just_those_that_need_more_than_the_rollout_and_says_what_moves(
    replicas: int, unavailable: int, surge: int
) -> None:
    assume(unavailable or surge)
    down, surplus = room(replicas, unavailable, surge)
    rollout = {"maxUnavailable": unavailable, "maxSurge": surge}
    found = errors(replicas, rollout)
    assert bool(found) == (down > unavailable or surplus > surge)
    for path, remedy in found:
        name, number = remedy.removeprefix("write ").split(": ")
        assert path == f"spec.rollout.{name}"
        assert not errors(replicas, rollout | {name: int(number)})
        assert errors(replicas, rollout | {name: int(number) - 1})


def errors(replicas: int, rollout: dict[str, int]) -> list[tuple[str, str]]:
    documents = [CLUSTER, neuron_service(replicas=replicas, rollout=rollout)]
    loaded = load([Source("all.yaml", yaml.dump_all(documents, Dumper=yaml.CSafeDumper).encode())])
    return [(each.path, each.remedy) for each in loaded.diagnostics if each.severity == "error"]


def test_a_count_of_nothing_and_one_that_is_autoscalings() -> None:
    assert room(0, 1, 0) == (0, 0)
    assert percentages(None, 1, 0) == {"maximumPercent": 100, "minimumHealthyPercent": 50}
    assert percentages(None, 1, 1) == {"maximumPercent": 200, "minimumHealthyPercent": 50}
