"""What comes of a service that somebody has changed or deleted, and its manifest leaves so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glia.change import Change
from glia.diff import FieldChange
from glia.plan import Drifted, Settled
from glia.planning.needs import is_there
from glia.planning.updating import is_rolling
from glia.steps import Create, Replace, Update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.desired.state import DesiredService
    from glia.live import LiveService
    from glia.manifest.spec import DriftPolicy
    from glia.observed import Observed

DELETED: Final = FieldChange("service.status", "INACTIVE", "ACTIVE", sensitive=False)


def left_as_it_is(
    policy: DriftPolicy, found: Iterable[Change | Settled]
) -> tuple[list[Change | Settled], list[Drifted]]:
    """The decisions without what would put drift back, and what is to be told of it instead.

    A lane that the manifest changes as well is changed as a whole: nobody has asked for half of
    what it says. A service that is gone is told whatever the policy: it does not run.
    """
    left: list[Change | Settled] = []
    drifted: list[Drifted] = []
    for each in found:
        if policy == "correct" or not isinstance(each, Change) or each.cause != "drift":
            left.append(each)
            continue
        if isinstance(each.step, Create):
            drifted.append(Drifted(each.service, each.lane, (DELETED,)))
            continue
        live = _live(each)
        left.append(Settled(each.service, each.lane, live, rolling=is_rolling(live)))
        if policy == "warn":
            drifted.append(Drifted(each.service, each.lane, each.fields))
    return left, drifted


def is_deleted(service: DesiredService, observed: Observed) -> bool:
    """Whether somebody has deleted a service that was there, and nobody wants another one since.

    Only who has seen it there can tell it from a new one: what ECS shows for a while of a
    deleted service does not say who has deleted it. A lane of several is made again.
    """
    if observed.seen.get(service.key) != service.wish:
        return False
    return not any(is_there(observed.services.get(each.lane.name)) for each in service.lanes)


def _live(change: Change) -> LiveService:
    assert isinstance(change.step, Update | Replace)  # noqa: S101  (``updating`` makes no other)
    return change.step.service
