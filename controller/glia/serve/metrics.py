"""The metrics, in a registry of their own: counts of events, and the loop's status of now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from glia.events import LoopFailed, PassEnded
from glia.serve.status_metrics import StatusMetrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.events import Event
    from glia.loop_status import LoopStatus
    from glia.shards import Shard

PASS_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
WAIT_SECONDS: Final = (0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Everything that ``/metrics`` shows. Told of events, of calls to AWS and of pushes.

    Series of services and clusters are made from the status each time, so they end with what
    they tell of.
    """

    def __init__(self) -> None:
        # A second series for each counter is of no use to whoever reads these.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._passes = Counter(
            "glia_reconcile", "Passes over a cluster.", ["result"], registry=registry
        )
        self._seconds = Histogram(
            "glia_reconcile_duration_seconds",
            "What a pass over a cluster took.",
            buckets=PASS_SECONDS,
            registry=registry,
        )
        self._panics = Counter(
            "glia_reconcile_panics", "Exceptions that were caught: bugs.", registry=registry
        )
        self._calls = Counter(
            "glia_aws_requests",
            "Calls to AWS, by AWS's code for how they ended; ok where they succeeded.",
            ["action", "code"],
            registry=registry,
        )
        self._waits = Histogram(
            "glia_aws_throttle_wait_seconds",
            "How long calls waited so as to stay below AWS's request quota.",
            ["bucket"],
            buckets=WAIT_SECONDS,
            registry=registry,
        )
        self._pushes = Counter(
            "glia_webhook_requests", "Requests to the receiver.", ["result"], registry=registry
        )
        self._notifications = Counter(
            "glia_notifications",
            "Notifications, by what became of them.",
            ["sink", "result"],
            registry=registry,
        )

    def show(self, status: Callable[[], LoopStatus], shard: Shard) -> None:
        """Show the loop's status, too."""
        self.registry.register(StatusMetrics(status, shard))

    def told(self, event: Event) -> None:
        """Count what happened."""
        match event:
            case PassEnded(result=result, at=at, began=began):
                self._passes.labels(result).inc()
                self._seconds.observe(at - began)
            case LoopFailed():
                self._panics.inc()
            case _:
                pass

    def called(self, operation: str, code: str) -> None:
        """A call to AWS has come back."""
        self._calls.labels(operation, code).inc()

    def waited(self, bucket: str, seconds: float) -> None:
        """A call to AWS has waited for its turn."""
        self._waits.labels(bucket).observe(seconds)

    def pushed(self, result: str) -> None:
        """Somebody has asked the receiver."""
        self._pushes.labels(result).inc()

    def notified(self, sink: str, result: str) -> None:
        """A notification was sent, has failed, or was dropped."""
        self._notifications.labels(sink, result).inc()

    def text(self) -> bytes:
        """All of them, in Prometheus' text format."""
        return generate_latest(self.registry)
