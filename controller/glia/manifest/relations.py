"""What manifests say of each other: names that are taken, clusters that nobody declares."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from glia.ecs.nearest import nearest
from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted
from glia.manifest import relations_order
from glia.manifest.spec import Manifest, NeuronCluster, NeuronService

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.manifest.document import Document, FieldPath


@dataclass(frozen=True, slots=True)
class Declared:
    """A manifest and the document that it was read from.

    Attributes:
        unknown: fields that are wrong, of which the manifest says nothing that counts; a right
            manifest has none.
    """

    manifest: Manifest
    document: Document
    unknown: frozenset[FieldPath] = frozenset()

    @property
    def key(self) -> str:
        return f"{self.manifest.kind}/{self.manifest.metadata.name}"

    def is_unknown_at(self, path: FieldPath) -> bool:
        """Whether the field, one above it or one below it is wrong."""
        return any(path[: len(at)] == at[: len(path)] for at in self.unknown)


@dataclass(frozen=True, slots=True)
class Together:
    """All manifests of one reading.

    Attributes:
        declared: those that can be read, if only in part.
        cluster_names: of all clusters that are declared, rightly or not.
        service_names: of all services, likewise.
    """

    declared: tuple[Declared, ...]
    cluster_names: frozenset[str]
    service_names: frozenset[str]

    @property
    def clusters(self) -> dict[str, NeuronCluster]:
        return {
            each.manifest.metadata.name: each.manifest
            for each in self.declared
            if isinstance(each.manifest, NeuronCluster) and not each.unknown
        }

    @property
    def services(self) -> Iterator[tuple[Declared, NeuronService]]:
        for each in self.declared:
            if isinstance(each.manifest, NeuronService):
                yield each, each.manifest


Found: TypeAlias = Iterator[tuple["Document", ShapeFault]]
Relation: TypeAlias = Callable[[Together], Found]


def unrelated(together: Together) -> Found:
    """Every manifest that does not go together with the others, and why."""
    for relation in RELATIONS:
        yield from relation(together)


def declared_twice(together: Together) -> Found:
    """Nobody knows which of them is meant: none is applied, and what is live stays."""
    namesakes: dict[str, list[Declared]] = {}
    for each in together.declared:
        if not (each.is_unknown_at(("metadata", "name")) or each.is_unknown_at(("kind",))):
            namesakes.setdefault(each.key, []).append(each)
    for first, *others in namesakes.values():
        for each in (first, *others) if others else ():
            other = others[0] if each is first else first
            message = f"{each.key} is declared in {_where(other)} as well"
            path, name = ("metadata", "name"), each.manifest.metadata.name
            remedy = "rename one of the two, or delete it"
            fault = ShapeFault(path, "not-allowed", message, "each name once", name, remedy)
            yield each.document, fault


def unknown_cluster(together: Together) -> Found:
    for each, service in together.services:
        if each.is_unknown_at(("spec", "cluster")):
            continue
        if service.spec.cluster not in together.cluster_names:
            fault = _no_cluster(service.spec.cluster, together.cluster_names)
            yield each.document, fault


def cluster_of_two_owners(together: Together) -> Found:
    """Each would take the other's services for a stranger's, or prune beside it."""
    first: dict[Hashable, tuple[Declared, NeuronCluster]] = {}
    for each in together.declared:
        cluster = each.manifest
        if not isinstance(cluster, NeuronCluster) or each.unknown:
            continue
        other, known = first.setdefault(_identity(cluster), (each, cluster))
        if known.spec.owner != cluster.spec.owner:
            yield (
                each.document,
                ShapeFault(
                    ("spec", "owner"),
                    "contradiction",
                    f"this is the ECS cluster of {other.key} in {_where(other)}, which says owner: "
                    f"{known.spec.owner}",
                    known.spec.owner,
                    cluster.spec.owner,
                    "write one owner in both, or another region, account or clusterName",
                ),
            )


def service_name_taken(together: Together) -> Found:
    """Services of one ECS cluster by the names that ECS would know them by."""
    first: dict[Hashable, Declared] = {}
    for each, service, cluster in _placed(together):
        name = service.spec.service.get("serviceName", service.metadata.name)
        other = first.setdefault((_identity(cluster), name), each)
        if other.key != each.key:
            written = "serviceName" in service.spec.service
            yield (
                each.document,
                ShapeFault(
                    ("spec", "service", "serviceName") if written else ("metadata", "name"),
                    "contradiction",
                    f"{other.key} in {_where(other)} is called {quoted(name)} in the same ECS "
                    "cluster",
                    "another name",
                    quoted(name),
                    "rename one of the two",
                ),
            )


def family_taken(together: Together) -> Found:
    """All clusters of an account and region share its families."""
    first: dict[Hashable, Declared] = {}
    for each, service, cluster in _placed(together):
        account, region, name = _identity(cluster)
        default = f"{name}-{service.metadata.name}"
        family = service.spec.task_definition.get("family", default)
        other = first.setdefault((account, region, family), each)
        if other.key != each.key:
            written = "family" in service.spec.task_definition
            yield (
                each.document,
                ShapeFault(
                    ("spec", "taskDefinition", "family") if written else ("metadata", "name"),
                    "contradiction",
                    f"{other.key} in {_where(other)} has the task-definition family "
                    f"{quoted(family)} in the same account and region",
                    "a family of its own",
                    quoted(family),
                    "rename one of the two, or leave taskDefinition.family out",
                ),
            )


def _placed(together: Together) -> Iterator[tuple[Declared, NeuronService, NeuronCluster]]:
    """Services whose names and clusters are known."""
    clusters = together.clusters
    names = (
        ("metadata", "name"),
        ("spec", "cluster"),
        ("spec", "service", "serviceName"),
        ("spec", "taskDefinition", "family"),
    )
    for each, service in together.services:
        cluster = clusters.get(service.spec.cluster)
        if cluster is not None and not any(map(each.is_unknown_at, names)):
            yield each, service, cluster


def _identity(cluster: NeuronCluster) -> tuple[str, str, str]:
    """Account, region and name in ECS; the account is empty where only the caller knows it."""
    spec = cluster.spec
    role = spec.assume_role.role_arn if spec.assume_role else ""
    account = spec.account_id or "".join(role.split(":")[4:5])
    return account, spec.region, spec.cluster_name or cluster.metadata.name


def _where(declared: Declared) -> str:
    return f"{declared.document.file}:{declared.document.line}"


def _no_cluster(name: str, clusters: Iterable[str]) -> ShapeFault:
    known = sorted(clusters)
    expected = f"one of {', '.join(known)}" if known else "a NeuronCluster among the manifests"
    message = f"no NeuronCluster is called {name}"
    meant = nearest(name, known)
    remedy = f"write {meant}" if meant else ""
    if not known:
        remedy = "name the file that declares it as another PATH"
    return ShapeFault(("spec", "cluster"), "not-allowed", message, expected, name, remedy)


RELATIONS: tuple[Relation, ...] = (
    declared_twice,
    unknown_cluster,
    cluster_of_two_owners,
    service_name_taken,
    family_taken,
    *relations_order.RELATIONS,
)
