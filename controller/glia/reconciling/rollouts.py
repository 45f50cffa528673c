"""The rollouts of one cluster that are waited for, while everything else goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from glia.identity import lane_id
from glia.outcome import FROM_AWS, Outcome, State
from glia.rollout import LOOK_EVERY_SECONDS, found_rollout, look_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from glia.plan import Settled
    from glia.rollout import Rollout, Watcher
    from glia.target import ClusterRef

# A rollout that did not go on may still end well, once somebody adds instances; a service that
# crashes now and then looks well in between, so it has to be so for longer.
MENDED_SECONDS: Final = 60.0
ENDS: Final = frozenset({State.ROLLED_BACK, State.FAILED, State.DONE})


class Rollouts:
    """By the ids of the lanes. Those that are stalled are kept, and looked at in sweeps only."""

    def __init__(self, ecs_of: Callable[[ClusterRef], Watcher], now: Callable[[], float]) -> None:
        self._ecs_of = ecs_of
        self._now = now
        self._by_lane: dict[str, Rollout] = {}
        self.look_at = 0.0

    def __len__(self) -> int:
        return len(self._by_lane)

    @property
    def names(self) -> frozenset[str]:
        """The ECS services that are waited for."""
        return frozenset(each.name for each in self._by_lane.values())

    def outcomes(self, key: str) -> dict[str, Outcome]:
        """Where the rollouts of a service stand, by lane."""
        return {at: each.outcome for at, each in self._by_lane.items() if each.outcome.key == key}

    def begin(self, lane: str, rollout: Rollout) -> None:
        """One that was just started; whatever rolled there before is superseded."""
        rollout.outcome = replace(rollout.outcome, id=lane)
        self._by_lane[lane] = rollout
        self.look_at = self._now() + LOOK_EVERY_SECONDS

    def find(self, settled: Settled) -> None:
        """One that ECS shows; it may be waited for already."""
        lane, live = lane_id(settled.service, settled.lane), settled.live
        known = self._by_lane.get(lane)
        primary = live.primary.id if live.primary else ""
        if known is not None and (known.watch.deployment == primary or not known.watch.sighted):
            return
        if not (settled.rolling or settled.watched):
            return
        outcome = Outcome(
            id=lane,
            key=settled.service.key,
            lane=settled.lane.lane.name,
            action="wait",
            state=State.ROLLS,
            at=self._now(),
            replicas=live.desired,
        )
        self.begin(lane, found_rollout(settled, self._now(), outcome))

    def keep(self, keys: Collection[str]) -> None:
        """Forget those of services that are no longer wanted."""
        self._by_lane = {at: each for at, each in self._by_lane.items() if each.outcome.key in keys}

    def is_due(self, now: float) -> bool:
        moving = any(not each.outcome.state.ended for each in self._by_lane.values())
        return moving and now >= self.look_at

    def look(self, *, stalled: bool) -> list[Outcome]:
        """Look at all that move, or else at those that are stalled; where they stand now.

        What has come to its end is no longer waited for.
        """
        chosen = {
            at: each for at, each in self._by_lane.items() if each.outcome.state.ended == stalled
        }
        if not stalled:
            self.look_at = self._now() + LOOK_EVERY_SECONDS
        look_at(chosen.values(), self._ecs_of, self._now)
        for at, each in chosen.items():
            if stalled and not self._is_mended(each):
                each.outcome = replace(each.outcome, state=State.STALLED)
            elif each.outcome.state in ENDS:
                self._by_lane.pop(at, None)
        return [each.outcome for each in chosen.values()]

    def _is_mended(self, rollout: Rollout) -> bool:
        """Whether what was stalled is to be judged anew."""
        if rollout.outcome.state is not State.DONE:
            return rollout.outcome.state in ENDS and rollout.outcome.reason not in FROM_AWS
        since = rollout.watch.steady_since
        return since is not None and self._now() - since >= MENDED_SECONDS
