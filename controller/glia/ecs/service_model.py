"""ECS's own description of itself: the service model inside the installed botocore, as data.

Every member, type, required member, enum and range that a manifest is checked against comes
from here, so Glia knows exactly as much of ECS as the botocore beside it, and nothing has to
be kept in step by hand. botocore itself is not imported: that would take longer than most
commands do. The format is botocore's; ``botocore/model.py`` is its reader.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from glia.errors import GliaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Kind: TypeAlias = Literal[
    "blob",
    "boolean",
    "double",
    "float",
    "integer",
    "list",
    "long",
    "map",
    "string",
    "structure",
    "timestamp",
]

FILE_NAMES = ("service-2.json.gz", "service-2.json")


class ServiceModelError(GliaError):
    """There is no ECS model to check against."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure: the name of its shape, and what ECS says about it there."""

    shape: str
    html: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of ECS's; other shapes are named, not held, because they may refer to themselves.

    Attributes:
        members: a structure's, in ECS's order.
        element: the shape of a list's elements or of a map's values.
        key: the shape of a map's keys.
        least, most: of a number its value, of a string or list its length.
        document: it takes any JSON.
        union: exactly one of its members is to be set.
        sensitive: ECS asks that values are not shown.
    """

    name: str
    kind: Kind
    members: Mapping[str, Member]
    required: tuple[str, ...]
    element: str
    key: str
    enum: tuple[str, ...]
    least: float | None
    most: float | None
    document: bool
    union: bool
    sensitive: bool
    deprecated: bool
    html: str

    @property
    def refers_to(self) -> tuple[str, ...]:
        below = (member.shape for member in self.members.values())
        return tuple(name for name in (*below, self.element, self.key) if name)


class ServiceModel:
    """The shapes that the installed botocore knows of ECS."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.shapes: Mapping[str, Shape] = {
            name: _shape(name, raw) for name, raw in data["shapes"].items()
        }

    @cached_property
    def source(self) -> str:
        """Who says so, for messages: ``botocore 1.44.5``."""
        # Only a message needs it, and it loads the e-mail package, which takes longer than a check.
        from importlib import metadata  # noqa: PLC0415

        try:
            return f"botocore {metadata.version('botocore')}"
        except metadata.PackageNotFoundError:  # a copy without its metadata
            return "botocore"

    def reachable(self, names: Iterable[str]) -> Iterator[Shape]:
        """These shapes and all that they are made of, each once, depth first."""
        waiting, seen = list(names)[::-1], set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                yield self.shapes[name]
                waiting += self.shapes[name].refers_to[::-1]


def _shape(name: str, raw: Mapping[str, Any]) -> Shape:
    below = raw.get("member") or raw.get("value") or {}
    return Shape(
        name=name,
        kind=raw["type"],
        members={
            each: Member(
                member["shape"], member.get("documentation", ""), member.get("deprecated", False)
            )
            for each, member in raw.get("members", {}).items()
        },
        required=tuple(raw.get("required", ())),
        element=below.get("shape", ""),
        key=raw.get("key", {}).get("shape", ""),
        enum=tuple(raw.get("enum", ())),
        least=raw.get("min"),
        most=raw.get("max"),
        document=raw.get("document", False),
        union=raw.get("union", False),
        sensitive=raw.get("sensitive", False),
        deprecated=raw.get("deprecated", False),
        html=raw.get("documentation", ""),
    )


@lru_cache(maxsize=1)
def service_model() -> ServiceModel:
    """The model of ECS that the installed botocore ships.

    Only botocore's own folder counts: what a person has added under ``~/.aws/models`` would
    make the same manifest valid on one machine and wrong on another.

    Raises:
        ServiceModelError: botocore is not installed, or has no readable model of ECS.
    """
    path = _model_file()
    try:
        content = path.read_bytes()
        return ServiceModel(
            json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
        )
    except (OSError, EOFError, ValueError, LookupError) as error:
        raise ServiceModelError(
            f"cannot read botocore's model of ECS, {path}: {error}; install botocore again"
        ) from error


def _model_file() -> Path:
    # Finding a top-level package's specification runs none of its code.
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise ServiceModelError(
            "botocore is not installed, and with it the description of ECS that manifests are "
            "checked against; install boto3"
        )
    data = Path(spec.submodule_search_locations[0], "data", "ecs")
    # A folder per version of ECS's API, named by its date; the last name is the latest.
    for folder in sorted(data.glob("*"), reverse=True):
        for name in FILE_NAMES:
            if (folder / name).is_file():
                return folder / name
    raise ServiceModelError(
        f"botocore has no model of ECS: {data} holds no service-2.json; install boto3 again"
    )
