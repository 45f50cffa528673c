"""One call to AWS: guarded, paced, sent, and sent again where that is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from glia.aws.failures import AwsError, translated
from glia.aws.retries import persist

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.aws.session import Connection


class Calls:
    """What may be called at a target. Requests and answers are AWS's own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.clock = connection.clock

    def once(
        self, operation: str, request: Mapping[str, Any], *, of: str = "ecs", whole: bool = False
    ) -> Any:
        """Wait for the call's turn and send it, once; again only if AWS wants other credentials.

        Raises:
            AwsError: it has failed.
            WrongAccount: the credentials are of another account; nothing was sent.
        """
        client = self._connection.client(of, whole=whole)
        try:
            return self._sent(operation, request, client)
        except AwsError as failure:
            if not failure.outdated:
                raise
        # Nothing was done. Whoever rotates credentials has put others where these came from.
        self._connection.renew(client)
        return self._sent(operation, request, self._connection.client(of, whole=whole))

    def _sent(self, operation: str, request: Mapping[str, Any], client: Any) -> Any:
        self._connection.pacer.wait(operation)
        try:
            answer = getattr(client, xform_name(operation))(**request)
        except (BotoCoreError, ClientError) as error:
            failure = translated(operation, error, request)
            self._connection.listener.called(operation, failure.code)
            if failure.throttled:
                self._connection.pacer.throttled(operation)
            raise failure from error
        self._connection.listener.called(operation, "ok")
        answer.pop("ResponseMetadata", None)
        return answer

    def read(
        self, operation: str, request: Mapping[str, Any], *, of: str = "ecs", whole: bool = False
    ) -> Any:
        """Send a call that changes nothing, or the same however often it is sent."""
        return persist(
            self.clock, operation, lambda: self.once(operation, request, of=of, whole=whole)
        )

    def listed(self, operation: str, member: str, request: Mapping[str, Any]) -> list[str]:
        """The elements of all pages, 100 each; a page may be short with more to come."""
        found: list[str] = []
        token = ""
        while True:
            more = {"nextToken": token} if token else {}
            answer = self.read(operation, {**request, "maxResults": 100, **more})
            found += answer[member]
            token = answer.get("nextToken") or ""
            if not token:
                return found


def checked(operation: str, answer: Any) -> Any:
    """The answer, unless something that it was asked for failed for more than not being there."""
    for failure in answer.get("failures") or ():
        reason = failure.get("reason", "")
        if reason != "MISSING":
            told = failure.get("detail") or f"{failure.get('arn', 'something')} was not told"
            raise AwsError(operation, reason or "UNKNOWN", told, transient=False)
    return answer
