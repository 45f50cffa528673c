"""What is begun ahead is there when it is asked for, and a driven clock sees it work."""

from __future__ import annotations

import threading

import pytest

from glia.ahead import Ahead
from glia.sandbox.clock import VirtualClock


def test_whoever_asks_waits_until_the_call_has_slept_its_time() -> None:
    clock = VirtualClock()

    def call() -> str:
        clock.sleep(5)
        return "read"

    assert Ahead(clock, call).result() == "read"
    assert clock.now() == clock.START + 5


def test_a_call_that_has_ended_unasked_holds_no_clock() -> None:
    clock, ended = VirtualClock(), threading.Event()
    ahead = Ahead(clock, ended.set)
    assert ended.wait(timeout=60)
    clock.sleep(7)
    assert clock.now() == clock.START + 7
    assert ahead.result() is None


def test_time_does_not_pass_while_the_call_works() -> None:
    clock, go_on = VirtualClock(), threading.Event()

    def call() -> float:
        go_on.wait(timeout=60)
        return clock.now()

    ahead = Ahead(clock, call)
    sleeper = threading.Timer(0, go_on.set)
    sleeper.start()
    clock.sleep(3)
    sleeper.join()
    assert ahead.result() == clock.START
    assert clock.now() == clock.START + 3


def test_what_the_call_raises_is_raised_where_it_is_asked_for() -> None:
    def call() -> None:
        raise LookupError("gone")

    ahead = Ahead(VirtualClock(), call)
    with pytest.raises(LookupError, match="gone"):
        ahead.result()
