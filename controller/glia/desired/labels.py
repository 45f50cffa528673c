"""Attributes of container instances by which Glia knows what it has done to them.

ECS alone decides by ``glia.partition``. The two here say whose label that is, and that an
instance is on its way into a partition, so that whoever comes after a crash can tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glia.desired.service import PARTITION

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELLING: Final = "glia.labelling"
"""The partition that an instance is drained for: whoever drains by hand does not write it."""
LABELLED_BY: Final = "glia.owner"
"""The installation that has put the label; a label without it is somebody else's."""

# What ECS takes in an attribute's value (API reference, Attribute).
FORBIDDEN = re.compile(r"[^A-Za-z0-9_\-./\\@: ]")
LONGEST_VALUE = 128


def attribute_value(text: str) -> str:
    """The text as ECS takes it."""
    return FORBIDDEN.sub("_", text)[:LONGEST_VALUE].strip()


def is_labelled_by(owner: str, attributes: Mapping[str, str]) -> bool:
    """Whether the label, or the way to it, is of this installation of Glia."""
    return attributes.get(LABELLED_BY) == attribute_value(owner)


def labelling_of(owner: str, attributes: Mapping[str, str]) -> str:
    """The partition that this installation is taking the instance to; empty for none."""
    return attributes.get(LABELLING, "") if is_labelled_by(owner, attributes) else ""


def partition_in(attributes: Mapping[str, str]) -> str:
    """The partition that the instance is in; empty for the default one."""
    return attributes.get(PARTITION, "")
