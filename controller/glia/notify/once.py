"""What is worth telling somebody: not what happens all the time, and nothing twice."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from glia.events import ConditionsChanged
from glia.status import loudest

if TYPE_CHECKING:
    from glia.events import Event
    from glia.target import ClusterRef

REMEMBERED: Final = 20_000
"""Services: twice as many as a loop is made for. Nobody says here which of them are gone."""


@dataclass(slots=True)
class Once:
    """Lets each condition of a service by once for each revision.

    The loop itself tells other things only when they change.
    """

    _told: OrderedDict[tuple[ClusterRef, str], tuple[str, set[tuple[str, str, str]]]] = field(
        default_factory=OrderedDict
    )

    def is_news(self, event: Event) -> bool:
        """Whether it is to be told; it counts as told then."""
        if not isinstance(event, ConditionsChanged):
            return event.about.level != "debug"
        loud = loudest(event.after)
        said = (loud.type, loud.status, loud.reason)
        at = (event.cluster, event.key)
        revision, told = self._told.pop(at, ("", set()))
        if revision != event.commit:
            told = set()
        known = said in told
        self._told[at] = (event.commit, told | {said})
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return not known
