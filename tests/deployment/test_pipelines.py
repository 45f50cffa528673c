"""Glia between other tools: what they print is read, and the shell completes its words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.operator import CLUSTER, neuron_service

GLIA = Path(sys.executable).with_name("glia")
HELM = shutil.which("helm")


def test_what_helm_renders_can_be_piped(tmp_path: Path) -> None:
    """Its output begins with a separator and has comments, and documents that came out empty."""
    if HELM is None:
        pytest.skip("helm is not installed")
    templates = tmp_path / "templates"
    templates.mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: fleet\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_text("names: [alpha, beta]\n")
    (templates / "cluster.yaml").write_text(yaml.safe_dump(CLUSTER))
    (templates / "nothing.yaml").write_text("{{- if false }}\na: b\n{{- end }}\n")
    service = yaml.safe_dump(neuron_service("NAME")).replace("NAME", "{{ . }}")
    loop = f"{{{{- range .Values.names }}}}\n---\n{service}{{{{- end }}}}\n"
    (templates / "services.yaml").write_text(loop)
    rendered = subprocess.run(
        [HELM, "template", "fleet", tmp_path], capture_output=True, check=True
    )
    done = subprocess.run(
        [GLIA, "plan", "--offline", "-"], input=rendered.stdout, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"Plan: 2 to create" in done.stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("glia pl", "plain,plan"),
        ("glia iam", "plain,iam-policy"),
        ("glia plan --detailed", "plain,--detailed-exitcode"),
        ("glia validate man", "file,man"),
    ],
)
def test_the_shell_completes_commands_options_and_paths(words: str, completed: str) -> None:
    asked = {
        "_GLIA_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [GLIA], env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    assert completed in done.stdout.split()
