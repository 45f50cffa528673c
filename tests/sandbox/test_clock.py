"""The laws of the clocks."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from glia.sandbox.clock import ScaledClock, VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE = 60.0  # real seconds; only a broken clock needs them


class Crew:
    """Threads that work by a clock; each says what it does, and all are waited for."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.log: list[tuple[str, float]] = []
        self._hired: list[threading.Thread] = []

    def hire(self, name: str, work: Callable[[], None]) -> None:
        """Have it counted from now on: the clock stands until it sleeps, too."""
        counted = ExitStack()
        counted.enter_context(self.clock.worker())

        def run() -> None:
            with counted:
                work()

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._hired.append(thread)
        thread.start()

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        name = threading.current_thread().name
        self.log.append((name, self.clock.now() - VirtualClock.START))

    def join(self) -> None:
        for thread in self._hired:
            thread.join(DEADLINE)
            assert not thread.is_alive(), f"{thread.name} sleeps for ever"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def crew(clock: VirtualClock) -> Crew:
    return Crew(clock)


def test_alone_a_sleeper_is_there_at_once_and_to_the_second(clock: VirtualClock) -> None:
    clock.sleep(600)
    assert clock.now() == VirtualClock.START + 600


@pytest.mark.parametrize("seconds", [0, -5])
def test_time_does_not_go_back(clock: VirtualClock, seconds: float) -> None:
    clock.sleep(1)
    clock.sleep(seconds)
    assert clock.now() == VirtualClock.START + 1


def test_time_stands_still_while_one_of_two_works(clock: VirtualClock, crew: Crew) -> None:
    may_sleep = threading.Event()
    times: list[float] = []

    def busy() -> None:
        assert may_sleep.wait(DEADLINE)
        times.append(clock.now())
        crew.sleep(1)

    crew.hire("sleeper", lambda: crew.sleep(5))
    crew.hire("busy", busy)
    threading.Timer(0.05, may_sleep.set).start()  # the others have all the time to run away
    clock.sleep(10)
    crew.join()
    assert times == [VirtualClock.START]
    assert crew.log == [("busy", 1), ("sleeper", 5)]


def test_workers_wake_in_the_order_of_their_times(clock: VirtualClock, crew: Crew) -> None:
    def thrice(seconds: float) -> None:
        for _ in range(3):
            crew.sleep(seconds)

    crew.hire("slow", lambda: thrice(5))
    crew.hire("quick", lambda: thrice(2))
    clock.sleep(100)
    crew.join()
    assert crew.log == [
        ("quick", 2),
        ("quick", 4),
        ("slow", 5),
        ("quick", 6),
        ("slow", 10),
        ("slow", 15),
    ]


def test_one_who_leaves_lets_the_others_go_on(clock: VirtualClock, crew: Crew) -> None:
    may_leave = threading.Event()
    crew.hire("sleeper", lambda: crew.sleep(3))
    crew.hire("leaver", lambda: assert_set(may_leave))
    threading.Timer(0.05, may_leave.set).start()
    clock.sleep(10)
    crew.join()
    assert crew.log == [("sleeper", 3)]
    assert clock.now() == VirtualClock.START + 10


def assert_set(event: threading.Event) -> None:
    assert event.wait(DEADLINE)


def test_those_who_listen_play_until_a_time_before_anybody_sees_it(clock: VirtualClock) -> None:
    seen: list[tuple[float, float]] = []
    clock.on_advance(lambda to: seen.append((clock.now(), to)))
    clock.sleep(2)
    clock.sleep(0)
    clock.sleep(3)
    start = VirtualClock.START
    assert seen == [(start, start + 2), (start + 2, start + 5)]


def test_an_error_of_a_listener_reaches_the_sleeper_and_does_not_stop_time(
    clock: VirtualClock,
) -> None:
    def fail_once(_: float) -> None:
        clock._listeners.clear()
        raise LookupError

    clock.on_advance(fail_once)
    with pytest.raises(LookupError):
        clock.sleep(1)
    clock.sleep(1)
    assert clock.now() == VirtualClock.START + 1


def test_a_scaled_clock_runs_so_many_times_as_fast_as_real_time() -> None:
    real, scaled = ScaledClock(), ScaledClock(1000)
    begin_real, begin = real.now(), scaled.now()
    scaled.sleep(20)
    passed, passed_really = scaled.now() - begin, real.now() - begin_real
    assert passed >= 20
    assert passed == pytest.approx(1000 * passed_really, rel=0.1)
    scaled.sleep(-1)
    assert scaled.now() >= begin + 20
