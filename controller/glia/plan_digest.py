"""What a plan would do and what it leaves for later, as values whose hashes tell plans apart."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, assert_never

from glia.steps import Create, Delete, Replace, Retire, Scale, Update

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.change import Change
    from glia.desired.state import DesiredService
    from glia.steps import Step


def hashed(value: Any) -> str:
    """64 hexadecimal digits of any JSON value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def told(change: Change) -> list[Any]:
    """What a change does to which service: no live values, revision numbers, labels or text."""
    return [change.id, change.action, change.cause == "adopt", *_done(change.step)]


def wished(service: DesiredService) -> list[Any]:
    """What a service that nothing is done to is to become."""
    return [[each.lane.name, each.content, _without_tags(each.service)] for each in service.lanes]


def _done(step: Step) -> list[Any]:
    match step:
        case Create(definition, request):
            return [definition.content, _without_tags(request)]
        case Update(definition=definition, members=members):
            return [definition.content if definition else "", dict(members)]
        case Replace(create=create):
            return _done(create)
        case Delete():
            return []
        case Retire():
            return ["retire"]
        case Scale(count=count):
            return [count]
        case _:
            assert_never(step)


def _without_tags(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != "tags"}
