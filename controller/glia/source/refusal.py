"""A file that is not read, as a diagnostic."""

from __future__ import annotations

from glia.errors import Diagnostic, Location


def refusal(  # noqa: PLR0913  (by keyword)
    file: str, code: str, message: str, *, expected: str, found: str = "", remedy: str = ""
) -> Diagnostic:
    """Why the whole of it counts as wrong: what it holds may be what somebody misses."""
    return Diagnostic(
        severity="error",
        code=code,
        message=message,
        location=Location(file, 1, 1),
        expected=expected,
        found=found,
        remedy=remedy,
    )
