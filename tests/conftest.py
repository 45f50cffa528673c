from __future__ import annotations

import gc
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from glia.sandbox.clock import VirtualClock
from glia.sandbox.sandbox import Sandbox
from support.driver import Driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

settings.register_profile("glia", deadline=None)  # a machine may be busy
settings.load_profile("glia")

AWS_VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait for programs that they have started."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) + 1
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among what is kept to the end: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(autouse=True)
def _no_aws_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test can reach anything but a sandbox, whatever the shell is set to."""
    for name in AWS_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def make_driver() -> Iterator[Callable[..., Driver]]:
    """Make a driver of a sandbox with these options; by default it has two inf1.xlarge."""
    with ExitStack() as stack:

        def make(*instances: tuple[str, int], **options: Any) -> Driver:
            clock = VirtualClock()
            wanted = instances or (("inf1.xlarge", 2),)
            sandbox = Sandbox(clock, instances=wanted, strict=True, **options)
            return Driver(stack.enter_context(sandbox), clock)

        yield make


@pytest.fixture
def driver(make_driver: Callable[..., Driver]) -> Driver:
    """A sandbox with two inf1.xlarge."""
    return make_driver()
