"""The receiver of a git server's push: who may hint, and what a hint says.

A push is only a hint that it is time to fetch. Nothing is done that the payload asks for; its
ref may say that the push was of another branch.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from glia.credential import CredentialError

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST: Final = 1024 * 1024
"""Bytes of a payload. Those of a push that lists the most commits GitHub lists are a fifth."""
REMEMBERED: Final = 1024
"""Signatures, to know again what is sent twice."""
PREFIX: Final = "sha256="


@dataclass(slots=True)
class Receiver:
    """Takes pushes as GitHub and Gitea sign them (``X-Hub-Signature-256``).

    Attributes:
        secret: reads what they sign with.
        ref: the branch or tag that is followed; empty where every push counts.
        hint: somebody has pushed.
        count: is told how each request ended.
    """

    secret: Callable[[], str]
    ref: str
    hint: Callable[[], None]
    count: Callable[[str], None]
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def receive(self, signature: str, event: str, body: bytes) -> HTTPStatus:
        """The answer to one request, whose body is no longer than ``LONGEST``."""
        status, result = self._judged(signature, event, body)
        self.count(result)
        return status

    def _judged(self, signature: str, event: str, body: bytes) -> tuple[HTTPStatus, str]:
        try:
            secret = self.secret().encode()
        except CredentialError:
            return HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
        if not is_signed(secret, signature, body):
            return HTTPStatus.UNAUTHORIZED, "unauthorized"
        told = _read(body)
        if told is None:
            return HTTPStatus.BAD_REQUEST, "malformed"
        if event not in {"", "push"} or not self._is_ours(told.get("ref", "")):
            return HTTPStatus.ACCEPTED, "ignored"
        if self._is_known(signature):
            return HTTPStatus.ACCEPTED, "duplicate"
        self.hint()
        return HTTPStatus.ACCEPTED, "accepted"

    def _is_ours(self, ref: object) -> bool:
        """A push that does not say what it is of may be of anything."""
        ours = (self.ref, f"refs/heads/{self.ref}", f"refs/tags/{self.ref}")
        return not self.ref or not ref or ref in ours

    def _is_known(self, signature: str) -> bool:
        """The same bytes were here before: sent again, or replayed by somebody."""
        known = signature in self._known
        self._known[signature] = None
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return known


def _read(body: bytes) -> dict[str, Any] | None:
    """An object of JSON; None for everything else."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def is_signed(secret: bytes, signature: str, body: bytes) -> bool:
    """Whether ``sha256=HEX`` is the HMAC of the body. It takes as long for a wrong one."""
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"{PREFIX}{digest}".encode(), signature.encode())
