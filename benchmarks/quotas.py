"""Under AWS's request throttling: how near a plan of 3,000 services comes to the fastest one.

Run it as ``.venv/bin/python benchmarks/quotas.py``: it takes about half a minute and exits with
1 if a target is missed. Sandbox and Glia share one driven clock, so that waiting takes no time.
What making 300 services takes under the same quotas is a test: ``tests/test_cost.py``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from glia.cli.online import Online
from glia.cli.prepared import prepared
from glia.planning.allowances import NOTHING
from glia.sandbox.clock import VirtualClock
from glia.sandbox.quotas import CLASS_OF, CLASSES
from glia.sandbox.sandbox import Sandbox
from measuring import fleet
from measuring.figures import Figure, require, told

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = 3_000
THROTTLED_PERCENT, BESIDE_FLOOR = 1.0, 1.15


def figures() -> Iterator[Figure]:
    clock = VirtualClock()
    with tempfile.TemporaryDirectory() as made, Sandbox(clock, quotas=True) as sandbox:
        fleet.write_clusters(Path(made, "clusters.yaml"))
        fleet.write(Path(made, "services"), range(SERVICES))
        fleet.seed(sandbox, (made,))
        os.environ.update(sandbox.environment())
        begin = clock.now()
        plan = prepared((made,), Online(None, clock), NOTHING).plan
        took = clock.now() - begin
        calls = Counter(call.operation for call in sandbox.calls)
    require(len(plan.settled) == SERVICES, "an unchanged fleet")
    yield Figure("plan under quotas: calls that had to be made", SERVICES / 10, "calls")
    more = 100 * (calls.total() - SERVICES / 10) / (SERVICES / 10)
    yield Figure("throttled and sent again", more, "%", THROTTLED_PERCENT)
    yield Figure("the plan failed for clusters", len(plan.errors), "", 0)
    yield Figure("time on AWS's clock", took, "s")
    yield Figure("the same, as a part of AWS's own floor", took / floor(calls), "x", BESIDE_FLOOR)


def floor(calls: Counter[str]) -> float:
    """The seconds that AWS's own buckets make these calls take, with nobody else there."""
    used = Counter[str]()
    for operation, count in calls.items():
        used[CLASS_OF[operation]] += count
    return max(
        (count - CLASSES[name][0].burst) / CLASSES[name][0].refill for name, count in used.items()
    )


if __name__ == "__main__":
    sys.exit(told(figures()))
