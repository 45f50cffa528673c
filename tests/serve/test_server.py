"""The server against everybody who can reach its port."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glia.credential import Credential, CredentialError
from glia.errors import UsageError
from glia.loop_status import ClusterState, LoopStatus, SourceState
from glia.serve.application import Application
from glia.serve.receiver import LONGEST, Receiver
from glia.serve.server import LONGEST_HEAD, Server
from glia.target import ClusterRef, Target
from support.web import ask, push, say, signature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "it is a secret of theirs"
PUSH = json.dumps({"ref": "refs/heads/main", "after": "b" * 40}).encode()
CLUSTER = ClusterRef(Target("us-west-2"), "inference", "tests")
SWEPT = ClusterState(CLUSTER, swept_at=900.0)
GOOD = LoopStatus(1000.0, SourceState("c" * 40), (SWEPT,), (), (), stepped_at=999.0)


@dataclass
class Place:
    """A server, and what it was asked to do."""

    status: LoopStatus = GOOD
    secret: str = SECRET
    hints: int = 0
    results: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    port: int = 0

    def read(self) -> str:
        if not self.secret:
            raise CredentialError("gone")
        return self.secret

    def hint(self) -> None:
        self.hints += 1


@contextmanager
def serving(*, receives: bool = True, arrives_within: int = 5) -> Iterator[Place]:
    place = Place()
    receiver = Receiver(place.read, "main", place.hint, place.results.append)
    application = Application(
        lambda: place.status,
        lambda: b"glia_up 1\n",
        receiver if receives else None,
        place.failures.append,
    )
    server = Server(application, "127.0.0.1:0", arrives_within=arrives_within)
    place.port = server.port
    server.start()
    try:
        yield place
    finally:
        assert server.stop(), "the server does not end"


@pytest.fixture(scope="module")
def shared() -> Iterator[Place]:
    with serving() as place:
        yield place


@pytest.fixture
def place(shared: Place) -> Place:
    shared.status, shared.secret, shared.hints = GOOD, SECRET, 0
    shared.results.clear()
    shared.failures.clear()
    return shared


def test_the_probes_say_whether_the_loop_lives_and_is_ready_and_nothing_else(place: Place) -> None:
    busy = replace(SWEPT, busy_since=1000.0 - 901)
    slow = SourceState("c" * 40, busy_since=1000.0 - 901)
    fresh = replace(GOOD, clusters=(ClusterState(CLUSTER),))
    unread = replace(GOOD, clusters=(ClusterState(CLUSTER, failures=1),))
    for status, alive, ready in (
        (GOOD, 200, 200),
        (replace(GOOD, stepped_at=960.0), 503, 200),
        (replace(GOOD, clusters=(busy,)), 503, 200),
        (replace(GOOD, source=slow), 503, 200),
        (replace(GOOD, prunes_since=1000.0 - 901), 503, 200),
        (replace(GOOD, source=SourceState()), 200, 503),
        (fresh, 200, 503),
        (unread, 200, 200),  # one that cannot be read is no reason to start anew
    ):
        place.status = status
        told = [ask(place.port, path) for path in ("/healthz", "/readyz")]
        assert [each.status for each in told] == [alive, ready], status
        assert {each.text for each in told} <= {"OK\n", "Service Unavailable\n"}
        assert all("server" not in each.headers for each in told)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("HEAD", "/healthz", 200, None),
        ("GET", "/", 404, None),
        ("GET", "/status/", 404, None),
        ("PUT", "/status", 405, "GET, HEAD"),
        ("POST", "/metrics", 405, "GET, HEAD"),
        ("GET", "/webhook", 405, "POST"),
        ("DELETE", "/webhook", 405, "POST"),
    ],
)
def test_other_paths_and_methods_are_refused(
    place: Place, method: str, path: str, status: int, allow: str | None
) -> None:
    told = ask(place.port, path, method, b"x" if method in {"PUT", "POST"} else None)
    assert (told.status, told.headers.get("allow")) == (status, allow)


def test_a_push_is_a_hint_once_and_only_with_the_right_signature(place: Place) -> None:
    assert push(place.port, SECRET, PUSH).status == 202
    assert push(place.port, SECRET, PUSH).status == 202, "a replay"
    other = PUSH.replace(b"main", b"feature")
    assert push(place.port, SECRET, other).status == 202
    assert push(place.port, SECRET, b'{"zen": "ping"}', x_github_event="ping").status == 202
    assert place.results == ["accepted", "duplicate", "ignored", "ignored"]
    assert place.hints == 1
    place.results.clear()
    for headers in (
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": signature("another", PUSH)},
        {"x-hub-signature-256": signature(SECRET, PUSH).removeprefix("sha256=")},
        {"x-hub-signature-256": signature(SECRET, PUSH)[:-1]},
        {"x-hub-signature": signature(SECRET, PUSH)},
        {"x-hub-signature-256": "sha256=\xe9"},
    ):
        told = ask(place.port, "/webhook", "POST", PUSH, headers)
        assert (told.status, told.text) == (401, "Unauthorized\n")
    place.secret = ""
    assert push(place.port, SECRET, PUSH).status == 503
    assert (set(place.results), place.hints) == ({"unauthorized", "unavailable"}, 1)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"payload=1"],
)
def test_what_is_signed_and_no_push_is_bad(place: Place, body: bytes) -> None:
    assert push(place.port, SECRET, body).status == 400
    assert (place.results, place.hints) == (["malformed"], 0)


@settings(max_examples=80, deadline=None)
@given(
    body=st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.text() | st.floats(),
        lambda each: st.lists(each) | st.dictionaries(st.sampled_from(["ref", "a"]), each),
    ).map(lambda value: json.dumps(value).encode()),
    event=st.text(),
)
def test_whatever_is_signed_makes_no_more_than_a_hint(body: bytes, event: str) -> None:
    place = Place()
    receiver = Receiver(place.read, "main", place.hint, place.results.append)
    assert receiver.receive(signature(SECRET, body), event, body) in {202, 400}
    assert place.hints <= 1


def test_a_body_is_refused_by_its_head_before_any_of_it_is_read(place: Place) -> None:
    """None of these sends the body that it announces, and each is answered all the same."""
    head = b"POST /webhook HTTP/1.1\r\nhost: x\r\n"
    for more, status in (
        (b"\r\n", 411),
        (b"transfer-encoding: chunked\r\n\r\n", 411),
        (b"content-length: %d\r\n\r\n" % (LONGEST + 1), 413),
        (b"content-length: 10000000000\r\nexpect: 100-continue\r\n\r\n", 413),
        (b"content-length: -1\r\n\r\n", 400),
        (b"content-length: 1, 2\r\n\r\n", 400),
        (b"x: " + b"y" * (LONGEST_HEAD - len(head) - 3), 431),
    ):
        assert say(place.port, head + more).split(b" ", 2)[1] == b"%d" % status, more
    longest = b'{"ref": "' + b"x" * (LONGEST - 11) + b'"}'
    assert len(longest) == LONGEST
    assert push(place.port, SECRET, longest).status == 202
    assert not place.failures


def test_without_a_secret_there_is_no_receiver() -> None:
    with serving(receives=False) as place:
        assert push(place.port, SECRET, PUSH).status == 404


def test_slow_ones_are_cut_off_however_busily_they_drip_and_cost_no_probe_its_answer() -> None:
    with serving(arrives_within=1) as place:
        ended = threading.Event()
        wires = [socket.create_connection(("127.0.0.1", place.port), 60) for _ in range(20)]

        def drip() -> None:
            text = b"POST /webhook HTTP/1.1\r\ncontent-length: 2000\r\n\r\n" + b"x" * 1990
            for byte in text:
                for wire in wires:
                    try:
                        wire.send(bytes([byte]))
                    except OSError:
                        continue
                if ended.wait(0.05):
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert ask(place.port, "/healthz").status == 200
            for wire in wires:
                assert _is_closed(wire)
            assert dripping.is_alive(), "the last of them would come after 100 s"
        finally:
            ended.set()
            dripping.join()
            for wire in wires:
                wire.close()
        assert place.results == []


def _is_closed(wire: Any) -> bool:
    try:
        return bool(wire.recv(1) == b"")
    except ConnectionError:
        return True


def test_a_bug_is_an_answer_without_its_words(place: Place) -> None:
    place.status = None  # type: ignore[assignment]
    told = ask(place.port, "/status")
    assert (told.status, told.text) == (500, "Internal Server Error\n")
    assert [type(each) for each in place.failures] == [AttributeError]


@pytest.mark.parametrize("address", ["8080", ":8080", "127.0.0.1:", "127.0.0.1:http", "a:99999"])
def test_an_address_that_is_none_is_said(address: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        Server(lambda _environ, _start: [], address)


def test_a_port_that_is_taken_is_said(place: Place) -> None:
    with pytest.raises(UsageError, match="in use"):
        Server(lambda _environ, _start: [], f"127.0.0.1:{place.port}")


def test_a_secret_is_read_anew_and_has_to_be_one(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("first\n")
    secret = Credential("the secret", file)
    assert secret.read() == "first"
    file.write_text("second")
    assert secret.read() == "second"
    for wrong in ("", " \n", "two\nlines", "x" * 20_000):
        file.write_text(wrong)
        with pytest.raises(CredentialError, match="is not the secret") as told:
            secret.read()
        assert "lines" not in str(told.value)
    file.unlink()
    with pytest.raises(CredentialError, match="No such file"):
        secret.read()
