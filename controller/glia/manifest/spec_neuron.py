"""``neuron`` of a NeuronService: which chips, on which instances, and how they are kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from glia.manifest.numbers import Chips, Count, Positive
from glia.manifest.strict import Strict, given
from glia.manifest.texts import AttributeName, EcsName, InstanceTypeName

_EITHER_OF_ATTRIBUTE: list[Any] = [given("attribute"), given("value")]


class Pool(Strict):
    """Only the instances of a capacity provider, or with this value of a custom attribute."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {**given("capacityProvider"), "not": {"anyOf": _EITHER_OF_ATTRIBUTE}},
                {**given("attribute", "value"), "not": given("capacityProvider")},
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
            "not": given("devices", "deviceIds"),
            "anyOf": [
                {"properties": {"allocation": {"const": "managed"}}, "required": ["allocation"]},
                given("instanceType", "devices"),
                given("instanceType", "deviceIds"),
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
