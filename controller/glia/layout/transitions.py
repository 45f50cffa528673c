"""A domain's steps as a plan tells them: how few replicas at the least, and what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.desired.desire import service_key
from glia.transition import FreeRun, Move, Transition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.layout.competition import Competition


def transition(competition: Competition) -> Transition | None:
    """The steps of a domain; None where new lanes have room beside the old ones."""
    settlement, cluster = competition.settlement, competition.key.cluster
    passage = settlement.passage
    if passage is None or settlement.shared:
        return None

    def key(name: str) -> str:
        return service_key(cluster, name)

    return Transition(
        cluster=cluster,
        domain=str(competition.key),
        steps=passage.steps,
        turns=passage.turns,
        least={key(name): count for name, count in passage.least.items()},
        below={key(name): turns for name, turns in passage.below.items()},
        moves=tuple(
            Move(key(each.service), each.source, each.target, each.replicas)
            for each in settlement.moves
        ),
        free_runs=tuple(FreeRun(*each) for each in settlement.runs),
        cures=tuple(key(name) for name in settlement.cured),
    )


def too_few(competition: Competition) -> Iterator[str]:
    """For each service, how far the steps that there are would take it below its budget."""
    costly = competition.settlement.costly
    if costly is None:
        return
    for name, turns in costly.below.items():
        once = "1 step" if turns == 1 else f"{turns} steps"
        manifest = competition.manifests.get(name)
        if manifest is None:
            yield (
                f"{name} would have {max(costly.least[name], 0)} replicas ready, fewer than "
                f"maxUnavailable leaves, during {once} of {costly.turns}"
            )
            continue
        down = (manifest.spec.replicas or 0) - costly.least[name]
        yield (
            f"{name} would have {max(costly.least[name], 0)} of {manifest.spec.replicas} replicas "
            f"ready, {down} down where maxUnavailable allows "
            f"{manifest.spec.rollout.max_unavailable}, during {once} of {costly.turns}, each as "
            "long as its new replicas take to become ready"
        )
