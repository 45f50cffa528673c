"""The catalogue of Neuron instance types, held against what EC2 and others publish."""

from __future__ import annotations

import gzip
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.neuron.catalogue import (
    DeviceSetRule,
    InstanceType,
    UnknownInstanceType,
    catalogue,
    find,
)

TYPES = list(catalogue().values())
instance_types = st.sampled_from(TYPES)


def described_by_ec2() -> dict[str, Any]:
    """EC2's DescribeInstanceTypes as moto carries it."""
    packed = resources.files("moto").joinpath("ec2/resources/instance_types.json.gz").read_bytes()
    described: dict[str, Any] = json.loads(gzip.decompress(packed))
    return described


EC2 = described_by_ec2()


@pytest.mark.parametrize("mine", TYPES, ids=lambda mine: mine.name)
def test_the_numbers_of_an_instance_type_are_those_of_ec2(mine: InstanceType) -> None:
    described = EC2[mine.name]

    assert mine.vcpu == described["VCpuInfo"]["DefaultVCpus"]
    assert mine.memory_mib == described["MemoryInfo"]["SizeInMiB"]
    assert mine.enis == described["NetworkInfo"]["MaximumNetworkInterfaces"]
    assert [mine.architecture] == described["ProcessorInfo"]["SupportedArchitectures"]
    for device in described.get("NeuronInfo", {}).get("NeuronDevices", ()):
        assert mine.chip == device["Name"]
        assert mine.chips == device["Count"]
        assert mine.cores_per_chip == device["CoreInfo"]["Count"]
        assert mine.neuron_core_version == device["CoreInfo"]["Version"]
        if mine.chip != "Trainium2":  # of which EC2 reports 512 GiB a chip
            assert mine.chip_memory_gib * 1024 == device["MemoryInfo"]["SizeInMiB"]


def test_every_neuron_instance_type_of_ec2_is_known() -> None:
    assert {name for name, described in EC2.items() if described.get("NeuronInfo")} <= set(
        catalogue()
    )


def test_an_instance_type_of_which_ec2_describes_no_chips_has_those_of_its_sibling() -> None:
    assert "NeuronInfo" not in EC2["trn2u.48xlarge"]
    sibling, mine = find("trn2.48xlarge"), find("trn2u.48xlarge")

    for name in ("chip", "chips", "cores_per_chip", "chip_memory_gib", "device_sets"):
        assert getattr(mine, name) == getattr(sibling, name)


def test_the_two_wrong_numbers_that_are_often_copied_are_not_repeated() -> None:
    assert find("inf2.xlarge").cpu_units == 4096  # not 8192
    assert find("inf2.8xlarge").memory_mib == 128 * 1024  # not 64 GiB


def test_the_runtime_shows_trainium2_half_of_its_cores_and_any_other_chip_all() -> None:
    for mine in TYPES:
        joined = 2 if mine.chip == "Trainium2" else 1
        assert mine.visible_cores_per_chip * joined == mine.cores_per_chip


@pytest.mark.skipif("GLIA_CORPUS" not in os.environ, reason="GLIA_CORPUS names no test corpus")
def test_the_catalogue_agrees_with_what_others_recorded() -> None:
    path = Path(os.environ["GLIA_CORPUS"], "neuron", "instance_devices.json")
    recorded = json.loads(path.read_text("utf-8"))

    for name, theirs in recorded["ec2_api"].items():
        mine = find(name)
        assert mine.vcpu == theirs["vcpus"]
        assert mine.memory_mib == theirs["memory_mib"]
        assert mine.cores_per_chip == theirs["cores_per_device"]
        assert list(mine.device_paths) == theirs["device_paths"]
    for name, theirs in recorded["ecs_doc_2023"].items():
        assert list(find(name).device_paths) == theirs["device_paths"]
    assert {name: find(name).chips for name in recorded["torchx"]} == recorded["torchx"]


def test_an_instance_type_is_found_in_any_case() -> None:
    assert find("Inf2.XLarge") is catalogue()["inf2.xlarge"]
    assert find("trn1n.32xlarge").family == "trn1n"


def test_a_misspelt_instance_type_is_refused_with_the_nearest_ones() -> None:
    with pytest.raises(UnknownInstanceType, match=r"did you mean .*trn1\.32xlarge"):
        find("trn1.32xlage")


def test_a_name_that_is_near_to_none_is_refused_with_all_of_them() -> None:
    with pytest.raises(UnknownInstanceType, match=r"called 'p': use inf1\.xlarge, "):
        find("p")


@pytest.mark.parametrize(
    ("name", "count", "first_devices"),
    [
        ("inf1.xlarge", 1, [0]),
        ("inf2.24xlarge", 4, [0, 1, 2]),
        ("inf2.48xlarge", 12, [0]),
        ("trn1.32xlarge", 4, [0, 4, 8, 12]),
        ("trn2.48xlarge", 8, [0, 8]),
        ("trn1.32xlarge", 7, []),
        ("trn1.32xlarge", 2, []),
        ("inf2.xlarge", 2, []),
        ("inf2.xlarge", 0, []),
        ("inf2.xlarge", -1, []),
    ],
)
def test_valid_device_sets(name: str, count: int, first_devices: list[int]) -> None:
    assert [devices.start for devices in find(name).valid_device_sets(count)] == first_devices


@given(instance_types, st.integers(-1, 17))
def test_a_valid_device_set_is_one_run_inside_the_instance_and_aligned_where_it_must_be(
    instance_type: InstanceType, count: int
) -> None:
    for devices in instance_type.valid_device_sets(count):
        assert len(devices) == count
        assert devices.step == 1
        assert 0 <= devices.start < devices.stop <= instance_type.chips
        assert instance_type.is_valid_device_set(devices)
        if instance_type.device_sets is DeviceSetRule.ALIGNED:
            assert devices.start % count == 0


@given(instance_types, st.lists(st.integers(-1, 16), max_size=16))
def test_a_device_set_is_valid_exactly_if_it_is_among_the_valid_ones(
    instance_type: InstanceType, ids: list[int]
) -> None:
    among_them = any(
        set(ids) == set(devices) for devices in instance_type.valid_device_sets(len(ids))
    )

    assert instance_type.is_valid_device_set(ids) is among_them


@given(instance_types)
def test_one_device_or_all_of_them_are_always_valid(instance_type: InstanceType) -> None:
    everything = range(instance_type.chips)

    assert all(instance_type.is_valid_device_set([device]) for device in everything)
    assert instance_type.valid_device_sets(instance_type.chips) == (everything,)
    assert len(instance_type.device_paths) == instance_type.chips


def test_no_device_set_goes_around_the_end_of_the_ring() -> None:
    assert not find("inf2.48xlarge").is_valid_device_set([11, 0])
    assert not find("inf2.48xlarge").is_valid_device_set([0, 2])
    assert not find("inf2.48xlarge").is_valid_device_set([0, 0])
    assert find("inf2.48xlarge").is_valid_device_set([3, 1, 2])
