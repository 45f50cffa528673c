"""A live lane gets its constraints before the lanes that it has to keep off are there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glia.outcome import Outcome, State

if TYPE_CHECKING:
    from glia.applying.item import Site
    from glia.steps import Separation


@dataclass(slots=True)
class Separating:
    """A live lane's constraints on their way: one call, and nothing rolls for it."""

    separation: Separation
    site: Site
    calls: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.separation.id

    @property
    def depends_on(self) -> tuple[str, ...]:
        return self.separation.depends_on

    def first(self, now: float) -> Outcome:
        return Outcome(
            id=self.id,
            key=self.separation.key,
            lane=f"constraints of {self.separation.service.name}",
            action="separate",
            state=State.WAITS,
            at=now,
        )

    def run(self, begun: Outcome) -> Outcome:
        separation = self.separation
        self.site.ecs_of(separation.cluster).update_service(
            {
                "cluster": separation.cluster.name,
                "service": separation.service.name,
                "placementConstraints": [dict(each) for each in separation.constraints],
            }
        )
        self.calls.append("UpdateService")
        now = self.site.clock.now()
        return replace(begun, state=State.DONE, at=now, calls=tuple(self.calls))
