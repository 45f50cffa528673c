"""The loop at work on a sandbox, in one process and on one driven clock."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import yaml

from glia.events import ChangeTold, ConditionsChanged, LoopFailed, PassBegun, RolloutEnded
from glia.reconciler import TICK_SECONDS, Reconciler, Settings
from glia.source.directory import DirectorySource
from glia.source.git.place import Place
from glia.source.git.source import GitSource
from support.git import Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glia.clock import Clock
    from glia.events import Event
    from glia.loop_status import ServiceState
    from glia.outcome import State
    from glia.reconciling.desired_source import Desired
    from glia.reconciling.means import Ecs
    from glia.target import ClusterRef
    from support.operator import Operator


class Repository:
    """A bare repository whose commits a loop follows."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.origin = Origin(folder / "fleet.git")
        self._state, self._clock = folder / "state", clock
        self.source = self.another_source()

    def another_source(self) -> GitSource:
        """As another process has it."""
        place = Place.parse(self.origin.url, "main", "m")
        return GitSource(place, self._state, self._clock)

    def commit(self, **files: dict[str, Any] | str | None) -> str:
        """Each a file ``m/NAME.yaml`` of one manifest, or text, or gone."""
        texts = {
            f"m/{name}.yaml": yaml.dump(what, Dumper=yaml.CSafeDumper, sort_keys=False)
            if isinstance(what, dict)
            else what
            for name, what in files.items()
        }
        return self.origin.commit(texts)


class Loop:
    """A loop that the test's thread drives: time passes only in ``play``."""

    def __init__(
        self,
        operator: Operator,
        *,
        source: Desired | None = None,
        through: Callable[[Ecs], Any] = lambda ecs: ecs,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.operator = operator
        self.clock = clock or operator.driver.clock
        self.events: list[Event] = []
        online = operator.online(clock) if clock else operator.online()
        gateways: dict[ClusterRef, Any] = {}

        def ecs_of(cluster: ClusterRef) -> Any:
            if cluster not in gateways:
                gateways[cluster] = through(online.of(cluster))
            return gateways[cluster]

        self.reconciler = Reconciler(
            source or DirectorySource((str(operator.folder),), self.clock),
            ecs_of,
            online.instance_types,
            self.clock,
            self.events.append,
            settings,
            Random(7),
        )

    def play(self, seconds: float) -> Loop:
        """Let time pass; when it is over nothing of the loop is under way at this moment."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.reconciler.step()
            self.clock.sleep(TICK_SECONDS)
        return self

    def play_until(self, condition: Callable[[], bool], *, within: float = 1800) -> float:
        """Let time pass until it holds; how long that took."""
        begin = self.clock.now()
        while not condition():
            assert self.clock.now() - begin < within, self.said()
            self.play(TICK_SECONDS)
        return self.clock.now() - begin

    def service(self, name: str = "web") -> ServiceState:
        for each in self.reconciler.status().services:
            if each.key.rpartition("/")[2] == name:
                return each
        raise AssertionError(f"the loop knows no service {name}: {self.said()}")

    def condition(self, kind: str, name: str = "web") -> tuple[str, str]:
        """Status and reason of one condition of a service."""
        for service in self.reconciler.status().services:
            for each in service.conditions:
                if service.key.endswith(f"/{name}") and each.type == kind:
                    return each.status, each.reason
        return "", ""

    def is_ready(self, *names: str) -> bool:
        """Whether all of these are Ready with the manifests that the source has now."""
        status = self.reconciler.status()
        known = {each.key.rpartition("/")[2] for each in status.services}
        return set(names) <= known and all(
            self.condition("Ready", name)[0] == "True"
            and self.service(name).applied == status.source.commit
            for name in names
        )

    def write(self, *manifests: dict[str, Any], **options: Any) -> Loop:
        """Write manifests, and let time pass until the loop has seen them."""
        before = self.reconciler.status().source.commit
        self.operator.write(*manifests, **options)
        self.play_until(lambda: self.reconciler.status().source.commit != before)
        return self

    def see(self, commit: str) -> Loop:
        """Let time pass until the loop has seen that commit."""
        self.play_until(lambda: self.reconciler.status().source.commit == commit)
        return self

    def settle(self, *names: str, within: float = 1800) -> float:
        """Let time pass until all of these are Ready."""
        return self.play_until(lambda: self.is_ready(*names), within=within)

    def told(self, kind: type[Any], *, since: int = 0) -> list[Any]:
        return [each for each in self.events[since:] if isinstance(each, kind)]

    def changes(self, *, since: int = 0) -> list[tuple[str, State]]:
        """Lane and state of every change that was told."""
        told = self.told(ChangeTold, since=since)
        return [(each.outcome.lane, each.outcome.state) for each in told]

    def said(self) -> str:
        """What a failing test shows."""
        kinds = (ChangeTold, ConditionsChanged, LoopFailed, PassBegun, RolloutEnded)
        return "\n".join(map(str, (each for each in self.events if isinstance(each, kinds))))
