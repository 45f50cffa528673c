"""One manifest with a text wherever it may have one, through every command and through the loop."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from gitops.looped import Loop
from glia.aws.clock import SystemClock
from glia.cli.main import main
from glia.events import ChangeTold, LoopFailed
from glia.log import Log
from glia.notify.commit_status import commit_statuses
from glia.render.events_json import event_json
from glia.render.loop_status_json import loop_status_json
from glia.sandbox.faults import Fault
from glia.serve.metrics import Metrics
from glia.shards import Shard
from planning.test_members import DEFINITION as WHOLE_DEFINITION
from planning.test_members import SERVICE as WHOLE_SERVICE
from planning.test_members import SIDECAR
from secrecy.shown import COMMANDS, DEFINITION, READABLE, SERVICE, by_design
from support.canaries import Canaries
from support.operator import neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from glia.clock import Clock
    from support.operator import Operator

# What others refer to by its name: the rest of the manifest says it as it is.
REFERRED_TO = {"containerDefinitions.portMappings.name", "volumes.name"}
# AWS shows them to whoever may look.
TAGS = {"labels", "labels (key)", "tags.key", "tags.value"}


class Driven(SystemClock):
    """The machine's time is the sandbox's: whoever waits drives it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def worker(self) -> AbstractContextManager[None]:
        return self._clock.worker()

    def away(self) -> AbstractContextManager[None]:
        return self._clock.away()


@dataclass
class Author:
    """Writes the same manifest again and again, each time in other words."""

    operator: Operator
    canaries: Canaries
    role: dict[str, str] = field(default_factory=dict)

    def write(self, tag: str = "") -> None:
        """``tag`` ends the image's, by which the sandbox knows how it behaves."""
        put = self.canaries.at

        def text(path: str) -> str:
            return "" if path in REFERRED_TO else put(path)

        definition = replace(WHOLE_DEFINITION, text=text).request("RegisterTaskDefinition")
        image = f"server:{put('containerDefinitions.image')}{tag}"
        definition["containerDefinitions"][0]["image"] = image
        definition["containerDefinitions"].append(SIDECAR)
        service = replace(WHOLE_SERVICE, text=text).request("CreateService")
        neuron = {"instanceType": "inf1.xlarge", "devices": "all", "lock": "none"}
        made = neuron_service("web", neuron=neuron, taskDefinition=definition, service=service)
        made["metadata"]["labels"] = {put("labels (key)"): put("labels")}
        made["metadata"]["annotations"] = {put("annotations (key)"): put("annotations")}
        documents = [self.cluster(), made]
        # JSON is YAML, and quicker to write.
        stream = "\n---\n".join(map(json.dumps, documents))
        (self.operator.folder / "all.yaml").write_text(stream)

    def cluster(self, **spec: Any) -> dict[str, Any]:
        if not self.role:
            role = f"arn:aws:iam::123456789012:role/{self.canaries.at('assumeRole.roleArn')}"
            self.role = {"roleArn": role, "externalId": self.canaries.at("assumeRole.externalId")}
        return neuron_cluster("inference", assumeRole=self.role, **spec)

    def quoted(self, *_: object) -> str:
        """Somebody else's words, with everything in them that they were given last."""
        given = self.operator.driver.sandbox.calls[-1].params
        return f"refused: {json.dumps(given)}"

    def raises(self, *_: object, **__: object) -> None:
        """A bug that has all of the manifests in its words, and in those of its cause."""
        words = " ".join(self.canaries.by_word)
        raise ValueError(words) from KeyError(words)


@pytest.fixture
def author(operator: Operator) -> Author:
    return Author(operator, Canaries("words"))


def shown_by_design(canaries: Canaries) -> set[str]:
    """Of what the manifest has."""
    listed = by_design(DEFINITION) | by_design(SERVICE) | READABLE.keys() | TAGS
    return listed & set(canaries.by_word.values())


def test_commands_show_what_is_listed_and_nothing_else(
    author: Author, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Created, changed, refused, rolled back, no longer there, and in a bug's traceback."""
    folder, sandbox = author.operator.folder, author.operator.driver.sandbox
    monkeypatch.setenv("COLUMNS", "2000")
    told: list[str] = []

    def run(code: int, name: str, *options: str) -> str:
        clock = Driven(author.operator.driver.clock)
        assert main([name, str(folder), *options], clock=clock) == code, capsys.readouterr()
        out, err = capsys.readouterr()
        told.append(out + err)
        return told.pop() if name == "render" else out + err

    author.write()
    everything = set(author.canaries.by_word.values())
    unsaid = {each for each in everything if each.startswith(("annotations", "assumeRole"))}
    assert author.canaries.seen_in([run(0, "render")]) == everything - unsaid
    run(0, "validate", "-o", "json")
    run(0, "iam-policy", "--for", "apply")
    run(0, "plan", "--offline", "-o", "markdown")
    run(0, "apply", "--no-wait")
    author.operator.driver.run_until_steady()
    author.write()  # what is live is as secret as what is wanted
    run(0, "plan", "--verbose", "--out", str(folder / "plan.json"))
    told.append((folder / "plan.json").read_text())
    assert author.canaries.seen_in(told) == shown_by_design(author.canaries)

    monkeypatch.setattr("glia.sandbox.faults._message", author.quoted)
    sandbox.faults.rewrite(Fault("RegisterTaskDefinition", "ClientException", 1, None))
    assert "refused: {" in run(1, "apply", "-o", "json")
    sandbox.faults.rewrite()
    author.write("-crash")
    assert "rolled back" in run(4, "apply")
    run(0, "status", "-o", "json")
    author.operator.write(clusters=(author.cluster(prune=True),))
    run(0, "plan", "--verbose")
    monkeypatch.setattr("glia.cli.prepared.prepare", author.raises)
    traced = run(70, "plan")
    assert traced.count("Traceback") == 2
    assert "in raises" in traced
    assert author.canaries.seen_in([traced]) == set()
    assert author.canaries.seen_in(told) == shown_by_design(author.canaries)


def test_the_loop_tells_what_aws_says_of_what_is_shown_and_nothing_else(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, metrics = Loop(author.operator), Metrics()
    metrics.show(loop.reconciler.status, Shard())
    faults = author.operator.driver.sandbox.faults

    author.write()
    loop.settle("web", within=600)
    author.operator.driver.update(enableExecuteCommand=True, healthCheckGracePeriodSeconds=99)
    loop.play(150)
    assert [each.cause for each in loop.told(ChangeTold)] == ["git", "drift"], loop.said()
    author.write("-crash")
    loop.play_until(lambda: loop.condition("Stalled")[1] == "RolledBack")
    told = list(outward(loop, metrics))
    assert author.canaries.seen_in(told) == set()

    monkeypatch.setattr("glia.sandbox.faults._message", author.quoted)
    faults.rewrite(Fault("RegisterTaskDefinition", "ClientException", 1, None))
    author.write()
    loop.play_until(lambda: loop.condition("Stalled")[1] not in {"", "RolledBack"})
    told = list(outward(loop, metrics))
    assert any("refused: {" in each for each in told)
    of_request = by_design(DEFINITION) | COMMANDS.keys() | TAGS
    assert author.canaries.seen_in(told) == shown_by_design(author.canaries) & of_request

    faults.rewrite()
    begin = len(loop.events)
    monkeypatch.setattr("glia.reconciling.cluster_work.prepare", author.raises)
    author.write()
    loop.play(60)
    monkeypatch.undo()
    assert "in raises" in loop.told(LoopFailed, since=begin)[0].traceback
    author.operator.write(clusters=(author.cluster(prune=True),))
    loop.play(300)
    assert {each.cause for each in loop.told(ChangeTold, since=begin)} >= {"prune"}, loop.said()
    assert author.canaries.seen_in(outward(loop, metrics, since=begin)) == set()


def outward(loop: Loop, metrics: Metrics, since: int = 0) -> Iterator[str]:
    """Everything that was told since, in every form that it has, and how everything is now."""
    streams = io.StringIO(), io.StringIO()
    logs = Log(streams[0], "text", "debug"), Log(streams[1], "json", "debug")
    for each in loop.events[since:]:
        metrics.told(each)
        yield json.dumps(event_json(each))
        for log in logs:
            log.tell(each)
    yield from (stream.getvalue() for stream in streams)
    status = loop.reconciler.status()
    yield json.dumps(loop_status_json(status))
    yield metrics.text().decode()
    yield repr(list(commit_statuses(status)))
