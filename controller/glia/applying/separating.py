"""A live lane gets its constraints before the lanes that it has to keep off are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glia.applying.submission import Writer
    from glia.live import LiveService
    from glia.steps import Separation


@dataclass(slots=True)
class Separating:
    """A live lane's constraints on their way: one call, and nothing rolls for it."""

    separation: Separation
    ecs: Writer
    calls: list[str] = field(default_factory=list)

    def run(self) -> LiveService:
        separation = self.separation
        service = self.ecs.update_service(
            {
                "cluster": separation.cluster.name,
                "service": separation.service.name,
                "placementConstraints": [dict(each) for each in separation.constraints],
            }
        )
        self.calls.append("UpdateService")
        return service
