from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.aws.gateway import Gateway
from glia.aws.session import Sessions
from glia.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Gateway]:
    """Make a gateway to a driver's sandbox, found as in a user's shell: by the environment."""

    def make(driver: Driver, *, share: float = 1.0, **target: Any) -> Gateway:
        for name, value in driver.sandbox.environment().items():
            monkeypatch.setenv(name, value)
        sessions = Sessions(None, driver.clock, share=share)
        return Gateway(sessions, Target(driver.sandbox.place.region, **target))

    return make


@pytest.fixture
def gateway(driver: Driver, reach: Callable[..., Gateway]) -> Gateway:
    """A gateway to the sandbox of ``driver``."""
    return reach(driver)
