"""Which values of a request may be secret, so that no message shows them.

Better a message too short than a password in the log of a build.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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
