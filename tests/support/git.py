"""A real git repository to fetch from, and git's own HTTP server with faults on demand."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, ClassVar

from support.web import Listener

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

ALONE = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}
GIT = shutil.which("git") or "git"
FILE, LINK, SUBMODULE = "100644", "120000", "160000"


class Origin:
    """A bare repository, and commits to it without a work tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"file://{folder}"
        self.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main")
        self.git("config", "uploadpack.allowFilter", "true")
        self._second = 1_700_000_000

    def git(self, *arguments: str, stdin: bytes = b"", **variables: str) -> str:
        done = subprocess.run(
            [GIT, f"--git-dir={self.folder}", *arguments],
            input=stdin,
            capture_output=True,
            env={**ALONE, **variables},
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def commit(
        self,
        files: Mapping[str, str | bytes | tuple[str, str] | None],
        *,
        branch: str = "main",
        parents: tuple[str, ...] | None = None,
    ) -> str:
        """A commit that changes these files; its hash.

        A text or bytes is a file's content, a mode and a text anything else, None deletes.
        Parents are by default what the branch points to, so an empty tuple begins a history.
        """
        ref = f"refs/heads/{branch}"
        if parents is None:
            tip = self.git("for-each-ref", "--format=%(objectname)", ref)
            parents = (tip,) if tip else ()
        self._second += 1
        lines = [f"commit {ref}", f"committer Ada <ada@example.com> {self._second} +0000"]
        stream = ["\n".join([*lines, "data 0", ""]).encode()]
        first, *others = parents or ("0" * 40,)
        stream.append(f"from {first}\n".encode())
        stream += [f"merge {other}\n".encode() for other in others]
        stream += [_change(path, what) for path, what in files.items()]
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(stream))
        return self.tip(branch)

    def tip(self, branch: str = "main") -> str:
        return self.git("rev-parse", f"refs/heads/{branch}")

    def point(self, branch: str, commit: str) -> None:
        """Move a branch by force."""
        self.git("update-ref", f"refs/heads/{branch}", commit)

    def delete(self, branch: str) -> None:
        self.git("update-ref", "-d", f"refs/heads/{branch}")


def _change(path: str, what: str | bytes | tuple[str, str] | None) -> bytes:
    if what is None:
        return f"D {path}\n".encode()
    mode, content = what if isinstance(what, tuple) else (FILE, what)
    name = path.encode("utf-8", "surrogateescape")
    data = content.encode() if isinstance(content, str) else content
    if mode == SUBMODULE:
        return b"M %b %b %b\n" % (mode.encode(), data, name)
    return b"M %b inline %b\ndata %d\n%b\n" % (mode.encode(), name, len(data), data)


@dataclass
class Faults:
    """What the server does wrong, until it is told otherwise.

    Attributes:
        status: answered to everything.
        hang_at: after so many bytes of an answer nothing more comes, until ``released``.
        cut_at: after so many bytes the connection is closed.
        old: it speaks git's protocol as before version 2.
        authorization: the header without which everything is refused.
        redirect_to: another server.
        before: called for each request.
    """

    status: int = 0
    hang_at: int | None = None
    cut_at: int | None = None
    old: bool = False
    authorization: str = ""
    redirect_to: str = ""
    before: Callable[[Request], None] | None = None
    released: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Request:
    """One request that the server was sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def fetches(self) -> bool:
        """Whether objects are asked for; else it is where refs point to."""
        return b"command=fetch" in self.body


class GitServer:
    """`git http-backend` for all repositories in a folder, over TLS where that is given."""

    def __init__(self, folder: Path, tls: ssl.SSLContext | None = None) -> None:
        self.faults = Faults()
        self.requests: list[Request] = []
        self.folder = folder
        handler = type("Handler", (_Handler,), {"of": self})
        self._server = Listener(("127.0.0.1", 0), handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def fetches(self) -> int:
        """How often objects were asked for since this was last asked."""
        found = sum(request.fetches for request in self.requests)
        self.requests.clear()
        return found

    @contextlib.contextmanager
    def serving(self) -> Iterator[GitServer]:
        self._thread.start()
        try:
            yield self
        finally:
            self.close()

    def close(self) -> None:
        """From now on nobody listens."""
        self.faults.released.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    of: ClassVar[GitServer]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""

    def _answer(self) -> None:
        request = Request(self.command, self.path, dict(self.headers), self._body())
        self.of.requests.append(request)
        faults = self.of.faults
        if faults.before is not None:
            faults.before(request)
        if faults.redirect_to:
            self._send("302 Found", {"Location": faults.redirect_to + self.path}, b"")
        elif faults.status:
            self._send(f"{faults.status} Fault", {}, b"")
        elif faults.authorization not in {"", self.headers.get("Authorization")}:
            self._send("401 Unauthorized", {"WWW-Authenticate": 'Basic realm="git"'}, b"")
        else:
            self._send(*_backend(self.of.folder, request, old=faults.old))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: str, headers: Mapping[str, str], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):  # the other side may have gone
            self._send_body(body)

    def _send_body(self, body: bytes) -> None:
        faults = self.of.faults
        for limit in (faults.hang_at, faults.cut_at):
            if limit is not None and len(body) > limit:
                self.wfile.write(body[:limit])
                self.wfile.flush()
                if limit == faults.hang_at:
                    faults.released.wait()
                self.close_connection = True
                return
        self.wfile.write(body)


def _backend(folder: Path, request: Request, *, old: bool) -> tuple[str, dict[str, str], bytes]:
    path, _, query = request.path.partition("?")
    variables = {
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": "" if old else request.headers.get("Git-Protocol", ""),
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run(
        [GIT, "http-backend"],
        input=request.body,
        capture_output=True,
        env={**ALONE, **variables},
        check=False,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
    return headers.pop("Status", "200 OK"), headers, body
