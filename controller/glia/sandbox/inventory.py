"""What ``--instances`` says: ``inf1.6xlarge=2,inf2.xlarge=1``."""

from __future__ import annotations

from glia.errors import UsageError
from glia.sandbox.machines import machine


def parse_instances(text: str) -> list[tuple[str, int]]:
    """Types and numbers; UsageError for what is neither."""
    return [_entry(part.strip()) for part in text.split(",") if part.strip()]


def _entry(part: str) -> tuple[str, int]:
    name, separator, number = part.partition("=")
    count = number.strip() if separator else "1"
    if not count.isdigit():
        raise UsageError(f"{part!r}: expected TYPE=NUMBER, for example inf1.6xlarge=2.")
    return machine(name.strip().lower()).name, int(count)
