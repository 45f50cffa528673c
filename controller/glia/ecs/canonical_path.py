"""Where a value stands in a canonical form: for people to read, and in which order.

``containerDefinitions[server].environment[MODEL].value``: members follow a dot, elements of
sets, lists and maps are in brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from glia.ecs.canonical_table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.ecs.canonical_tree import Node
    from glia.ecs.defaults import Kind

Steps: TypeAlias = "Sequence[str | int]"

_MEMBER = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a canonical form; places are ordered as the table lists the members.

    Attributes:
        order: for each step its rank and its name.
    """

    order: tuple[tuple[int, str], ...]
    text: str = field(compare=False)


def place(kind: Kind, steps: Steps) -> Place:
    """The place of what is found by these steps from the root; its text begins with the kind."""
    node: Node | None = table(kind)
    text, order = [str(kind)], list[tuple[int, str]]()
    inside = False  # a set of structures, whose elements come next
    for step in steps:
        member = not inside and _is_member(node, step)
        text.append(f".{step}" if member else f"[{step}]")
        order.append((_rank(node, step), str(step)) if member else _by_number(step))
        if inside or isinstance(step, int):
            inside = False
        else:
            node = node.members.get(step) if node is not None else None
            inside = node is not None and node.keyed
    return Place(tuple(order), "".join(text))


def _is_member(node: Node | None, step: str | int) -> bool:
    """Below a scalar of the table are elements only; below an unknown member nobody knows."""
    below_scalar = node is not None and not node.members
    return not below_scalar and bool(_MEMBER.fullmatch(str(step)))


def _rank(node: Node | None, step: str | int) -> int:
    """A member's place among those of its structure; behind them all if it is unknown."""
    known = list(node.members) if node is not None else []
    return known.index(str(step)) if step in known else len(known)


def _by_number(step: str | int) -> tuple[int, str]:
    """Ports and indexes by their value, names by the alphabet."""
    digits = re.match(r"\d*", str(step))
    return (int(digits[0]) if digits and digits[0] else -1, str(step))
