"""The demo's manifests: copies of the examples, which the demo edits as a user would."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import glia
from glia.errors import GliaError

FOLDER: Final = "manifests"
PACKED: Final = "examples"  # where a wheel has them (pyproject.toml)
SHARED: Final = "shared.yaml"  # comes on late: its services share instances (docs/lanes.md)


class Manifests:
    """A folder of manifests that is the demo's own.

    Args:
        parent: where the folder is made.
    """

    def __init__(self, parent: Path) -> None:
        left_out = shutil.ignore_patterns(SHARED, "overlays")
        made = shutil.copytree(examples(), parent / FOLDER, ignore=left_out)
        self._folder = Path(made)

    def add(self, file: str) -> None:
        """Put the example there that was left out."""
        shutil.copy(examples() / file, self._folder)

    def edit(self, file: str, old: str, new: str) -> None:
        """Put ``new`` in the one place where ``old`` stands."""
        path = self._folder / file
        text = path.read_text("utf-8")
        if text.count(old) != 1:
            raise GliaError(f"{path} has {old!r} {text.count(old)} times; the demo expects it once")
        path.write_text(text.replace(old, new), "utf-8")


def examples() -> Path:
    """The examples that belong to this Glia: the checkout's, or the wheel's copies of them."""
    package = Path(glia.__file__).parent
    for folder in (package / PACKED, package.parents[1] / FOLDER):
        if folder.is_dir():
            return folder
    raise GliaError(f"this installation has no example manifests (looked in {package / PACKED})")
