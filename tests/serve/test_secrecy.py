"""Secrets of manifests and of the operator's, looked for in everything that is told."""

from __future__ import annotations

import io
import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
import yaml

from gitops.looped import Loop
from glia.credential import Credential
from glia.events import FetchRecovered
from glia.log import Log
from glia.notify.commit_status import commit_statuses
from glia.notify.signed_webhook import SignedWebhook
from glia.render.events_json import event_json
from glia.render.loop_status_json import loop_status_json
from glia.serve.metrics import Metrics
from glia.shards import Shard
from support.operator import neuron_service

if TYPE_CHECKING:
    from pathlib import Path

    from support.operator import Operator


class Canaries:
    """Words of 32 random characters, each known by where it was put."""

    def __init__(self) -> None:
        self.by_place: dict[str, str] = {}

    def at(self, place: str) -> str:
        return self.by_place.setdefault(place, secrets.token_hex(16))

    def found_in(self, text: str) -> list[str]:
        return [place for place, word in self.by_place.items() if word in text]


def manifest(put: Any) -> dict[str, Any]:
    """A service with a string of ``put`` wherever a manifest may have one."""
    container = {
        "name": "server",
        "image": f"server:{put('image')}",
        "memoryReservation": 1000,
        "environment": [{"name": "PLAIN", "value": put("environment")}],
        "secrets": [{"name": "TOKEN", "valueFrom": f"arn:aws:ssm:us-west-2:1:{put('valueFrom')}"}],
        "environmentFiles": [{"type": "s3", "value": f"arn:aws:s3:::{put('file')}/x.env"}],
        "command": ["serve", put("command")],
        "entryPoint": ["sh", "-c", put("entryPoint")],
        "workingDirectory": f"/{put('workingDirectory')}",
        "user": put("user"),
        "hostname": put("hostname"),
        "dockerLabels": {"note": put("label")},
        "healthCheck": {"command": ["CMD-SHELL", f"curl -u a:{put('health')} localhost"]},
        "logConfiguration": {
            "logDriver": "splunk",
            "options": {"splunk-token": put("log"), "splunk-url": f"https://a:{put('url')}@x"},
        },
    }
    definition = {
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "containerDefinitions": [container],
        "volumes": [{"name": "data", "host": {"sourcePath": f"/{put('volume')}"}}],
    }
    return neuron_service(
        taskDefinition=definition, service={"tags": [{"key": "note", "value": put("tag")}]}
    )


def spoiled(put: Any) -> list[str]:
    """Manifests with the same strings where they are mistakes, by the file."""
    good = manifest(put)
    container = good["spec"]["taskDefinition"]["containerDefinitions"][0]
    for name in ("cpu", "essential", "environment", "portMappings", "memoryReservation"):
        container[name] = put(f"wrong {name}")
    container["environmentFiles"][0]["type"] = put("wrong type")
    good["metadata"]["name"] = "spoiled"
    good["spec"]["neuron"]["devices"] = put("wrong devices")
    good["spec"]["rollout"] = {"maxUnavailable": put("wrong rollout")}
    text = yaml.safe_dump(good, sort_keys=False)
    nobody = {**neuron_service("nobody"), "kind": "NeuronService"}
    nobody["spec"]["cluster"] = "inference"
    twice = yaml.safe_dump(nobody) + f"spec: {{password: {put('twice')}}}\n"
    return [text, f"password: {put('yaml')}: [\n", twice, f"- &a {put('anchor')}\n- *a\n"]


def test_no_string_of_a_manifest_is_told(operator: Operator) -> None:
    canaries = Canaries()
    put = canaries.at
    loop, metrics = Loop(operator), Metrics()
    metrics.show(loop.reconciler.status, Shard())
    loop.reconciler._bug("a bug", ValueError(put("exception")))  # the log alone may hold its text
    bug = loop.events.pop()
    assert canaries.found_in(json.dumps(event_json(bug))) == []

    loop.write(manifest(put))
    loop.settle("web", within=600)
    for number, text in enumerate(spoiled(put)):
        (operator.folder / f"spoiled{number}.yaml").write_text(text)
    loop.play(70)
    crashing = manifest(lambda place: put(f"crash {place}"))
    container = crashing["spec"]["taskDefinition"]["containerDefinitions"][0]
    container["image"] = "server:2-crash"
    loop.write(crashing)
    loop.play(400)
    assert loop.condition("Stalled")[0] == "True", loop.said()

    told = [json.dumps(event_json(each)) for each in loop.events]
    for form in ("text", "json"):
        stream = io.StringIO()
        log = Log(stream, form, "debug")
        for each in loop.events:
            log.tell(each)
        told.append(stream.getvalue())
    status = loop.reconciler.status()
    assert {each.severity for each in status.diagnostics} >= {"error"}
    told += [json.dumps(loop_status_json(status)), metrics.text().decode()]
    told += [repr(list(commit_statuses(status)))]
    assert canaries.found_in("\n".join(told)) == []


def test_whoever_cannot_be_told_is_named_without_what_is_secret(tmp_path: Path) -> None:
    canaries = Canaries()
    url, secret = tmp_path / "url", tmp_path / "secret"
    secret.write_text(canaries.at("secret"))
    userinfo = f"{canaries.at('user')}:{canaries.at('password')}"
    query = f"{canaries.at('path')}?key={canaries.at('query')}#{canaries.at('fragment')}"
    told: list[str] = []
    for address in ("http://{}@127.0.0.1:9/{}", "ftp://{}@x/{}", "http://{}@[/{}", "{} {}\n\x00"):
        url.write_text(address.format(userinfo, query))
        at, by = Credential("it", url), Credential("it", secret)
        sink = SignedWebhook(at, by, lambda: 0.0, urllib3.Retry(0))
        with pytest.raises(Exception) as failure:  # noqa: PT011  (whichever it is)
            sink.send(FetchRecovered(0.0, ""))
        told += [str(failure.value), repr(failure.value)]
    assert canaries.found_in("\n".join(told)) == []
