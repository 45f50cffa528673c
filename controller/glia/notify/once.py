"""What is worth telling somebody: not what happens all the time, and nothing twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glia.events import ConditionsChanged
from glia.status import loudest

if TYPE_CHECKING:
    from glia.events import Event
    from glia.target import ClusterRef


@dataclass(slots=True)
class Once:
    """Lets each condition of a service by once for each revision.

    The loop itself tells other things only when they change.
    """

    _told: dict[tuple[ClusterRef, str], tuple[str, set[tuple[str, str, str]]]] = field(
        default_factory=dict
    )

    def is_news(self, event: Event) -> bool:
        """Whether it is to be told; it counts as told then."""
        if not isinstance(event, ConditionsChanged):
            return event.about.level != "debug"
        loud = loudest(event.after)
        said = (loud.type, loud.status, loud.reason)
        at = (event.cluster, event.key)
        revision, told = self._told.get(at, ("", set()))
        if revision != event.commit:
            told = set()
        known = said in told
        self._told[at] = (event.commit, told | {said})
        return not known
