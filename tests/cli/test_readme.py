"""What README shows is what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from support.program import program

if TYPE_CHECKING:
    import pytest

    from support.program import Program

__all__ = ["program"]

README = Path(__file__).parents[2] / "README.md"


def test_the_first_steps_print_what_is_shown(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    shown = README.read_text()
    manifest = shown.split("```yaml\n")[1].split("```")[0]
    file = program.folder / "resnet50.yaml"
    file.write_text(manifest)
    for command in ("plan", "apply"):
        done = program.run(command)
        assert done.code == 0
        assert f"{command} resnet50.yaml" in shown
        assert done.out.replace(str(file), file.name) in shown

    file.write_text(manifest.replace("server:1", "server:crash"))
    crashed = program.run("apply")
    assert crashed.code == 4
    assert crashed.out in shown
