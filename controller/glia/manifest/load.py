"""From the bytes of all files to typed manifests, and everything that is wrong with them.

One bad manifest never hides a good one: what can be read is returned beside the diagnostics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.manifest.diagnose import diagnose, place
from glia.manifest.ecs_members import ecs_faults
from glia.manifest.reader import read
from glia.manifest.relations import Declared, unrelated
from glia.manifest.rules import service_faults
from glia.manifest.spec import Manifest, NeuronCluster, NeuronInstanceType, NeuronService
from glia.manifest.spec_faults import to_manifest
from glia.neuron.catalogue import DeviceSetRule, InstanceType, UnknownInstanceType, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.errors import Diagnostic
    from glia.manifest.document import Document, Source

TYPES_ARE_RIGHT = {"unknown-field", "not-allowed", "out-of-range"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The manifests that are right, in the order of the files, and what is wrong with others."""

    declared: tuple[Declared, ...]
    diagnostics: tuple[Diagnostic, ...]


def load(sources: Iterable[Source]) -> Loaded:
    """Read, check and relate all documents of all files."""
    contents = {source.file: source.content for source in sources}
    readings = [read(content, file) for file, content in contents.items()]
    documents = [document for reading in readings for document in reading.documents]
    outcomes = [(document, to_manifest(document.body)) for document in documents]
    typed = [Declared(made, document) for document, made in outcomes if not isinstance(made, tuple)]
    known = _instance_types(typed)
    faults = [
        (document, fault) for document, made in outcomes for fault in _faults(document, made, known)
    ]
    faults += (
        (each.document, fault) for each, fault in unrelated(typed, _cluster_names(documents))
    )
    told = [
        (document, fault) for document, fault in faults if not document.is_flawed_at(fault.path)
    ]
    wrong = {id(document) for document, _ in faults}
    diagnostics = [each for reading in readings for each in reading.diagnostics]
    diagnostics += diagnose(told, contents)
    return Loaded(
        tuple(
            each for each in typed if not each.document.flawed and id(each.document) not in wrong
        ),
        tuple(sorted(diagnostics, key=place)),
    )


def _cluster_names(documents: Iterable[Document]) -> set[str]:
    return {
        metadata["name"]
        for document in documents
        if document.body.get("kind") == NeuronCluster.__name__
        and isinstance(metadata := document.body.get("metadata"), dict)
        and isinstance(metadata.get("name"), str)
    }


def _instance_types(typed: Sequence[Declared]) -> dict[str, InstanceType]:
    """What NeuronInstanceType manifests add to the catalogue, or correct in it."""
    return {
        each.manifest.metadata.name: _instance_type(each.manifest)
        for each in typed
        if isinstance(each.manifest, NeuronInstanceType)
    }


def _instance_type(manifest: NeuronInstanceType) -> InstanceType:
    spec = manifest.spec
    return InstanceType(
        name=manifest.metadata.name,
        vcpu=spec.vcpu,
        memory_mib=spec.memory_mib,
        chip=spec.chip,
        chips=spec.chips,
        neuron_core_version=spec.neuron_core_version,
        cores_per_chip=spec.cores_per_chip,
        visible_cores_per_chip=spec.visible_cores_per_chip or spec.cores_per_chip,
        chip_memory_gib=spec.chip_memory_gib,
        enis=spec.network_interfaces,
        architecture=spec.architecture,
        device_sets=DeviceSetRule[spec.device_sets.upper()],
        source="declared in a manifest",
    )


def _faults(
    document: Document,
    made: Manifest | tuple[ShapeFault, ...],
    known: Mapping[str, InstanceType],
) -> Iterator[ShapeFault]:
    if isinstance(made, tuple):
        yield from made
    if document.body.get("kind") != NeuronService.__name__:
        return
    ecs = tuple(ecs_faults(document.body.get("spec")))
    yield from ecs
    # The rules take all types for granted, ECS's too.
    if isinstance(made, NeuronService) and all(each.code in TYPES_ARE_RIGHT for each in ecs):
        told = {fault.path for fault in ecs}
        for fault in _rule_faults(made, known):
            if fault.path not in told and not _is_misspelt(fault, ecs):
                yield fault


def _rule_faults(
    manifest: NeuronService, known: Mapping[str, InstanceType]
) -> Iterator[ShapeFault]:
    instance_type = None
    if (name := manifest.spec.neuron.instance_type) is not None:
        try:
            instance_type = known.get(name) or find(name)
        except UnknownInstanceType as error:
            yield _no_instance_type(name, str(error))
    yield from service_faults(manifest.spec, instance_type, labels=manifest.metadata.labels)


def _no_instance_type(name: str, message: str) -> ShapeFault:
    path = ("spec", "neuron", "instanceType")
    remedy = "declare it in a NeuronInstanceType if it is new"
    return ShapeFault(path, "not-allowed", message, "", name, remedy)


def _is_misspelt(fault: ShapeFault, ecs: Sequence[ShapeFault]) -> bool:
    """A member is missing where one is unknown: its misspelling is told already."""
    return fault.code == "missing-field" and any(
        each.code == "unknown-field" and each.path[:-1] == fault.path[:-1] for each in ecs
    )
