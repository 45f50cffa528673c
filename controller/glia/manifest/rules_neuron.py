"""The rules of ``spec.neuron``: which chips, and for which container.

Which chips go together: the Neuron documentation's "Neuron Scheduler Extension" and "Neuron
DRA Driver", as the catalogue has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.nearest import nearest
from glia.ecs.shape_fault import SHORT_LIST, ShapeFault
from glia.ecs.shape_words import one_of, quoted, shown
from glia.manifest.rules_subject import NEURON, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glia.neuron.catalogue import InstanceType

DEVICES = (*NEURON, "devices")
DEVICE_IDS = (*NEURON, "deviceIds")
CONTAINER = (*NEURON, "container")


def more_chips_than_there_are(subject: Subject) -> Iterator[ShapeFault]:
    kind, wanted = subject.instance_type, subject.neuron.devices
    if subject.is_managed or kind is None or not isinstance(wanted, int) or wanted <= kind.chips:
        return
    yield ShapeFault(
        DEVICES,
        "out-of-range",
        f"{kind.name} has {_chips(kind.chips)}, so no replica can get {shown(wanted)}",
        f"{_counts(kind)}, or all",
        shown(wanted),
        "ask for fewer chips a replica, or name an instance type with more in neuron.instanceType",
    )


def count_without_a_device_set(subject: Subject) -> Iterator[ShapeFault]:
    kind, wanted = subject.instance_type, subject.neuron.devices
    if subject.is_managed or kind is None or not isinstance(wanted, int) or wanted > kind.chips:
        return
    if not kind.valid_device_sets(wanted):
        yield ShapeFault(
            DEVICES,
            "not-allowed",
            f"{kind.name} cannot give {_chips(wanted)} to one replica",
            _counts(kind),
            shown(wanted),
            f"write {_count_near(kind, wanted)}",
        )


def repeated_device_ids(subject: Subject) -> Iterator[ShapeFault]:
    ids = subject.neuron.device_ids or ()
    seen: set[int] = set()
    for index, device in enumerate(ids):
        if device not in seen:
            seen.add(device)
        else:
            yield ShapeFault(
                (*DEVICE_IDS, index),
                "not-allowed",
                f"chip {shown(device)} is there twice",
                "every chip once",
                shown(device),
                "take one of the two out",
            )


def device_ids_outside(subject: Subject) -> Iterator[ShapeFault]:
    kind, ids = subject.instance_type, subject.neuron.device_ids or ()
    if kind is None or subject.is_managed:
        return
    for index, device in enumerate(ids):
        if device >= kind.chips:
            yield ShapeFault(
                (*DEVICE_IDS, index),
                "out-of-range",
                f"{kind.name} has no chip {shown(device)}",
                f"0 to {kind.chips - 1}",
                shown(device),
                _write_near(kind, ids),
            )


def device_ids_that_do_not_go_together(subject: Subject) -> Iterator[ShapeFault]:
    """Apart, across the rows of a torus, or none at all."""
    kind, ids = subject.instance_type, subject.neuron.device_ids
    if kind is None or ids is None or subject.is_managed:
        return
    # Twice the same or outside: said already, each at its own place.
    if len(set(ids)) < len(ids) or any(device >= kind.chips for device in ids):
        return
    if not kind.is_valid_device_set(ids):
        yield ShapeFault(
            DEVICE_IDS,
            "not-allowed",
            f"{kind.name} cannot give these chips to one replica",
            f"{kind.device_sets.value}: {_counts(kind)}",
            _listed(ids),
            _write_near(kind, ids),
        )
    elif list(ids) != sorted(ids):
        yield ShapeFault(
            DEVICE_IDS,
            "not-allowed",
            "the chips are not in ascending order",
            "ascending numbers",
            _listed(ids),
            f"write {_listed(sorted(ids))}",
        )


def unknown_container(subject: Subject) -> Iterator[ShapeFault]:
    wanted, known = subject.neuron.container, _names(subject.containers)
    if wanted is None or wanted in known:
        return
    meant = nearest(wanted, known)
    yield ShapeFault(
        CONTAINER,
        "not-allowed",
        f"no container in taskDefinition is called {quoted(wanted)}",
        one_of(known) if 0 < len(known) <= SHORT_LIST else "a container's name",
        quoted(wanted),
        f"write {quoted(meant)}" if meant else "name one of the containers",
    )


def container_left_open(subject: Subject) -> Iterator[ShapeFault]:
    """With none essential there is nothing to choose from; that has a rule of its own."""
    if subject.neuron.container is not None or len(subject.essential_containers) < 2:
        return
    names = _names(subject.essential_containers)
    yield ShapeFault(
        CONTAINER,
        "missing-field",
        "'container' is missing, and taskDefinition has more than one essential container",
        one_of(names) if 0 < len(names) <= SHORT_LIST else "a container's name",
        f"{len(subject.essential_containers)} essential containers",
        "name in neuron.container the container that gets the chips",
    )


def _names(containers: Iterable[tuple[object, object]]) -> list[str]:
    found = (each.get("name") for _, each in containers if isinstance(each, dict))
    return [name for name in found if name]


def _chips(count: int) -> str:
    return f"{shown(count)} chip{'' if count == 1 else 's'}"


def _valid_counts(kind: InstanceType) -> list[int]:
    return [count for count in range(1, kind.chips + 1) if kind.valid_device_sets(count)]


def _counts(kind: InstanceType) -> str:
    counts = _valid_counts(kind)
    if len(counts) == kind.chips > 2:
        return f"1 to {kind.chips}"
    return one_of([str(count) for count in counts])


def _count_near(kind: InstanceType, wanted: int) -> int:
    return min(_valid_counts(kind), key=lambda count: (abs(count - wanted), -count))


def _write_near(kind: InstanceType, ids: Sequence[int]) -> str:
    """The valid set with the most of these chips; of those with as many, the first."""
    sets = kind.valid_device_sets(_count_near(kind, len(set(ids))))
    return f"write {_listed(max(sets, key=lambda each: len(set(each) & set(ids))))}"


def _listed(ids: Sequence[int]) -> str:
    more = ", ..." if len(ids) > 16 else ""
    return f"[{', '.join(shown(device) for device in ids[:16])}{more}]"


RULES: tuple[Rule, ...] = (
    more_chips_than_there_are,
    count_without_a_device_set,
    repeated_device_ids,
    device_ids_outside,
    device_ids_that_do_not_go_together,
    unknown_container,
    container_left_open,
)
