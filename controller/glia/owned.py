"""Services found by their manifest's key, for commands that need no manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from glia.desired.tags import FAILED, KEY
from glia.errors import GliaError, UsageError
from glia.planning.holding import ANY, retry_mark

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from glia.live import LiveService


class Finder(Protocol):
    """What is asked of AWS for it."""

    def service_names(self, cluster: str) -> tuple[str, ...]: ...

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]: ...

    def tag(self, arn: str, tags: Mapping[str, str]) -> None: ...


class NoSuchKey(GliaError):  # noqa: N818 -- says it without "Error"
    """No service carries the key."""


@dataclass(frozen=True, slots=True)
class Owned:
    """The services of one manifest."""

    key: str
    cluster: str
    services: tuple[LiveService, ...]


def owned(keys: Iterable[str], ecs: Finder) -> tuple[Owned, ...]:
    """The services of each key, each ECS cluster read once.

    Raises:
        UsageError: a key has no cluster in it.
        NoSuchKey: nothing carries it; nothing has been done then.
    """
    wanted = list(dict.fromkeys(keys))
    live = {cluster: _live(cluster, ecs) for cluster in sorted({_cluster(key) for key in wanted})}
    found = tuple(
        Owned(key, _cluster(key), tuple(s for s in live[_cluster(key)] if s.tags.get(KEY) == key))
        for key in wanted
    )
    missing = [each for each in found if not each.services]
    if missing:
        told = ", ".join(each.key for each in missing)
        raise NoSuchKey(
            f"no service carries the tag {KEY} = {told}; `glia status PATH` shows the keys, and "
            "--region says where to look"
        )
    return found


def retry(owned_services: Iterable[Owned], ecs: Finder) -> None:
    """Forget that the present content failed: the next apply tries it once more."""
    for each in owned_services:
        for service in each.services:
            ecs.tag(service.arn, {FAILED: retry_mark(_attempt(service))})


def _attempt(service: LiveService) -> str:
    """What the tag remembers; any attempt where it remembers none."""
    return service.tags.get(FAILED, "").removeprefix("retry:") or ANY


def _cluster(key: str) -> str:
    cluster, _, name = key.rpartition("/")
    if not cluster or not name:
        raise UsageError(f"{key!r} is no key; write CLUSTER/NAME, such as inference/resnet50")
    return cluster


def _live(cluster: str, ecs: Finder) -> tuple[LiveService, ...]:
    names = ecs.service_names(cluster)
    return tuple(each for each in ecs.services(cluster, names).values() if each.status == "ACTIVE")
