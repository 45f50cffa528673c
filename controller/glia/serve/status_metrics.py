"""Metrics that are the loop's status at the moment when somebody asks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from glia.status import loudest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import Metric

    from glia.loop_status import LoopStatus, ServiceState, SourceState
    from glia.shards import Shard
    from glia.target import ClusterRef

CLUSTER: Final = ("cluster", "region", "account")
NAME_CONFLICT: Final = "NameConflict"


class StatusMetrics(Collector):
    """Made anew from each snapshot; nothing is remembered of what is gone."""

    def __init__(self, status: Callable[[], LoopStatus], shard: Shard) -> None:
        self._status, self._shard = status, shard

    def describe(self) -> list[Metric]:
        """Nothing is collected just to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        yield from _services(status.services)
        yield from _clusters(status)
        yield from _source(status.at, status.source)
        yield _one("glia_unfinished_work_seconds", "Of the oldest work begun.", status.unfinished)
        blocked = GaugeMetricFamily(
            "glia_prune_blocked", "Services that a rule keeps from being pruned.", labels=["reason"]
        )
        for rule, count in status.prune_blocked.items():
            blocked.add_metric([rule], count)
        yield blocked
        yield _one("glia_shard_ordinal", "Which of the loops this one is.", self._shard.index)
        yield _one("glia_total_shards", "How many loops there are.", self._shard.count)


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _place(cluster: ClusterRef) -> tuple[str, str, str]:
    return cluster.name, cluster.target.region, cluster.target.account_id


def _services(services: tuple[ServiceState, ...]) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "glia_resource_info",
        "A NeuronService and how it is: 1.",
        labels=["key", *CLUSTER, "ready", "reason", "revision"],
    )
    counts: Counter[tuple[str, str]] = Counter()
    known = {(each.key, _place(each.cluster)): each for each in services if each.conditions}
    for (key, place), each in known.items():
        counts.update((told.type, told.status) for told in each.conditions)
        ready = next(told.status for told in each.conditions if told.type == "Ready")
        reason = loudest(each.conditions).reason
        info.add_metric([key, *place, ready, reason, each.applied], 1)
    yield info
    conditions = GaugeMetricFamily(
        "glia_condition", "Services in a condition.", labels=["type", "status"]
    )
    for told, count in sorted(counts.items()):
        conditions.add_metric(told, count)
    yield conditions


def _clusters(status: LoopStatus) -> Iterator[Metric]:
    swept = GaugeMetricFamily(
        "glia_last_success_timestamp_seconds",
        "When all of a cluster was last compared; 0 before the first time.",
        labels=CLUSTER,
    )
    errors = GaugeMetricFamily(
        "glia_consecutive_errors", "Reads of a cluster in a row that failed.", labels=CLUSTER
    )
    theirs = GaugeMetricFamily(
        "glia_owner_mismatch", "Manifests whose services are somebody else's.", labels=CLUSTER
    )
    taken = Counter(_place(each.cluster) for each in status.services if _is_taken(each))
    for place, each in {_place(each.cluster): each for each in status.clusters}.items():
        swept.add_metric(place, each.swept_at)
        errors.add_metric(place, each.failures)
        theirs.add_metric(place, taken[place])
    yield swept
    yield errors
    yield theirs


def _is_taken(service: ServiceState) -> bool:
    """Whether somebody else has a service of that name."""
    return bool(service.conditions) and loudest(service.conditions).reason == NAME_CONFLICT


def _source(at: float, source: SourceState) -> Iterator[Metric]:
    fetches = CounterMetricFamily(
        "glia_git_fetch", "Questions to the source of the manifests.", labels=["result"]
    )
    fetches.add_metric(["success"], source.answers)
    fetches.add_metric(["error"], source.refusals)
    yield fetches
    if source.fetched_at:
        age = at - source.fetched_at
        yield _one("glia_git_fetch_age_seconds", "Since the source last answered.", age)
    revision = GaugeMetricFamily(
        "glia_applied_revision_info", "The revision that the loop applies: 1.", labels=["revision"]
    )
    if source.commit:
        revision.add_metric([source.commit], 1)
    yield revision
