"""Who holds which chip, an instance a line: ``0 resnet50  1 resnet50  2 .  3 vllm``."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from glia.render.legible import visible
from glia.render.wording import count, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.render.paint import Colour, Paint
    from glia.status import Chip, ClusterStatus, InstanceStatus

FREE = "."
FOREIGN = "*"
GAP = "  "
INDENT = "    "
# With more chips than these an instance's line joins tasks of one service.
ONE_BY_ONE = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """Neighbouring chips that are shown as one."""

    text: str
    colour: Colour


def chip_picture(cluster: ClusterStatus, paint: Paint, width: int) -> list[str]:
    """A cluster's instances, with a legend where a mark needs one, and clashes below."""
    chips = [chip for instance in cluster.instances for chip in instance.chips]
    free = sum(not chip.holders for chip in chips)
    title = f"chips of {visible(str(cluster.cluster))}: {free} of {len(chips)} free"
    lines = [paint(title, "bold")]
    heads = [_head(instance) for instance in cluster.instances]
    column = max(map(len, heads), default=0)
    for head, instance in zip(heads, cluster.instances, strict=True):
        lines += _rows(f"{INDENT}{head:{column}}", list(_cells(instance)), paint, width)
    if any(not holder.owned for chip in chips for holder in chip.holders):
        lines.append(f"{INDENT}{FOREIGN} not Glia's")
    return lines + [paint(line, "red") for line in _clashes(cluster)]


def _head(instance: InstanceStatus) -> str:
    parts = [instance.type, instance.status]
    if instance.partition:
        parts.append(f"partition {instance.partition}")
    return visible(f"{instance.ec2_instance_id or instance.arn} ({', '.join(parts)})")


def _rows(head: str, cells: list[Cell], paint: Paint, width: int) -> Iterator[str]:
    """The cells behind the head, going on below where they are too many for the width."""
    line, used = head, len(head)
    for cell in cells:
        if used > len(head) and used + len(GAP) + len(cell.text) > width:
            yield line
            line, used = " " * len(head), len(head)
        line += GAP + paint(cell.text, cell.colour)
        used += len(GAP) + len(cell.text)
    yield line


def _cells(instance: InstanceStatus) -> Iterator[Cell]:
    """Chips of one task together; on large instances those of one service too."""
    many = len(instance.chips) > ONE_BY_ONE
    for _, group in groupby(instance.chips, lambda chip: _joined_by(chip, many=many)):
        chips = list(group)
        tasks = {holder.task_arn for chip in chips for holder in chip.holders}
        numbers = runs([chip.id for chip in chips])
        clash = len(chips[0].holders) > 1
        times = f" x{len(tasks)}" if len(tasks) > 1 and not clash else ""
        yield Cell(f"{numbers} {_label(chips[0])}{times}", _colour(chips[0]))


def _joined_by(chip: Chip, *, many: bool) -> tuple[object, ...]:
    """What neighbours have in common that are shown together; clashes and gaps stay apart."""
    if len(chip.holders) > 1:
        return ("clash", chip.id)
    if not chip.holders:
        return (FREE,) if many else (FREE, chip.id)
    return (_label(chip),) if many else (chip.holders[0].task_arn,)


def _label(chip: Chip) -> str:
    if not chip.holders:
        return FREE
    names = [
        visible(each.key.rpartition("/")[2] if each.owned else f"{each.key}{FOREIGN}")
        for each in chip.holders
    ]
    return names[0] if len(names) == 1 else f"CLASH {' + '.join(names)}"


def _colour(chip: Chip) -> Colour:
    if not chip.holders:
        return "green"
    if len(chip.holders) > 1:
        return "red"
    return "" if chip.holders[0].owned else "yellow"


def _clashes(cluster: ClusterStatus) -> Iterator[str]:
    for instance in cluster.instances:
        for chip in instance.chips:
            if len(chip.holders) > 1:
                where = visible(instance.ec2_instance_id or instance.arn)
                tasks = ", ".join(visible(each.task_arn) for each in chip.holders)
                number = count(len(chip.holders), "task")
                yield f"CLASH: chip {chip.id} of {where} is mapped by {number}: {tasks}"
