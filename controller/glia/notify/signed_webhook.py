"""Each event as a POST to one address of the operator's, signed so that it can be believed.

The receiver checks ``X-Glia-Signature-256``: ``sha256=`` and the HMAC-SHA256, with the shared
secret, of ``TIMESTAMP.DELIVERY.BODY``, the first two as their headers say them. A repeat after
a lost answer has the same delivery; a replay, an old timestamp.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import uuid4

import urllib3
from urllib3.util import make_headers, parse_url

from glia import __version__
from glia.errors import GliaError, UsageError
from glia.render.events_json import event_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.credential import Credential
    from glia.events import Event

TIMEOUT: Final = urllib3.Timeout(connect=5, read=10)
# Nobody else's answer decides how long the others wait: Retry-After is not followed.
RETRIES: Final = urllib3.Retry(
    total=4,
    redirect=False,
    status_forcelist=(408, 425, 429, 500, 502, 503, 504),
    allowed_methods=None,  # a repeat is told by its delivery
    backoff_factor=0.5,
    backoff_max=10,
    backoff_jitter=0.5,
    respect_retry_after_header=False,
    raise_on_status=False,
)


class DeliveryError(GliaError):
    """An event that the receiver has not taken."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where events go. The whole of it may be secret: it is shown as its host alone."""

    url: str
    authorization: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """``https://hooks.example.com/path?key=...``; ``user:password@`` becomes a header.

        Raises:
            UsageError: it is none; what it is is not said.
        """
        try:
            found = parse_url(text)
        except urllib3.exceptions.HTTPError:
            found = None
        if found is None or found.scheme not in {"http", "https"} or not found.host:
            raise UsageError("the address of notifications is none: expected https://HOST/...")
        plain = found._replace(auth=None, fragment=None).url
        told = make_headers(basic_auth=found.auth) if found.auth else {}
        return cls(plain, told.get("authorization", ""))

    def __str__(self) -> str:
        return urlsplit(self.url).hostname or ""


class SignedWebhook:
    """A sink of events.

    Args:
        url: where to; read each time, as the secret is.
        secret: what the events are signed with.
        now: seconds since the epoch.
        retries: how often and how soon to try again.
    """

    def __init__(
        self,
        url: Credential,
        secret: Credential,
        now: Callable[[], float],
        retries: urllib3.Retry = RETRIES,
    ) -> None:
        self._url, self._secret, self._now = url, secret, now
        self._pool = urllib3.PoolManager(retries=retries, timeout=TIMEOUT, maxsize=1)

    def send(self, event: Event) -> None:
        """Deliver one event.

        Raises:
            DeliveryError: the receiver could not be reached, or did not take it.
            CredentialError: address or secret cannot be had.
        """
        address, secret = Address.parse(self._url.read()), self._secret.read()
        body = json.dumps(event_json(event), ensure_ascii=False).encode()
        headers = signed(secret, str(int(self._now())), str(uuid4()), body)
        if address.authorization:
            headers["authorization"] = address.authorization
        try:
            answer = self._pool.request("POST", address.url, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            why = type(getattr(error, "reason", None) or error).__name__
            raise DeliveryError(f"{address} cannot be reached ({why})") from None
        if answer.status >= 300:
            raise DeliveryError(f"{address} answered {answer.status}")


def signed(secret: str, timestamp: str, delivery: str, body: bytes) -> dict[str, str]:
    """The headers of a delivery."""
    text = f"{timestamp}.{delivery}.".encode() + body
    digest = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "user-agent": f"glia/{__version__}",
        "x-glia-timestamp": timestamp,
        "x-glia-delivery": delivery,
        "x-glia-signature-256": f"sha256={digest}",
    }
