"""The image: linted, and what its build stage does, done here without a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"


def build_stage() -> list[list[str]]:
    """Its instructions, each as its word and the rest."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    begin = next(at for at, line in enumerate(lines) if line.endswith("AS build"))
    end = next(at for at, line in enumerate(lines) if at > begin and line.startswith("FROM "))
    return [line.split(maxsplit=1) for line in lines[begin + 1 : end]]


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = shutil.which("hadolint", path=Path(sys.executable).parent)
    if hadolint is None:
        pytest.skip("hadolint has no binary for this machine")
    done = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_runs_as_nobody_in_particular_and_is_pinned() -> None:
    text = DOCKERFILE.read_text()
    assert "ARG PYTHON=3." in text
    assert "\nUSER 10001:10001\n" in text


@pytest.mark.skipif(
    not os.environ.get("CI"), reason="installs everything anew, which half a minute is for CI"
)
def test_the_build_stage_installs_a_glia_that_works_without_the_sandbox(tmp_path: Path) -> None:
    source, prefix = tmp_path / "src", tmp_path / "opt"
    source.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTHON"))
    }
    environment["PREFIX"] = str(prefix)
    for word, rest in build_stage():
        match word:
            case "COPY":
                *wanted, to = rest.split()
                for each in wanted:
                    copied(ROOT / each, source / (each if to == "./" else to))
            case "RUN":
                subprocess.run(["/bin/sh", "-euc", rest], cwd=source, env=environment, check=True)
            case _:
                assert word in {"ENV", "WORKDIR"}
    glia = prefix / "bin" / "glia"
    done = subprocess.run(
        [glia, "validate", ROOT / "manifests"], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    installed = {each.name.lower() for each in prefix.glob("lib/python3*/site-packages/*")}
    assert "boto3" in installed
    assert installed.isdisjoint({"moto", "flask", "pytest"})


def copied(here: Path, there: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    if here.is_dir():
        shutil.copytree(here, there, ignore=ignored)
    else:
        shutil.copy(here, there)
