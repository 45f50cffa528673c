"""Services found by their manifest's key, for commands that need no manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from glia.errors import GliaError, UsageError
from glia.planning.holding import ANY, FAILURES, has_failed, retry_mark
from glia.tags import FAILED, KEY, family_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from glia.live import LiveService, LiveTaskDefinition, ServiceDeployment


class Finder(Protocol):
    """What is asked of AWS for it."""

    def service_names(self, cluster: str) -> tuple[str, ...]: ...

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]: ...

    def task_definition(self, reference: str) -> LiveTaskDefinition | None: ...

    def service_deployments(self, cluster: str, service: str) -> tuple[ServiceDeployment, ...]: ...

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


def retry(owned_services: Iterable[Owned], ecs: Finder) -> frozenset[str]:
    """Forget that the present content failed: the next apply tries it once more.

    The keys of which that is true. Where nothing speaks of a failure nothing is done: a mark
    that waits for the next one would let that be applied twice.
    """
    failed = [each for each in owned_services if _may_be_held(each, ecs)]
    for service in (service for each in failed for service in each.services):
        ecs.tag(service.arn, {FAILED: retry_mark(_attempt(service))})
    return frozenset(each.key for each in failed)


def _may_be_held(owned_services: Owned, ecs: Finder) -> bool:
    """By what a plan would hold it for; without its manifest there is no telling for certain."""
    return any(_has_failed(owned_services.cluster, each, ecs) for each in owned_services.services)


def _has_failed(cluster: str, service: LiveService, ecs: Finder) -> bool:
    if service.tags.get(FAILED) or has_failed(service):
        return True
    history = ecs.service_deployments(cluster, service.name)
    newest = ecs.task_definition(family_of(service.task_definition))
    of_newest = [each for each in history if newest and each.task_definition == newest.arn]
    return any(each.status in FAILURES for each in (*history[:1], *of_newest[:1]))


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
