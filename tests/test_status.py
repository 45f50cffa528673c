"""What is said of services: conditions, health, and the picture of the clusters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from glia.assess import Assessment
from glia.conditions import Standing, conditions, health
from glia.desired.state import DesiredState
from glia.errors import Diagnostic
from glia.identity import lane_id
from glia.live import Fleet
from glia.observed import Facts, Observed
from glia.planning.allowances import NOTHING
from glia.planning.planner import make_plan
from glia.service_status import status
from glia.tags import FAILED
from support.situations import definition, instance, live, registered, task, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.desired.state import DesiredService
    from glia.live import LiveService
    from glia.plan import Plan
    from glia.status import ServiceStatus

WEB = wanted()
CONVERGED = Assessment("Converged", "Converged", "2 replicas run inference-web:1", 2)


def look(service: DesiredService, *shown: LiveService, failure: str = "") -> Observed:
    """A cluster with these services, whose task definition is what ``WEB`` wants."""
    there = registered(WEB.lanes[0])
    return Observed(
        service.cluster,
        services={each.name: each for each in shown},
        definitions={there.arn: there},
        newest={WEB.lanes[0].family: there},
        failure=failure,
    )


def status_of(
    service: DesiredService, observed: Observed, assessment: Assessment | None = None
) -> ServiceStatus:
    plan = make_plan(DesiredState((service,)), {service.cluster: observed}, NOTHING)
    return planned(service, observed, plan, assessment)


def planned(
    service: DesiredService, observed: Observed, plan: Plan, assessment: Assessment | None = None
) -> ServiceStatus:
    """The status of the only service there is."""
    of_lanes = {lane_id(service, service.lanes[0]): assessment} if assessment else {}
    state = DesiredState((service,))
    whole = status(state, [observed], plan, of_lanes, 0.0, account_ids={}, instance_types={})
    return whole.services[0]


def told(found: ServiceStatus) -> tuple[str, Mapping[str, tuple[str, str]]]:
    return found.health, {each.type: (each.status, each.reason) for each in found.conditions}


def three(ready: str, reconciling: str, stalled: str, reason: str) -> dict[str, tuple[str, str]]:
    return {
        "Ready": (ready, reason),
        "Reconciling": (reconciling, reason),
        "Stalled": (stalled, reason),
    }


def changed(**members: Any) -> LiveService:
    return live(WEB.lanes[0], **members)


def rolling(**members: Any) -> LiveService:
    made = changed(**members)
    (primary,) = made.deployments
    return replace(made, deployments=(replace(primary, rollout_state="IN_PROGRESS"),))


def failing(state: Any, ready: int = 0) -> Assessment:
    return Assessment(state, state, "why", ready)


NEW_IMAGE = wanted(
    taskDefinition={
        "containerDefinitions": [{"name": "server", "image": "s:2", "memoryReservation": 1000}]
    }
)
HELD = changed(tags={**changed().tags, FAILED: NEW_IMAGE.attempt})
SITUATIONS: dict[str, tuple[DesiredService, Observed, Assessment | None, str, Any]] = {
    "it has converged": (
        WEB, look(WEB, changed()), CONVERGED,
        "Healthy", three("True", "False", "False", "Converged"),
    ),
    "nobody has assessed it and all run": (
        WEB, look(WEB, changed()), None, "Healthy", three("True", "False", "False", "Converged"),
    ),
    "it rolls": (
        WEB, look(WEB, rolling(running=1)), Assessment("Progressing", "RollingOut", "1 of 2", 1),
        "Progressing", three("False", "True", "False", "RollingOut"),
    ),
    "it rolls and nobody has assessed it": (
        WEB, look(WEB, rolling(running=1)), None,
        "Progressing", three("False", "True", "False", "RollingOut"),
    ),
    "a replica is lost and nothing rolls": (
        WEB, look(WEB, changed(running=1)), Assessment("Progressing", "RollingOut", "1 of 2", 1),
        "Degraded", three("False", "False", "False", "ReplicasMissing"),
    ),
    "it crash-loops": (
        WEB, look(WEB, rolling(running=0)), failing("CrashLooping"),
        "Degraded", three("False", "False", "True", "CrashLooping"),
    ),
    "it finds no place": (
        WEB, look(WEB, rolling(running=1)), failing("Unplaceable", 1),
        "Degraded", three("False", "False", "True", "Unplaceable"),
    ),
    "git has moved": (
        NEW_IMAGE, look(WEB, changed()), None,
        "Progressing", three("False", "True", "False", "ChangesPending"),
    ),
    "git has moved and a replica is lost": (
        NEW_IMAGE, look(WEB, changed(running=1)), None,
        "Degraded", three("False", "True", "False", "ChangesPending"),
    ),
    "somebody has scaled it": (
        WEB, look(WEB, changed(count=1, running=1)), None,
        "Progressing", three("False", "True", "False", "Drifted"),
    ),
    "its content has failed before": (
        NEW_IMAGE, look(WEB, HELD), None,
        "Degraded", three("False", "False", "True", "RolledBack"),
    ),
    "somebody else owns it": (
        WEB, look(WEB, changed(tags={})), None,
        "Degraded", three("False", "False", "True", "NameConflict"),
    ),
    "it is not there yet": (
        WEB, look(WEB), None, "Missing",
        three("False", "True", "False", "Missing") | {"Reconciling": ("True", "ChangesPending")},
    ),
    "it was deleted": (
        WEB, look(WEB, changed(status="INACTIVE", count=0, running=0)), None, "Missing",
        three("False", "True", "False", "Missing") | {"Reconciling": ("True", "ChangesPending")},
    ),
    "it is suspended": (
        wanted(suspend=True), look(WEB), None,
        "Suspended", three("Unknown", "False", "False", "Suspended"),
    ),
    "its cluster could not be read": (
        WEB, look(WEB, failure="access denied"), None,
        "Degraded", three("Unknown", "Unknown", "Unknown", "ClusterUnreadable"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_service_is_told_by_its_conditions_and_its_health(name: str) -> None:
    service, observed, assessment, health, conditions = SITUATIONS[name]
    found = status_of(service, observed, assessment)
    assert told(found) == (health, conditions)
    assert all(each.message for each in found.conditions)


def test_a_block_says_what_would_allow_it_and_a_failure_says_why() -> None:
    foreign = status_of(WEB, look(WEB, changed(tags={})))
    assert foreign.conditions[2].message.endswith("allow it with glia apply --adopt inference/web")
    unreadable = status_of(WEB, look(WEB, failure="access denied"))
    message = "cluster inference (us-west-2) could not be read: access denied"
    assert unreadable.conditions[0].message == message
    counts = {unreadable.ready, unreadable.running, unreadable.pending}
    assert (unreadable.desired, counts) == (2, {None}), "nobody has counted"
    looping = status_of(WEB, look(WEB, rolling()), failing("CrashLooping"))
    assert looping.conditions[2].message == "why"


def test_a_service_some_of_whose_replicas_get_no_lane_is_not_called_healthy() -> None:
    """All lanes that it has are as they should be."""
    short = Diagnostic("error", "shortage", "no room for 4", key="NeuronService/web")
    other = replace(short, key="NeuronService/other")
    state, observed = DesiredState((WEB,)), look(WEB, changed())
    plan = make_plan(state, {WEB.cluster: observed}, NOTHING, diagnostics=(other, short))
    found = planned(WEB, observed, plan, CONVERGED)
    assert told(found) == ("Degraded", three("False", "False", "True", "Shortage"))
    assert found.conditions[0].message == "no room for 4"
    plan = make_plan(state, {WEB.cluster: observed}, NOTHING, diagnostics=(other,))
    assert planned(WEB, observed, plan).health == "Healthy"


def test_a_lane_shows_what_is_wanted_beside_what_runs() -> None:
    (lane,) = status_of(WEB, look(WEB, rolling(count=3, running=1, pending=1)), CONVERGED).lanes
    assert (lane.desired, lane.running, lane.pending, lane.ready) == (2, 1, 1, 2)
    assert (lane.task_definition, lane.deployment) == ("inference-web:1", "ecs-svc/1")
    assert lane.deployment_status == "IN_PROGRESS"
    autoscaled = wanted(replicas=None)
    (lane,) = status_of(autoscaled, look(autoscaled, changed(count=5, running=5))).lanes
    assert (lane.desired, lane.ready) == (5, 5)


def test_the_status_shows_every_cluster_and_says_where_its_picture_is_incomplete() -> None:
    tasks = (task("service:web", 1), task("service:unread", 2))
    fleet = Fleet(
        (instance(1), instance(2)), tasks, {each.arn: each for each in [definition("web", 0)]}
    )
    observed = replace(look(WEB, changed()), facts=Facts("ACTIVE", fleet))
    plan = make_plan(DesiredState((WEB,)), {WEB.cluster: observed}, NOTHING)
    found = status(
        DesiredState((WEB,)),
        [observed],
        plan,
        {},
        1700000000.0,
        account_ids={WEB.cluster: "123456789012"},
        instance_types={},
    )
    assert found.observed_at == 1700000000.0
    assert [(each.key, each.health) for each in found.services] == [("inference/web", "Healthy")]
    (cluster,) = found.clusters
    assert (cluster.cluster, cluster.account_id) == (WEB.cluster, "123456789012")
    held = [[holder.key for holder in each.chips[0].holders] for each in cluster.instances]
    assert held == [["service:web"], []]
    (warning,) = found.diagnostics
    assert (warning.code, warning.found) == (
        "task-definitions-unreadable",
        "none of service:unread",
    )


def test_one_bad_lane_does_not_hide_that_others_still_roll() -> None:
    standings = (
        Standing("converged", "Converged", "a"),
        Standing("rolling", "RollingOut", "b"),
        Standing("stalled", "CrashLooping", "c"),
        Standing("stalled", "RolledBack", "d"),
    )
    found = {each.type: (each.status, each.message) for each in conditions(standings)}
    assert found == {
        "Ready": ("False", "c"),
        "Reconciling": ("True", "b"),
        "Stalled": ("True", "c"),
    }
    assert health(standings, (changed(),), short=False) == "Degraded"
    unmade = (standings[0], Standing("missing", "Missing", "e"))
    assert health(unmade, (changed(),), short=False) == "Degraded"
