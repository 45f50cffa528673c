"""The gate: every error leaves through it, with the exit code that it has."""

from __future__ import annotations

import errno
import subprocess
import sys
from importlib import import_module

import click
import pytest

from glia import __version__
from glia.cli import main as gate
from glia.errors import GliaError, UsageError

HEAVY = ("asyncio", "boto3", "botocore", "lark", "moto", "pydantic", "rich", "yaml")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "glia", *arguments], capture_output=True, text=True, check=False
    )


def test_help_names_every_command_and_each_has_help_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = run("--help").stdout
    for name in gate.COMMANDS:
        assert f"  {name} " in shown
        assert gate.main([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: glia {name} ")


@pytest.mark.parametrize("name", gate.COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    """``--output`` is left to its choices."""
    command = import_module(f"glia.cli.{name.replace('-', '_')}").command
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert not [each.name for each in options if each.name != "output" and not each.help]


def test_help_imports_nothing_heavy() -> None:
    script = "import sys; from glia.cli.main import main; main(['--help'])"
    script += f"; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_parent_that_has_closed_a_stream_changes_nothing(closed: str) -> None:
    """As some process managers do, where nobody listens."""
    script = f'"{sys.executable}" -m glia validate /dev/null {closed}'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not done.stderr
    assert ("no manifest in /dev/null" in done.stdout) == (">&-" not in closed.split())


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.main(["--version"]) == 0
    assert capsys.readouterr().out == f"glia {__version__}\n"


@pytest.mark.parametrize("arguments", [["bogus"], ["sandbox", "--bogus"], ["sandbox", "--port"]])
def test_bad_usage_is_64_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert gate.main(arguments) == 64
    told = capsys.readouterr()
    assert not told.out
    assert "Error: " in told.err


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (GliaError("the manifest is wrong"), 1, "glia: the manifest is wrong\n"),
        (UsageError("no such thing"), 64, "glia: no such thing\n"),
        (KeyboardInterrupt(), 130, "glia: interrupted\n"),
        (click.Abort(), 130, "glia: interrupted\n"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "glia: No space left on device: not all that was to be written is there\n",
        ),
    ],
)
def test_an_error_that_a_user_can_mend_has_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    told: str,
) -> None:
    _let_demo_raise(monkeypatch, error)
    assert gate.main(["demo"]) == code
    assert capsys.readouterr().err.lstrip() == told


def test_a_bug_is_70_and_shows_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _let_demo_raise(monkeypatch, ZeroDivisionError("by zero"))
    assert gate.main(["demo"]) == 70
    told = capsys.readouterr().err
    assert "Traceback (most recent call last):" in told
    assert "in raises" in told
    assert "by zero" not in told, "it may quote a manifest"
    assert told.endswith("glia: this is a bug in glia; the lines above say where\n")


def _let_demo_raise(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def raises() -> int:
        raise error

    monkeypatch.setattr("glia.cli.demo.command", click.Command("demo", callback=raises))
