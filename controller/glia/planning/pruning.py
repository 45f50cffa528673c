"""Services whose manifests are gone: found by their tags, and deleted in two steps.

First no replica is left, and a tag says from when on the service may go; then, after a time of
grace, it is deleted, and never while tasks run. A manifest that comes back in between has its
service back. What goes wrong changes nothing of that: the tags tell the next plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from glia.change import Change
from glia.desired.state import DesiredService
from glia.diff import FieldChange
from glia.errors import Diagnostic, Location
from glia.manifest.spec import Rollout
from glia.plan import Retired
from glia.planning.deletion import former_lane
from glia.planning.effects import effect
from glia.planning.gates import Orphan, Tally, closed
from glia.steps import Delete, Retire
from glia.tags import KEY, OWNER, prune_mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glia.change import Block
    from glia.desired.state import DesiredState
    from glia.live import LiveService
    from glia.observed import Observed
    from glia.planning.allowances import Allowances
    from glia.planning.scope import PrunePolicy, PruneScope
    from glia.target import ClusterRef

Inventory: TypeAlias = "dict[str, list[LiveService]]"
NOWHERE = Location("", 0, 0)


def pruned(
    desired: DesiredState,
    observed: Mapping[ClusterRef, Observed],
    allowed: Allowances,
    scope: PruneScope,
) -> Iterator[Change | Retired]:
    """What becomes of every live service that no manifest has, if pruning is on in its cluster."""
    policies = [policy for policy in effective(scope, allowed) if policy.on]
    found = {
        policy.cluster: inventory(seen)
        for policy in policies
        if (seen := observed.get(policy.cluster)) is not None and seen.listed and not seen.failure
    }
    gone = {
        cluster: {
            key: lanes for key, lanes in owned.items() if not _is_declared(cluster, key, scope)
        }
        for cluster, owned in found.items()
    }
    total = Tally("all clusters", sum(map(len, gone.values())), sum(map(len, found.values())))
    for policy in policies:
        cluster = policy.cluster
        for key, lanes in gone.get(cluster, {}).items():
            own = Tally(f"cluster {cluster}", len(gone[cluster]), len(found[cluster]))
            claimants, remedy = _claims(cluster, key, lanes, desired, scope)
            orphan = Orphan(
                key=key,
                lanes=tuple(lanes),
                policy=policy,
                evidence=scope.evidence,
                claimants=claimants,
                remedy=remedy,
                tallies=(own, total),
                allowed=allowed,
            )
            yield from _steps(orphan, scope.now)


def unlisted(
    observed: Mapping[ClusterRef, Observed], scope: PruneScope, allowed: Allowances
) -> Iterator[Diagnostic]:
    """Where nothing can be pruned although it is asked for, and why."""
    for cluster in sorted(clusters_to_list(scope, allowed)):
        seen = observed.get(cluster)
        if seen is not None and (why := seen.unlisted):
            message = f"the services of cluster {cluster} could not be listed: {why}"
            expected = "an answer of ECS; nothing is deleted there"
            yield Diagnostic("error", "services-unlisted", message, expected=expected)
    if allowed.prune and not scope.policies and scope.evidence.empty:
        paths = ", ".join(scope.evidence.empty)
        message = f"no manifest was found in {paths}, so there is nothing to prune by"
        yield Diagnostic("error", "prune-empty-path", message, expected="a NeuronCluster")


def clusters_to_list(scope: PruneScope, allowed: Allowances) -> frozenset[ClusterRef]:
    """The clusters of which more has to be known than what manifests name."""
    return scope.renamed.union(each.cluster for each in effective(scope, allowed) if each.on)


def effective(scope: PruneScope, allowed: Allowances) -> Iterator[PrunePolicy]:
    """The clusters' policies with what the command line says beside them."""
    for policy in scope.policies:
        grace = policy.grace if allowed.grace is None else allowed.grace
        yield type(policy)(policy.cluster, policy.on or allowed.prune, grace)


def inventory(observed: Observed) -> Inventory:
    """The services with the owner's tag by their keys, in order; what has no key is under none."""
    found: Inventory = {}
    for live in sorted(observed.services.values(), key=lambda each: each.name):
        if live.status == "ACTIVE" and live.tags.get(OWNER) == observed.cluster.owner:
            found.setdefault(live.tags.get(KEY, ""), []).append(live)
    return dict(sorted(found.items()))


def _is_declared(cluster: ClusterRef, key: str, scope: PruneScope) -> bool:
    """Whether a manifest has the key, in what may be the same cluster.

    Two NeuronClusters may mean one, of which only one tells its account.
    """
    if (cluster, key) in scope.keys or key.rpartition("/")[2] in scope.frozen:
        return True
    return any(key == other and may_be_one(cluster, elsewhere) for elsewhere, other in scope.keys)


def may_be_one(one: ClusterRef, other: ClusterRef) -> bool:
    """Whether two may be one ECS cluster, of which only one tells its account."""
    accounts = {one.target.account_id, other.target.account_id} - {""}
    return (one.name, one.target.region) == (other.name, other.target.region) and len(accounts) < 2


def _claims(
    cluster: ClusterRef,
    key: str,
    lanes: Iterable[LiveService],
    desired: DesiredState,
    scope: PruneScope,
) -> tuple[tuple[str, ...], str]:
    """Who else wants these services, and what to do about it."""
    if key in scope.evidence.claimed:
        return (f"{key} is declared elsewhere: it has moved",), "apply what declares it there"
    names = {live.name for live in lanes}
    heirs = {
        service.key: lane.lane.name
        for service in desired.services
        if may_be_one(service.cluster, cluster)
        for lane in service.lanes
        if lane.lane.name in names
    }
    told = tuple(f"{heir} wants service {name}: renamed?" for heir, name in heirs.items())
    former = key.rpartition("/")[2]
    return told, f"write renamedFrom: {former} in the manifest of {', '.join(heirs)}"


def _steps(orphan: Orphan, now: float) -> Iterator[Change | Retired]:
    blocks = closed(orphan)
    service = _former_service(orphan)
    grace = orphan.policy.grace
    for live in orphan.lanes:
        mark = prune_mark(live.tags)
        busy = live.running or live.pending
        # Without a grace time nobody waits for what was once said, but for the tasks.
        if mark is None or live.desired or (busy and not grace):
            yield _change(service, live, Retire(live, grace), blocks)
        elif busy or (grace and now < mark.at):
            yield Retired(service, live, mark.at)
        else:
            yield _change(service, live, Delete(live, force=False), blocks)


def _change(
    service: DesiredService, live: LiveService, step: Retire | Delete, blocks: tuple[Block, ...]
) -> Change:
    lane = former_lane(live)
    stops = (FieldChange("replicas", live.desired, 0, sensitive=False),) if live.desired else ()
    return Change(
        service=service,
        lane=lane,
        step=step,
        cause="prune",
        fields=stops,
        effect=effect(lane, step),
        blocked_by=blocks,
    )


def _former_service(orphan: Orphan) -> DesiredService:
    """What is still known of a service without a manifest."""
    first = orphan.lanes[0].name
    return DesiredService(
        key=orphan.key or f"{orphan.cluster.name}/{first}",
        name=orphan.key.rpartition("/")[2] or first,
        location=NOWHERE,
        cluster=orphan.cluster,
        replicas=0,
        suspended=False,
        rollout=Rollout(),
        lanes=(),
        attempt="",
        instance_type=None,
        container="",
    )
