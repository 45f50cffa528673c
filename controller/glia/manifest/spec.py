"""The manifests' own words: three kinds, strict, with ECS's members left as they are.

``taskDefinition`` and ``service`` stay mappings here; ``glia.ecs.shapes`` knows their members.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field

from glia.manifest.numbers import Count, Positive
from glia.manifest.spec_instance_type import InstanceTypeSpec
from glia.manifest.spec_neuron import Neuron
from glia.manifest.strict import Strict
from glia.manifest.texts import AccountId, EcsName, InstanceTypeName, Name, Owner, Region, RoleArn

API_VERSION = "glia/v1alpha1"
EcsMembers: TypeAlias = dict[str, Any]
DriftPolicy: TypeAlias = Literal["correct", "warn", "ignore"]


class Metadata(Strict):
    """What Kubernetes' tools know about an object."""

    name: Name = Field(description="Unique among the manifests of its kind.")
    labels: dict[str, str] = Field(
        default_factory=dict, description="Become tags of the service and its task definition."
    )
    annotations: dict[str, str] = Field(
        default_factory=dict, description="For other tools; Glia ignores them."
    )


class InstanceMetadata(Metadata):
    """An instance type's name has a dot in it."""

    name: InstanceTypeName


class AssumeRole(Strict):
    """The role to act in."""

    role_arn: RoleArn
    external_id: str | None = None


class ClusterSpec(Strict):
    """Where services run: one ECS cluster in one account and region."""

    region: Region
    cluster_name: EcsName | None = Field(
        default=None, description="The cluster's name in ECS; metadata.name by default."
    )
    owner: Owner = Field(
        description="The name of this installation of Glia, the same for laptop, CI and "
        "controller. Services with another owner's tag are never touched."
    )
    account_id: AccountId | None = Field(
        default=None, description="Refuse to act in any other account."
    )
    assume_role: AssumeRole | None = None
    prune: bool = Field(
        default=False, description="Delete services of this owner that no manifest has any more."
    )
    prune_grace_seconds: Count = Field(
        default=3600,
        description="How long a pruned service stays, without replicas, before it is deleted.",
    )


class Rollout(Strict):
    """How a change reaches the replicas."""

    max_unavailable: Count = Field(
        default=1, description="Replicas that may be down at once, over the whole service."
    )
    max_surge: Count = Field(
        default=0, description="Replicas that may run in addition, on spare chips."
    )
    min_ready_seconds: Count = Field(
        default=0, description="How long a replica has to run before it counts as ready."
    )
    progress_deadline_seconds: Positive = Field(
        default=1800, description="After that long without progress the rollout is Stalled."
    )


class ServiceSpec(Strict):
    """A Neuron inference service: replicas, chips, and ECS's own members."""

    cluster: Name = Field(description="metadata.name of a NeuronCluster.")
    replicas: Count | None = Field(
        default=None, description="Absent: the count is not Glia's, autoscaling owns it."
    )
    suspend: bool = Field(default=False, description="Leave the service as it is.")
    prune: Literal["enabled", "disabled"] = Field(
        default="enabled",
        description="`disabled`: never deleted for want of a manifest; remembered in a tag.",
    )
    drift_policy: DriftPolicy = Field(
        default="correct",
        description="What comes of changes that somebody else makes to the live service: put "
        "back, only told (`warn`), or neither. What the manifest changes is always applied.",
    )
    depends_on: tuple[Name, ...] = Field(
        default=(),
        max_length=50,
        description="metadata.name of NeuronServices that have to be Ready before it changes.",
        strict=False,
    )
    renamed_from: Name | None = Field(
        default=None,
        description="metadata.name that the service had before, in the same cluster.",
    )
    neuron: Neuron
    rollout: Rollout = Field(default_factory=Rollout)
    task_definition: EcsMembers = Field(description="Members of ECS's RegisterTaskDefinition.")
    service: EcsMembers = Field(default_factory=dict, description="Members of ECS's CreateService.")


class NeuronCluster(Strict):
    """Where: one ECS cluster."""

    api_version: Literal["glia/v1alpha1"]
    kind: Literal["NeuronCluster"]
    metadata: Metadata
    spec: ClusterSpec


class NeuronService(Strict):
    """What: one inference service on Neuron chips."""

    api_version: Literal["glia/v1alpha1"]
    kind: Literal["NeuronService"]
    metadata: Metadata
    spec: ServiceSpec


class NeuronInstanceType(Strict):
    """A Neuron instance type that the catalogue lacks or has wrong."""

    api_version: Literal["glia/v1alpha1"]
    kind: Literal["NeuronInstanceType"]
    metadata: InstanceMetadata
    spec: InstanceTypeSpec


Manifest: TypeAlias = NeuronCluster | NeuronService | NeuronInstanceType
KINDS: dict[str, type[NeuronCluster | NeuronService | NeuronInstanceType]] = {
    kind.__name__: kind for kind in (NeuronCluster, NeuronService, NeuronInstanceType)
}
