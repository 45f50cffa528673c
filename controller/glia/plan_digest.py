"""What a plan would do and what it leaves for later, as values whose hashes tell plans apart."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, assert_never

from glia.steps import Create, Delete, Replace, Retire, Scale, Update
from glia.tags import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.change import Change
    from glia.desired.state import DesiredLane, DesiredService
    from glia.steps import Step


def hashed(value: Any) -> str:
    """64 hexadecimal digits of any JSON value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def told(change: Change) -> list[Any]:
    """What a change does to which service: no live values, revision numbers or text.

    The user's tags are part of it, as access may be granted by them; Glia's own are not.
    """
    return [change.id, change.action, change.cause == "adopt", *_done(change.step, change.lane)]


def wished(service: DesiredService) -> list[Any]:
    """What a service that nothing is done to is to become."""
    return [
        [each.lane.name, each.content, _granting(each), _asked(each.service)]
        for each in service.lanes
    ]


def _done(step: Step, lane: DesiredLane) -> list[Any]:
    match step:
        case Create(definition, request):
            return [definition.content, _granting(lane), _asked(request)]
        case Update(definition=definition, members=members, tags=tags):
            made = [definition.content, _granting(lane)] if definition else []
            return [made, dict(members), _users(tags)]
        case Replace(create=create):
            return _done(create, lane)
        case Delete():
            return []
        case Retire():
            return ["retire"]
        case Scale(count=count):
            return [count]
        case _:
            assert_never(step)


def _granting(lane: DesiredLane) -> dict[str, str]:
    """The tags of the task definition, whether it is there already or not."""
    return _users(_by_key(lane.task_definition))


def _asked(request: Mapping[str, Any]) -> dict[str, Any]:
    return {**request, "tags": _users(_by_key(request))}


def _by_key(request: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in request.get("tags") or ()}


def _users(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(PREFIX)}
