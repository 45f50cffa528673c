"""``glia validate``: whether the manifests are right, without AWS."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from glia.cli.options import PATHS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.errors import Diagnostic
    from glia.manifest.load import Loaded

FAILED = 1


@click.command("validate", short_help="whether the manifests are right, without AWS")
@PATHS
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(paths: tuple[str, ...], output: str) -> int:
    """Check manifests: files, directories with all below them, or - for standard input.

    Everything that needs no AWS is checked, against the rules of Glia and the installed model
    of ECS, and everything that is wrong is told at once. Exit code 1 if there is
    an error; warnings alone keep nothing from being applied.
    """
    from glia.manifest.load import load
    from glia.source.files import find, no_manifests

    found = find(paths, sys.stdin.buffer)
    loaded = load(found.sources)
    diagnostics = (*found.diagnostics, *loaded.diagnostics)
    if not diagnostics and not loaded.declared:
        diagnostics = (no_manifests(paths, "error"),)
    if output == "json":
        click.echo(json.dumps(_report(loaded, diagnostics), indent=2, ensure_ascii=False))
    else:
        _tell(loaded, diagnostics)
    return FAILED if _errors(diagnostics) else 0


def _report(loaded: Loaded, diagnostics: tuple[Diagnostic, ...]) -> dict[str, Any]:
    from glia.manifest.spec import API_VERSION
    from glia.render.diagnostics import as_json

    return {
        "apiVersion": API_VERSION,
        "kind": "Validation",
        "valid": [declared.key for declared in loaded.declared],
        "diagnostics": [as_json(diagnostic) for diagnostic in diagnostics],
    }


def _tell(loaded: Loaded, diagnostics: tuple[Diagnostic, ...]) -> None:
    from glia.render.diagnostics import as_text

    for diagnostic in diagnostics:
        click.echo(as_text(diagnostic))
    wrong = len(_errors(diagnostics))
    right = len(loaded.declared) + loaded.placeless
    counts = [f"{_count(right, 'manifest')} right", _count(wrong, "error")]
    if warnings := len(diagnostics) - wrong:
        counts.append(_count(warnings, "warning"))
    click.echo(", ".join(counts))


def _errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [each for each in diagnostics if each.severity == "error"]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
