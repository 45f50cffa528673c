"""When to look again, at which clusters, and how fast."""

from __future__ import annotations

import threading
import time
from random import Random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from gitops.looped import Loop
from glia.aws.clock import SystemClock
from glia.aws.pacing import Pacer
from glia.events import LoopFailed
from glia.reconciling.requeue import Pace, backoff, jittered
from glia.sandbox.clock import VirtualClock
from glia.sandbox.faults import Fault
from glia.shards import Shard
from glia.target import ClusterRef, Target
from support.operator import neuron_service

if TYPE_CHECKING:
    from glia.clock import Clock
    from support.operator import Operator

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)


@given(st.sets(st.tuples(st.sampled_from(["us-west-2", "eu-central-1"]), NAMES)), st.integers(1, 9))
def test_every_cluster_is_kept_by_exactly_one_shard_whatever_its_manifest_names(
    places: set[tuple[str, str]], count: int
) -> None:
    for region, name in places:
        plain = ClusterRef(Target(region), name, "one")
        named = ClusterRef(Target(region, "111122223333", "arn:aws:iam::1:role/r"), name, "two")
        keepers = [index for index in range(count) if Shard(index, count).keeps(plain)]
        assert len(keepers) == 1
        assert Shard(keepers[0], count).keeps(named)


def test_clusters_are_spread_over_shards() -> None:
    clusters = [ClusterRef(Target("us-west-2"), f"cluster-{n}", "o") for n in range(300)]
    sizes = [sum(Shard(index, 3).keeps(each) for each in clusters) for index in range(3)]
    assert min(sizes) > 60, sizes


@given(st.integers(0), st.integers(1, 10_000))
def test_waits_grow_up_to_a_bound_and_the_same_seed_makes_the_same(
    seed: int, failures: int
) -> None:
    pace = Pace(first_wait=4, longest_wait=300)
    waits = [backoff(failures, pace, Random(seed)) for _ in range(2)]
    assert waits[0] == waits[1]
    assert 0 <= waits[0] <= min(300, 4 * 2 ** min(failures - 1, 30))
    assert 54 <= jittered(60, Random(seed)) <= 66


def test_jitter_is_full() -> None:
    random, pace = Random(1), Pace()
    waits = [backoff(20, pace, random) for _ in range(1000)]
    assert min(waits) < 10
    assert max(waits) > 290


def test_reads_keep_to_their_share_and_writes_to_all_of_the_quota() -> None:
    """A minute: 25 % of DescribeServices' 100 at once and 20 a second; all of 50 and 5."""
    counts = {}
    for operation in ("DescribeServices", "CreateService"):
        clock = VirtualClock()
        pacer, begin, calls = Pacer(clock, read_share=0.25), clock.now(), 0
        while True:
            pacer.wait(operation)
            if clock.now() - begin > 60:
                break
            calls += 1
        counts[operation] = calls
    assert 300 < counts["DescribeServices"] <= 25 + 60 * 5
    assert 300 < counts["CreateService"] <= 50 + 60 * 5


def test_nothing_is_called_once_the_clock_is_interrupted() -> None:
    clock = SystemClock()
    pacer = Pacer(clock)
    pacer.wait("DescribeServices")
    clock.interrupt()
    try:
        pacer.wait("DescribeServices")
    except KeyboardInterrupt:
        return
    raise AssertionError("the call would have been made")


class Set:
    """A clock that somebody sets ahead, or back."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.ahead = clock, 0.0
        self.sleep, self.worker, self.away = clock.sleep, clock.worker, clock.away

    def now(self) -> float:
        return self.clock.now() + self.ahead


def test_a_clock_that_is_set_an_hour_ahead_and_back_delays_nothing(operator: Operator) -> None:
    """What was refused for good waits an hour; by the clock that was set back it would be two."""
    clock = Set(operator.driver.clock)
    loop = Loop(operator.write(neuron_service()), clock=clock)
    loop.settle("web")
    clock.ahead = 3600
    loop.play(70)
    operator.driver.update(desiredCount=1)
    operator.driver.sandbox.faults.rewrite(Fault("UpdateService", "AccessDeniedException"))
    loop.play(130)
    assert loop.condition("Stalled") == ("True", "Refused")

    clock.ahead = 0
    with operator.changing() as calls:
        loop.play(130)
    assert calls == {"UpdateService": 1}
    loop.write(neuron_service(image="server:2"))
    assert loop.settle("web") < 600
    assert not loop.told(LoopFailed)


def test_all_that_is_under_way_is_waited_for_together(operator: Operator) -> None:
    """A hundred clusters that do not answer, and whoever has sent SIGTERM waits ten seconds."""
    loop, answered = Loop(operator).reconciler, threading.Event()

    def hang() -> None:
        answered.wait(120)

    for number in range(100):
        loop._thread(f"c{number}", hang)
    begin = time.monotonic()
    assert not loop.finish(0.3)
    assert time.monotonic() - begin < 15, "one after another they would take 30"
    answered.set()
    assert loop.finish(60)
