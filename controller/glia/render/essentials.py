"""The few of a new service's many fields that a reviewer looks for.

They are taken from the plan's fields and nowhere else, because those are masked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glia.render.fields import MASK, is_masked, value_text
from glia.render.wording import replicas, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.change import Change
    from glia.diff import FieldChange

IMAGE = re.compile(r"taskDefinition\.containerDefinitions\[(.*)\]\.image", re.DOTALL)
LOAD_BALANCER = re.compile(r"service\.loadBalancers\[(.*?)\]", re.DOTALL)


def essentials(change: Change) -> tuple[tuple[str, str], ...]:
    """Labels and values, in the order to show them."""
    return (
        ("replicas", replicas(_count(change))),
        ("instances", _instances(change)),
        *_images(change),
        *_load_balancers(change),
    )


def _count(change: Change) -> int | None:
    """A lane that is made in steps begins with fewer than it gets."""
    count, made = change.lane.lane.count, change.effect.replicas
    return made[1] if made and count is not None else count


def _instances(change: Change) -> str:
    instance_type, devices = change.service.instance_type, change.lane.lane.device_ids
    if instance_type is None or not devices:
        name = instance_type.name if instance_type else "the capacity provider's"
        return f"{name}, one for each replica with all its chips"
    chips = "chip" if len(devices) == 1 else "chips"
    where = f", partition {change.lane.lane.partition}" if change.lane.lane.partition else ""
    return f"{instance_type.name}, {chips} {runs(devices)}{where}"


def _images(change: Change) -> Iterator[tuple[str, str]]:
    found = [(match[1], each) for each in change.fields if (match := IMAGE.fullmatch(each.path))]
    for container, each in found:
        yield "image" if len(found) == 1 else f"image of {container}", _new(each)


def _load_balancers(change: Change) -> Iterator[tuple[str, str]]:
    """By the names that tell them apart: of the target group, the container and its port."""
    found = (LOAD_BALANCER.match(each.path) for each in change.fields)
    for name in dict.fromkeys(match[1] for match in found if match):
        yield "load balancer", name


def _new(change: FieldChange) -> str:
    return MASK if is_masked(change) else value_text(change.new)
