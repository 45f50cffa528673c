"""Lanes that placement constraints keep apart, beside those that host ports do."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from glia.ecs.anti_affinity import named
from glia.outcome import State
from glia.render.plan_markdown import plan_markdown
from glia.render.plan_text import plan_text
from glia.sandbox.faults import Fault
from lanes.fleet import (
    BIG,
    Watch,
    apply_and_die,
    died_for_a_taken_chip,
    lanes,
    running,
    sharing,
    tasks,
)
from support.operator import is_empty
from support.requests import container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

# Containers that end as soon as they are told: what is stopping holds its chips, and no
# constraint waits for that.
QUICK = "server:quick-stop"
SUBNETS = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def apart(name: str, replicas: int | None, devices: int | str, **spec: Any) -> dict[str, Any]:
    return sharing(name, replicas, devices, image=QUICK, lock="antiAffinity", **spec)


def ported(name: str, replicas: int | None, devices: int | str, **spec: Any) -> dict[str, Any]:
    return sharing(name, replicas, devices, image=QUICK, **spec)


def in_awsvpc(service: dict[str, Any]) -> dict[str, Any]:
    service["spec"]["taskDefinition"]["networkMode"] = "awsvpc"
    service["spec"]["service"] = {"networkConfiguration": SUBNETS}
    return service


def kept_away(operator: Operator) -> dict[str, set[str]]:
    """The services that each live lane's constraints name."""
    return {
        service.name: {
            name for each in service.spec.get("placementConstraints", ()) for name in named(each)
        }
        for service in operator.driver.sandbox.cluster.services.values()
        if service.status == "ACTIVE"
    }


def places(name: str) -> set[tuple[str, int]]:
    """The chips of a lane by its name, on an instance with twelve, each with its partition."""
    _, _, where = name.partition("-neuron")
    where, _, partition = where.partition("-")
    first, _, last = where.partition("to")
    chips = range(int(first), int(last or first) + 1) if where else range(12)
    return {(partition, chip) for chip in chips}


def assert_apart(operator: Operator, *names: str) -> None:
    """Every lane of these manifests and whatever it may meet on a chip name each other."""
    kept = kept_away(operator)
    live = {name for name in kept if name.partition("-neuron")[0] in names}
    for one in live:
        for other in kept:
            if one != other and places(one) & places(other):
                assert other in kept[one], f"{one} is not kept away from {other}"
                assert one in kept[other], f"{other} is not kept away from {one}"


def assert_still(operator: Operator) -> None:
    """Nothing to do, and nothing is done."""
    plan = operator.plan()
    assert is_empty(plan)
    assert not plan.separations
    with operator.changing() as calls:
        assert not operator.apply()
    assert not calls


def deployments(operator: Operator) -> dict[str, list[str]]:
    services = operator.driver.sandbox.cluster.services.values()
    return {each.name: [one.id for one in each.deployments] for each in services}


MIXED = (apart("alpha", 4, 4), ported("beta", 6, 2), apart("gamma", 5, 1), ported("delta", 1, 12))


def test_both_locks_together_keep_chips_apart_while_glia_is_off(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    watch, random = Watch(operator), Random(7)
    operator.converge(*MIXED)
    assert_apart(operator, "alpha", "gamma")
    assert any(kept_away(operator).values())
    assert_still(operator)
    ports = {
        mapping["hostPort"]
        for service in operator.driver.sandbox.cluster.services.values()
        if service.name.startswith(("alpha", "gamma"))
        for task in service.tasks.values()
        for container in task.definition.spec["containerDefinitions"]
        for mapping in container.get("portMappings", ())
    }
    assert not ports, "constraints take the place of ports"

    wanted = running(operator)
    for _ in range(6):
        for task in random.sample(operator.driver.tasks(None), 6):
            operator.driver.ecs.stop_task(cluster="inference", task=task["taskArn"])
        operator.driver.run(random.choice((40, 90)))
    operator.driver.run(300)
    assert running(operator) == wanted
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)
    assert_still(operator)


def test_who_comes_is_named_first_and_nothing_rolls_for_it(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 8))
    operator.converge(apart("alpha", 2, 4), ported("beta", 2, 4), ported("gamma", 2, 4))
    before, rolled = tasks(operator), deployments(operator)
    kept = kept_away(operator)
    operator.write(
        apart("alpha", 2, 4), ported("beta", 2, 4), ported("gamma", 2, 4), apart("new", 2, 12)
    )
    plan = operator.plan()
    assert {each.service.name for each in plan.separations} == set(kept)
    assert {each.apart_from for each in plan.separations} == {("new",)}
    (made,) = plan.changes
    assert set(made.depends_on) == {each.id for each in plan.separations}
    for shown in (plan_text(plan, colour=False, width=100), plan_markdown(plan)):
        assert f"= keep {min(kept)} of inference/alpha apart from new" in shown
        assert f"{len(kept)} lanes to keep apart" in shown

    apply_and_die(operator, 1)
    with operator.changing() as calls:
        operator.converge()
    assert calls == {
        "UpdateService": len(kept) - 1,
        "RegisterTaskDefinition": 1,
        "CreateService": 1,
    }
    assert before.items() <= tasks(operator).items()
    assert rolled.items() <= deployments(operator).items()
    assert_apart(operator, "alpha", "new")
    assert not died_for_a_taken_chip(operator)
    assert_still(operator)


def test_what_could_not_be_kept_apart_from_a_lane_holds_it(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    operator.converge(ported("beta", 2, 4))
    operator.write(ported("beta", 2, 4), apart("new", 2, 12), ported("other", 1, 1))
    operator.driver.sandbox.faults.rewrite(Fault("UpdateService", "AccessDeniedException"))
    found = operator.apply()
    assert found["new"].state is State.HELD
    assert "constraints of beta-" in found["new"].message
    assert running(operator)["new"] == 0
    assert running(operator)["other"] == 1


def test_lanes_whose_manifests_are_elsewhere_or_suspended_name_who_comes_too(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    operator.converge(ported("theirs", 2, 4), apart("paused", 2, 4))
    before = tasks(operator)
    operator.converge(apart("paused", 1, 2, suspend=True), apart("new", 2, 12))
    assert_apart(operator, "new", "paused")
    assert_still(operator)
    operator.converge(ported("theirs", 2, 4), apart("paused", 2, 4), apart("new", 2, 12))
    assert_apart(operator, "new", "paused")
    assert before.items() <= tasks(operator).items()
    assert_still(operator)


def test_other_chips_and_another_lock_change_no_lane_that_is_not_named(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 8))
    operator.converge(apart("web", 2, 2), ported("beta", 2, 4))
    operator.converge(apart("web", 2, 4), ported("beta", 2, 4))
    assert running(operator) == {"web": 2, "beta": 2}
    assert_apart(operator, "web")
    assert_still(operator)
    operator.driver.run(400)
    assert_still(operator)

    for fleet in (
        [ported("web", 2, 4), apart("beta", 2, 4)],
        [ported("web", 2, 4), ported("beta", 2, 4)],
    ):
        operator.converge(*fleet)
        operator.driver.run(100)
        assert running(operator) == {"web": 2, "beta": 2}
        assert not died_for_a_taken_chip(operator)
        assert_still(operator)


def test_in_awsvpc_constraints_are_the_only_lock_and_serve_shared_instances(
    make_operator: Callable[..., Operator],
) -> None:
    """Whole instances, whose lock is their memory, and lanes with ports keep apart so as well."""
    operator = make_operator((BIG, 5))
    occupy(operator, 5)
    watch = Watch(operator)
    whole = in_awsvpc(ported("all", 1, "all"))
    whole["spec"]["taskDefinition"]["containerDefinitions"][0]["memoryReservation"] = 400_000
    operator.converge(in_awsvpc(apart("web", 2, 4)), ported("beta", 2, 4), whole)
    assert running(operator) == {"web": 2, "beta": 2, "all": 1}
    assert kept_away(operator)["all"] >= {name for name in lanes(operator) if name != "all"}
    assert_apart(operator, "web", "all")
    assert_still(operator)
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def occupy(operator: Operator, instances: int) -> None:
    """A task without chips on each instance, so that none can be labelled."""
    arn = operator.driver.register(family="agent", containerDefinitions=[container("agent:1")])
    operator.driver.ecs.run_task(
        cluster="inference",
        taskDefinition=arn,
        count=instances,
        placementConstraints=[{"type": "distinctInstance"}],
    )


def test_who_cannot_be_named_any_more_stays_away_and_the_error_has_the_numbers(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 22))
    occupy(operator, 10)
    occupy(operator, 10)
    occupy(operator, 2)
    whole = apart("whole", 1, "all")
    zones = [f"attribute:ecs.availability-zone != us-west-2{zone}" for zone in "uvwxyz"]
    own = [{"type": "memberOf", "expression": each} for each in zones]
    whole["spec"]["service"] = {"placementConstraints": own}
    small = [ported(f"{'a' * 58}{number:02}", 1, 1) for number in range(21)]
    operator.write(whole, *small)
    plan = operator.plan()
    (error,) = plan.errors
    assert (error.code, error.key) == ("too-many-lanes", "NeuronService/whole")
    assert "lane whole would have to keep away from 21 lanes" in error.message
    assert error.found == "11 constraints"
    assert str(error.expected).startswith("at most 10 constraints of 2000 characters")
    assert "antiAffinity" in error.remedy
    assert {each.service.name for each in plan.changes} == {
        each["metadata"]["name"] for each in small
    }

    operator.converge(whole, *small[:-1])
    assert_apart(operator, "whole")
    operator.write(whole, *small)
    (error,) = operator.plan().errors
    assert error.key == f"NeuronService/{'a' * 58}20", "who runs already stays, and stays apart"
    operator.apply(errors=True)
    assert running(operator).total() == 21
    assert_apart(operator, "whole")
