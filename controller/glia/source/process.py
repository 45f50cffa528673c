"""One run of a command: bounded in time and output, and its whole process group ends with it."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from glia.source.failures import GitUnusable, Stopped, Timeout, TooLarge

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping, Sequence

_CHUNK: Final = 1 << 16
# Of what a command says about itself the end tells why it failed.
_KEPT_OF_ERRORS: Final = 1 << 16
_LOOKS_FOR_STOP_EVERY: Final = 0.2
_LOOKS_FOR_DEAD: Final = 64
_LOOKS_FOR_DEAD_EVERY: Final = 0.005


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command has left behind."""

    code: int
    out: bytes
    err: str


def run(  # noqa: PLR0913  (by keyword)
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: bytes = b"",
    seconds: float,
    most: int,
    stopped: threading.Event,
) -> Ended:
    """Run a program, never through a shell, with nothing in its environment but what is given.

    ``most`` is in bytes of output, and ``stopped`` ends it from another thread.

    Raises:
        Timeout: it ran longer than ``seconds``.
        TooLarge: it wrote more than ``most``.
        Stopped: ``stopped`` was set.
        GitUnusable: there is no such program.
    """
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603  (no shell; arguments are checked or ours)
                arguments,
                env=dict(environment),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise GitUnusable(
                f"{arguments[0]} cannot be started ({error.strerror})",
                "install it where PATH finds it",
            ) from None
        try:
            with process:
                try:
                    out, err = _outputs(process, time.monotonic() + seconds, most, stopped)
                except BaseException:
                    _end(process)
                    raise
                return Ended(process.wait(), out, err.decode(errors="replace"))
        finally:
            _bury(process.pid)


def _outputs(
    process: subprocess.Popen[bytes], deadline: float, most: int, stopped: threading.Event
) -> tuple[bytes, bytes]:
    """Both streams to their ends, and the process to its own."""
    out, err = bytearray(), bytearray()
    for is_error, chunk in _chunks(process, deadline, stopped):
        if is_error:
            err += chunk
            del err[:-_KEPT_OF_ERRORS]
        else:
            out += chunk
            if len(out) > most:
                raise TooLarge(f"{_name(process)} wrote more than {most:,} bytes")
    while process.poll() is None:  # it may go on after it has closed them
        left = _left(process, deadline, stopped)
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(left, _LOOKS_FOR_STOP_EVERY))
    return bytes(out), bytes(err)


def _left(process: subprocess.Popen[bytes], deadline: float, stopped: threading.Event) -> float:
    """Seconds that the process still has."""
    if stopped.is_set():
        raise Stopped("interrupted")
    left = deadline - time.monotonic()
    if left <= 0:
        raise _late(process)
    return left


def _chunks(
    process: subprocess.Popen[bytes], deadline: float, stopped: threading.Event
) -> Iterator[tuple[bool, bytes]]:
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            assert stream is not None  # noqa: S101  (both are pipes)
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = _left(process, deadline, stopped)
            for key, _ in selector.select(min(left, _LOOKS_FOR_STOP_EVERY)):
                chunk = os.read(key.fd, _CHUNK)
                if not chunk:
                    selector.unregister(key.fileobj)
                yield key.fileobj is process.stderr, chunk


def _end(process: subprocess.Popen[bytes]) -> None:
    """The program, and whatever it has started: git's helpers would wait on without it."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)


def _bury(group: int) -> None:
    """What the program has started, once that has ended too.

    The first process of a container inherits it, and it would stay in its table for ever: git's
    helpers, a few with each transfer that is cut off.
    """
    with suppress(ChildProcessError):
        for _ in range(_LOOKS_FOR_DEAD):
            if os.waitpid(-group, os.WNOHANG)[0] == 0:
                time.sleep(_LOOKS_FOR_DEAD_EVERY)


def _late(process: subprocess.Popen[bytes]) -> Timeout:
    return Timeout(f"{_name(process)} took longer than it may and was ended")


def _name(process: subprocess.Popen[bytes]) -> str:
    arguments = process.args
    assert isinstance(arguments, list | tuple)  # noqa: S101  (as they were given)
    return Path(str(arguments[0])).name
