"""Real time, and many threads on a clock that is driven."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from glia.aws.clock import Interrupted, SystemClock
from glia.parallel import in_parallel
from glia.sandbox.clock import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 60.0  # real seconds; only a broken clock needs them


@contextmanager
def on_alarm(clock: SystemClock) -> Iterator[None]:
    before = signal.signal(signal.SIGUSR1, lambda *_: clock.interrupt())
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_signal_ends_the_sleep_of_every_thread_and_of_those_who_come_later() -> None:
    clock = SystemClock()
    woken: list[str] = []

    def sleeper() -> None:
        with pytest.raises(Interrupted):
            clock.sleep(LONG)
        woken.append("other")

    thread = threading.Thread(target=sleeper)
    thread.start()
    timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    with on_alarm(clock):
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            clock.sleep(LONG)
        timer.join()
    thread.join(LONG)
    assert woken == ["other"]
    with pytest.raises(Interrupted):
        clock.sleep(0)


def test_real_time_passes_as_long_as_it_is_told() -> None:
    clock = SystemClock()
    begin = clock.now()
    with clock.worker(), clock.away():
        clock.sleep(0.02)
        clock.sleep(-1)
    assert 0.015 <= clock.now() - begin < LONG


def test_time_is_exact_for_threads_that_work_and_sleep_in_turn() -> None:
    """Someone who sleeps for long beside them must not pull the clock along."""
    clock = VirtualClock()
    counted = ExitStack()
    counted.enter_context(clock.worker())

    def sleep_long() -> None:
        with counted:
            clock.sleep(1000)

    bystander = threading.Thread(target=sleep_long)
    bystander.start()
    for turn in range(1, 21):
        ends = in_parallel(clock, lambda seconds: slept(clock, seconds), range(1, 5))
        assert ends == [VirtualClock.START + 4 * (turn - 1) + each for each in range(1, 5)]
        assert clock.now() == VirtualClock.START + 4 * turn
    clock.sleep(1000)
    bystander.join(LONG)
    assert not bystander.is_alive()


def slept(clock: VirtualClock, seconds: float) -> float:
    clock.sleep(seconds)
    return clock.now()


def test_results_are_in_order_and_an_error_ends_the_work() -> None:
    clock = VirtualClock()
    assert in_parallel(clock, lambda number: number * 2, range(100)) == list(range(0, 200, 2))
    assert in_parallel(clock, str, ()) == []
    done: list[int] = []

    def work(number: int) -> None:
        if number == 5:
            raise LookupError(number)
        clock.sleep(1)
        done.append(number)

    with pytest.raises(LookupError, match="5"):
        in_parallel(clock, work, range(1000))
    assert len(done) < 100
    clock.sleep(1)  # nobody is still counted
