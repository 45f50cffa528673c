"""The process dies at every call of every kind of change: the next one finishes what it began.

Each replay changes what the replay before has left, so that one sandbox is enough for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops.crashes import MOMENTS, Ending, Process, Signalled, lived
from gitops.invariants import Run, changing, check, owned, unowned
from gitops.looped import Loop
from glia.events import LoopFailed
from glia.reconciler import Settings
from glia.reconciling.requeue import Pace
from glia.sandbox.faults import LOST, Fault
from glia.sandbox.world import Pace as SandboxPace
from lanes.fleet import BIG, sharing
from support.operator import CLUSTER, neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Collection

    from support.operator import Operator

FAILED = "ServerException"
OFTEN = Settings(Pace(interval=2, sweep=30))
# A service without a health check is healthy after so long: nothing here is about that.
QUICK = SandboxPace(healthy=1, provisioning=0, pull=0, start=0)
PRUNED = neuron_cluster("inference", prune=True, pruneGraceSeconds=5)


class Play:
    """A kind of change, over and over, on one sandbox with somebody else's service in it.

    Attributes:
        manifests: what is wanted after the n-th change.
        clusters: the clusters' manifests beside them.
        begin: manifests to begin each change from, where that is not what the last one left.
        ended_at: how many calls there had been when the last process of a change was at its end.
    """

    ended_at = 0

    def __init__(
        self,
        operator: Operator,
        manifests: Callable[[int], list[dict[str, Any]]],
        *,
        begin: Callable[[int], list[dict[str, Any]]] | None = None,
        cluster: dict[str, Any] = CLUSTER,
        lanes: int = 1,
    ) -> None:
        self.operator, self.lanes = operator, lanes
        self._manifests, self._begin, self._cluster = manifests, begin, cluster
        self._number = 0
        operator.driver.create("theirs", count=0)
        operator.driver.run(60)
        self._begins = [operator.driver.clock.now()]
        self.sandbox = operator.driver.sandbox
        self._unowned = unowned(self.sandbox)

    def change(self, process: Process, *faults: Fault) -> Counter[str]:
        """The next change in that process, and then in one that lives; calls of both."""
        self._number += 1
        if self._begin is not None:
            self._finish(self._begin(self._number))
        since = len(self.sandbox.calls)
        wanted = self._manifests(self._number)
        self.operator.write(*wanted, clusters=(self._cluster,))
        self.sandbox.faults.rewrite(*faults)
        self._begins.append(self.operator.driver.clock.now())
        lived(self.operator, process, lambda _: self._is_done(wanted), OFTEN)
        self.ended_at = len(self.sandbox.calls)
        self.sandbox.faults.rewrite()
        self._finish(wanted)
        return changing(self.sandbox.calls[since:])

    def _finish(self, wanted: list[dict[str, Any]]) -> None:
        """A process that nothing happens to brings it about, and the invariants hold."""
        self.operator.write(*wanted, clusters=(self._cluster,))
        self._begins.append(self.operator.driver.clock.now())
        loop = Loop(self.operator, settings=OFTEN)
        names = [each["metadata"]["name"] for each in wanted]
        loop.play_until(lambda: self._is_done(wanted) and loop.is_ready(*names), within=600)
        keys = [f"inference/{name}" for name in names]
        run = Run(
            wanted,
            pruned={f"inference/{each}" for each in self.sandbox.cluster.services},
            lanes=dict.fromkeys(keys, self.lanes),
            bugs=len(loop.told(LoopFailed)),
            restarts=self._begins,
            share=1,
            unaffected=names,
        )
        check(self.sandbox, run, self._unowned, self._look_again)

    def _look_again(self) -> None:
        """Another process compares everything once."""
        self._begins.append(self.operator.driver.clock.now())
        Loop(self.operator, settings=OFTEN).play(3)

    def _is_done(self, wanted: list[dict[str, Any]]) -> bool:
        """Whether ECS has everything that is wanted, and its tags say so."""
        live = owned(self.sandbox)
        images = {
            f"inference/{each['metadata']['name']}": _image_of(each["spec"]["taskDefinition"])
            for each in wanted
        }
        return live.keys() == images.keys() and all(
            service.primary.rollout_state == "COMPLETED"
            and _image_of(service.primary.definition.spec) == images[key]
            and service.tags["glia:revision"].startswith(f"{service.primary.definition.revision}:")
            for key, services in live.items()
            for service in services
        )


def _image_of(task_definition: dict[str, Any]) -> str:
    found: str = task_definition["containerDefinitions"][0]["image"]
    return found


def every_boundary(
    play: Play, repeated: str = "", before: Collection[int] | None = None
) -> Counter[str]:
    """Die at every call, before and after its effect; each time the calls are those of one life.

    Args:
        play: the kind of change.
        repeated: the call that may be made once more right after its effect: it says the same.
        before: the calls before whose effect to die, by default all. What was done just before
            another call, without any waiting, leaves ECS as dying after that one does.
    """
    whole = Process()
    trace = play.change(whole)
    for number in range(len(whole.made)):
        for moment in MOMENTS:
            if moment == "before" and before is not None and number not in before:
                continue
            process = Process(number, moment)
            calls = play.change(process)
            assert len(process.made) == number + (moment == "after"), "it died where it was to"
            calls[repeated] -= bool(repeated) and process.made[-1:] == ["tag"]
            calls = +calls
            assert calls == trace, f"{moment} call {number} of {whole.made}"
    return trace


def image(number: int) -> str:
    return f"server:{number}-quick-stop"


def test_a_create_survives_a_crash_at_every_call(make_operator: Callable[..., Operator]) -> None:
    operator = make_operator(pace=QUICK)
    play = Play(
        operator,
        lambda n: [neuron_service(f"web-{n}", replicas=1, image=image(n))],
        begin=lambda _: [],
        cluster=PRUNED,
    )
    assert every_boundary(play) == {"RegisterTaskDefinition": 1, "CreateService": 1}


def test_an_update_survives_crashes_lost_answers_and_failures_at_every_call(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(pace=QUICK)
    play = Play(operator, lambda n: [neuron_service(replicas=1, image=image(n))])
    play.change(Process())
    counts = {"RegisterTaskDefinition": 1, "UpdateService": 1, "TagResource": 1}
    assert every_boundary(play) == counts

    for operation in counts:
        for effect, more in ((LOST, operation != "RegisterTaskDefinition"), (FAILED, False)):
            calls = play.change(Process(), Fault(operation, effect))
            calls[operation] -= more or effect == FAILED
            assert calls == counts, f"{operation} {effect}"


def test_a_rollout_over_three_lanes_survives_a_crash_at_every_call(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 1), pace=QUICK)

    def manifests(number: int) -> list[dict[str, Any]]:
        made = sharing("web", 3, 4, image=image(number))
        (container,) = made["spec"]["taskDefinition"]["containerDefinitions"]
        container["healthCheck"]["interval"] = 5
        return [made]

    play = Play(operator, manifests, lanes=3)
    play.change(Process())
    counts = {"RegisterTaskDefinition": 3, "UpdateService": 3, "TagResource": 3}
    assert every_boundary(play, before=(0, 3, 6)) == counts


def test_a_prune_survives_a_crash_at_every_call_of_both_steps(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(pace=QUICK)
    play = Play(
        operator,
        lambda _: [],
        begin=lambda n: [neuron_service(f"web-{n}", replicas=1, image=image(n))],
        cluster=PRUNED,
    )
    counts = {"TagResource": 1, "UpdateService": 1, "DeleteService": 1}
    assert every_boundary(play, repeated="TagResource") == counts


def test_a_signal_at_any_call_of_an_update_lets_it_end_and_begins_no_other(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(pace=QUICK)
    play = Play(operator, lambda n: [neuron_service(replicas=1, image=image(n))])
    play.change(Process())
    whole = Process()
    counts = play.change(whole)
    for number in range(len(whole.made)):
        for moment in MOMENTS:
            process = Ending(number, moment, Signalled(operator))
            assert play.change(process) == counts
            assert len(process.made) == number + (moment == "after")
            assert play.ended_at == process.clock.at, "no call was begun after it"
