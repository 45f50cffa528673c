"""From the bytes of all files to typed manifests, and everything that is wrong with them.

One bad manifest never hides a good one: what can be read is returned beside the diagnostics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glia.ecs import shapes
from glia.ecs.shape_fault import ShapeFault
from glia.manifest.diagnose import diagnose, place
from glia.manifest.reader import read
from glia.manifest.relations import Declared, unrelated
from glia.manifest.rules import service_faults
from glia.manifest.spec import Manifest, NeuronInstanceType, NeuronService
from glia.manifest.spec_faults import to_manifest
from glia.neuron.catalogue import DeviceSetRule, InstanceType, UnknownInstanceType, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.errors import Diagnostic
    from glia.manifest.document import Document, Source

# Members of CreateService that Glia writes itself, and where the user says the same.
GLIAS_OWN = {
    "clientToken": "take it out: Glia writes it",
    "cluster": "write spec.cluster, the name of a NeuronCluster",
    "desiredCount": "write spec.replicas",
    "taskDefinition": "write its members under spec.taskDefinition",
}
TYPES_ARE_RIGHT = {"unknown-field", "not-allowed", "out-of-range"}
# Required by ECS, and by default named after the manifest.
NAMED_BY_GLIA = {("spec", "taskDefinition", "family"), ("spec", "service", "serviceName")}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The manifests that are right, in the order of the files, and what is wrong with others."""

    declared: tuple[Declared, ...]
    diagnostics: tuple[Diagnostic, ...]


def load(sources: Iterable[Source]) -> Loaded:
    """Read, check and relate all documents of all files."""
    contents: dict[str, bytes] = {}
    typed: list[Declared] = []
    diagnostics: list[Diagnostic] = []
    faults: list[tuple[Document, ShapeFault]] = []
    for source in sources:
        contents[source.file] = source.content
        reading = read(source.content, source.file)
        diagnostics += reading.diagnostics
        for document in reading.documents:
            match to_manifest(document.body):
                case tuple() as wrong:
                    faults += ((document, fault) for fault in wrong)
                case manifest:
                    typed.append(Declared(manifest, document))
    known = _instance_types(typed)
    checked = [(each, tuple(_faults_of(each.manifest, known))) for each in typed]
    faults += ((each.document, fault) for each, wrong in checked for fault in wrong)
    right = [each for each, wrong in checked if not wrong]
    alone = list(unrelated(typed))
    faults += ((each.document, fault) for each, fault in alone)
    lost = {id(each) for each, _ in alone}
    diagnostics += diagnose(faults, contents)
    return Loaded(
        tuple(each for each in right if id(each) not in lost),
        tuple(sorted(diagnostics, key=place)),
    )


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


def _faults_of(manifest: Manifest, known: Mapping[str, InstanceType]) -> Iterator[ShapeFault]:
    if not isinstance(manifest, NeuronService):
        return
    instance_type = None
    if (name := manifest.spec.neuron.instance_type) is not None:
        try:
            instance_type = known.get(name) or find(name)
        except UnknownInstanceType as error:
            yield _no_instance_type(name, str(error))
    ecs = tuple(_ecs_faults(manifest))
    yield from ecs
    # The rules take ECS's types for granted.
    if all(fault.code in TYPES_ARE_RIGHT for fault in ecs):
        labels = manifest.metadata.labels
        for fault in service_faults(manifest.spec, instance_type, labels=labels):
            if not _is_misspelt(fault, ecs):
                yield fault


def _no_instance_type(name: str, message: str) -> ShapeFault:
    path = ("spec", "neuron", "instanceType")
    remedy = "declare it in a NeuronInstanceType if it is new"
    return ShapeFault(path, "not-allowed", message, "", name, remedy)


def _is_misspelt(fault: ShapeFault, ecs: Sequence[ShapeFault]) -> bool:
    """A member is missing where one is unknown: its misspelling is told already."""
    return fault.code == "missing-field" and any(
        each.code == "unknown-field" and each.path[:-1] == fault.path[:-1] for each in ecs
    )


def _ecs_faults(manifest: NeuronService) -> Iterator[ShapeFault]:
    spec = manifest.spec
    pairs: tuple[tuple[str, str, dict[str, Any], frozenset[str]], ...] = (
        ("taskDefinition", "RegisterTaskDefinitionRequest", spec.task_definition, frozenset()),
        ("service", "CreateServiceRequest", spec.service, frozenset(GLIAS_OWN)),
    )
    for name, shape, members, own in pairs:
        for fault in shapes.faults(shape, members, without=own):
            path = ("spec", name, *fault.path)
            if fault.code == "missing-field" and path in NAMED_BY_GLIA:
                continue
            top = str(fault.path[0]) if len(fault.path) == 1 else ""
            remedy = GLIAS_OWN.get(top, fault.remedy) if name == "service" else fault.remedy
            yield ShapeFault(path, fault.code, fault.message, fault.expected, fault.found, remedy)
