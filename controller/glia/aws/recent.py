"""What somebody has asked for lately: a memory for a process that runs for months."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
KEPT_SECONDS: Final = 3600.0
"""Many sweeps. A bound in numbers would be read again in every sweep by a fleet that is larger;
whoever looks less often than this can afford to."""


class Recent(Generic[T]):
    """Values by key; one that nobody has asked for in ``KEPT_SECONDS`` is let go.

    Args:
        now: in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._asked: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._asked)

    def get(self, key: str) -> T | None:
        with self._lock:
            found = self._asked.pop(key, None)
            return None if found is None else self._put(key, found[1])

    def keep(self, key: str, value: T) -> None:
        with self._lock:
            self._asked.pop(key, None)
            self._put(key, value)

    def _put(self, key: str, value: T) -> T:
        now = self._now()
        self._asked[key] = now, value
        while now - next(iter(self._asked.values()))[0] >= KEPT_SECONDS:
            self._asked.popitem(last=False)
        return value
