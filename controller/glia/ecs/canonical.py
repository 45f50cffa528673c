"""One form for what a manifest asks for and what ECS describes, so that == compares them.

Absent, null and empty are one and become the table's default; sets become mappings from what
tells their elements apart; values with several spellings get one. The form is plain JSON and
is its own canonical form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from glia.ecs import canonical_rules as rules
from glia.ecs.canonical_table import table
from glia.ecs.defaults import Special

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.ecs.canonical_tree import Node
    from glia.ecs.defaults import Kind

Json: TypeAlias = dict[str, Any]


def canonical(kind: Kind, members: Mapping[str, Any]) -> Json:
    """The canonical form of a request's members or of their description; they stay untouched.

    Args:
        kind: taskDefinition: what RegisterTaskDefinition takes, or what DescribeTaskDefinition
            returns under ``taskDefinition``. service: what CreateService takes, or a described
            service with the members that only its PRIMARY deployment shows.
        members: valid as far as ECS's model goes. Tags, and whatever else the table marks
            NEVER, do not appear in the result.
    """
    match kind:
        case "taskDefinition":
            mode = rules.network_mode(members)
            return _read(table(kind, mode), members) | {"networkMode": mode}
        case "service":
            made = _read(table(kind), members)
            rules.complete_service(made, members)
            return made
        case _:
            assert_never(kind)


def same(kind: Kind, desired: Json, live: Json) -> bool:
    """Whether ECS holds what is desired; both in canonical form."""
    return desired == live or desired == restricted(kind, live, desired)


def restricted(kind: Kind, live: Json, desired: Json) -> Json:
    """What can be compared of the live canonical value, as a canonical value.

    Left out are members that the table does not know and choices that it leaves to ECS, as
    far as the desired canonical value does not set them: AWS adds members every month. What
    ECS does not show is taken to be as desired.
    """
    tree = table(kind)
    unseen = {
        name: desired[name]
        for name, node in tree.members.items()
        if node.default is Special.UNSEEN and name in desired
    }
    return {**unseen, **_restricted(tree, live, desired)}


def _read(tree: Node, members: Mapping[str, Any]) -> Json:
    made: Json | None = tree.read(dict(members)) if tree.read is not None else None
    return tree.filled() if made is None else made


def _restricted(node: Node, live: Any, desired: Any) -> Json:
    wanted = desired if isinstance(desired, dict) else {}
    kept = {}
    for name, value in live.items():
        below = node.members.get(name)
        if name not in wanted and (below is None or below.default is Special.CHOSEN):
            continue
        content = _restricted_member(below, value, wanted.get(name))
        if content is not None:
            kept[name] = content
    return kept


def _restricted_member(node: Node | None, live: Any, desired: Any) -> Any:
    """The member's value as far as it counts; None where that is nothing."""
    if node is None or not node.members:
        return live
    if isinstance(live, list):
        wished = [*desired] if isinstance(desired, list) else []
        wished += [None] * (len(live) - len(wished))
        return [_restricted(node, *pair) for pair in zip(live, wished, strict=False)]
    if not isinstance(live, dict):
        return live
    nothing = node.filled()
    if not node.keyed:
        kept = _restricted(node, live, desired)
        # A structure that is always there counts with nothing in it but defaults.
        return kept if kept != nothing or isinstance(node.default, dict) else None
    wanted = desired if isinstance(desired, dict) else {}
    elements: Json = {}
    for key, element in live.items():
        kept = {} if element is True else _restricted(node, element, wanted.get(key))
        elements[key] = True if kept in ({}, nothing) else kept
    return elements
