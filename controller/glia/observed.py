"""What was read of one ECS cluster for a plan: the services, and only what is missing besides."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from glia.ecs.content import fingerprint, service_hash
from glia.tags import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.desired.state import Wish
    from glia.live import (
        Fleet,
        LiveService,
        LiveTaskDefinition,
        Presence,
        ServiceDeployment,
    )
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Facts:
    """What preflight looks at, read only where something changes.

    Attributes:
        cluster_status: ACTIVE, INACTIVE, ...; empty where there is no such cluster; None where
            it could not be read.
        fleet: None where it could not be read.
        roles, target_groups: by ARN.
    """

    cluster_status: str | None = None
    fleet: Fleet | None = None
    roles: Mapping[str, Presence] = field(default_factory=dict)
    target_groups: Mapping[str, Presence] = field(default_factory=dict)


@dataclass(frozen=True)
class Observed:
    """One cluster.

    Attributes:
        services: by name, those among the wanted ones that ECS knows.
        definitions: by ARN, those of live services whose tag did not tell their content.
        newest: by family, the newest active revision; None where the family has none.
        histories: by service, newest first, where a rollback is suspected.
        failure: why nothing could be read, or empty.
        listed: ``services`` has all of this installation's, wanted or not.
        unlisted: why it has not, although it was to; or empty.
        transient: whether the same read may succeed later by itself.
        awaited: services whose rollout somebody still waits for, whatever ECS shows.
        seen: by key, what was wanted of services that were there when somebody last looked, and
            that Glia has not deleted since. Whoever remembers nothing says nothing.
        loading: of services that go over to other lanes, those whose replicas all run and are
            not Ready yet, as far as ECS says.
    """

    cluster: ClusterRef
    services: Mapping[str, LiveService] = field(default_factory=dict)
    definitions: Mapping[str, LiveTaskDefinition] = field(default_factory=dict)
    newest: Mapping[str, LiveTaskDefinition | None] = field(default_factory=dict)
    histories: Mapping[str, tuple[ServiceDeployment, ...]] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    failure: str = ""
    listed: bool = False
    unlisted: str = ""
    transient: bool = False
    awaited: frozenset[str] = frozenset()
    loading: frozenset[str] = frozenset()
    seen: Mapping[str, Wish] = field(default_factory=dict)

    @cached_property
    def by_key(self) -> Mapping[str, tuple[LiveService, ...]]:
        """The services by the key that their tags have, in the order of their names."""
        found: dict[str, list[LiveService]] = {}
        for name in sorted(self.services):
            live = self.services[name]
            found.setdefault(live.tags.get(KEY, ""), []).append(live)
        return {key: tuple(each) for key, each in found.items()}


def live_fingerprint(observed: Iterable[Observed]) -> str:
    """16 hexadecimal digits of what a plan takes for live: the same until somebody changes it.

    Counts of running tasks are no part of it, nor how ECS words what compares equal.
    """
    seen = [
        [each.arn, each.status, each.desired, each.task_definition, service_hash(each.members)]
        for cluster in observed
        for each in cluster.services.values()
    ]
    return fingerprint(sorted(seen))
