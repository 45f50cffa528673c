"""How a rule is written: a generator of sentences, one for each thing ECS would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.ecs_error import EcsError

Sentences: TypeAlias = Iterator[str]

# "Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are
# allowed": family, container, service and volume names alike.
NAME = re.compile(r"[A-Za-z0-9_-]+")
NAME_LENGTH = 255


def refuse_first(sentences: Iterable[str], error: Callable[[str], EcsError]) -> None:
    """Raise the first sentence: ECS names one fault at a time."""
    for sentence in sentences:
        raise error(sentence)


def faults_of_name(member: str, name: str | None) -> Sentences:
    """ECS's sentences about a name of the usual charset; ``member`` is ECS's path to it."""
    if not name:
        yield f"{member} should not be null or empty."
    elif not NAME.fullmatch(name):
        yield f"{member} contains invalid characters."
    elif len(name) > NAME_LENGTH:
        yield f"{member} cannot be longer than {NAME_LENGTH} characters."


def repeated(values: Iterable[str]) -> Iterator[str]:
    """Every value that was there before, in order."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield value
        seen.add(value)
