"""What Glia's work costs: calls of AWS's API, time under its quotas, and modules at start-up."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Any

import pytest

from gitops.looped import Loop
from glia.events import PassBegun
from glia.outcome import State
from lanes.fleet import BIG, lanes, sharing
from support.operator import MUTATING, make_operator, neuron_service, operator
from support.quotas import floor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.operator import Operator

__all__ = ["make_operator", "operator"]

FLEET = 25
CREATED = 300
# What looks at a cluster as a whole before something is changed there, however much that is.
PREFLIGHT = {
    "DescribeClusters",
    "DescribeContainerInstances",
    "DescribeTasks",
    "ListContainerInstances",
    "ListServices",
    "ListTasks",
}
HEAVY = ("boto3", "botocore", "pydantic", "rich", "yaml")


class Ledger:
    """The calls that have reached ECS since the last look."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._seen = 0

    def since(self) -> Counter[str]:
        calls = self._operator.calls_of(since=self._seen)
        self._seen += calls.total()
        return calls


def fleet(count: int = FLEET) -> list[dict[str, Any]]:
    """Services without replicas: what runs is no part of what a plan costs."""
    return [neuron_service(f"s{number}", replicas=0) for number in range(count)]


@pytest.fixture
def ledger(operator: Operator) -> Ledger:
    """Of a sandbox in which a fleet is as it should be."""
    operator.write(*fleet()).apply()
    ledger = Ledger(operator)
    ledger.since()
    return ledger


def writes(calls: Counter[str]) -> Counter[str]:
    return Counter({name: calls[name] for name in calls if name.startswith(MUTATING)})


def own_reads(calls: Counter[str]) -> int:
    """The reads that are made for each changed service, whatever else is in its cluster."""
    sweep = {"DescribeServices", *PREFLIGHT}
    return sum(calls[name] for name in calls if not name.startswith(MUTATING) and name not in sweep)


def test_an_unchanged_fleet_is_read_ten_services_a_call_and_by_nothing_else(
    operator: Operator, ledger: Ledger
) -> None:
    operator.plan()
    assert ledger.since() == {"DescribeServices": ceil(FLEET / 10)}


def test_applying_an_unchanged_fleet_costs_no_more_than_planning_it(
    operator: Operator, ledger: Ledger
) -> None:
    assert operator.apply() == {}
    assert ledger.since() == {"DescribeServices": ceil(FLEET / 10)}


def test_a_sweep_of_the_loop_over_shared_instances_reads_each_thing_once_and_writes_nothing(
    make_operator: Callable[..., Operator],
) -> None:
    """Twelve lanes, two instances, twenty-four tasks."""
    operator = make_operator((BIG, 2))
    loop = Loop(operator.write(sharing("web", 24, 1)))
    loop.settle("web")
    loop.play(60)
    assert len(lanes(operator)) == 12
    ledger, since = Ledger(operator), len(loop.events)
    ledger.since()
    loop.play(300)
    sweeps = [each.reason for each in loop.told(PassBegun, since=since)]
    assert set(sweeps) == {"sweep"}
    once = {
        "ListServices": ceil(12 / 100),
        "DescribeServices": ceil(12 / 10),
        "ListContainerInstances": ceil(2 / 100),
        "DescribeContainerInstances": ceil(2 / 100),
        "ListTasks": 2 * ceil(24 / 100),  # those that run, and those that stop
        "DescribeTasks": ceil(24 / 100),
    }
    assert ledger.since() == {name: count * len(sweeps) for name, count in once.items()}


@pytest.mark.parametrize("new", [1, 7])
def test_a_new_service_costs_two_writes_and_one_read(
    operator: Operator, ledger: Ledger, new: int
) -> None:
    operator.write(*fleet(FLEET + new)).apply(wait=False)
    calls = ledger.since()
    assert writes(calls) == {"RegisterTaskDefinition": new, "CreateService": new}
    assert own_reads(calls) <= new
    assert calls["DescribeServices"] == ceil((FLEET + new) / 10)


@pytest.mark.parametrize("changed", [1, 7])
def test_a_changed_service_costs_three_writes_and_one_read(
    operator: Operator, ledger: Ledger, changed: int
) -> None:
    newer = [
        neuron_service(f"s{number}", replicas=0, image="server:2") for number in range(changed)
    ]
    operator.write(*newer, *fleet()[changed:]).apply(wait=False)
    calls = ledger.since()
    assert writes(calls) == {
        "RegisterTaskDefinition": changed,
        "UpdateService": changed,
        "TagResource": changed,
    }
    assert own_reads(calls) <= changed
    assert calls["DescribeServices"] == ceil(FLEET / 10)


def test_looking_ahead_costs_the_same_for_one_change_and_for_seven(
    operator: Operator, ledger: Ledger
) -> None:
    found = []
    for new in (1, 7):
        operator.write(*fleet(FLEET + new)).plan()
        calls = ledger.since()
        found.append({name: calls[name] for name in PREFLIGHT})
    assert found[0] == found[1]
    assert sum(found[0].values()) <= len(PREFLIGHT) + 1  # tasks that run, and those that stop


def test_three_hundred_services_are_made_as_fast_as_aws_lets_anybody(
    make_operator: Callable[..., Operator],
) -> None:
    """With the plan that comes before: its reads do not draw on the buckets of the writes."""
    made = make_operator(quotas=True)
    clock = made.driver.clock
    begin = clock.now()
    outcomes = made.write(*fleet(CREATED)).apply(wait=False)
    end = clock.now()
    assert [each.state for each in outcomes.values()] == [State.SUBMITTED] * CREATED
    calls = Counter(each.operation for each in made.driver.sandbox.calls)
    mine = ("DescribeTaskDefinition", "RegisterTaskDefinition", "CreateService")
    assert sum(calls[each] for each in mine) <= 1.01 * 3 * CREATED
    assert 1 <= (end - begin) / floor(calls) <= 1.10


def loaded(*arguments: str) -> set[str]:
    """The packages that a command of Glia's has imported when it ends."""
    code = (
        "import sys; from glia.cli.main import main; main(sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_loads_nothing_that_only_the_commands_need() -> None:
    assert loaded("--help").isdisjoint(HEAVY)


def test_validating_loads_nothing_of_aws(manifest: Path) -> None:
    packages = loaded("validate", str(manifest))
    assert packages.isdisjoint({"boto3", "botocore", "rich", "deepdiff"})
    assert "pydantic" in packages  # the command has really run


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    import yaml  # noqa: PLC0415

    from support.operator import CLUSTER  # noqa: PLC0415

    path = tmp_path / "service.yaml"
    path.write_text(yaml.safe_dump_all([CLUSTER, neuron_service()]))
    return path
