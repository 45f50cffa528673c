"""What a member of ECS's that nobody wrote stands for: the vocabulary of one table of data.

The rows are in ``defaults_task_definition.py`` and ``defaults_service.py``: (path, default,
source). Every member that botocore's model has for RegisterTaskDefinition and CreateService
has its row, so that a newer model makes somebody decide.

A path tells what a list is: ``command[]`` keeps its order, ``subnets{}`` is a set of scalars,
``environment[name]`` a set of structures that are told apart by ``name`` (or by the key of that
name in ``canonical_keys.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind: TypeAlias = Literal["taskDefinition", "service"]

RECORDED = "answers that the AWS CLI documents"
BOTOCORE = "botocore's documentation"
TERRAFORM = "Terraform's AWS provider"
ECSPRESSO = "ecspresso"
DOCKER = "Docker: off unless it is on"


class Special(Enum):
    """What stands in the table where no fixed value can."""

    ABSENT = "absent means absent"
    CHOSEN = "ECS chooses where the manifest does not: compared only if the manifest sets it"
    RULE = "depends on other members: canonical_rules.py"
    NEVER = "not compared here; the source says why"
    UNSEEN = "DescribeServices does not show it: compared only if both sides have it"


ABSENT, CHOSEN, RULE, NEVER, UNSEEN = Special


Default: TypeAlias = "Special | str | int | bool | tuple[str, ...] | dict[str, str]"
"""A value, or a special; {} is a structure that is always there, with its members' defaults."""


@dataclass(frozen=True, slots=True)
class Row:
    """One member: where it is, what stands for it when it is absent, and who says so."""

    path: str
    default: Default
    source: str

    @property
    def member(self) -> str:
        """The path by ECS's names alone: ``containerDefinitions.environment.value``."""
        return ".".join(name.partition("[")[0].partition("{")[0] for name in names(self.path))


def names(path: str) -> list[str]:
    """The steps of a path."""
    return path.split(".")


def absent(members: str, source: str = "no default is documented or known") -> tuple[Row, ...]:
    """Members that are absent when nobody wrote them, separated by spaces."""
    return tuple(Row(path, ABSENT, source) for path in members.split())


def under(path: str, *groups: Iterable[Row]) -> tuple[Row, ...]:
    """These rows as members of the structure at a path."""
    return tuple(
        Row(f"{path}.{row.path}", row.default, row.source) for group in groups for row in group
    )
