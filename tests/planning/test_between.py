"""Two states of the manifests: what one makes of the other, laws that hold for any two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glia.cli.wanted import offline, offline_state
from glia.manifest.document import Source
from glia.planning.between import between
from glia.source.files import Found
from glia.wanted import compiled
from support.operator import CLUSTER, neuron_service

if TYPE_CHECKING:
    from typing import Any

    from glia.desired.state import DesiredState
    from glia.plan import Plan

NAMES = ("a", "b", "c")
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def state(*manifests: dict[str, Any]) -> DesiredState:
    text = yaml.dump_all([CLUSTER, *manifests], Dumper=yaml.CSafeDumper).encode()
    made = offline_state(compiled(Found((Source("m.yaml", text),), ()), offline))
    assert not [each for each in made.diagnostics if each.severity == "error"], made.diagnostics
    return made.state


services = st.builds(
    lambda image, replicas, suspend: {"image": image, "replicas": replicas, "suspend": suspend},
    st.sampled_from(["server:1", "server:2"]),
    st.sampled_from([None, 1, 3]),
    st.booleans(),
)
states = st.dictionaries(st.sampled_from(NAMES), services).map(
    lambda found: state(*(neuron_service(name, **spec) for name, spec in found.items()))
)


def actions(plan: Plan) -> dict[str, str]:
    return {change.key: change.action for change in plan.changes}


@FEW
@given(states, states)
def test_every_service_is_created_deleted_changed_or_as_it_should_be(
    base: DesiredState, head: DesiredState
) -> None:
    plan = between(base, head)

    before = {each.key for each in base.services}
    after = {each.key: each for each in head.services}
    active = {key for key, each in after.items() if not each.suspended}
    found = actions(plan)
    assert {key for key, action in found.items() if action == "create"} == active - before
    assert {key for key, action in found.items() if action == "delete"} == before - after.keys()
    settled = {each.service.key for each in plan.settled}
    assert active & before == {key for key, kind in found.items() if kind == "update"} | settled
    assert set(plan.suspended) == after.keys() - active
    assert plan.offline
    assert not plan.blocked


@FEW
@given(states)
def test_nothing_is_between_a_state_and_itself(same: DesiredState) -> None:
    assert between(same, same).changes == ()
