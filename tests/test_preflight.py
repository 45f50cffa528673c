"""What is told before a change is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from glia.aws.gateway import Gateway
from glia.aws.session import Sessions
from glia.change import Block, Change
from glia.desired.state import DesiredState
from glia.enrol import fleet as read_fleet
from glia.live import Fleet
from glia.observed import Facts, Observed
from glia.planning.allowances import NOTHING
from glia.planning.planner import make_plan, offline_plan
from glia.preflight import preflight
from glia.steps import Create, Replace
from glia.tags import KEY
from glia.tags import OWNER as OWNER_TAG
from glia.target import Target
from support.requests import chip, container
from support.situations import OWNER, definition, instance, live, registered, task, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glia.desired.state import DesiredService
    from glia.live import LiveInstance, LiveTask, LiveTaskDefinition
    from glia.plan import Preflight
    from support.driver import Driver

CAPACITY = ("instances", "cpu", "memory", "ports", "chips")
EMPTY = (instance(1), instance(2))


def creation(service: DesiredService) -> Change:
    (change,) = offline_plan(DesiredState((service,))).changes
    return change


def observed(
    service: DesiredService,
    instances: Iterable[LiveInstance] = EMPTY,
    tasks: Iterable[LiveTask] = (),
    definitions: Iterable[LiveTaskDefinition] = (),
    **facts: Any,
) -> Observed:
    fleet = Fleet(tuple(instances), tuple(tasks), {each.arn: each for each in definitions})
    told = {"cluster_status": "ACTIVE", "fleet": fleet, **facts}
    return Observed(service.cluster, facts=Facts(**told))


def update(before: DesiredService, after: DesiredService, seen: Observed) -> Change:
    """The change of the plan from what was applied to what is wanted now."""
    (lane,) = before.lanes
    service = live(lane, count=lane.lane.count or 0, running=lane.lane.count or 0)
    there = registered(lane)
    seen = replace(
        seen,
        services={service.name: service},
        definitions={there.arn: there},
        newest={lane.family: there},
    )
    plan = make_plan(DesiredState((after,)), {after.cluster: seen}, NOTHING)
    (change,) = plan.changes
    return change


def results(found: Iterable[Preflight]) -> dict[str, str]:
    return {each.check: each.result for each in found}


def message(found: Iterable[Preflight], check: str) -> str:
    (only,) = (each.message for each in found if each.check == check)
    return only


def test_a_lane_that_finds_room_is_told_so_check_by_check() -> None:
    service = wanted()
    found = preflight(creation(service), observed(service))
    assert results(found) == dict.fromkeys(("cluster", *CAPACITY), "ok")
    assert {each.key for each in found} == {"inference/web"}
    assert message(found, "cpu") == "needs 1024 CPU units on 2 inf1.xlarge, free on 2"


@dataclass(frozen=True)
class Case:
    """A fleet, and what is told of a lane of two replicas on it."""

    check: str
    result: str
    words: str
    instances: tuple[LiveInstance, ...] = EMPTY
    tasks: tuple[LiveTask, ...] = ()
    definitions: tuple[LiveTaskDefinition, ...] = ()
    spec: tuple[tuple[str, Any], ...] = ()


INTRUDER = (task("service:intruder", 2),)
ANTI = {"type": "memberOf", "expression": "not(task:group == service:intruder)"}
OLD_AGENT = {"type": "memberOf", "expression": "agentVersion >= 1.80.0"}
POOL = {"instanceType": "inf1.xlarge", "devices": "all", "pool": {"capacityProvider": "inf1"}}
PARTITIONED = instance(2, attributes={"glia.partition": "p1"})
ELSEWHERE = (("placementConstraints", [ANTI]),)
CASES = {
    "too few are registered": Case(
        "instances",
        "failed",
        "needs 2 inf1.xlarge, 1 registered",
        instances=(instance(1), instance(2, "inf1.2xlarge")),
    ),
    "one is draining": Case(
        "instances",
        "failed",
        "needs 2 inf1.xlarge, 2 registered, 1 usable: i-2 is DRAINING",
        instances=(instance(1), instance(2, status="DRAINING")),
    ),
    "an agent is gone": Case(
        "instances",
        "failed",
        "needs 2 inf1.xlarge, 2 registered, 1 usable: i-1 has no connected agent",
        instances=(instance(1, connected=False), instance(2)),
    ),
    "one is of another partition": Case(
        "instances",
        "failed",
        "2 registered, 1 usable: i-2 does not satisfy 'attribute:glia.partition !exists'",
        instances=(instance(1), PARTITIONED),
    ),
    "a constraint looks at the tasks": Case(
        "instances",
        "failed",
        "1 usable: i-2 does not satisfy 'not(task:group == service:intruder)'",
        tasks=INTRUDER,
        definitions=(definition("intruder"),),
        spec=(("service", dict(ELSEWHERE)),),
    ),
    "a stopping task is gone for constraints": Case(
        "instances",
        "ok",
        "needs 2 inf1.xlarge, 2 registered",
        tasks=(task("service:intruder", 2, desired_status="STOPPED"),),
        definitions=(definition("intruder"),),
        spec=(("service", dict(ELSEWHERE)),),
    ),
    "a constraint asks for what is not read": Case(
        "instances",
        "unknown",
        "the placement constraint 'agentVersion >= 1.80.0' asks for agentVersion",
        spec=(("service", {"placementConstraints": [OLD_AGENT]}),),
    ),
    "managed scaling may help": Case(
        "instances",
        "unknown",
        "1 usable: i-2 is not of capacity provider inf1; capacity provider inf1 may bring more",
        instances=(instance(1, capacity_provider="inf1"), instance(2)),
        spec=(("neuron", POOL),),
    ),
    "the nearest one lacks CPU": Case(
        "cpu",
        "failed",
        "needs 1024 CPU units on 2 inf1.xlarge, free on 1: i-3 has 1000 CPU units left, 24 short",
        instances=(
            instance(1),
            instance(2, remaining={"CPU": 512, "MEMORY": 7000}),
            instance(3, remaining={"CPU": 1000, "MEMORY": 7000}),
        ),
    ),
    "a stopping task of its own has given back what it had": Case(
        "cpu",
        "failed",
        "i-2 has 512 CPU units left, 512 short",
        instances=(instance(1), instance(2, remaining={"CPU": 512, "MEMORY": 7000})),
        tasks=(task("service:web", 2, desired_status="STOPPED"),),
        definitions=(definition("web", 0, cpu="1024"),),
    ),
    "memory is short": Case(
        "memory",
        "failed",
        "needs 1000 MiB of memory on 2 inf1.xlarge, free on 1: "
        "i-2 has 999 MiB of memory left, 1 short",
        instances=(instance(1), instance(2, remaining={"CPU": 4096, "MEMORY": 999})),
    ),
    "what fits must fit on the same instances": Case(
        "memory",
        "failed",
        "free on 2: i-3 has 10 MiB of memory left, 990 short; other checks leave 1 of these",
        instances=(
            instance(1, remaining={"CPU": 10, "MEMORY": 7000}),
            instance(2),
            instance(3, remaining={"CPU": 4096, "MEMORY": 10}),
        ),
    ),
    "a port is taken": Case(
        "ports",
        "failed",
        "needs host port 18000 on 2 inf1.xlarge, free on 1: port 18000 of i-2 taken",
        instances=(instance(1), instance(2, ports=frozenset({22, 18000}))),
    ),
    "a stranger holds the chip": Case(
        "chips",
        "failed",
        "needs chip 0 on 2 inf1.xlarge, free on 1: chip 0 of i-2 is held by service:intruder "
        "(task intruder-2), which is not Glia's",
        tasks=INTRUDER,
        definitions=(definition("intruder", 0),),
    ),
    "another service of Glia's holds the chip": Case(
        "chips",
        "failed",
        "chip 0 of i-2 is held by inference/other (task other-2)",
        tasks=(task("service:other", 2, desired_status="STOPPED", last_status="STOPPING"),),
        definitions=(definition("other", 0, tags={OWNER_TAG: OWNER, KEY: "inference/other"}),),
    ),
    "what a task maps could not be read": Case(
        "chips",
        "unknown",
        "the task definition of service:intruder on i-2 could not be read",
        tasks=INTRUDER,
    ),
    "an instance to spare makes up for the one that is held": Case(
        "chips",
        "ok",
        "needs chip 0 on 2 inf1.xlarge, free on 2",
        instances=(*EMPTY, instance(3)),
        tasks=INTRUDER,
        definitions=(definition("intruder", 0),),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_lane_is_held_against_the_fleet(case: Case) -> None:
    service = wanted(**dict(case.spec))
    seen = observed(service, case.instances, case.tasks, case.definitions)
    found = preflight(creation(service), seen)
    assert message(found, case.check).endswith(case.words)
    assert results(found)[case.check] == case.result
    blamed = [each.check for each in found if each.result == "failed"]
    assert blamed == ([case.check] if case.result == "failed" else [])


SLOTS_OF_OWN_TASKS = (
    instance(1, remaining={"CPU": 0, "MEMORY": 0}, ports=frozenset({22, 18000})),
    instance(2, remaining={"CPU": 0, "MEMORY": 0}, ports=frozenset({22, 18000})),
)
TWO = [task("service:web", 1), task("service:web", 2)]


def whole(image: str, **members: Any) -> dict[str, Any]:
    return {"containerDefinitions": [container(image, cpu=4096, memoryReservation=7000)], **members}


@pytest.mark.parametrize(
    ("rollout", "result", "words"),
    [
        ({}, "ok", "needs 2 inf1.xlarge, 2 registered"),
        ({"maxSurge": 1}, "ok", "needs 2 inf1.xlarge, 2 registered"),
        (
            {"maxSurge": 1, "maxUnavailable": 0},
            "failed",
            "needs 3 inf1.xlarge (2, and 1 to start before it stops), 2 registered",
        ),
    ],
)
def test_own_tasks_make_room_for_new_ones_where_the_rollout_may_stop_one_first(
    rollout: dict[str, int], result: str, words: str
) -> None:
    before = wanted(taskDefinition=whole("server:1"), rollout=rollout)
    after = wanted(taskDefinition=whole("server:2"), rollout=rollout)
    own = registered(before.lanes[0])
    tasks = [replace(each, task_definition=own.arn) for each in TWO]
    seen = observed(after, SLOTS_OF_OWN_TASKS, tasks, [own])
    found = preflight(update(before, after, seen), seen)
    assert message(found, "instances") == words
    rest = dict.fromkeys(("cluster", *CAPACITY[1:]), "ok")
    assert results(found) == rest | {"instances": result}

    unread = observed(after, SLOTS_OF_OWN_TASKS, tasks)
    doubtful = results(preflight(update(before, after, unread), unread))
    assert [doubtful[check] for check in ("cpu", "memory", "ports")] == ["unknown"] * 3


def test_a_service_that_is_made_anew_has_the_room_of_its_old_tasks() -> None:
    service = wanted(taskDefinition=whole("server:1"))
    own = registered(service.lanes[0])
    tasks = [replace(each, task_definition=own.arn) for each in TWO]
    change = creation(service)
    assert isinstance(change.step, Create)
    anew = replace(change, step=Replace(live(service.lanes[0]), change.step))
    found = preflight(anew, observed(service, SLOTS_OF_OWN_TASKS, tasks, [own]))
    assert set(results(found).values()) == {"ok"}


def test_scaling_needs_room_for_the_replicas_that_come() -> None:
    before, after = wanted(), wanted(replicas=3)
    own = registered(before.lanes[0])
    tasks = [replace(each, task_definition=own.arn) for each in TWO]
    seen = observed(after, EMPTY, tasks, [own])
    found = preflight(update(before, after, seen), seen)
    assert message(found, "instances") == "needs 3 inf1.xlarge, 2 registered"
    assert results(found)["instances"] == "failed"


def test_nothing_is_asked_of_a_fleet_by_a_lane_without_replicas() -> None:
    service = wanted(replicas=0)
    found = preflight(creation(service), observed(service, ()))
    assert set(results(found).values()) == {"ok"}


@pytest.mark.parametrize(
    ("status", "result", "words"),
    [
        ("ACTIVE", "ok", "cluster inference (us-west-2) is ACTIVE"),
        ("INACTIVE", "failed", "cluster inference (us-west-2) is INACTIVE, and should be ACTIVE"),
        ("", "failed", "there is no cluster inference (us-west-2); create it, or name another one"),
        (None, "unknown", "cluster inference (us-west-2) could not be read"),
    ],
)
def test_the_cluster_has_to_be_active(status: str | None, result: str, words: str) -> None:
    service = wanted()
    seen = observed(service, cluster_status=status)
    found = preflight(creation(service), seen)
    assert (results(found)["cluster"], message(found, "cluster")) == (result, words)


def test_a_fleet_that_could_not_be_read_leaves_its_checks_unknown() -> None:
    service = wanted()
    found = preflight(creation(service), observed(service, fleet=None))
    assert results(found) == {"cluster": "ok", **dict.fromkeys(CAPACITY, "unknown")}


ROLE = "arn:aws:iam::123456789012:role/"
GROUP = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/"


def test_roles_and_target_groups_are_there_or_missing_or_unknown() -> None:
    balancers = [
        {"targetGroupArn": f"{GROUP}{name}", "containerName": "server", "containerPort": 80}
        for name in ("there/1", "missing/2")
    ]
    mapped = container(portMappings=[{"containerPort": 80}])
    service = wanted(
        taskDefinition={
            "executionRoleArn": f"{ROLE}pull",
            "taskRoleArn": f"{ROLE}pull",
            "containerDefinitions": [mapped],
        },
        service={"loadBalancers": balancers},
    )
    seen = observed(
        service,
        roles={f"{ROLE}pull": "missing"},
        target_groups={f"{GROUP}there/1": "there"},
    )
    found = preflight(creation(service), seen)
    told = [(each.check, each.result, each.message) for each in found if each.check not in CAPACITY]
    named = f"{ROLE}pull (executionRoleArn, taskRoleArn)"
    assert told[1:] == [
        (
            "role",
            "failed",
            f"there is no role {named}; create it, or name another one",
        ),
        ("target-group", "ok", f"target group {GROUP}there/1 is there"),
        (
            "target-group",
            "unknown",
            f"whether there is a target group {GROUP}missing/2 could not be read",
        ),
    ]


def test_where_ecs_hands_out_the_chips_it_is_not_asked_for_room() -> None:
    service = wanted(
        neuron={"allocation": "managed"},
        taskDefinition={
            "cpu": "4096",
            "memory": "8192",
            "executionRoleArn": f"{ROLE}pull",
            "containerDefinitions": [container()],
        },
        service={
            "capacityProviderStrategy": [{"capacityProvider": "managed", "weight": 1}],
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        },
    )
    found = preflight(creation(service), observed(service, ()))
    assert results(found) == {"cluster": "ok", "role": "unknown"}


def test_a_blocked_change_is_not_looked_at() -> None:
    service = wanted()
    blocked = replace(creation(service), blocked_by=(Block("rule", "no", ""),))
    assert preflight(blocked, observed(service)) == ()


def crowd(name: str, **members: Any) -> dict[str, Any]:
    return {"family": name, "containerDefinitions": [container(**members)]}


@pytest.mark.parametrize(
    ("crowded", "check"),
    [
        (crowd("small", cpu=1024), None),
        (crowd("cpu", cpu=3500), "cpu"),
        (crowd("memory", memoryReservation=7000), "memory"),
        (crowd("port", portMappings=[{"containerPort": 80, "hostPort": 18000}]), "ports"),
        (crowd("intruder", linuxParameters=chip(0)), "chips"),
    ],
)
def test_preflight_foretells_what_the_embedded_ecs_then_does(
    make_driver: Callable[..., Driver],
    monkeypatch: pytest.MonkeyPatch,
    crowded: dict[str, Any],
    check: str | None,
) -> None:
    driver = make_driver()
    for name, value in driver.sandbox.environment().items():
        monkeypatch.setenv(name, value)
    gateway = Gateway(Sessions(None, driver.clock), Target("us-west-2"))
    driver.ecs.run_task(cluster="inference", taskDefinition=driver.register(**crowded))
    driver.run(30)
    service = wanted()
    fleet = read_fleet("inference", gateway, driver.clock)
    status = gateway.cluster_status("inference")
    seen = Observed(service.cluster, facts=Facts(cluster_status=status, fleet=fleet))
    found = preflight(creation(service), seen)
    assert [each.check for each in found if each.result != "ok"] == ([check] if check else [])

    (lane,) = service.lanes
    arn = gateway.register_task_definition(lane.task_definition)
    gateway.create_service({**lane.service, "taskDefinition": arn})
    driver.run(120)
    assert driver.statuses()["RUNNING"] == (1 if check else 2)
