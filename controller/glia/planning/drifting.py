"""What comes of a live service that somebody has changed, where its manifest says to leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.change import Change
from glia.plan import Drifted, Settled
from glia.planning.updating import is_rolling
from glia.steps import Replace, Update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.live import LiveService
    from glia.manifest.spec import DriftPolicy


def left_as_it_is(
    policy: DriftPolicy, found: Iterable[Change | Settled]
) -> tuple[list[Change | Settled], list[Drifted]]:
    """The decisions without what would put drift back, and what is to be told of it instead.

    A lane that the manifest changes as well is changed as a whole: nobody has asked for half of
    what it says.
    """
    left: list[Change | Settled] = []
    drifted: list[Drifted] = []
    for each in found:
        if policy == "correct" or not isinstance(each, Change) or each.cause != "drift":
            left.append(each)
            continue
        live = _live(each)
        left.append(Settled(each.service, each.lane, live, rolling=is_rolling(live)))
        if policy == "warn":
            drifted.append(Drifted(each.service, each.lane, each.fields))
    return left, drifted


def _live(change: Change) -> LiveService:
    """Drift is of what is there, so it is never a creation."""
    assert isinstance(change.step, Update | Replace)  # noqa: S101  (``updating`` makes no other)
    return change.step.service
