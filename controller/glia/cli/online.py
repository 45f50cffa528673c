"""The wiring of the commands that talk to AWS."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from glia.aws.clock import SystemClock
from glia.aws.gateway import Gateway
from glia.aws.session import Sessions
from glia.cli.options import colour, width
from glia.desired.desire import clusters
from glia.errors import GliaError
from glia.observe import READ_AT_ONCE
from glia.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from glia.aws.listener import Listener
    from glia.clock import Clock
    from glia.manifest.load import Loaded
    from glia.neuron.catalogue import InstanceType
    from glia.outcome import Outcome
    from glia.target import ClusterRef


class Online:
    """Gateways, one for each account and region.

    Args:
        profile: of the AWS configuration; None for the environment's choice.
        clock: None for the command's own, which is real time unless it was started on another.
        read_share: the part of AWS's quota of reads that is Glia's, up to 1.
        listener: is told of every call to AWS.
    """

    def __init__(
        self,
        profile: str | None,
        clock: Clock | None = None,
        *,
        read_share: float = 1.0,
        listener: Listener | None = None,
    ) -> None:
        self.clock: Clock = clock or _clock_of_the_command()
        self._sessions = Sessions(profile, self.clock, read_share=read_share, listener=listener)
        self._gateways: dict[Target, Gateway] = {}
        self._lock = threading.Lock()

    def of(self, cluster: ClusterRef) -> Gateway:
        return self.to(cluster.target)

    def to(self, target: Target) -> Gateway:
        with self._lock:
            if target not in self._gateways:
                self._gateways[target] = Gateway(self._sessions, target)
            return self._gateways[target]

    def read_ahead(self, cluster: ClusterRef, names: Sequence[str]) -> None:
        """Begin to read services of a cluster, no more than are looked at together."""
        if names:
            self.of(cluster).read_ahead(cluster.name, names[:READ_AT_ONCE])

    def in_region(self, region: str | None) -> Gateway:
        """For commands without a manifest: the caller's own account, that region or its own."""
        return self.to(Target(region or self._sessions.region()))

    def instance_types(self, loaded: Loaded) -> Mapping[str, InstanceType]:
        """What EC2 says of the types that the catalogue lacks, in the first region that knows."""
        refs = sorted(set(clusters(loaded.declared).values()))
        found: dict[str, InstanceType] = {}
        for name in loaded.unknown_types:
            for ref in refs:
                try:
                    known = self.of(ref).instance_type(name)
                except GliaError:
                    continue  # the error that the type is unknown stands
                if known is not None:
                    found.setdefault(name, known)
        return found

    @contextmanager
    def telling(self) -> Iterator[Callable[[Outcome], None]]:
        """What takes an outcome and shows it on standard error; a signal ends the waiting."""
        from glia.render.progress import Progress

        live, columns = sys.stderr.isatty(), width()
        progress = Progress(
            self.clock, sys.stderr, live=live, colour=colour(sys.stderr), width=columns
        )
        with self.interruptible(), progress:
            yield progress.tell

    @contextmanager
    def interruptible(self) -> Iterator[list[int]]:
        """The first signal ends what waits; the second one ends the program.

        What is yielded has the first signal's number once it has come.
        """
        clock = self.clock
        if not isinstance(clock, SystemClock):
            raise TypeError("only real time can be cut short")

        come: list[int] = []

        def on_signal(number: int, _frame: object) -> None:
            come.append(number)
            for each in before:
                signal.signal(each, signal.SIG_DFL)
            clock.interrupt()

        before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            for each in before:
                signal.signal(each, on_signal)
            yield come
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _clock_of_the_command() -> SystemClock:
    context = click.get_current_context(silent=True)
    clock: SystemClock | None = context.obj if context else None
    return clock or SystemClock()
