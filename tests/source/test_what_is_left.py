"""What programs that Glia runs leave behind, and what Glia does where it is killed itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from glia.source.private import PREFIX, private_folder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

KILLED = """
import os, signal, sys
from pathlib import Path
from glia.source.private import private_folder
with private_folder(Path(sys.argv[1])) as folder:
    Path(folder, "identity").write_text("key")
    os.kill(os.getpid(), signal.SIGKILL)
"""
# As the first process of a container is, to which orphans come (PR_SET_CHILD_SUBREAPER).
FIRST = """
import ctypes, os, threading
from glia.source.failures import Timeout
from glia.source.process import run
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0
deaf = "trap '' TERM; sleep 300 & sh -c 'sleep 300 & wait' & wait"
try:
    run(("sh", "-c", deaf), environment=dict(os.environ), seconds=0.2, most=9,
        stopped=threading.Event())
except Timeout:
    pass
else:
    raise AssertionError
try:
    print("left:", os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("nobody is left")
"""


def made_long_ago(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "identity").write_text("key")
    os.utime(folder, (0, 0))
    return folder


def test_a_killed_process_leaves_its_keys_until_the_next_and_no_others_are_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    subprocess.run([sys.executable, "-c", KILLED, str(place)], check=False)
    (dead,) = place.iterdir()
    assert dead.stat().st_mode & 0o777 == 0o700
    elsewhere = made_long_ago(tmp_path / "elsewhere")
    (place / f"{PREFIX}link").symlink_to(elsewhere)
    others = {made_long_ago(place / "glia-work"), made_long_ago(place / f"{PREFIX}open")}
    (place / f"{PREFIX}open").chmod(0o755)

    with private_folder() as living:
        assert dead.exists(), "it may have been made just now, and not be held yet"
        os.utime(dead, (0, 0))
        os.utime(living, (0, 0))
        with private_folder() as another:
            assert {*place.iterdir()} == {living, another, place / f"{PREFIX}link", *others}
    assert {*place.iterdir()} == {place / f"{PREFIX}link", *others}
    assert (elsewhere / "identity").exists()


def test_nothing_that_a_program_has_started_stays_in_the_table_of_processes() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "nobody is left\n"
