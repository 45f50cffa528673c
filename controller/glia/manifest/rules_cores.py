"""The rules of the Neuron runtime's variables, as far as they concern a replica's chips.

The Neuron documentation's "NeuronX Runtime Configuration": cores are counted as the runtime
sees them, and a process takes all it can see unless these two say otherwise. Their values are
numbers, no secrets, so they are shown; no other variable's value is.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from glia.ecs.shape_fault import Path, ShapeFault
from glia.ecs.shape_words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.manifest.rules_subject import Rule, Subject

COUNT = "NEURON_RT_NUM_CORES"
LIST = "NEURON_RT_VISIBLE_CORES"
# Either name says how many physical cores of Trainium2 make one that the runtime sees.
JOINED = frozenset({"NEURON_RT_VIRTUAL_CORE_SIZE", "NEURON_LOGICAL_NC_CONFIG"})
NUMBER = re.compile(r"[0-9]{1,6}")
RANGE = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")


def malformed_core_count(subject: Subject) -> Iterator[ShapeFault]:
    for path, value in _values(subject, COUNT):
        if not NUMBER.fullmatch(value):
            yield ShapeFault(
                path,
                "not-allowed",
                f"{COUNT} has to be a number",
                "a number of cores, 0 for all",
                quoted(value),
                f"leave {COUNT} out: a process takes all cores of its chips",
            )


def more_cores_than_the_chips_have(subject: Subject) -> Iterator[ShapeFault]:
    most = _cores(subject)
    for path, value in _values(subject, COUNT):
        if most is not None and NUMBER.fullmatch(value) and int(value) > most:
            yield _too_many(subject, path, COUNT, value, f"0 to {most}")


def malformed_core_list(subject: Subject) -> Iterator[ShapeFault]:
    for path, value in _values(subject, LIST):
        if _ranges(value) is None:
            yield ShapeFault(
                path,
                "not-allowed",
                f"{LIST} has to list cores",
                "numbers and ranges with commas between, such as 0-2,3",
                quoted(value),
                f"leave {LIST} out: a process takes all cores of its chips",
            )


def cores_apart(subject: Subject) -> Iterator[ShapeFault]:
    """The driver reserves one range of cores, from a first to a last."""
    for path, value in _values(subject, LIST):
        ranges = _ranges(value) or []
        if any(first > last for first, last in ranges) or any(
            after[0] != before[1] + 1 for before, after in pairwise(ranges)
        ):
            low, high = min(map(min, ranges)), max(map(max, ranges))
            yield ShapeFault(
                path,
                "not-allowed",
                f"the cores in {LIST} have to follow one another in ascending order",
                f"such as {low}-{high}",
                quoted(value),
                "the Neuron runtime takes one range of cores, from a first to a last",
            )


def listed_cores_that_the_chips_lack(subject: Subject) -> Iterator[ShapeFault]:
    most = _cores(subject)
    for path, value in _values(subject, LIST):
        ranges = _ranges(value)
        if most is None or not ranges:
            continue
        # Under the host's own numbers the cores may well begin above 0.
        first = ranges[0][0] if subject.neuron.mapping == "identity" else 0
        if ranges[-1][1] - first >= most:
            expected = f"{most} cores, 0-{most - 1} in the container"
            if subject.neuron.mapping == "identity":
                expected = f"at most {most} cores"
            yield _too_many(subject, path, LIST, value, expected)


def _too_many(subject: Subject, path: Path, name: str, value: str, expected: str) -> ShapeFault:
    return ShapeFault(
        path,
        "out-of-range",
        f"{name} asks for cores that the replica's {subject.chips} "
        f"chip{'' if subject.chips == 1 else 's'} do{'es' if subject.chips == 1 else ''} not have",
        expected,
        quoted(value),
        f"ask for fewer cores, leave {name} out, or give the replica more chips in neuron.devices",
    )


def _values(subject: Subject, name: str) -> Iterator[tuple[Path, str]]:
    """The texts that the Neuron container's environment gives a variable."""
    if subject.neuron_container is None:
        return
    path, container = subject.neuron_container
    for index, pair in enumerate(container.get("environment") or ()):
        if pair.get("name") == name and pair.get("value") is not None:
            yield (*path, "environment", index, "value"), pair["value"].strip()


def _cores(subject: Subject) -> int | None:
    kind, chips = subject.instance_type, subject.chips
    if kind is None or chips is None or chips > kind.chips:
        return None
    apart = any(value == "1" for name in JOINED for _, value in _values(subject, name))
    return chips * (kind.cores_per_chip if apart else kind.visible_cores_per_chip)


def _ranges(value: str) -> list[tuple[int, int]] | None:
    found = [RANGE.fullmatch(part.strip()) for part in value.split(",")]
    if not all(found):
        return None
    return [(int(part[1]), int(part[2] or part[1])) for part in found if part]


RULES: tuple[Rule, ...] = (
    malformed_core_count,
    more_cores_than_the_chips_have,
    malformed_core_list,
    cores_apart,
    listed_cores_that_the_chips_lack,
)
