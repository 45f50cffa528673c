"""The manifests' own words: three kinds, strict, with ECS's members left as they are.

``taskDefinition`` and ``service`` stay mappings here; ``glia.ecs.shapes`` knows their members.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from glia.ecs.shape_words import one_of
from glia.manifest.numbers import Chips, Cores, Count, Positive, whole
from glia.manifest.texts import (
    AccountId,
    AttributeName,
    EcsName,
    InstanceTypeName,
    Name,
    Owner,
    Region,
    RoleArn,
)

API_VERSION = "glia/v1alpha1"
# How many chips an instance with these device sets has: one, or a torus of sixteen or a part.
CHIPS = {"single": (1,), "aligned": (1, 4, 8, 16)}


EcsMembers: TypeAlias = dict[str, Any]
DriftPolicy: TypeAlias = Literal["correct", "warn", "ignore"]


def _given(*names: str) -> dict[str, Any]:
    """JSON Schema for a mapping with all these members, none of them null."""
    something = {"not": {"type": "null"}}
    return {"required": list(names), "properties": dict.fromkeys(names, something)}


class Strict(BaseModel):
    """No conversion, no unknown field, no change afterwards; camelCase outside."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        defer_build=True,  # the kinds that are met hold all others: start-up time
    )


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


_EITHER_OF_ATTRIBUTE: list[Any] = [_given("attribute"), _given("value")]


class Pool(Strict):
    """Only the instances of a capacity provider, or with this value of a custom attribute."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {**_given("capacityProvider"), "not": {"anyOf": _EITHER_OF_ATTRIBUTE}},
                {**_given("attribute", "value"), "not": _given("capacityProvider")},
            ]
        }
    )

    capacity_provider: EcsName | None = None
    attribute: AttributeName | None = None
    value: Annotated[str, Field(min_length=1, max_length=128)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Pool:
        by_attribute = self.attribute is not None and self.value is not None
        partly = (self.attribute is None) != (self.value is None)
        if partly or (self.capacity_provider is not None) == by_attribute:
            raise PydanticCustomError(
                "contradiction",
                "'pool' takes either 'capacityProvider', or 'attribute' and 'value'",
                {"expected": "{capacityProvider: NAME}, or {attribute: NAME, value: VALUE}"},
            )
        return self


class Neuron(Strict):
    """Which chips a replica gets, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "not": _given("devices", "deviceIds"),
            "anyOf": [
                {"properties": {"allocation": {"const": "managed"}}, "required": ["allocation"]},
                _given("instanceType", "devices"),
                _given("instanceType", "deviceIds"),
            ],
        }
    )

    instance_type: InstanceTypeName | None = Field(
        default=None, description="The EC2 instance type, in any case; required but for managed."
    )
    devices: Chips | None = Field(
        default=None, description="Chips a replica, or `all` of the instance."
    )
    device_ids: tuple[Count, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=64,  # no instance has more devices
        description="Pin the chips by hand, instead of `devices`.",
        strict=False,
    )
    container: str | None = Field(
        default=None,
        description="The container that gets the chips; the only essential one by default.",
    )
    allocation: Literal["devices", "managed"] = Field(
        default="devices",
        description="`devices`: linuxParameters.devices on EC2 capacity. `managed`: "
        "NeuronDevice = ALL on Managed Instances.",
    )
    mapping: Literal["remap", "identity"] = Field(
        default="remap",
        description="`remap` shows the chips as /dev/neuron0 and up in the container, "
        "`identity` under the host's numbers.",
    )
    pool: Pool | None = Field(default=None, description="Only these instances.")
    lock: Literal["hostPort", "antiAffinity", "none"] = Field(
        default="hostPort",
        description="What keeps other services' tasks off the chips. `antiAffinity` (placement "
        "constraints, in any network mode) is best effort: a stopping task still holds its chips.",
    )
    min_instances: Positive = Field(
        default=2, description="Spread replicas over at least that many instances."
    )

    @model_validator(mode="after")
    def _says_how_many_chips(self) -> Neuron:
        if self.devices is not None and self.device_ids is not None:
            raise PydanticCustomError(
                "contradiction",
                "'devices' and 'deviceIds' cannot both be given",
                {"field": "deviceIds", "remedy": "take one of the two out"},
            )
        if self.allocation == "devices":
            if self.instance_type is None:
                raise PydanticCustomError(
                    "missing_field",
                    "'instanceType' is missing",
                    {"field": "instanceType", "expected": "an EC2 instance type with chips"},
                )
            if self.devices is None and self.device_ids is None:
                raise PydanticCustomError(
                    "missing_field",
                    "'devices' or 'deviceIds' is missing: how many chips a replica gets",
                    {"field": "devices", "expected": "a number of chips from 1 on, or `all`"},
                )
        return self


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


class InstanceTypeSpec(Strict):
    """An entry of the catalogue of Neuron instance types, new or corrected."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "if": {"properties": {"deviceSets": {"const": rule}}},
                    "then": {"properties": {"chips": {"enum": list(counts)}}},
                }
                for rule, counts in CHIPS.items()
            ]
        }
    )

    vcpu: Positive
    memory_mib: Positive = Field(alias="memoryMiB")
    chip: str = "Neuron"
    chips: Annotated[int, Field(ge=1, le=64), BeforeValidator(whole)]
    chip_memory_gib: Positive = Field(alias="chipMemoryGiB")
    neuron_core_version: Positive
    cores_per_chip: Cores
    visible_cores_per_chip: Cores | None = None
    network_interfaces: Positive
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    device_sets: Literal["single", "contiguous", "aligned"]

    @model_validator(mode="after")
    def _is_possible(self) -> InstanceTypeSpec:
        allowed = CHIPS.get(self.device_sets, (self.chips,))
        if self.chips not in allowed:
            raise PydanticCustomError(
                "contradiction",
                "deviceSets: {rule} does not go with {chips} chips",
                {
                    "field": "deviceSets",
                    "rule": self.device_sets,
                    "chips": self.chips,
                    "expected": f"chips: {one_of([str(count) for count in allowed])}",
                    "remedy": "write deviceSets: contiguous, or correct chips",
                },
            )
        if (self.visible_cores_per_chip or 1) > self.cores_per_chip:
            raise PydanticCustomError(
                "contradiction",
                "visibleCoresPerChip is more than coresPerChip: the runtime joins cores, and "
                "splits none",
                {"field": "visibleCoresPerChip", "expected": f"at most {self.cores_per_chip}"},
            )
        return self


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
