"""ECS's wire format on moto's server: a connection's handler with our API behind it.

What is signed for ECS is answered here, on a connection that stays open, as AWS's does. Nothing
of moto's way of a request is left to it: that takes 5 ms, most of them for finding out which of
its 200 services is meant, and a connection for each request.
"""

from __future__ import annotations

import json
import logging
import re
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import MotoRequestHandler

from glia.sandbox.arns import Place
from glia.sandbox.ecs_error import EcsError
from glia.sandbox.faults import AnswerLostError

if TYPE_CHECKING:
    from glia.sandbox.api import Api

LOG = logging.getLogger(__name__)
CONTENT_TYPE = "application/x-amz-json-1.1"
LENGTH = re.compile(r"[0-9]{1,18}")
LONGEST_BODY = 2**24  # bytes; a task definition has at most 64 KiB
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
SIGNED_FOR_ECS = re.compile(r"Credential=(?P<key>[^/,]+)/\d+/(?P<region>[^/]+)/ecs/aws4_request")


class EcsHandler(MotoRequestHandler):  # type: ignore[misc]  # moto is untyped here
    """One client's connection; a subclass for each sandbox says whose API it reaches."""

    api: ClassVar[Api]
    connections: ClassVar[set[socket.socket]]
    disable_nagle_algorithm = True  # with it, an answer would wait for a delayed acknowledgement

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        self.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer a request to ECS, or leave it to moto's application of another service."""
        signed = SIGNED_FOR_ECS.search(self.headers.get("Authorization", ""))
        if signed is None:
            super().run_wsgi()
        elif (refused := self._refused()) is not None:
            self.send_error(refused)
            with suppress(OSError):  # the client, or the sandbox, has hung up meanwhile
                self.connection.shutdown(socket.SHUT_WR)
                while self.rfile.read1():  # to be closed unread would reset the connection
                    pass
        else:
            length = int(self.headers["Content-Length"])
            text = self.rfile.read(length)
            if len(text) < length:  # the client has ended meanwhile: it has asked for nothing
                self.close_connection = True
                return
            self._answer(Place(get_account_id_from(signed["key"]), signed["region"]), text)

    def _refused(self) -> HTTPStatus | None:
        """Why the request cannot be read as ECS's clients send it; None where it can."""
        length = self.headers.get("Content-Length")
        if self.command != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        if length is None or "Transfer-Encoding" in self.headers:
            return HTTPStatus.LENGTH_REQUIRED
        if not LENGTH.fullmatch(length):
            return HTTPStatus.BAD_REQUEST
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if int(length) > LONGEST_BODY else None

    def _answer(self, place: Place, text: bytes) -> None:
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        status = HTTPStatus.OK
        try:
            body = self.api.call(operation, place, _parameters(text))
        except EcsError as error:
            status, body = HTTPStatus(error.status), _refusal(error.code, error.message)
        except AnswerLostError:
            hang_up(self.connection)
            self.close_connection = True
            return
        except Exception:
            # A bug of the sandbox's: a client reads JSON, and never a page of HTML.
            LOG.exception("the sandbox has failed in %s", operation)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            body = _refusal("ServerException", "The sandbox has failed; see its log.")
        self.wfile.write(_response(status, self.date_time_string(), body.encode()))


def hang_up(connection: socket.socket) -> None:
    """Close a connection: the client sees it drop, and cannot know whether ECS has acted."""
    with suppress(OSError):  # it is closed
        connection.shutdown(socket.SHUT_RDWR)


def _response(status: HTTPStatus, date: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"x-amzn-RequestId: {uuid4()}\r\n"
        f"Content-Type: {CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Date: {date}\r\n\r\n"
    )
    return head.encode() + body


def _refusal(code: str, message: str) -> str:
    return json.dumps({"__type": code, "message": message})


def _parameters(text: bytes) -> dict[str, Any]:
    try:
        parameters = json.loads(text or "{}")
    except (ValueError, RecursionError):
        parameters = None
    if not isinstance(parameters, dict):
        raise EcsError("SerializationException", "The request is not a JSON object.")
    return parameters
