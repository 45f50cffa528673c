"""Every error that a user can meet, in one tree.

A message says what is wrong, what was expected, what was found and what to do; the command
line prints it without a traceback. Anything else that escapes is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class GliaError(Exception):
    """The root: something that the user can put right."""


def is_transient(error: GliaError) -> bool:
    """Whether the same attempt may succeed later by itself, as far as the error knows."""
    return bool(getattr(error, "transient", False))


class UsageError(GliaError):
    """The command line asks for something that does not exist or does not fit together."""


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong with a manifest, or that its author should know.

    Attributes:
        severity: an error keeps the manifest from being used, a warning does not.
        code: the rule's name in kebab case, the same for ever: ``unknown-field``.
        message: what is wrong, in a sentence without a full stop.
        location: where, if it is anywhere in a file.
        path: the field, as a person reads it: ``spec.taskDefinition.containerDefinitions[0].cpu``.
        expected: what would be right.
        found: what is there.
        remedy: what to do, where that is more than writing what was expected.
        key: the manifest, ``Kind/name``, if it has told its name.
    """

    severity: Literal["error", "warning"]
    code: str
    message: str
    location: Location | None = None
    path: str = ""
    expected: str = ""
    found: str = ""
    remedy: str = ""
    key: str = ""

    @property
    def guarded(self) -> str:
        """The message for those who may not read the manifest: without the text that is there."""
        quoted = self.found.startswith('"')
        return self.message.replace(self.found, '"..."') if quoted else self.message
