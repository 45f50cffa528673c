"""Whatever fails costs what it is a part of, and nothing beside it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gitops.looped import Loop
from glia.aws.failures import AwsError
from glia.events import ChangeTold, ClusterUnread, FetchFailed, FetchRecovered, LoopFailed
from glia.outcome import State
from glia.reconciler import Settings
from glia.reconciling.requeue import Pace
from glia.sandbox.faults import Fault
from glia.source.directory import DirectorySource
from glia.source.failures import Unreachable
from support.operator import is_empty, neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from glia.live import LiveService
    from glia.source.revision import Revision
    from support.operator import Operator

CLUSTERS = tuple(map(neuron_cluster, ("inference", "denied", "throttled")))


class Failing:
    """A gateway that answers what somebody else decides; it counts what it is asked for."""

    def __init__(self, ecs: Any, fails: Callable[[str, tuple[Any, ...]], Exception | None]) -> None:
        self._ecs, self._fails = ecs, fails
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._ecs, name)
        if not callable(real):
            return real

        def call(*args: Any, **more: Any) -> Any:
            self.asked[name] += 1
            if (error := self._fails(name, args)) is not None:
                raise error
            return real(*args, **more)

        return call


def refusal(cluster: str) -> Exception | None:
    if cluster == "denied":
        return AwsError("DescribeServices", "AccessDeniedException", "no", transient=False)
    if cluster == "throttled":
        return AwsError("DescribeServices", "ThrottlingException", "slower", transient=True)
    return None


def test_clusters_that_cannot_be_read_delay_nobody_and_are_asked_less_and_less(
    operator: Operator,
) -> None:
    asked: Counter[str] = Counter()

    def fails(name: str, args: tuple[Any, ...]) -> Exception | None:
        if name != "services":
            return None
        asked[args[0]] += 1
        return refusal(args[0])

    names = ("web", "denied-web", "throttled-web")
    services = [
        neuron_service(name, replicas=1, cluster=cluster["metadata"]["name"])
        for name, cluster in zip(names, CLUSTERS, strict=True)
    ]
    operator.write(*services, clusters=CLUSTERS)
    loop = Loop(operator, through=lambda ecs: Failing(ecs, fails))
    loop.settle("web", within=120)
    assert loop.condition("Stalled", "denied-web") == ("True", "ClusterUnreadable")
    assert loop.condition("Ready", "throttled-web") == ("Unknown", "ClusterUnreadable")
    asked.clear()
    loop.play(1200)
    assert asked["denied"] <= 1200 / 54 + 1, "once a sweep"
    assert 4 <= asked["throttled"] <= 40, "full jitter up to five minutes"
    told = [(each.cluster.name, each.transient) for each in loop.told(ClusterUnread)]
    assert sorted(told) == [("denied", False), ("throttled", True)], "told once"
    assert loop.is_ready("web")
    assert not loop.told(LoopFailed)


def test_a_change_that_aws_refuses_is_not_made_again_until_it_is_another_one(
    operator: Operator,
) -> None:
    refused: list[Exception] = [AwsError("CreateService", "InvalidParameter", "no", False)] * 2

    def fails(name: str, args: tuple[Any, ...]) -> Exception | None:
        is_bad = name == "create_service" and args[0]["serviceName"] == "bad"
        return refused.pop() if is_bad and refused else None

    bad, good = neuron_service("bad", replicas=1), neuron_service("good", replicas=1)
    loop = Loop(operator.write(bad, good), through=lambda ecs: Failing(ecs, fails))
    loop.settle("good")
    loop.play(600)
    assert len(refused) == 1, "once"
    assert loop.condition("Stalled", "bad") == ("True", "Refused")
    assert loop.service("bad").failures == 1
    loop.write(neuron_service("bad", replicas=1, image="server:2"), good)
    loop.play(3)
    assert not refused, "another content is another change"
    loop.play(3700)
    assert loop.is_ready("bad", "good"), "whoever has put a permission right is noticed in an hour"


@pytest.mark.parametrize(("code", "calls"), [("ServerException", 15), ("ExpiredTokenException", 6)])
def test_what_passes_by_itself_is_tried_again_soon(
    operator: Operator, code: str, calls: int
) -> None:
    """Each attempt is five calls where AWS has failed, two where it wants other credentials."""
    operator.driver.sandbox.faults.rewrite(Fault("CreateService", code, 1, calls))
    loop = Loop(
        operator.write(neuron_service()),
        settings=Settings(Pace(3, 3)),  # sweeps more often than rollouts are looked at
    )
    loop.play_until(lambda: loop.condition("Reconciling") == ("True", "Refused"), within=60)
    assert loop.condition("Stalled")[0] == "False"
    loop.settle("web", within=240)
    made = Counter(call.operation for call in operator.driver.sandbox.calls)
    assert made["CreateService"] == calls + 1
    revisions = operator.driver.ecs.list_task_definitions()["taskDefinitionArns"]
    assert len(revisions) == 1, "what was registered is used"


def test_a_bug_met_by_one_service_stops_neither_the_loop_nor_another_service(
    make_operator: Callable[..., Operator],
) -> None:
    """Three at once: five services are planned together, and halved until the bug is alone."""
    operator = make_operator(("inf1.xlarge", 6))
    mended = False

    def fails(name: str, args: tuple[Any, ...]) -> Exception | None:
        is_met = name == "register_task_definition" and args[0]["family"].endswith("-d")
        return RecursionError("secret-value") if is_met and not mended else None

    services = [neuron_service(name, replicas=1) for name in "abcde"]
    loop = Loop(operator.write(*services), through=lambda ecs: Failing(ecs, fails))
    loop.settle(*"abce", within=300)
    assert loop.condition("Stalled", "d") == ("True", "Internal")
    assert "secret-value" not in str(loop.reconciler.status())
    (first, *_) = loop.told(LoopFailed)
    assert (first.where, first.error) == ("inference/d", "RecursionError")
    assert "register_task_definition" in first.traceback
    assert "secret-value" not in first.traceback
    assert loop.reconciler.status().bugs == len(loop.told(LoopFailed)) < 30
    mended = True
    loop.settle(*"abcde")
    assert is_empty(operator.plan())


class Unsteady:
    """A source that nobody reaches while ``away``."""

    def __init__(self, operator: Operator) -> None:
        self._source = DirectorySource((str(operator.folder),), operator.driver.clock)
        self.away: Exception | None = None

    @property
    def last(self) -> Revision | None:
        return self._source.last

    def stop(self) -> None:
        self._source.stop()

    def fetch(self) -> Revision:
        if self.away is not None:
            raise self.away
        return self._source.fetch()


def test_without_its_source_the_loop_goes_on_putting_drift_right(operator: Operator) -> None:
    source = Unsteady(operator.write(neuron_service()))
    loop = Loop(operator, source=source)
    loop.settle("web")
    commit = loop.reconciler.status().source.commit
    source.away = Unreachable("no answer")
    loop.play(300)
    operator.driver.update(desiredCount=1)
    loop.play(130)
    assert operator.driver.describe()["desiredCount"] == 2
    (failed,) = loop.told(FetchFailed)
    assert (failed.reason, failed.kept) == ("Unreachable", commit)
    assert loop.reconciler.status().source.failures > 3
    source.away = RuntimeError("a bug")
    loop.play(400)
    assert loop.told(LoopFailed)
    source.away = None
    loop.play(310)
    assert len(loop.told(FetchRecovered)) == 1
    assert loop.reconciler.status().source.failures == 0


def test_a_file_that_makes_glia_itself_fail_freezes_what_it_declares(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glia import wanted  # noqa: PLC0415

    operator.write().write(neuron_service("good", replicas=1), file="good.yaml")
    loop = Loop(operator.write(neuron_service("bad", replicas=1), file="bad.yaml"))
    loop.settle("good", "bad")
    real: Callable[..., Any] = vars(wanted)["desired"]

    def desired(declared: Any, *others: Any) -> Any:
        if any(each.document.file.endswith("bad.yaml") for each in declared):
            raise MemoryError
        return real(declared, *others)

    monkeypatch.setattr(wanted, "desired", desired)
    loop.write(neuron_service("good", replicas=1, image="server:2"), file="good.yaml")
    loop.settle("good")
    assert loop.condition("Stalled", "bad") == ("True", "InvalidManifest")
    assert operator.driver.describe("bad")["status"] == "ACTIVE"


class Stale:
    """A gateway whose look at services shows, for some seconds, what was there before."""

    def __init__(self, ecs: Any, operator: Operator, seconds: float) -> None:
        self._ecs, self._now, self._seconds = ecs, operator.driver.clock.now, seconds
        self._shown: dict[str, tuple[float, Mapping[str, LiveService]]] = {}
        self.written_at = float("-inf")
        self._before: Mapping[str, LiveService] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ecs, name)

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]:
        if self._now() - self.written_at < self._seconds:
            return self._before
        found: Mapping[str, LiveService] = self._ecs.services(cluster, names)
        return found

    def _write(self, call: Callable[..., Any], request: Mapping[str, Any]) -> Any:
        self._before = self._ecs.services("inference", ["web"])
        self.written_at = self._now()
        return call(request)

    def create_service(self, request: Mapping[str, Any]) -> Any:
        return self._write(self._ecs.create_service, request)

    def update_service(self, request: Mapping[str, Any]) -> Any:
        return self._write(self._ecs.update_service, request)


def test_what_ecs_does_not_show_yet_is_not_done_again(operator: Operator) -> None:
    """Its answers lag for a minute and a half: a service created, then changed, then scaled."""
    loop = Loop(
        operator.write(neuron_service()), through=lambda ecs: Stale(ecs, operator, seconds=90)
    )
    with operator.changing() as calls:
        loop.settle("web")
    assert calls == {"RegisterTaskDefinition": 1, "CreateService": 1}
    with operator.changing() as calls:
        loop.write(neuron_service(image="server:2")).settle("web")
    assert calls == {"RegisterTaskDefinition": 1, "UpdateService": 1, "TagResource": 1}
    with operator.changing() as calls:
        loop.write(neuron_service(image="server:2", replicas=1)).settle("web")
    assert calls["UpdateService"] == 1
    causes = {each.cause for each in loop.told(ChangeTold)}
    assert causes == {"git"}, "what lags is no drift"
    waits = [each for each in loop.told(ChangeTold) if each.outcome.state is State.WAITS]
    assert {(each.outcome.reason, each.about.level) for each in waits} == {
        ("NotVisibleYet", "debug")
    }
    assert {each.about.level for each in loop.events} == {"debug", "info"}, "nothing is wrong"
