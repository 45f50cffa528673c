"""A secret of the operator's: in a file, or in a variable of the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glia.errors import GliaError

if TYPE_CHECKING:
    from pathlib import Path

LONGEST: Final = 16 * 1024


class CredentialError(GliaError):
    """It is named and not to be had."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Where a secret is; read each time that it is needed, so that a rotated one counts.

    Attributes:
        what: it opens, for messages: ``the webhook secret``.
        file: where it is; None where the variable holds it.
        variable: of the environment.
    """

    what: str
    file: Path | None = None
    variable: str = ""

    @property
    def is_named(self) -> bool:
        return self.file is not None or bool(os.environ.get(self.variable))

    def read(self) -> str:
        """The secret, without white space around it.

        Raises:
            CredentialError: there is none, or something that is none.
        """
        found = self._found().strip()
        if not found or len(found) > LONGEST or not found.isprintable():
            raise CredentialError(f"{self._where} is not {self.what} in one line, alone")
        return found

    @property
    def _where(self) -> str:
        return f"{self.file}" if self.file else f"the environment's variable {self.variable}"

    def _found(self) -> str:
        if self.file is None:
            return os.environ.get(self.variable, "")
        try:
            with self.file.open("rb") as file:
                return file.read(LONGEST + 1).decode("utf-8", "replace")
        except OSError as error:
            told = f"{self.what} cannot be read from {self.file} ({error.strerror})"
            raise CredentialError(told) from None
