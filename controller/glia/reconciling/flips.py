"""The loop detector: who puts a field back again and again is fighting somebody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.change import Change

FLIPS: Final = 3
WITHIN_SECONDS: Final = 600.0
TRUCE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class _Truce:
    """A lane whose drift is left alone, as long as this is what is wanted of it."""

    content: tuple[str, str]
    begun: float
    path: str

    def holds(self, now: float) -> bool:
        """A clock that is set back ends it, too."""
        return 0 <= now - self.begun < TRUCE_SECONDS


@dataclass(slots=True)
class Flips:
    """What was put back when, and which lanes are left alone because of it."""

    _corrected: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    _truces: dict[str, _Truce] = field(default_factory=dict)

    def corrected(self, change: Change, now: float) -> None:
        """Drift has been put back."""
        self._corrected = {at: times for at in self._corrected if (times := self._recent(at, now))}
        self._truces = {at: each for at, each in self._truces.items() if each.holds(now)}
        for path in _paths(change):
            recent = self._recent((change.id, path), now)
            self._corrected[change.id, path] = (*recent, now)

    def contested(self, change: Change, now: float) -> str:
        """The field that somebody else puts back too; empty where a change is to be made.

        After three corrections within ten minutes there is none for an hour, or until the
        manifest says something else.
        """
        if change.cause != "drift":
            self._truces.pop(change.id, None)
            return ""
        content = (change.lane.content, change.lane.service_content)
        truce = self._truces.get(change.id)
        if truce is not None and truce.content == content and truce.holds(now):
            return truce.path
        self._truces.pop(change.id, None)
        for path in _paths(change):
            if len(self._recent((change.id, path), now)) >= FLIPS:
                self._truces[change.id] = _Truce(content, now, path)
                return path
        return ""

    def _recent(self, at: tuple[str, str], now: float) -> tuple[float, ...]:
        return tuple(
            time for time in self._corrected.get(at, ()) if 0 <= now - time < WITHIN_SECONDS
        )


def _paths(change: Change) -> Iterable[str]:
    """Where it differs; a service that is gone, or was replaced, differs as a whole."""
    return [each.path for each in change.fields] if change.action == "update" else [change.action]
