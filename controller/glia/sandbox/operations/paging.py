"""Lists that come in pages: ``maxResults``, ``nextToken``."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar

from glia.sandbox.ecs_error import invalid_parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.sandbox.operations.request import Request

T = TypeVar("T")


def page(
    request: Request, items: Sequence[T], default: int = 100, most: int = 100
) -> tuple[Sequence[T], dict[str, str]]:
    """The page that the request asks for, and the member that leads to the next one, if any."""
    size = request.params.get("maxResults")
    size = default if size is None else size
    if not 1 <= size <= most:
        raise invalid_parameter(f"Invalid maxResults: {size}. It is from 1 to {most}.")
    begin = _position(request.params.get("nextToken"))
    end = begin + size
    more = {"nextToken": base64.b64encode(b"%d" % end).decode()} if end < len(items) else {}
    return items[begin:end], more


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return max(0, int(base64.b64decode(token, validate=True)))
    except (ValueError, binascii.Error):
        raise invalid_parameter("Invalid token.") from None
