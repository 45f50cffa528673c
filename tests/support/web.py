"""The two ends of HTTP on this machine: one that asks, one that takes what is posted."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0  # real seconds: a machine may be busy


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    port: int,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, told, answer.read())
    finally:
        connection.close()


def say(port: int, text: bytes) -> bytes:
    """Send bytes as they are; everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as wire:
        wire.sendall(text)
        return b"".join(iter(lambda: wire.recv(65_536), b""))


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def push(port: int, secret: str, body: bytes, **headers: str) -> Reply:
    """A push, signed as GitHub does it."""
    told = {"x-hub-signature-256": signature(secret, body), "x-github-event": "push"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(port, "/webhook", "POST", body, told | named)


@dataclass
class Mailbox:
    """What was posted here.

    Attributes:
        answers: statuses to give to the next posts; 204 after those.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, count: int, within: float = PATIENCE) -> list[tuple[dict[str, str], bytes]]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= count, within), self.got
            return list(self.got)


class Listener(ThreadingHTTPServer):
    """A server whose clients may end, or stop trusting it, at any byte: tests kill them."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server that answers with it until the block ends."""
    server = Listener(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """One that takes posts until the block ends."""
    made = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told = {name.lower(): value for name, value in self.headers.items()}
            status = made.answers.pop(0) if made.answers else 204
            with made.arrived:
                made.got.append(({**told, ":path": self.path}, body))
                made.arrived.notify_all()
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with answering(Handler) as made.url:
        yield made
