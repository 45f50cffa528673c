"""A small HTTP server in threads of its own: bounded connections, lengths and times."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from waitress.utilities import Error, RequestEntityTooLarge

from glia.errors import UsageError
from glia.serve.receiver import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTIONS: Final = 100
THREADS: Final = 4
ARRIVES_WITHIN: Final = 10
"""Seconds for all of a request, however busily it drips in, and for the silence between two."""
LONGEST_HEAD: Final = 16 * 1024
BACKLOG: Final = 128


class LengthRequired(Error):  # noqa: N818  (HTTP's name of it)
    """A body whose length nobody has said."""

    code, reason = 411, "Length Required"


class _Parser(HTTPRequestParser):
    """Refuses a body by its head: of a length that nobody has said, or that is too much."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        unsaid = str(self.command) == "POST" and "CONTENT_LENGTH" not in self.headers
        if self.chunked or unsaid:
            self._refuse(LengthRequired("say content-length"))
        elif self.content_length > LONGEST:
            self._refuse(RequestEntityTooLarge(f"at most {LONGEST} bytes"))

    def _refuse(self, error: Error) -> None:
        self.error = error
        self.completed = True
        self.expect_continue = False


class _Channel(HTTPChannel):
    """A connection. waitress counts silence alone, so a byte now and then would keep one open."""

    parser_class = _Parser
    unfinished: HTTPRequestParser | None = None
    begun = 0.0

    def received(self, data: bytes) -> bool:
        done: bool = super().received(data)
        if self.request is not None and self.request is self.unfinished:
            self.last_activity = self.begun
        else:
            self.unfinished, self.begun = self.request, self.last_activity
        return done


class Server:
    """Serves an application from ``start`` to ``stop``.

    Args:
        application: of WSGI.
        address: ``HOST:PORT``, ``[::1]:8080``; port 0 for any that is free.

    Raises:
        UsageError: it is no address, or cannot be had.
    """

    def __init__(
        self,
        application: Callable[..., Any],
        address: str,
        *,
        arrives_within: int = ARRIVES_WITHIN,
    ) -> None:
        self._map: dict[int, Any] = {}
        self._socket = _listening(address)
        self.port: int = self._socket.getsockname()[1]
        server: Any = create_server(
            application,
            map=self._map,
            sockets=[self._socket],
            threads=THREADS,
            connection_limit=CONNECTIONS,
            channel_timeout=arrives_within,
            cleanup_interval=1,
            max_request_header_size=LONGEST_HEAD,
            max_request_body_size=LONGEST + 1,  # waitress refuses what is just as long
            inbuf_overflow=LONGEST + 1,
            expose_tracebacks=False,
            ident="",
        )
        server.channel_class = _Channel
        self._server = server
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="glia http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> bool:
        """End at once, as nobody loses more than one look; whether it has ended in time."""
        self._ends.set()
        self._server.pull_trigger()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        while not self._ends.is_set():
            wasyncore.loop(timeout=1.0, map=self._map, use_poll=True, count=1)
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)


def _listening(address: str) -> socket.socket:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise UsageError(
            f"--listen {address!r} is no address; expected HOST:PORT as 127.0.0.1:8080, or "
            "0.0.0.0:8080 for every interface"
        )
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        raise UsageError(f"--listen {address} cannot be used ({why}); name another one") from error
