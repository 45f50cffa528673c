"""Which values of a request may be secret, so that no message shows them.

Better a message too short than a password in the log of a build.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from glia.ecs.secret_text import (
    follows_secret_option,
    has_secret_in_url,
    is_hash,
    is_plain,
    is_random,
    names_secret,
    names_version,
    tells_secret,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.ecs.service_model import ServiceModel, Shape

# A command line takes passwords as readily as anything else.
COMMAND_LINES: Final = frozenset({"command", "entryPoint"})
# Names and values of whoever writes them, of which ECS knows nothing: variables, labels, options
# of drivers and plug-ins, what a hook is told.
OPEN: Final = frozenset(
    {
        "dockerLabels",
        "driverOpts",
        "environment",
        "hookDetails",
        "labels",
        "options",
        "properties",
        "systemControls",
    }
)
# Words in such names that say what the value is, which makes it none to keep: a reviewer looks
# for the model first.
KNOWN: Final = re.compile(
    r"(?<![a-z0-9])(?:bucket|commit|dir|dtype|endpoint|file|format|group|host|lang(?:uage)?"
    r"|level|mode|model|name|neuron|path|port|prefix|region|revision|size|tokenizer|type|tz|uri"
    r"|url|version|zone)(?![a-z0-9])",
    re.IGNORECASE,
)
# A structure with a name and a value is an open pair (environment, tags, secrets, headers): what
# the value is depends on a name that ECS does not know.
PAIR_NAMES: Final = frozenset({"name", "key"})
NAMING: Final = ("name", "key", "namespace")
PAIR_VALUES: Final = frozenset({"value", "valueFrom"})
# Of one member all values, whatever they say: references to secrets, and a header to match.
SECRET_MEMBERS: Final = frozenset(
    {"credentialsParameter", "header", "repositoryCredentials", "valueFrom"}
)
# The names of keys, which open nothing by themselves.
NAMES_OF_KEYS: Final = frozenset({"kmsKey", "kmsKeyId"})
# Shorter values stand in the words of others by chance.
SHORTEST_QUOTED: Final = 6


def may_be_secret(path: Iterable[str | int]) -> bool:
    """The same by the names in a path alone, for whoever does not know the shapes."""
    return any(
        isinstance(step, str) and (step in COMMAND_LINES | PAIR_VALUES or names_secret(step))
        for step in path
    )


def is_secret(model: ServiceModel, shape: str, path: Iterable[str | int]) -> bool:
    """Whether a value at this path, all of it known to the model, may be a secret."""
    at = model.shapes[shape]
    for step in path:
        if at.sensitive or _is_pairs_value(at, step):
            return True
        if isinstance(step, str) and (step in COMMAND_LINES or names_secret(step)):
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
    is_command = not COMMAND_LINES.isdisjoint(map(str, path[-2:]))
    name = str(before or "") if is_command else str(_name(path))
    if not isinstance(value, str) or (is_hash(value) and names_version(name)):
        return False
    if is_command:
        return tells_secret(value) or follows_secret_option(value, name)
    if not OPEN.isdisjoint(map(str, path)):
        return not is_plain(value) and (not _is_known(_name(path)) or tells_secret(value))
    return has_secret_in_url(value) or ("tags" in path and is_random(value))


def hidden_values(request: Mapping[str, Any]) -> frozenset[str]:
    """The texts of a request, in ECS's own form, that nobody may read: an answer may quote them.

    Not those that it says in another place for everybody to read, as ``server`` may be.
    """
    texts = list(_texts(request, (), None))
    hidden = {text for text, is_hidden in texts if is_hidden and len(text) >= SHORTEST_QUOTED}
    return frozenset(hidden - {text for text, is_hidden in texts if not is_hidden})


def _texts(value: Any, path: tuple[str | int, ...], before: Any) -> Iterator[tuple[str, bool]]:
    match value:
        case dict():
            named = next((value[each] for each in NAMING if isinstance(value.get(each), str)), "")
            is_pair = bool(named) and isinstance(value.get("value"), str)
            for name, content in value.items():
                if not (is_pair and name in NAMING):
                    step = (named, name) if named and name in PAIR_VALUES else (name,)
                    yield from _texts(content, (*path, *step), None)
        case list() | tuple():
            for number, content in enumerate(value):
                yield from _texts(content, (*path, number), value[number - 1] if number else None)
        case str():
            yield value, hides(path, value, before)


def _is_named_secret(path: Sequence[str | int]) -> bool:
    """Whether the last name on the way to a value, its own or its pair's, may be a secret's."""
    if "hookDetails" in path:
        return may_be_secret(path[list(path).index("hookDetails") + 1 :])
    name = _name(path)
    return isinstance(name, str) and name not in NAMES_OF_KEYS and names_secret(name)


def _name(path: Sequence[str | int]) -> str | int:
    return path[-2] if path[-1] in PAIR_VALUES and len(path) > 1 else path[-1]


def _is_known(name: str | int) -> bool:
    return bool(KNOWN.search(str(name)))
