"""What ``--instances`` says: ``inf1.6xlarge=2,inf2.xlarge=1``."""

from __future__ import annotations

from difflib import get_close_matches

from glia.errors import UsageError
from glia.neuron.catalogue import catalogue
from glia.sandbox.machines import machine

MOST = 5_000  # container instances in a cluster (Amazon ECS service quotas)


def parse_instances(text: str) -> list[tuple[str, int]]:
    """Types and numbers; UsageError for what is neither. An empty text means none."""
    entries = [_entry(part.strip()) for part in text.split(",") if part.strip()]
    if (total := sum(count for _, count in entries)) > MOST:
        raise UsageError(f"{total} container instances; a cluster of ECS has at most {MOST}.")
    return entries


def _entry(part: str) -> tuple[str, int]:
    name, separator, number = (piece.strip() for piece in part.partition("="))
    count = number if separator else "1"
    if not name or not (count.isascii() and count.isdigit()):
        raise UsageError(f"{part!r}: expected TYPE=NUMBER, for example inf1.6xlarge=2.")
    return _known(name.lower()), int(count)


def _known(name: str) -> str:
    try:
        return machine(name).name
    except UsageError:
        if nearest := get_close_matches(name, catalogue()):
            raise UsageError(
                f"no instance type is called {name!r}; did you mean {' or '.join(nearest)}?"
            ) from None
        raise
