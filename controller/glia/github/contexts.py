"""The names of the commit statuses that are about one path of a repository."""

from __future__ import annotations

import hashlib
import string
from typing import Final
from urllib.parse import quote

PLAN: Final = "glia/plan"
ADMITTED: Final = "glia/admitted"
LONGEST: Final = 255
"""Characters of a context: "context is too long (maximum is 255 characters)"."""
_PLAIN: Final = string.punctuation.replace("%", "") + " "
_HASH: Final = 16


def context_of(kind: str, path: str) -> str:
    """``glia/plan/manifests/production``; of the whole repository ``glia/plan``.

    Two paths never have one name: what is not plain ASCII is percent-encoded, and the end of a
    name that would be too long is a hash of the path.
    """
    if not path:
        return kind
    spelt = path.encode("utf-8", "surrogateescape")  # whatever git takes for a name
    name = f"{kind}/{quote(spelt, safe=_PLAIN)}"
    if len(name) <= LONGEST:
        return name
    told = hashlib.sha256(spelt).hexdigest()[:_HASH]
    return f"{name[: LONGEST - _HASH - 1]}~{told}"
