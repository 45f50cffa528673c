"""What ``render`` and ``plan --offline`` lay out on: so many empty instances, or a snapshot."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from glia.ecs.nearest import nearest
from glia.errors import UsageError
from glia.neuron.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from glia.layout.roster import Roster
    from glia.snapshot import Snapshot
    from glia.target import ClusterRef
    from glia.wanted import Wanted

MOST = 5_000  # container instances in a cluster (Amazon ECS service quotas)
Decorator: TypeAlias = Callable[[Callable[..., int]], Callable[..., int]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What is taken to be there.

    Attributes:
        instances: by type, how many empty ones each domain has; of other types there are as many
            as are needed.
        file: of the snapshot, as the user wrote it.
    """

    instances: Mapping[str, int] = field(default_factory=dict)
    file: str = ""
    snapshot: Snapshot | None = None

    @property
    def told(self) -> str:
        if self.snapshot is not None:
            return f"lanes lie beside what {self.file} showed at {self.snapshot.observed_at}"
        given = ", ".join(f"{number} {name}" for name, number in sorted(self.instances.items()))
        words = f"{given}, of other types as many as needed" if given else "as many as needed"
        return f"lanes lie on empty instances ({words}); `glia apply` looks at what is there"

    def rosters(
        self, found: Wanted, clusters: Collection[ClusterRef]
    ) -> Mapping[ClusterRef, Roster]:
        """Those clusters as the snapshot shows them; none without one.

        Raises:
            UsageError: it is not of these clusters, or --instances names what nothing uses.
        """
        if unused := sorted(self.instances.keys() - found.instance_types.keys()):
            name = unused[0]
            known = {**catalogue(), **found.instance_types}
            meant = None if name in known else nearest(name, known)
            advice = f"did you mean {meant}?" if meant else "no manifest here uses it"
            raise UsageError(f"--instances {name}: {advice}")
        if self.snapshot is None:
            return {}
        from glia.snapshot import rosters

        try:
            return rosters(self.snapshot, sorted(clusters))
        except UsageError as error:
            raise UsageError(f"--snapshot {self.file} {error}") from None


def ground_options(command: Callable[..., int]) -> Callable[..., int]:
    """``--instances`` and ``--snapshot``."""
    instances = click.option(
        "--instances",
        multiple=True,
        metavar="TYPE=N",
        help="How many empty instances of a type there are; by default as many as needed. "
        "May be repeated, or be a list with commas.",
    )
    snapshot = click.option(
        "--snapshot",
        metavar="FILE",
        help="Lay out beside what is in this output of `glia status -o json`.",
    )
    return instances(snapshot(command))


def ground(instances: Collection[str], snapshot: str | None) -> Ground:
    """What the options say.

    Raises:
        UsageError: they say both, or no numbers; or the file is no snapshot.
    """
    if instances and snapshot is not None:
        raise UsageError("--instances and --snapshot exclude each other: a snapshot has instances")
    if snapshot is not None:
        return Ground(file=snapshot, snapshot=_read(snapshot))
    found = Counter[str]()
    for text in instances:
        for part in filter(None, (each.strip() for each in text.split(","))):
            name, count = _entry(part)
            found[name] += count
    return Ground(dict(found))


def _entry(part: str) -> tuple[str, int]:
    name, _, number = (piece.strip() for piece in part.partition("="))
    if not (name and number.isascii() and number.isdigit() and int(number) <= MOST):
        raise UsageError(
            f"--instances {part!r}: expected TYPE=NUMBER, up to {MOST}, as in inf1.6xlarge=2"
        )
    return name.lower(), int(number)


def _read(file: str) -> Snapshot:
    from glia.snapshot import read_snapshot

    try:
        document: Any = json.loads(Path(file).read_bytes())
    except OSError as error:
        raise UsageError(f"--snapshot {file!r} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise UsageError(
            f"--snapshot {file} is no JSON; write one with `glia status PATH... -o json`"
        ) from None
    try:
        return read_snapshot(document)
    except UsageError as error:
        raise UsageError(f"--snapshot {file} {error}") from None
