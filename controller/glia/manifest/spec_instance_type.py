"""``spec`` of a NeuronInstanceType: what the catalogue knows of an instance type."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from glia.ecs.shape_words import one_of
from glia.manifest.numbers import Cores, Positive, whole
from glia.manifest.strict import Strict

# How many chips an instance with these device sets has: one, or a torus of sixteen or a part.
CHIPS = {"single": (1,), "aligned": (1, 4, 8, 16)}


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
