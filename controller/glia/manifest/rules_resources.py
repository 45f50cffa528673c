"""The rules of CPU and memory: how they are written, and what no instance of a type has.

ECS registers some 95 % of an instance's memory, how much exactly depends on its AMI: refused is
only what the whole of it could not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted
from glia.manifest.reservations import Reserved, reserved_cpu, reserved_memory, task_size
from glia.manifest.rules_subject import TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

# RegisterTaskDefinitionRequest.cpu.
LEAST_CPU, MOST_CPU = 128, 196608
EXAMPLES = {"cpu": '"1024" or "1 vCPU"', "memory": '"2048" or "2 GB"'}
# ContainerDefinition.memory: "you should not specify less than 6 MiB".
LEAST_MEMORY = 6


def malformed_task_size(subject: Subject) -> Iterator[ShapeFault]:
    for member, example in EXAMPLES.items():
        written = subject.task_definition.get(member)
        if written is not None and task_size(member, written) is None:
            yield ShapeFault(
                (*TASK_DEFINITION, member),
                "not-allowed",
                f"{quoted(member)} of a task is a number in quotes, with or without its unit",
                example,
                quoted(written, '"'),
                f"write {example}",
            )


def task_cpu_out_of_range(subject: Subject) -> Iterator[ShapeFault]:
    written = subject.task_definition.get("cpu")
    units = None if written is None else task_size("cpu", written)
    if units is not None and not LEAST_CPU <= units <= MOST_CPU:
        yield ShapeFault(
            (*TASK_DEFINITION, "cpu"),
            "out-of-range",
            f"'cpu' of a task has to be {LEAST_CPU} to {MOST_CPU} units",
            f"{LEAST_CPU} to {MOST_CPU}, 0.125 to 192 vCPU",
            f"{units} units",
            "write the CPU in the containers instead, or another number",
        )


def memory_below_the_least(subject: Subject) -> Iterator[ShapeFault]:
    for path, container in subject.containers:
        for name in ("memory", "memoryReservation"):
            given = container.get(name)
            if given is not None and given < LEAST_MEMORY:
                yield ShapeFault(
                    (*path, name),
                    "out-of-range",
                    f"{quoted(name)} of a container has to be at least {LEAST_MEMORY} MiB",
                    f"at least {LEAST_MEMORY}",
                    str(given),
                )


def more_memory_than_there_is(subject: Subject) -> Iterator[ShapeFault]:
    kind, reserved = subject.instance_type, reserved_memory(subject)
    if kind is not None and reserved is not None and reserved.amount > kind.memory_mib:
        yield _too_much(reserved, kind.memory_mib, f"{kind.name} has {kind.memory_mib} MiB", "MiB")


def more_cpu_than_there_is(subject: Subject) -> Iterator[ShapeFault]:
    kind, reserved = subject.instance_type, reserved_cpu(subject)
    if kind is not None and reserved is not None and reserved.amount > kind.cpu_units:
        has = f"{kind.name} has {kind.vcpu} vCPU, {kind.cpu_units} units"
        yield _too_much(reserved, kind.cpu_units, has, "units")


def _too_much(reserved: Reserved, most: int, has: str, unit: str) -> ShapeFault:
    return ShapeFault(
        reserved.path,
        "never-works",
        f"a replica reserves {reserved.amount} {unit} in all, and {has}",
        f"at most {most} in all containers"
        if reserved.amount > reserved.largest
        else f"at most {most}",
        f"{reserved.amount} {unit}",
        "reserve less, or name a larger instance type in neuron.instanceType",
    )


RULES: tuple[Rule, ...] = (
    malformed_task_size,
    task_cpu_out_of_range,
    memory_below_the_least,
    more_memory_than_there_is,
    more_cpu_than_there_is,
)
