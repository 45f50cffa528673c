"""A loop at work, and what can be seen of it from outside."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gitops.looped import Loop
from glia.cli.online import Online
from glia.render.loop_status_schema import loop_status_schema
from glia.serve.application import Application
from glia.serve.metrics import Metrics
from glia.serve.receiver import Receiver
from glia.serve.server import Server
from glia.shards import Shard
from support.operator import neuron_cluster, neuron_service
from support.web import ask, push

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.operator import Operator

SECRET = "of the git server"


class Scrape:
    """What ``/metrics`` says, by name and labels."""

    def __init__(self, text: str) -> None:
        self.samples = {
            (each.name, frozenset(each.labels.items())): each.value
            for family in text_string_to_metric_families(text)
            for each in family.samples
        }
        assert len(self.samples) == sum(not each.startswith("#") for each in text.splitlines())

    def __getitem__(self, name: str) -> float:
        return self.get(name)

    def get(self, name: str, **labels: str) -> float:
        return self.samples[name, frozenset(labels.items())]

    def labels(self, name: str) -> list[dict[str, str]]:
        return [dict(labels) for found, labels in self.samples if found == name]


class Seen:
    """A loop with its server.

    Attributes:
        metrics: hear of calls to AWS and of events.
    """

    def __init__(self, operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.metrics = metrics = Metrics()
        clock = operator.driver.clock
        monkeypatch.setattr(operator, "online", lambda: Online(None, clock, listener=metrics))
        self.loop = loop = Loop(operator)
        sink = loop.events.append

        def tell(event: Any) -> None:
            metrics.told(event)
            sink(event)

        loop.reconciler._sink = tell
        metrics.show(loop.reconciler.status, Shard(0, 1))
        self.receiver = Receiver(lambda: SECRET, "", loop.reconciler.hint, metrics.pushed)

    @contextmanager
    def served(self) -> Iterator[Seen]:
        status = self.loop.reconciler.status
        application = Application(status, self.metrics.text, self.receiver, _raise)
        server = Server(application, "127.0.0.1:0")
        self.port = server.port
        server.start()
        try:
            yield self
        finally:
            server.stop()

    def probes(self) -> tuple[int, int]:
        return ask(self.port, "/healthz").status, ask(self.port, "/readyz").status

    def scrape(self) -> Scrape:
        return Scrape(ask(self.port, "/metrics").text)

    def status(self) -> Any:
        told = ask(self.port, "/status")
        assert told.headers["content-type"] == "application/json"
        found = json.loads(told.body)
        jsonschema.Draft202012Validator(loop_status_schema()).validate(found)
        return found


def _raise(error: Exception) -> None:
    raise error


@pytest.fixture
def seen(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    with Seen(operator, monkeypatch).served() as made:
        yield made


def test_probes_metrics_and_status_follow_the_loop_and_forget_what_is_gone(seen: Seen) -> None:
    loop = seen.loop
    assert seen.probes() == (200, 503), "it lives, and knows nothing yet"
    assert seen.scrape()["glia_total_shards"] == 1
    assert seen.status()["source"]["fetchedAt"] is None

    loop.write(neuron_service(), neuron_service("api", neuron=neuron("inf1.2xlarge")))
    loop.settle("web")
    loop.play(70)
    assert seen.probes() == (200, 200)
    told, commit = seen.scrape(), loop.reconciler.status().source.commit
    place = {"cluster": "inference", "region": "us-west-2", "account": ""}
    web = {"key": "inference/web", **place, "ready": "True", "reason": "Converged"}
    assert told.get("glia_resource_info", **web, revision=commit) == 1
    assert told.get("glia_applied_revision_info", revision=commit) == 1
    assert told.get("glia_condition", type="Ready", status="True") == 1
    assert told.get("glia_condition", type="Reconciling", status="True") == 1
    assert told.get("glia_reconcile_total", result="success") >= 1
    assert told["glia_reconcile_duration_seconds_count"] >= 2
    made = loop.operator.calls_of()
    for action in ("CreateService", "RegisterTaskDefinition", "DescribeServices"):
        assert told.get("glia_aws_requests_total", action=action, code="ok") == made[action] > 0
    waits = told.get("glia_aws_throttle_wait_seconds_count", bucket="CreateService")
    assert waits == made["CreateService"] + made["UpdateService"] + made["DeleteService"]
    assert told.get("glia_git_fetch_total", result="success") >= 2
    assert told.get("glia_git_fetch_total", result="error") == 0
    assert 0 <= told["glia_git_fetch_age_seconds"] <= 70
    assert 0 < loop.clock.now() - told.get("glia_last_success_timestamp_seconds", **place) <= 70
    assert told.get("glia_consecutive_errors", **place) == 0
    assert told["glia_reconcile_panics_total"] == 0
    assert told["glia_unfinished_work_seconds"] == 0

    status = seen.status()
    assert {each["key"]: each["appliedRevision"] for each in status["services"]} == {
        "inference/api": "",
        "inference/web": commit,
    }
    assert status["ready"]

    loop.write(neuron_service())
    loop.play(70)
    keys = {each["key"] for each in seen.scrape().labels("glia_resource_info")}
    assert keys == {"inference/web"}, "what is gone has no series any more"

    counts_what_blocks_pruning(seen)

    loop.clock.sleep(31)
    assert seen.probes() == (503, 200), "nobody drives the loop"
    loop.reconciler.step()
    assert seen.probes() == (200, 200)


def counts_what_blocks_pruning(seen: Seen) -> None:
    """``api`` has lost its manifest, and is not deleted while a file cannot be read."""
    loop = seen.loop
    broken = loop.operator.folder / "broken.yaml"
    broken.write_text("kind: [")
    pruned = neuron_cluster("inference", prune=True, pruneGraceSeconds=30)
    loop.write(neuron_service(), clusters=(pruned,)).play(200)  # until the directory stands still
    assert seen.scrape().get("glia_prune_blocked", reason="prune-unparsed") == 1
    assert seen.status()["pruneBlocked"] == {"prune-unparsed": 1}
    push(seen.port, SECRET, b"{}")
    seen.metrics.notified("webhook", "sent")
    names_every_metric_and_no_other(seen.scrape())
    broken.unlink()
    loop.play(400)
    assert not seen.scrape().labels("glia_prune_blocked")


def names_every_metric_and_no_other(scrape: Scrape) -> None:
    """The page on operating, with the labels that each has."""
    text = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    table = text.split("## Metrics")[1].split("## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `glia_")]
    told = {name: labels for names, labels in rows for name in re.findall(r"`(\w+)`", names)}
    shown = {
        name: {name for name in labels if name != "le"}
        for (name, _), labels in (
            (each, dict(each[1])) for each in scrape.samples if each[0].startswith("glia_")
        )
    }
    for name, labels in shown.items():
        known = name if name in told else re.sub(r"_(bucket|count|sum)$", "", name)
        assert set(re.findall(r"`(\w+)`", told[known])) == labels, name
    made = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown}
    assert told.keys() == made


def neuron(instance_type: str) -> dict[str, Any]:
    """Of a type that the sandbox has no instance of."""
    return {"instanceType": instance_type, "devices": "all"}


def test_a_storm_of_pushes_is_one_fetch_and_a_push_during_a_fetch_is_not_lost(seen: Seen) -> None:
    loop, source = seen.loop, seen.loop.reconciler._source.source
    loop.write(neuron_service()).settle("web")
    loop.play(30)
    fetches: list[float] = []
    fetch = source.fetch

    def counted() -> Any:
        fetches.append(loop.clock.now())
        loop.clock.sleep(2)
        if len(fetches) == 1:
            push(seen.port, SECRET, b'{"number": -1}')
        return fetch()

    source.fetch = counted  # type: ignore[method-assign]
    loop.play(60)  # whenever the next one is due, it is the one that a push comes in the middle of
    assert fetches[1] - fetches[0] <= 7
    loop.play(10)

    fetches[:] = [0.0]
    before = loop.clock.now()
    statuses = Counter(
        push(seen.port, SECRET, json.dumps({"number": number // 2}).encode()).status
        for number in range(200)
    )
    assert statuses == {202: 200}
    loop.play(8)
    assert len(fetches) == 2
    assert fetches[1] - before <= 1
    told = seen.scrape()
    assert told.get("glia_webhook_requests_total", result="accepted") == 101
    assert told.get("glia_webhook_requests_total", result="duplicate") == 100
