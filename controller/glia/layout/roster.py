"""What was read of a cluster whose instances are shared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glia.live import Fleet
from glia.tags import KEY, OWNER, tells_itself

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.live import LiveService
    from glia.steps import Separation
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Roster:
    """A cluster's services and fleet.

    Attributes:
        services: by name, all of the cluster.
        fleet: with the task definitions of those tasks that are not of owned services.
        failure: why it could not be read, or empty.
        transient: whether the same read may succeed later by itself.
    """

    cluster: ClusterRef
    services: Mapping[str, LiveService] = field(default_factory=dict)
    fleet: Fleet = field(default_factory=Fleet)
    failure: str = ""
    transient: bool = False

    @property
    def owned(self) -> tuple[LiveService, ...]:
        """This installation's, whichever manifests are at hand; not what has copied their tags."""
        return tuple(
            each
            for each in self.services.values()
            if each.status != "INACTIVE"
            and each.tags.get(OWNER) == self.cluster.owner
            and (KEY not in each.tags or tells_itself(each.name, each.tags, self.cluster.name))
        )


def parted(roster: Roster, separations: Iterable[Separation]) -> Roster:
    """The roster as it is once lanes have been kept apart, which comes before all changes."""
    changed = {
        each.service.name: replace(
            each.service,
            members={**each.service.members, "placementConstraints": list(each.constraints)},
        )
        for each in separations
        if each.cluster == roster.cluster
    }
    return replace(roster, services={**roster.services, **changed}) if changed else roster
