"""Who holds which chip."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.aws.gateway import Gateway
from glia.aws.session import Sessions
from glia.chips import instance_chips
from glia.enrol import fleet as read_fleet
from glia.live import Fleet, LiveContainer
from glia.neuron.catalogue import find
from glia.tags import KEY
from glia.tags import OWNER as OWNER_TAG
from glia.target import Target
from support.requests import chip, container
from support.situations import OWNER, definition, instance, task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glia.live import LiveInstance, LiveTask, LiveTaskDefinition
    from glia.status import InstanceStatus
    from support.driver import Driver

CHIPS = {"inf1.xlarge": 1, "inf1.6xlarge": 4, "inf2.48xlarge": 12, "trn9.huge": None}


def fleet(
    instances: Iterable[LiveInstance],
    tasks: Iterable[LiveTask] = (),
    definitions: Iterable[LiveTaskDefinition] = (),
) -> Fleet:
    return Fleet(tuple(instances), tuple(tasks), {each.arn: each for each in definitions})


def held(shown: InstanceStatus) -> dict[int, list[str]]:
    """The keys of a chip's holders, by its number."""
    return {each.id: [holder.key for holder in each.holders] for each in shown.chips}


@st.composite
def fleets(draw: st.DrawFn) -> tuple[Fleet, dict[str, frozenset[int]]]:
    """A fleet in any order, and the devices that each of its tasks maps."""
    kinds = draw(st.lists(st.sampled_from(sorted(CHIPS)), min_size=1, max_size=4))
    instances = [instance(number, kind) for number, kind in enumerate(kinds)]
    tasks, definitions, mapped = [], [], {}
    for number in range(draw(st.integers(0, 6))):
        devices = draw(st.frozensets(st.integers(0, 13), max_size=4))
        status = draw(st.sampled_from(["PENDING", "RUNNING", "STOPPING", "STOPPED"]))
        on = draw(st.integers(0, len(kinds) - 1))
        made = task(f"service:s{number}", on, last_status=status)
        tasks.append(made)
        definitions.append(definition(f"s{number}", *devices))
        mapped[made.arn] = devices
    shuffled = draw(st.permutations(instances)), draw(st.permutations(tasks))
    return fleet(*shuffled, definitions), mapped


@given(fleets())
def test_every_chip_is_named_once_with_every_task_that_maps_it(
    drawn: tuple[Fleet, dict[str, frozenset[int]]],
) -> None:
    given_fleet, mapped = drawn
    shown = {each.arn: each for each in instance_chips(given_fleet, {}, OWNER)}
    for each in given_fleet.instances:
        holding = {
            made.arn: mapped[made.arn]
            for made in given_fleet.tasks
            if made.instance == each.arn and made.last_status != "STOPPED"
        }
        count = CHIPS[each.instance_type]
        named = range(count) if count else sorted(set().union(*holding.values()))
        assert (each.arn in shown) == bool(named)
        chips = shown[each.arn].chips if named else ()
        assert [made.id for made in chips] == list(named)
        for made in chips:
            holders = [holder.task_arn for holder in made.holders]
            assert holders == sorted(arn for arn, devices in holding.items() if made.id in devices)


def test_a_holder_is_owned_only_by_the_installation_in_its_tag() -> None:
    ours = {OWNER_TAG: OWNER, KEY: "inference/ours"}
    theirs = {OWNER_TAG: "somebody", KEY: "inference/theirs"}
    tasks = [task(f"service:{name}", 1) for name in ("ours", "theirs", "intruder")]
    tasks.append(task("family:by-hand", 1))
    definitions = [
        definition("ours", 0, tags=ours),
        definition("theirs", 1, tags=theirs),
        definition("intruder", 2, tags={KEY: "inference/ours"}),
        definition("by-hand", 0),
    ]
    (shown,) = instance_chips(fleet([instance(1, "inf1.6xlarge")], tasks, definitions), {}, OWNER)
    holders = [[(each.key, each.lane, each.owned) for each in made.holders] for made in shown.chips]
    assert holders == [
        [("family:by-hand", "", False), ("inference/ours", "ours", True)],
        [("inference/theirs", "theirs", False)],
        [("service:intruder", "intruder", False)],
        [],
    ]


def test_of_an_instance_that_registered_twice_the_active_registration_counts() -> None:
    old = replace(instance(9), ec2_instance_id="i-same", connected=False)
    new = replace(instance(2), ec2_instance_id="i-same")
    gone = replace(instance(3), ec2_instance_id="i-same", status="INACTIVE")
    tasks = [task("service:a", 9), task("service:b", 2)]
    definitions = [definition("a", 0), definition("b", 0)]
    (shown,) = instance_chips(fleet([old, new, gone], tasks, definitions), {}, OWNER)
    assert (shown.arn, held(shown)) == (new.arn, {0: ["service:b"]})


def test_what_ecs_hands_out_is_the_whole_instance_and_known_before_the_task_runs() -> None:
    asks = container(resourceRequirements=[{"type": "NeuronDevice", "value": "ALL"}])
    managed = definition("managed", containerDefinitions=[asks])
    handed = LiveContainer("server", "RUNNING", neuron_device_ids=("0", "1"))
    tasks = [
        task("service:managed", 1, last_status="PENDING"),
        task("service:managed", 2, containers=(handed,)),
        task("service:unread", 3, containers=(handed,)),
    ]
    kinds = [instance(1, "inf1.6xlarge"), instance(2, "trn9.huge"), instance(3, "inf1.6xlarge")]
    shown = instance_chips(fleet(kinds, tasks, [managed]), {}, OWNER)
    assert {each.ec2_instance_id: held(each) for each in shown} == {
        "i-1": {number: ["service:managed"] for number in range(4)},
        "i-2": {number: ["service:managed"] for number in range(2)},
        "i-3": {0: ["service:unread"], 1: ["service:unread"], 2: [], 3: []},
    }


def test_what_ecs_hands_out_itself_is_told_even_of_an_unknown_type_and_an_unknown_task() -> None:
    """By NEURON_DEVICES of the instance: its chips are these, and two of them are gone."""
    chips = {"neuron_devices": frozenset(range(4)), "neuron_devices_left": frozenset({2, 3})}
    handed = LiveContainer("server", "RUNNING", neuron_device_ids=("0",))
    tasks = [task("service:known", 1, containers=(handed,))]
    shown = instance_chips(fleet([instance(1, "trn9.huge", **chips)], tasks), {}, OWNER)
    (only,) = shown
    assert held(only) == {0: ["service:known"], 1: ["unknown"], 2: [], 3: []}


def test_instances_come_by_the_numbers_of_their_types_and_a_manifests_type_goes_first() -> None:
    kinds = ["inf2.24xlarge", "m7g.large", "inf2.8xlarge", "inf1.6xlarge"]
    instances = [instance(number, kind) for number, kind in enumerate(kinds)]
    corrected = {"inf2.8xlarge": replace(find("inf2.8xlarge"), chips=2)}
    shown = instance_chips(fleet(instances), corrected, OWNER)
    expected = [("inf1.6xlarge", 4), ("inf2.8xlarge", 2), ("inf2.24xlarge", 6)]
    assert [(each.type, len(each.chips)) for each in shown] == expected


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[[Driver], Fleet]:
    """Read the fleet of a driver's sandbox as a plan does."""

    def fleet_of(driver: Driver) -> Fleet:
        for name, value in driver.sandbox.environment().items():
            monkeypatch.setenv(name, value)
        gateway = Gateway(Sessions(None, driver.clock), Target("us-west-2"))
        found = read_fleet("inference", gateway, driver.clock)
        assert found is not None
        return found

    return fleet_of


def test_chips_of_the_embedded_ecs_are_held_until_their_tasks_have_stopped(
    make_driver: Callable[..., Driver], read: Callable[[Driver], Fleet]
) -> None:
    driver = make_driver(("inf1.6xlarge", 1))
    tags = [{"key": OWNER_TAG, "value": OWNER}, {"key": KEY, "value": "inference/web"}]
    mine: Any = [container(linuxParameters=chip(0, 1))]
    web = driver.register(family="web", containerDefinitions=mine, tags=tags)
    driver.create("web", count=1, taskDefinition=web)
    other = driver.register(family="job", containerDefinitions=[container(linuxParameters=chip(3))])
    driver.ecs.run_task(cluster="inference", taskDefinition=other)
    driver.run(30)

    (shown,) = instance_chips(read(driver), {}, OWNER)
    (running,) = driver.tasks("web")
    taken = {0: ["inference/web"], 1: ["inference/web"], 2: [], 3: ["family:job"]}
    assert held(shown) == taken
    assert shown.chips[0].holders[0].task_arn == running["taskArn"]

    driver.update("web", desiredCount=0)
    driver.run_until(lambda: bool(driver.tasks("web", "STOPPED")))
    (stopping,) = driver.tasks("web", "STOPPED")
    assert stopping["lastStatus"] != "STOPPED"
    (shown,) = instance_chips(read(driver), {}, OWNER)
    assert held(shown) == taken

    driver.run_until(lambda: driver.tasks("web", "STOPPED")[0]["lastStatus"] == "STOPPED")
    (shown,) = instance_chips(read(driver), {}, OWNER)
    assert held(shown) == taken | {0: [], 1: []}
