"""What each path answers. Nothing here waits for the loop, and nothing tells a version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from glia.render.loop_status_json import loop_status_json
from glia.serve.probes import is_alive, is_ready
from glia.serve.receiver import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glia.loop_status import LoopStatus
    from glia.serve.receiver import Receiver

Environ: TypeAlias = "dict[str, Any]"
TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
READS: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and what is said with it; its own phrase unless there is more to say."""

    status: HTTPStatus
    body: bytes = b""
    kind: str = TEXT
    allow: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """A WSGI application.

    Attributes:
        status: the loop's snapshot of now.
        metrics: the metrics of now, as Prometheus reads them.
        receiver: None where nobody may push.
        failed: is told of the type of a bug.
    """

    status: Callable[[], LoopStatus]
    metrics: Callable[[], bytes]
    receiver: Receiver | None
    failed: Callable[[Exception], None]

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except Exception as error:  # noqa: BLE001  (its text may hold what is secret)
            self.failed(error)
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR)
        body = answer.body or f"{answer.status.phrase}\n".encode()
        headers = [
            ("content-type", answer.kind),
            ("content-length", str(len(body))),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            *([("allow", answer.allow)] if answer.allow else []),
        ]
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _answer(self, environ: Environ) -> Answer:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == "/webhook" and self.receiver is not None:
            if method != "POST":
                return Answer(HTTPStatus.METHOD_NOT_ALLOWED, allow="POST")
            return _pushed(self.receiver, environ)
        shows = {
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/metrics": lambda: Answer(HTTPStatus.OK, self.metrics(), METRICS),
            "/status": self._status,
        }.get(path)
        if shows is None:
            return Answer(HTTPStatus.NOT_FOUND)
        if method not in READS:
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, allow=", ".join(READS))
        return shows()

    def _health(self) -> Answer:
        return _probe(is_alive(self.status()))

    def _readiness(self) -> Answer:
        return _probe(is_ready(self.status()))

    def _status(self) -> Answer:
        text = json.dumps(loop_status_json(self.status()), ensure_ascii=False)
        return Answer(HTTPStatus.OK, f"{text}\n".encode(), JSON)


def _probe(good: bool) -> Answer:
    return Answer(HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE)


def _pushed(receiver: Receiver, environ: Environ) -> Answer:
    """The server has refused already what has no length, or too much of it."""
    body = environ["wsgi.input"].read(LONGEST)
    signature = environ.get("HTTP_X_HUB_SIGNATURE_256", "")
    event = environ.get("HTTP_X_GITHUB_EVENT", "")
    return Answer(receiver.receive(signature, event, body))
