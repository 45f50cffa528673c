"""``glia catalog``: which Neuron instance types there are and what each of them has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from glia.neuron.catalogue import InstanceType

HEADINGS = ("type", "vCPU", "memory", "chips", "cores", "visible", "chip memory", "device sets")


@click.command("catalog", short_help="the Neuron instance types and what each of them has")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(output: str) -> int:
    """Print the catalogue that Glia checks manifests against.

    Cores are counted over the whole instance; visible ones are what the Neuron runtime shows
    by default (Trainium2 joins two physical cores into one).
    """
    from glia.neuron.catalogue import catalogue

    types = list(catalogue().values())
    if output == "json":
        click.echo(json.dumps({"instanceTypes": [_entry(each) for each in types]}, indent=2))
        return 0
    rows = [HEADINGS, *(_row(each) for each in types)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        click.echo("  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(entry: InstanceType) -> tuple[str, ...]:
    return (
        entry.name,
        str(entry.vcpu),
        f"{entry.memory_mib // 1024} GiB",
        f"{entry.chips} {entry.chip}",
        str(entry.chips * entry.cores_per_chip),
        str(entry.chips * entry.visible_cores_per_chip),
        f"{entry.chip_memory_gib} GiB",
        _sets(entry),
    )


def _entry(entry: InstanceType) -> dict[str, Any]:
    """Under the names that a NeuronInstanceType manifest has for the same things."""
    return {
        "name": entry.name,
        "vcpu": entry.vcpu,
        "memoryMiB": entry.memory_mib,
        "chip": entry.chip,
        "chips": entry.chips,
        "chipMemoryGiB": entry.chip_memory_gib,
        "neuronCoreVersion": entry.neuron_core_version,
        "coresPerChip": entry.cores_per_chip,
        "visibleCoresPerChip": entry.visible_cores_per_chip,
        "networkInterfaces": entry.enis,
        "architecture": entry.architecture,
        "deviceSets": entry.device_sets.name.lower(),
        "devicePaths": entry.device_paths,
        "source": entry.source,
    }


def _sets(entry: InstanceType) -> str:
    counts = [str(n) for n in range(1, entry.chips + 1) if entry.valid_device_sets(n)]
    if len(counts) == entry.chips:
        return "any run of chips" if entry.chips > 1 else "the one chip"
    return f"aligned sets of {', '.join(counts[:-1])} or {counts[-1]}"
