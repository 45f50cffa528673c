"""Which values of a request may be secret, so that no message shows them.

Better a message too short than a password in the log of a build.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.ecs.service_model import ServiceModel, Shape

SECRET_NAME = re.compile(
    r"pass|pwd|secret|token|key|credential|private|signature|externalid", re.IGNORECASE
)
# A command line takes passwords as readily as anything else.
COMMAND_LINES = frozenset({"command", "entryPoint"})
# A structure with a name and a value is an open pair (environment, tags, secrets, headers): what
# the value is depends on a name that ECS does not know.
PAIR_NAMES = frozenset({"name", "key"})
PAIR_VALUES = frozenset({"value", "valueFrom"})
# Of one member all values, whatever they say: references to secrets, and a header to match.
SECRET_MEMBERS = frozenset({"credentialsParameter", "header", "repositoryCredentials", "valueFrom"})
# The names of keys, which open nothing by themselves.
NAMES_OF_KEYS = frozenset({"kmsKey", "kmsKeyId"})

_SECRET_WORD = f"(?:{SECRET_NAME.pattern})"
# user:password@ and, of the web, token@; or a token among a query's parameters.
_SECRET_IN_URL = re.compile(
    rf"://[^\s/@]*:[^\s@]*@|https?://[^\s/@]+@|[?&][^\s=&]*{_SECRET_WORD}[^\s=&]*=",
    re.IGNORECASE,
)
# TOKEN=value, --api-key=value, "password": "value", Authorization: Bearer value
_SECRET_ASSIGNED = re.compile(
    rf"(?:{_SECRET_WORD}|authorization)[\w.-]*[\"']?\s*[=:]|\bbearer\s", re.IGNORECASE
)
# --token value; and curl's -u name:password
_SECRET_OPTION = re.compile(rf"(?:^|[\s\"'])-[\w.-]*{_SECRET_WORD}[\w.-]*$", re.IGNORECASE)
_SECRET_FOLLOWS = re.compile(rf"(?:^|[\s\"'])-[\w.-]*{_SECRET_WORD}[\w.-]*\s", re.IGNORECASE)
_USER_OPTION = re.compile(r"(?:^|\s)(?:-u|--user|--proxy-user)(?:[\s=]+|$)", re.IGNORECASE)


def may_be_secret(path: Iterable[str | int]) -> bool:
    """The same by the names in a path alone, for whoever does not know the shapes."""
    return any(
        isinstance(step, str)
        and (step in COMMAND_LINES or step in PAIR_VALUES or bool(SECRET_NAME.search(step)))
        for step in path
    )


def is_secret(model: ServiceModel, shape: str, path: Iterable[str | int]) -> bool:
    """Whether a value at this path, all of it known to the model, may be a secret."""
    at = model.shapes[shape]
    for step in path:
        if at.sensitive or _is_pairs_value(at, step):
            return True
        if isinstance(step, str) and (step in COMMAND_LINES or SECRET_NAME.search(step)):
            return True
        below = at.members[str(step)].shape if at.kind == "structure" else at.element
        at = model.shapes[below]
    return at.sensitive


def _is_pairs_value(shape: Shape, step: str | int) -> bool:
    return step in PAIR_VALUES and not PAIR_NAMES.isdisjoint(shape.members)


def hides(path: Sequence[str | int], value: Any, before: Any = None) -> bool:
    """Whether a plan must not show a value of a canonical form.

    A container or a role may be named after a secret and is shown: only names that say what
    their own value is count here.

    Args:
        path: the steps from the root of the canonical form to a scalar.
        value: that scalar.
        before: the element before it, if it is one of a list.
    """
    if isinstance(value, bool) or value is None:
        return False
    if not SECRET_MEMBERS.isdisjoint(map(str, path)) or _is_named_secret(path):
        return True
    if not isinstance(value, str):
        return False
    if _SECRET_IN_URL.search(value):
        return True
    if not COMMAND_LINES.isdisjoint(map(str, path[-2:])):
        return _tells_secret(value) or _ends_in_secret_option(str(before or ""), value)
    return "environment" in path and _tells_secret(value)


def _is_named_secret(path: Sequence[str | int]) -> bool:
    """Whether the last name on the way to a value, its own or its pair's, may be a secret's."""
    if "hookDetails" in path:
        return may_be_secret(path[list(path).index("hookDetails") + 1 :])
    name = path[-2] if path[-1] in PAIR_VALUES and len(path) > 1 else path[-1]
    return isinstance(name, str) and name not in NAMES_OF_KEYS and bool(SECRET_NAME.search(name))


def _tells_secret(text: str) -> bool:
    return bool(_SECRET_ASSIGNED.search(text) or _SECRET_FOLLOWS.search(text) or _names_user(text))


def _names_user(text: str) -> bool:
    """``-u name:password``, in one text."""
    found = _USER_OPTION.search(text)
    return found is not None and ":" in text[found.end() :]


def _ends_in_secret_option(before: str, text: str) -> bool:
    """Whether the text is the value of the option that the text before it ends in."""
    if _SECRET_OPTION.search(before):
        return True
    found = _USER_OPTION.search(before)
    return found is not None and found.end() == len(before) and ":" in text
