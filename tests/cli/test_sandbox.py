"""``glia sandbox`` as a process: what the shell around it is set to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_that_nobody_has_set_up_does_not_keep_it_from_starting(variable: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "glia", "sandbox", "--port", "0"],
        env={**os.environ, variable: "no-such-profile"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = any("# {" in line for line in process.stdout)
        assert ready, process.stderr.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
