"""The sandbox as one thing: a world, its API on a port of this machine, and its time.

``Sandbox(ScaledClock(speed))`` lives in real time, multiplied; ``Sandbox(VirtualClock())``
lives on the clock of a test and moves only when the test's workers all sleep.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Self

from glia.sandbox import machines, scheduler
from glia.sandbox.api import Api
from glia.sandbox.arns import Place
from glia.sandbox.clock import VirtualClock
from glia.sandbox.faults import Fault, Faults
from glia.sandbox.moto_server import Server
from glia.sandbox.operations.instances import lose
from glia.sandbox.quotas import Throttle
from glia.sandbox.world import Pace, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from glia.sandbox.clock import Clock
    from glia.sandbox.records import Cluster, Instance
    from glia.sandbox.world import Call

ACCOUNT = "123456789012"  # moto's, for every access key that no AssumeRole has made
TICK_SECONDS = 0.02  # of real time, between two looks at the clock

_log = logging.getLogger(__name__)


class Sandbox:
    """An Amazon ECS to talk to at ``url``, from entering the context until leaving it.

    Args:
        clock: a ScaledClock for a process, a VirtualClock for a test.
        port: of 127.0.0.1; 0 picks a free one.
        region: where the first cluster is.
        cluster: its name; it exists from the start.
        instances: types and numbers of the container instances that it begins with.
        quotas: whether AWS's request throttling is enforced.
        faults: what goes wrong, and when.
        memory_reserve: the part of a type's memory that an agent does not register.
        pace: how long things take.
        strict: check every answer against botocore's model; for tests.
    """

    def __init__(  # noqa: PLR0913  (all but the clock have a default and a name)
        self,
        clock: Clock,
        *,
        port: int = 0,
        region: str = "us-west-2",
        cluster: str = "inference",
        instances: Sequence[tuple[str, int]] = (),
        quotas: bool = False,
        faults: Sequence[Fault] = (),
        memory_reserve: float = 0.05,
        pace: Pace | None = None,
        strict: bool = False,
    ) -> None:
        self.place = Place(ACCOUNT, region)
        self.world = World(clock, scheduler.run_pass, pace, memory_reserve=memory_reserve)
        self.faults = Faults(tuple(faults))
        api = Api(
            self.world,
            throttle=Throttle() if quotas else None,
            faults=self.faults,
            strict=strict,
        )
        api.play("CreateCluster", self.place, {"clusterName": cluster})
        self._cluster_name = cluster
        for instance_type, count in instances:
            self.add_instances(instance_type, count)
        self._server = Server(api, port)
        self._stopping = threading.Event()
        self._forget_clock: Callable[[], None] = lambda: None
        self._ticker = threading.Thread(target=self._tick, name="sandbox-ticker", daemon=True)

    def __enter__(self) -> Self:
        self._server.start()
        if isinstance(self.world.clock, VirtualClock):
            self._forget_clock = self.world.clock.on_advance(self.world.advance)
        else:
            self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._forget_clock()
        if self._ticker.is_alive():
            self._ticker.join()
        self._server.stop()

    def _tick(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            try:
                self.world.advance()
            except Exception:  # noqa: BLE001  (a bug must not stop time: the next tick goes on)
                _log.exception("The sandbox's tick failed")

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def cluster(self) -> Cluster:
        """The first cluster, as it is inside."""
        return self.world.region(self.place).clusters[self._cluster_name]

    @property
    def calls(self) -> list[Call]:
        """The latest calls that have reached ECS, oldest first."""
        return list(self.world.calls)

    def environment(self) -> dict[str, str]:
        """What an AWS SDK or the aws CLI needs in its environment to come here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": self.place.region,
            "AWS_DEFAULT_REGION": self.place.region,
        }

    def add_instances(
        self, instance_type: str, count: int = 1, **attributes: str
    ) -> list[Instance]:
        """Register container instances with the first cluster, spread over three zones."""
        told = machines.Registration(instance_type, attributes=dict(attributes))
        with self.world.lock:
            return [machines.register(self.world, self.cluster, told) for _ in range(count)]

    def lose_instance(self, instance: Instance) -> None:
        """An instance is gone, with everything on it, as when EC2 has terminated it."""
        with self.world.lock:
            lose(self.world, instance)
