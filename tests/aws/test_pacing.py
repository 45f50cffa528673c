"""The arithmetic of pacing: laws of one bucket."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from glia.aws.pacing import Bucket, Pacer
from glia.ecs.quotas import CLASS_OF, Limit
from glia.sandbox.clock import VirtualClock

limits = st.builds(Limit, st.integers(1, 100), st.floats(0.5, 40))
pauses = st.lists(st.floats(0, 5), min_size=1, max_size=60)


@given(limit=limits, pauses=pauses)
def test_no_span_of_time_has_more_calls_than_its_burst_and_what_comes_in_it(
    limit: Limit, pauses: list[float]
) -> None:
    bucket, now, sent = Bucket.full(limit, 0.0), 0.0, list[float]()
    for pause in pauses:
        now += pause
        bucket, wait = bucket.taken(now)
        sent.append(now + wait)
    assert sent == sorted(sent), "first come, first served"
    for first, begin in enumerate(sent):
        for last in range(first, len(sent)):
            allowed = limit.burst + (sent[last] - begin) * limit.rate
            assert last - first + 1 <= allowed + 1e-6


@given(limit=limits)
def test_nobody_waits_while_there_are_tokens_and_then_at_the_rate(limit: Limit) -> None:
    bucket, waits = Bucket.full(limit, 0.0), list[float]()
    for _ in range(int(limit.burst) + 3):
        bucket, wait = bucket.taken(0.0)
        waits.append(wait)
    assert bisect_left(waits, 1e-12) == int(limit.burst)
    assert waits[-1] * limit.rate == pytest.approx(-bucket.tokens)


@given(
    limit=limits,
    events=st.lists(st.tuples(st.floats(0, 30), st.booleans()), min_size=1, max_size=40),
)
def test_a_throttled_bucket_is_empty_and_slower_and_recovers(
    limit: Limit, events: list[tuple[float, bool]]
) -> None:
    bucket, now = Bucket.full(limit, 0.0), 0.0
    for pause, is_throttled in events:
        now += pause
        before = bucket.refilled(now)
        bucket = bucket.throttled(now) if is_throttled else bucket.taken(now)[0]
        if is_throttled:
            assert bucket.tokens <= 0
            assert bucket.rate <= before.rate
        assert limit.rate * 0.1 <= bucket.rate <= limit.rate
    recovered = bucket.refilled(now + 3600)
    assert recovered.rate == limit.rate


def test_many_calls_that_are_throttled_together_slow_down_once() -> None:
    bucket = Bucket.full(Limit(100, 20), 0.0).throttled(5.0)
    assert bucket.throttled(5.2).rate - bucket.rate < 0.1
    assert bucket.throttled(5.2).rate >= bucket.rate
    assert bucket.throttled(7.0).rate < bucket.rate


def test_a_share_of_the_quota_is_kept_to() -> None:
    clock = VirtualClock()
    pacer = Pacer(clock, share=0.25)
    begin = clock.now()
    for _ in range(100):
        pacer.wait("DescribeServices")
    # A quarter of 100 at once and of 20 a second, and AWS's margins.
    assert (100 - 25) / 5 <= clock.now() - begin <= (100 - 25) / 5 * 1.1


def test_every_operation_that_is_paced_is_one_of_ecs() -> None:
    assert CLASS_OF.keys() <= Loader().load_service_model("ecs", "service-2")["operations"].keys()
