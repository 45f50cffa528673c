"""From the bytes of all files to typed manifests, and everything that is wrong with them.

One bad manifest never hides a good one: what can be read is returned beside the diagnostics.
Nor does one bad field hide another's errors: the rules are asked about the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from glia.manifest.diagnose import diagnose, place
from glia.manifest.ecs_members import ecs_faults, pasted_whole, with_integers
from glia.manifest.instance_types import KnownTypes, no_instance_type, resolve
from glia.manifest.partial import partial, unknown_by
from glia.manifest.reader import read
from glia.manifest.relations import Declared, Together, unrelated
from glia.manifest.rules import service_faults
from glia.manifest.spec import NeuronCluster, NeuronService
from glia.manifest.spec_faults import to_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.ecs.shape_fault import ShapeFault
    from glia.errors import Diagnostic
    from glia.manifest.document import Document, FieldPath, Source
    from glia.neuron.catalogue import InstanceType

INSTANCE_TYPE = ("spec", "neuron", "instanceType")
NO_TYPES: Mapping[str, InstanceType] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Loaded:
    """The manifests that are right, in the order of the files, and what is wrong with others.

    Attributes:
        declared: the right ones; those that are only warned of are among them. The services of a
            wrong cluster are not: nobody knows where they are.
        diagnostics: errors and warnings by place.
        unknown_types: instance types that services name and nobody knows: whoever can ask EC2
            looks them up and loads again.
        instance_types: every type that a right service names, by its name.
        frozen: names of the services that are declared and not among the right ones.
        placeless: how many services are left out for their cluster alone.
    """

    declared: tuple[Declared, ...]
    diagnostics: tuple[Diagnostic, ...]
    unknown_types: tuple[str, ...] = ()
    instance_types: Mapping[str, InstanceType] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    placeless: int = 0


@dataclass(frozen=True, slots=True)
class _Checked:
    """A document against the types of its fields.

    Attributes:
        declared: its manifest, only in part where fields are wrong; None where there is none.
        faults: what the types say.
    """

    document: Document
    declared: Declared | None
    faults: tuple[ShapeFault, ...]


def load(sources: Iterable[Source], known_types: Mapping[str, InstanceType] = NO_TYPES) -> Loaded:
    """Read, check and relate all documents of all files."""
    contents = {(source.file, source.line): source.content for source in sources}
    readings = [read(content, file, line) for (file, line), content in contents.items()]
    checked = [_check(document) for reading in readings for document in reading.documents]
    documents = [each.document for each in checked]
    candidates = [each.declared for each in checked if each.declared]
    types = resolve((each for each in candidates if not each.unknown), documents, known_types)
    faults = [(each.document, fault) for each in checked for fault in _faults(each, types)]
    cluster_names, service_names = (
        frozenset(name for each in documents if (name := each.name_of(kind.__name__)))
        for kind in (NeuronCluster, NeuronService)
    )
    faults += unrelated(Together(tuple(candidates), cluster_names, service_names))
    told = [(where, fault) for where, fault in faults if not where.is_flawed_at(fault.path)]
    wrong = {id(document) for document, fault in faults if fault.severity == "error"}
    diagnostics = [each for reading in readings for each in reading.diagnostics]
    diagnostics += diagnose(told, contents)
    sound = [each for each in candidates if not each.unknown and id(each.document) not in wrong]
    right = _placed(sound)
    return Loaded(
        tuple(right),
        tuple(sorted(diagnostics, key=place)),
        tuple(sorted({name for name in _type_names(candidates) if types.lacks(name)})),
        {name: found for name in _type_names(right) if (found := types.get(name))},
        service_names - _services_of(right),
        len(sound) - len(right),
    )


def _services_of(declared: Iterable[Declared]) -> frozenset[str]:
    return frozenset(
        each.manifest.metadata.name for each in declared if isinstance(each.manifest, NeuronService)
    )


def _placed(declared: Sequence[Declared]) -> list[Declared]:
    """Without the services of a cluster that is wrong: its own error says where that is."""
    clusters = {
        each.manifest.metadata.name for each in declared if isinstance(each.manifest, NeuronCluster)
    }
    return [
        each
        for each in declared
        if not isinstance(each.manifest, NeuronService) or each.manifest.spec.cluster in clusters
    ]


def _type_names(declared: Iterable[Declared]) -> Iterator[str]:
    for each in declared:
        if isinstance(each.manifest, NeuronService) and INSTANCE_TYPE not in each.unknown:
            name = each.manifest.spec.neuron.instance_type
            if name is not None and not each.is_unknown_at(INSTANCE_TYPE):
                yield name


def _check(document: Document) -> _Checked:
    spec = document.body.get("spec")
    is_service = document.body.get("kind") == NeuronService.__name__
    if is_service and isinstance(spec, dict):
        written, spec = spec, with_integers(spec)
        if spec is not written:
            document = replace(document, body={**document.body, "spec": spec})
    ecs = tuple(ecs_faults(spec)) if is_service else ()
    unknown = {path for fault in ecs for path in _unknown_by(fault, document.body)}
    unknown |= document.flawed | (set(pasted_whole(spec)) if ecs else set())
    made = to_manifest(document.body)
    if not isinstance(made, tuple):
        return _Checked(document, Declared(made, document, frozenset(unknown)), ecs)
    rest = partial(document.body, made)
    if rest is None:
        return _Checked(document, None, (*made, *ecs))
    declared = Declared(rest.manifest, document, rest.unknown | unknown)
    return _Checked(document, declared, (*made, *rest.faults, *ecs))


def _unknown_by(fault: ShapeFault, body: Any) -> frozenset[FieldPath]:
    """A list that is too long or short is a list all the same."""
    at = body
    if fault.code == "out-of-range":
        for step in fault.path:
            at = at[step]
        if isinstance(at, list | dict):
            return frozenset()
    return unknown_by(fault)


def _faults(checked: _Checked, types: KnownTypes) -> Iterator[ShapeFault]:
    yield from checked.faults
    declared = checked.declared
    if declared is None or not isinstance(declared.manifest, NeuronService):
        return
    told = {fault.path for fault in checked.faults}
    for fault in _rule_faults(declared, declared.manifest, types):
        if fault.path not in told and not _is_misspelt(fault, checked.faults):
            yield fault


def _rule_faults(
    declared: Declared, manifest: NeuronService, types: KnownTypes
) -> Iterator[ShapeFault]:
    name = manifest.spec.neuron.instance_type
    instance_type = None
    if name is not None and not declared.is_unknown_at(INSTANCE_TYPE):
        instance_type = types.get(name)
        if types.lacks(name):
            yield no_instance_type(name)
    labels = manifest.metadata.labels
    yield from service_faults(manifest.spec, instance_type, labels=labels, unknown=declared.unknown)


def _is_misspelt(fault: ShapeFault, told: Sequence[ShapeFault]) -> bool:
    """A member is missing where one is unknown: its misspelling is told already."""
    return fault.code == "missing-field" and any(
        each.code == "unknown-field" and each.path[:-1] == fault.path[:-1] for each in told
    )
