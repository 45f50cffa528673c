"""What can still be read of a service of which some fields are wrong.

Its faulty fields are taken out of a copy, so that whoever wrote the manifest is told of the
others' errors as well. What is not known is listed; nobody is to look there.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from glia.manifest.spec import API_VERSION, NeuronService
from glia.manifest.spec_faults import to_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.ecs.shape_fault import ShapeFault
    from glia.manifest.document import FieldPath

# Fields that must be there for a manifest to be one, filled in where nobody knows them. Some
# show only after others are there.
NEURON: Mapping[str, Any] = MappingProxyType({"instanceType": "unknown.unknown", "devices": 1})
REQUIRED: Mapping[FieldPath, Any] = MappingProxyType(
    {
        ("apiVersion",): API_VERSION,
        ("metadata",): {"name": "unknown"},
        ("metadata", "name"): "unknown",
        ("spec", "cluster"): "unknown",
        ("spec", "neuron"): dict(NEURON),
        ("spec", "neuron", "instanceType"): NEURON["instanceType"],
        ("spec", "neuron", "devices"): NEURON["devices"],
        ("spec", "taskDefinition"): {},
    }
)
COUNTS = frozenset({("spec", "neuron", "devices"), ("spec", "neuron", "deviceIds")})
MOST_PASSES = 4


@dataclass(frozen=True, slots=True)
class Partial:
    """A service of which some is unknown.

    Attributes:
        manifest: with something that is valid where nobody knows what should be there.
        unknown: the fields that say nothing.
        faults: what showed only once the first faults were out of the way.
    """

    manifest: NeuronService
    unknown: frozenset[FieldPath]
    faults: tuple[ShapeFault, ...]


def partial(body: dict[str, Any], faults: Sequence[ShapeFault]) -> Partial | None:
    """The service without these faults; None where too little of it is left."""
    if body.get("kind") != NeuronService.__name__ or not isinstance(body.get("spec"), dict):
        return None
    copy = _copied(body)
    unknown: set[FieldPath] = set()
    later: list[ShapeFault] = []
    left = faults
    for _ in range(MOST_PASSES):
        later += (fault for fault in left if left is not faults and not _touches(fault, unknown))
        for fault in left:
            for path in COUNTS if fault.path[:3] in COUNTS else {fault.path}:
                _remove(copy, path)
            unknown |= unknown_by(fault)
        _fill(copy, unknown)
        made = to_manifest(copy)
        if isinstance(made, NeuronService):
            return Partial(made, frozenset(unknown), tuple(later))
        left = made if isinstance(made, tuple) else ()
    return None


def unknown_by(fault: ShapeFault) -> frozenset[FieldPath]:
    """The fields of which nothing is known any more."""
    if fault.code == "unknown-field":
        return frozenset({(*fault.path[:-1], fault.meant)} if fault.meant else ())
    return COUNTS if fault.path[:3] in COUNTS else frozenset({fault.path})


def _touches(fault: ShapeFault, unknown: Iterable[FieldPath]) -> bool:
    return any(fault.path[: len(path)] == path[: len(fault.path)] for path in unknown)


def _copied(value: Any, depth: int = 4) -> Any:
    """Deep enough for Glia's own fields; ECS's members are not touched."""
    if not depth or not isinstance(value, dict):
        return value
    return {name: _copied(each, depth - 1) for name, each in value.items()}


def _remove(copy: dict[str, Any], path: FieldPath) -> None:
    """Takes the field out; of a list all."""
    *above, last = path
    at: Any = copy
    for step in above:
        if not isinstance(at.get(step), dict):
            at.pop(step, None)
            return
        at = at[step]
    at.pop(last, None)


def _fill(copy: dict[str, Any], unknown: set[FieldPath]) -> None:
    for path, value in REQUIRED.items():
        at: Any = copy
        for step in path[:-1]:
            at = at.get(step, {})
        if path in unknown and not (path in COUNTS and at.get("allocation") == "managed"):
            at.setdefault(path[-1], value)
