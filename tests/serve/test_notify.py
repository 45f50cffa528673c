"""Notifications: what reaches whoever is told, and that the loop never waits for them."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import urllib3

from glia.credential import Credential
from glia.errors import Diagnostic, UsageError
from glia.events import (
    KINDS,
    ChangeTold,
    ClusterUnread,
    ConditionsChanged,
    FetchFailed,
    FetchRecovered,
    LoopFailed,
    PassBegun,
    PassEnded,
    RevisionFetched,
    RolloutEnded,
)
from glia.github.api import GitHub
from glia.log import Format, Log
from glia.loop_status import ClusterState, LoopStatus, ServiceState, SourceState
from glia.notify.background import Background
from glia.notify.commit_status import CommitStatuses
from glia.notify.once import REMEMBERED, Once
from glia.notify.signed_webhook import Address, DeliveryError, SignedWebhook
from glia.outcome import Outcome, State
from glia.render.events_json import event_json
from glia.render.loop_status_schema import event_schema
from glia.status import Condition
from glia.target import ClusterRef, Target
from support.github import forge
from support.web import mailbox

if TYPE_CHECKING:
    from pathlib import Path

    from glia.events import Event

COMMIT = "a" * 40
CLUSTER = ClusterRef(Target("us-west-2"), "inference", "tests")
WRONG = Diagnostic("error", "unknown-field", "no such field", key="NeuronService/web")
OUTCOME = Outcome(
    "1", "inference/web", "web", "update", State.ROLLED_BACK, 5.0, reason="RolledBack"
)


def conditions(loud: str, reason: str) -> tuple[Condition, ...]:
    return tuple(
        Condition(kind, "True" if kind == loud else "False", reason, "so it is")
        for kind in ("Ready", "Reconciling", "Stalled")
    )


READY, ROLLING = conditions("Ready", "Converged"), conditions("Reconciling", "RollingOut")
STALLED = conditions("Stalled", "RolledBack")
EVENTS: tuple[Event, ...] = (
    RevisionFetched(1.0, COMMIT, "https://x/fleet.git", "m", 3, (WRONG,)),
    FetchFailed(2.0, "Unreachable", "no answer", COMMIT),
    FetchRecovered(3.0, COMMIT),
    PassBegun(4.0, CLUSTER, COMMIT, "revision", 3),
    PassEnded(6.5, 4.0, CLUSTER, COMMIT, "success", 1, 64.0),
    ClusterUnread(6.0, CLUSTER, "AccessDenied", transient=False),
    ChangeTold(7.0, CLUSTER, COMMIT, "git", OUTCOME, ("name-conflict",)),
    RolloutEnded(8.0, CLUSTER, OUTCOME),
    ConditionsChanged(9.0, "inference/web", CLUSTER, COMMIT, READY, STALLED),
    LoopFailed(10.0, "inference/web", "KeyError", "Traceback: the words"),
)


def changed(after: tuple[Condition, ...], commit: str = COMMIT) -> ConditionsChanged:
    return ConditionsChanged(9.0, "inference/web", CLUSTER, commit, (), after)


@pytest.fixture
def secrets(tmp_path: Path) -> tuple[Path, Path]:
    url, secret = tmp_path / "url", tmp_path / "secret"
    secret.write_text("between us\n")
    return url, secret


def webhook(secrets: tuple[Path, Path], **retries: Any) -> SignedWebhook:
    url, secret = (Credential("it", each) for each in secrets)
    return SignedWebhook(url, secret, lambda: 1234.5, urllib3.Retry(**{"total": 2, **retries}))


def test_every_kind_of_event_is_one_line_and_one_form_for_programs() -> None:
    """A traceback is in the log of a bug and nowhere else."""
    check = jsonschema.Draft202012Validator(event_schema()).validate
    assert {type(each) for each in EVENTS} == set(KINDS)
    for form in ("json", "text"):
        stream = io.StringIO()
        log = Log(stream, form, "debug")
        for each in EVENTS:
            told = event_json(each)
            check(told)
            assert "Traceback" not in json.dumps(told)
            log.tell(each)
        lines = stream.getvalue().splitlines()
        assert sum("Traceback: the words" in line for line in lines) == 1
        if form == "json":
            read = [json.loads(line) for line in lines]
            assert [line["event"] for line in read] == [kind.name for kind in KINDS]
            assert read[6] == {
                "event": "glia.change_told",
                "level": "warning",
                "at": "1970-01-01T00:00:07.000Z",
                "message": "inference/web: update for git: rolled back: RolledBack",
                "key": "inference/web",
                "cluster": "inference",
                "region": "us-west-2",
                "revision": COMMIT,
                "reason": "RolledBack",
                "outcome": "rolled back",
                "change": {
                    "lane": "web",
                    "action": "update",
                    "cause": "git",
                    "calls": [],
                    "rules": ["name-conflict"],
                    "ready": 0,
                    "replicas": 0,
                },
            }


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_words_of_an_exception_forge_no_line_and_command_no_terminal(form: Format) -> None:
    stream = io.StringIO()
    words = "\x1b]0;theirs\x07\u202e\n1970-01-01T00:00:10Z inference/web: done"
    Log(stream, form).tell(LoopFailed(10.0, "inference/web", "KeyError", words))
    assert stream.getvalue().replace("\n", "").isprintable()
    assert sum(line.startswith("1970") for line in stream.getvalue().splitlines()) <= 1


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("error", {"loop_failed"}),
        ("warning", {"loop_failed", "fetch_failed", "cluster_unread", "revision_fetched",
                     "change_told", "rollout_ended", "conditions_changed"}),
        ("debug", {kind.name.removeprefix("glia.") for kind in KINDS}),
    ],
)  # fmt: skip
def test_a_level_leaves_out_what_is_less(level: str, names: set[str]) -> None:
    stream = io.StringIO()
    for each in (*EVENTS, PassBegun(4.0, CLUSTER, COMMIT, "sweep", 3)):
        Log(stream, "json", level).tell(each)
    told = {json.loads(line)["event"] for line in stream.getvalue().splitlines()}
    assert told == {f"glia.{name}" for name in names}


def test_each_condition_of_a_revision_is_news_once_and_what_happens_always_never() -> None:
    once = Once()
    told = [READY, ROLLING, READY, ROLLING, STALLED]
    assert [once.is_news(changed(each)) for each in told] == [True, True, False, False, True]
    assert [once.is_news(changed(each, "b" * 40)) for each in told[:3]] == [True, True, False]
    assert not once.is_news(PassBegun(4.0, CLUSTER, COMMIT, "sweep", 3))
    assert not once.is_news(PassEnded(6.5, 4.0, CLUSTER, COMMIT, "noop", 0, 64.0))
    assert once.is_news(EVENTS[6])
    for name in range(REMEMBERED):
        once.is_news(replace(changed(READY), key=f"inference/{name}"))
    assert len(once._told) == REMEMBERED, "of services there may be more in a year"


def test_a_delivery_can_be_believed_and_a_repeat_and_a_replay_be_told(
    secrets: tuple[Path, Path],
) -> None:
    with mailbox() as box:
        secrets[0].write_text(box.url.replace("://", "://me:pass@") + "/hook?key=1#part")
        box.answers += [503]
        sink = webhook(secrets, status_forcelist=(503,), allowed_methods=None)
        sink.send(EVENTS[6])
        sink.send(EVENTS[8])
        (lost, _), (head, body), (other, _) = box.wait(3)
    assert head[":path"] == "/hook?key=1"
    assert head["authorization"] == "Basic bWU6cGFzcw=="
    assert head["x-glia-delivery"] == lost["x-glia-delivery"] != other["x-glia-delivery"]
    text = f"{head['x-glia-timestamp']}.{head['x-glia-delivery']}.".encode() + body
    digest = hmac.new(b"between us", text, hashlib.sha256).hexdigest()
    assert head["x-glia-signature-256"] == f"sha256={digest}"
    assert head["x-glia-timestamp"] == "1234"
    assert json.loads(body) == event_json(EVENTS[6])


@pytest.mark.parametrize(("answer", "said"), [(404, "answered 404"), (302, "answered 302")])
def test_who_does_not_take_an_event_is_named_by_its_host_alone(
    secrets: tuple[Path, Path], answer: int, said: str
) -> None:
    with mailbox() as box:
        secrets[0].write_text(box.url.replace("://", "://me:hidden@") + "/hidden?key=hidden")
        box.answers += [answer]
        with pytest.raises(DeliveryError, match=said) as told:
            webhook(secrets).send(EVENTS[0])
        assert len(box.got) == 1
    with pytest.raises(DeliveryError, match="cannot be reached") as gone:
        webhook(secrets, total=0).send(EVENTS[0])
    assert "hidden" not in f"{told.value}{gone.value}"


@pytest.mark.parametrize(
    "text", ["ftp://x/hidden", "hidden", "http://", "file:///hidden", "http://["]
)
def test_an_address_that_is_none_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as told:
        Address.parse(text)
    assert "hidden" not in str(told.value)


def test_a_sink_that_hangs_costs_what_does_not_fit_and_nobody_any_time() -> None:
    free, begun = threading.Event(), threading.Event()
    got: list[Event] = []
    dropped: list[int] = []
    failed: list[Exception] = []

    def sink(event: Event) -> None:
        begun.set()
        assert free.wait(60)
        got.append(event)
        if event is EVENTS[1]:
            raise ValueError

    told = Background("test", sink, lambda: dropped.append(1), failed.append, bound=3)
    told.tell(EVENTS[0])
    assert begun.wait(60)
    for each in EVENTS[1:]:
        told.tell(each)
    assert len(dropped) == len(EVENTS) - 4
    assert not told.close(0.01), "it is full, and waited for no longer"
    free.set()
    while len(got) < 4:
        begun.wait(0.001)
    assert told.close(60)
    assert (got, len(failed)) == (list(EVENTS[:4]), 1)


def service(name: str, told: tuple[Condition, ...], applied: str = "") -> ServiceState:
    return ServiceState(f"inference/{name}", CLUSTER, told, COMMIT, applied)


def status(*services: ServiceState, **more: Any) -> LoopStatus:
    made = LoopStatus(1.0, SourceState(COMMIT), (ClusterState(CLUSTER),), services, ())
    return replace(made, **more)


def test_a_commit_goes_from_pending_to_success_or_failure_each_told_once(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t0")
    seen = status(service("web", ROLLING), service("api", ROLLING))
    results: list[str] = []
    failures: list[Exception] = []
    with forge() as there:
        read = Credential("a token", token).read
        statuses = CommitStatuses(
            lambda: seen,
            lambda: GitHub(read(), "acme/fleet", there.url),
            results.append,
            failures.append,
        )
        assert statuses.look()
        seen = status(service("web", READY, COMMIT), service("api", ROLLING))
        token.write_text("t1")
        assert statuses.look()
        seen = status(service("web", READY, COMMIT), service("api", READY, COMMIT))
        there.refusals["POST", "/statuses/"] = (500, 1)
        assert not statuses.look(), "it is tried again"
        assert statuses.look()
        assert statuses.look()
        seen = status(service("web", STALLED), service("api", READY, COMMIT), diagnostics=(WRONG,))
        assert statuses.look()
        seen = replace(seen, source=SourceState("b" * 40))
        there.refusals["POST", "/statuses/"] = (422, 2)
        assert statuses.look(), "GitHub does not know that commit: it is not asked again"
        assert statuses.look()
        seen = replace(seen, source=SourceState("sha256:of-a-directory"))
        assert statuses.look()
        told = [(each["context"], each["state"], each["description"]) for each in there.statuses]
        tokens = there.authorizations
    assert told == [
        ("glia/manifests", "success", "all can be read"),
        ("glia/us-west-2/inference", "pending", "0 of 2 Ready"),
        ("glia/us-west-2/inference", "success", "all 2 Ready"),
        ("glia/manifests", "failure", "1 error in manifests"),
        ("glia/us-west-2/inference", "failure", "1 of 2 Stalled: inference/web RolledBack"),
    ]
    assert {each["sha"] for each in there.statuses} == {COMMIT}
    assert results == ["sent", "sent", "failed", "sent", "sent", "sent", "refused", "refused"]
    assert len(failures) == 3
    assert tokens == {"Bearer t0", "Bearer t1"}


def test_a_wake_is_a_look_and_the_end_is_the_last_one() -> None:
    looked = threading.Semaphore(0)

    def seen() -> LoopStatus:
        looked.release()
        return status()

    class Dead:
        def set_status(self, *_: object) -> None:
            raise OSError

    statuses = CommitStatuses(seen, Dead, lambda _: None, lambda _: None)
    statuses.start()
    statuses.wake()
    assert looked.acquire(timeout=60)
    assert statuses.close(60)
