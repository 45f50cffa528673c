"""Each gate of pruning by itself: closed, it blocks every delete and says how to open it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glia.planning.gates import GATES, Tally
from glia.planning.scope import PrunePolicy, SourceEvidence
from glia.steps import Delete, Retire
from glia.tags import KEY, OWNER, PRUNE, PRUNE_AT, PruneMark
from planning.orphans import CLUSTER, GRACE, NOW, ON, deleting, lost, plan_of, rules, services
from support.situations import live, wanted

if TYPE_CHECKING:
    from glia.live import LiveService

OTHERS = services("a", "b", "c")
DUE = {PRUNE_AT: str(PruneMark(int(NOW) - 1, 2))}


def test_with_every_gate_open_a_service_without_a_manifest_loses_its_replicas_first() -> None:
    plan = plan_of(OTHERS, [lost()])
    (change,) = plan.changes
    assert (change.action, change.cause, change.key) == ("delete", "prune", "inference/gone")
    assert change.step == Retire(lost(), GRACE)
    assert change.effect.calls == ("TagResource", "UpdateService")
    assert (plan.count("delete"), len(plan.settled)) == (1, 3)


def test_of_services_that_may_not_be_all_nothing_is_pruned() -> None:
    due = lost("due", running=0, count=0, tags=DUE)
    plan = plan_of(OTHERS, [lost(), due], listed=False, prune=True, deletes=9)
    assert (plan.changes, plan.retired, len(plan.settled)) == ((), (), 3)


def test_after_its_time_of_grace_it_is_deleted_unless_tasks_still_run() -> None:
    stopped = lost(running=0, count=0, tags=DUE)
    (change,) = plan_of(OTHERS, [stopped]).changes
    assert change.step == Delete(stopped, force=False)

    stopping = lost(running=1, count=0, tags=DUE)
    waiting = lost("later", running=0, count=0, tags={PRUNE_AT: str(PruneMark(int(NOW) + 9, 2))})
    for there in (stopping, waiting):
        plan = plan_of(OTHERS, [there])
        assert not plan.changes
        assert [each.live for each in plan.retired] == [there]


@pytest.mark.parametrize(
    "there",
    [
        lost(running=0, count=0, tags={PRUNE_AT: "yesterday"}),
        lost(running=0, count=0, tags={PRUNE_AT: "99999999999999:2"}),
        lost(tags=DUE),
    ],
    ids=["unreadable", "beyond all time", "somebody has scaled it up again"],
)
def test_a_mark_that_does_not_hold_begins_anew(there: Any) -> None:
    (change,) = plan_of(OTHERS, [there]).changes
    assert change.step == Retire(there, GRACE)


CLOSED = {
    "source_is_next": (
        SourceEvidence(revision="diverged", detail="abc1234", acknowledge="glia run --accept"),
        "prune-source",
    ),
    "paths_hold_manifests": (SourceEvidence(empty=("services",)), "prune-empty-path"),
    "everything_is_parsed": (SourceEvidence(wrong=("bad.yaml",)), "prune-unparsed"),
    "is_unclaimed": (SourceEvidence(claimed=frozenset({"inference/gone"})), "prune-claimed"),
    "is_not_paused": (SourceEvidence(paused="suspended by the operator"), "prune-paused"),
}


@pytest.mark.parametrize("gate", CLOSED)
def test_what_is_known_of_the_source_closes_a_gate(gate: str) -> None:
    evidence, rule = CLOSED[gate]
    for there in (lost(), lost(running=0, count=0, tags=DUE)):
        plan = plan_of(OTHERS, [there], evidence=evidence)
        assert rules(plan) == [rule]
        assert not deleting(plan)
        ((block,),) = [each.blocked_by for each in plan.changes]
        assert block.message
        assert block.allow_with


@pytest.mark.parametrize("revision", ["unread", "unverified", "diverged"])
def test_the_source_has_to_be_read_and_verified_and_to_go_on_from_the_last_one(
    revision: Any,
) -> None:
    assert rules(plan_of(OTHERS, [lost()], evidence=SourceEvidence(revision))) == ["prune-source"]


@pytest.mark.parametrize(
    "there",
    [
        replace(lost(), name="twin"),
        lost(tags={KEY: "other/gone"}),
        lost(tags={KEY: ""}),
        lost(tags={"glia:name": "another"}),
    ],
    ids=["copied tags", "another cluster's key", "no key", "another name"],
)
def test_the_key_has_to_be_the_services_own(there: Any) -> None:
    plan = plan_of(OTHERS, [there])
    assert rules(plan) == ["prune-not-ours"]
    assert there.name in plan.changes[0].blocked_by[0].message


def test_a_name_that_does_not_follow_from_the_key_is_told_by_a_tag() -> None:
    service = wanted("gone", service={"serviceName": "prod-gone"})
    assert deleting(plan_of(OTHERS, [live(service.lanes[0])])) == ["prod-gone"]


def test_what_carries_another_owners_tag_or_none_is_not_even_looked_at() -> None:
    stranger = replace(lost("stranger"), tags={})
    assert not plan_of(OTHERS, [stranger, lost(tags={OWNER: "team-b"})]).changes


def test_a_service_that_another_manifest_wants_is_not_pruned_but_renamed() -> None:
    heir = wanted("heir", service={"serviceName": "prod"})
    there = live(wanted("gone", service={"serviceName": "prod"}).lanes[0])
    plan = plan_of([*OTHERS, heir], [there])
    prune = next(each for each in plan.changes if each.cause == "prune")
    (block,) = prune.blocked_by
    assert block.message == "inference/heir wants service prod: renamed?"
    assert block.allow_with == "write renamedFrom: gone in the manifest of inference/heir"


@pytest.mark.parametrize(
    ("owned", "most"), [(1, 1), (2, 1), (3, 1), (6, 1), (7, 2), (10, 3), (100, 30), (1000, 300)]
)
def test_at_every_size_one_may_go_or_three_of_ten(owned: int, most: int) -> None:
    assert Tally("", 0, owned).limit == most


def test_above_the_limit_nothing_goes_until_the_number_is_allowed() -> None:
    gone = [lost(f"gone{number}") for number in range(2)]
    plan = plan_of(OTHERS, gone)
    assert rules(plan) == ["prune-limit", "prune-limit"]
    (block, _) = (each.blocked_by[0] for each in plan.changes)
    assert block.message.startswith(
        "2 of the 5 manifests of cluster inference (us-west-2) are gone"
    )
    assert block.allow_with == "glia apply --prune --allow-deletes 2"
    assert not deleting(plan_of(OTHERS, gone, deletes=1))
    assert len(deleting(plan_of(OTHERS, gone, deletes=2))) == 2


def test_what_is_on_its_way_out_counts_as_well() -> None:
    """Or a fleet could be deleted one by one, a commit or a pass at a time."""
    first = lost("first", running=0, count=0, tags={PRUNE_AT: str(PruneMark(int(NOW) + 60, 2))})
    assert rules(plan_of(OTHERS, [first, lost()])) == ["prune-limit"]


def test_pruning_has_to_be_on() -> None:
    off = PrunePolicy(CLUSTER, on=False, grace=GRACE)
    assert not plan_of(OTHERS, [lost()], policy=off).changes
    assert deleting(plan_of(OTHERS, [lost()], policy=off, prune=True)) == ["gone"]


def test_a_tag_keeps_a_service_whose_manifest_was_never_to_be_missed() -> None:
    kept = live(wanted("gone", prune="disabled").lanes[0])
    assert kept.tags[PRUNE] == "disabled"
    assert rules(plan_of(OTHERS, [kept])) == ["prune-disabled"]


def test_every_gate_has_been_tried() -> None:
    tried = {*CLOSED, "is_ours", "is_within_limit", "may_be_pruned"}
    assert {gate.__name__ for gate in GATES} == tried
    assert len(GATES) == 8


NAMES = [f"s{number}" for number in range(12)]
PAST, FUTURE = (str(PruneMark(int(NOW) + each, 2)) for each in (-60, 60))
TAGS = st.fixed_dictionaries(
    {},
    optional={
        OWNER: st.sampled_from(["team-b", ""]),
        KEY: st.sampled_from(["inference/s0", "other/s1", "inference/x", ""]),
        PRUNE: st.sampled_from(["disabled", "enabled"]),
        PRUNE_AT: st.sampled_from([PAST, FUTURE, "soon", ""]),
    },
)
ELSEWHERE = SourceEvidence(claimed=frozenset(f"inference/{name}" for name in NAMES))
FAULTY = [each for each, rule in CLOSED.values() if rule != "prune-claimed"]
SOURCES = st.sampled_from([SourceEvidence()] * 4 + [ELSEWHERE, *FAULTY])
DECLARED = {each.name: each for each in services(*NAMES)}
LANES = {name: DECLARED[name].lanes[0] for name in NAMES}


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    declared=st.sets(st.sampled_from(NAMES)),
    there=st.dictionaries(st.sampled_from(NAMES), st.tuples(TAGS, st.integers(0, 2))),
    evidence=SOURCES,
    on=st.booleans(),
    deletes=st.integers(0, 4),
)
def test_no_plan_deletes_what_is_not_ours_or_too_much_or_through_a_closed_gate(
    declared: set[str],
    there: dict[str, tuple[dict[str, str], int]],
    evidence: SourceEvidence,
    on: bool,
    deletes: int,
) -> None:
    fleet: dict[str, LiveService] = {}
    for name, (tags, count) in there.items():
        made = live(LANES[name], running=count, count=count)
        fleet[name] = replace(made, tags={**made.tags, **tags})
    policy = replace(ON, on=on)
    plan = plan_of(
        [DECLARED[name] for name in sorted(declared)],
        fleet.values(),
        policy=policy,
        evidence=evidence,
        deletes=deletes,
    )
    gone = deleting(plan)
    owners = [each.tags.get(KEY) for each in fleet.values() if each.tags.get(OWNER) == "tests"]
    owned = {*owners, *(f"inference/{name}" for name in declared - fleet.keys())}
    for name in gone:
        found = fleet[name].tags
        assert (found[OWNER], found[KEY]) == ("tests", f"inference/{name}")
        assert name not in declared
        assert found.get(PRUNE) != "disabled"
    assert len(gone) <= max(1, 3 * len(owned) // 10, deletes)
    assert not gone or (on and evidence == SourceEvidence())
    ended = [each.step for each in plan.changes if isinstance(each.step, Delete)]
    assert all(not step.force and not step.service.running for step in ended)
