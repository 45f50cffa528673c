"""Plans of clusters in which some services have lost their manifests, without I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from glia.desired.state import DesiredState
from glia.observed import Observed
from glia.planning.allowances import Allowances
from glia.planning.planner import make_plan
from glia.planning.scope import PrunePolicy, PruneScope, SourceEvidence
from glia.steps import Delete, Retire
from support.situations import live, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.desired.state import DesiredService
    from glia.live import LiveService
    from glia.plan import Plan

NOW = 1_800_000_000.0
GRACE = 3600.0
CLUSTER = wanted().cluster
ON = PrunePolicy(CLUSTER, on=True, grace=GRACE)


def lost(name: str = "gone", **members: Any) -> LiveService:
    """A live service whose manifest is not there any more; ``tags`` come on top of its own."""
    tags = members.pop("tags", {})
    made = live(wanted(name).lanes[0], **members)
    return replace(made, tags={**made.tags, **tags})


def services(*names: str) -> list[DesiredService]:
    return [wanted(name) for name in names]


def plan_of(
    declared: Iterable[DesiredService],
    there: Iterable[LiveService],
    *,
    policy: PrunePolicy = ON,
    evidence: SourceEvidence | None = None,
    listed: bool = True,
    **allowed: Any,
) -> Plan:
    """The plan for manifests and a cluster; the source is without fault unless told otherwise.

    ``listed`` says that all of the cluster's services are there to be seen.
    """
    declared, by_name = list(declared), {each.name: each for each in there}
    for service in declared:
        lane = service.lanes[0]
        by_name.setdefault(lane.lane.name, live(lane))
    scope = PruneScope(
        policies=(policy,),
        keys=frozenset((each.cluster, each.key) for each in declared),
        evidence=evidence or SourceEvidence(),
        now=NOW,
    )
    observed = {CLUSTER: Observed(CLUSTER, services=by_name, listed=listed)}
    return make_plan(DesiredState(tuple(declared)), observed, Allowances(**allowed), scope=scope)


def deleting(plan: Plan) -> list[str]:
    """The live services that a plan would stop or delete."""
    return [
        each.step.service.name
        for each in plan.changes
        if isinstance(each.step, Retire | Delete) and not each.blocked_by
    ]


def rules(plan: Plan) -> list[str]:
    """What blocks the prunes of a plan."""
    return [block.rule for each in plan.changes for block in each.blocked_by]
