"""ECS's wire format on moto's server: moto's response class, with our API behind it.

Only reading the account and the region from a request is left to moto. Its serializer walks
botocore's model for every answer; ours are in wire format already and are dumped as they are.
"""

from __future__ import annotations

import json
import logging
import socket
from typing import TYPE_CHECKING, Any, ClassVar

from moto.ecs.responses import EC2ContainerServiceResponse

from glia.sandbox.arns import Place
from glia.sandbox.ecs_error import EcsError
from glia.sandbox.faults import AnswerLostError

if TYPE_CHECKING:
    from glia.sandbox.api import Api

LOG = logging.getLogger(__name__)
CONTENT_TYPE = "application/x-amz-json-1.1"


class EcsResponse(EC2ContainerServiceResponse):  # type: ignore[misc]  # moto is untyped here
    """One request to ECS; a subclass for each sandbox says whose API it reaches."""

    api: ClassVar[Api]

    def __init__(self) -> None:
        super().__init__()
        self.automated_parameter_parsing = False  # the body is JSON in ECS's own names

    def call_action(self) -> tuple[int, dict[str, str], str]:
        """Answer the request, as moto's dispatcher wants it: status, headers, body."""
        status, body = 200, ""
        try:
            place = Place(self.current_account, self.region)
            body = self.api.call(self._get_action(), place, _parameters(self.body))
        except EcsError as error:
            status, body = error.status, _refusal(error.code, error.message)
        except AnswerLostError:
            _hang_up(self.normalized_request.environ)
        except Exception:
            # A bug of the sandbox's: a client reads JSON, and never moto's page of HTML.
            LOG.exception("the sandbox has failed in %s", self._get_action())
            status, body = 500, _refusal("ServerException", "The sandbox has failed; see its log.")
        return status, {**self.response_headers, "Content-Type": CONTENT_TYPE}, body


def _refusal(code: str, message: str) -> str:
    return json.dumps({"__type": code, "message": message})


def _parameters(body: str) -> dict[str, Any]:
    try:
        parameters = json.loads(body or "{}")
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        raise EcsError("SerializationException", "The request is not a JSON object.")
    return parameters


def _hang_up(environ: dict[str, Any]) -> None:
    """Close the connection: the client sees it drop, and cannot know whether ECS has acted."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
