"""How ECS is spoken to: what a request says of itself, and how long its connection lasts."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from glia.sandbox.clock import VirtualClock
from glia.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from support.driver import Driver

SCOPE = "key/20270115/eu-west-1/ecs/aws4_request"
HEADERS = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0",
    "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters",
}


def test_a_request_says_account_region_and_operation_and_an_error_its_code(driver: Driver) -> None:
    answer = driver.ecs.list_clusters()
    (call,) = driver.sandbox.calls[-1:]
    assert (call.operation, call.place.account, call.place.region) == (
        "ListClusters",
        "123456789012",
        "us-west-2",
    )
    assert answer["ResponseMetadata"]["RequestId"]
    with pytest.raises(driver.ecs.exceptions.ClusterNotFoundException) as caught:
        driver.ecs.list_services(cluster="nowhere")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_connection_serves_until_the_sandbox_ends() -> None:
    with Sandbox(VirtualClock()) as sandbox:
        wire = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=60)
        wire.connect()
        connection = wire.sock

        def post(body: str) -> tuple[int, Any]:
            wire.request("POST", "/", body, HEADERS)
            answer = wire.getresponse()
            return answer.status, json.loads(answer.read())

        assert post("{}") == (200, {"clusterArns": []}), "there is no cluster in that region"
        for text in ("[", "[" * 100_000):
            assert post(text)[1]["__type"] == "SerializationException"
        assert post("") == (200, {"clusterArns": []})
        assert wire.sock is connection, "neither an answer nor a refusal closes it"
    assert connection.recv(1) == b""
    wire.close()


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"Transfer-Encoding": "chunked"}, http.client.LENGTH_REQUIRED),
        ("POST", {"Transfer-Encoding": "chunked", "Content-Length": "2"}, 411),
        ("POST", {"Content-Length": "two"}, http.client.BAD_REQUEST),
        ("POST", {"Content-Length": "-1"}, http.client.BAD_REQUEST),
        ("POST", {"Content-Length": "9" * 5000}, http.client.BAD_REQUEST),
        ("POST", {"Content-Length": "9" * 15}, http.client.REQUEST_ENTITY_TOO_LARGE),
        ("HEAD", {"Content-Length": "0"}, http.client.METHOD_NOT_ALLOWED),
    ],
)
def test_what_no_client_of_ecs_sends_is_refused_and_said_aloud_nowhere(
    driver: Driver, capfd: pytest.CaptureFixture[str], method: str, headers: Any, status: int
) -> None:
    wire = http.client.HTTPConnection(driver.sandbox.url.removeprefix("http://"), timeout=60)
    wire.putrequest(method, "/")
    for name, value in {**HEADERS, **headers}.items():
        wire.putheader(name, value)
    wire.endheaders(b"2\r\n{}\r\n0\r\n\r\n")
    answer = wire.getresponse()
    assert answer.status == status
    assert bool(answer.read()) == (method == "POST")
    assert driver.sandbox.calls == []
    wire.close()
    assert "Traceback" not in capfd.readouterr().err


def test_a_client_that_ends_in_the_middle_of_a_request_has_asked_for_nothing(
    driver: Driver,
) -> None:
    wire = http.client.HTTPConnection(driver.sandbox.url.removeprefix("http://"), timeout=60)
    wire.request("POST", "/", "", {**HEADERS, "Content-Length": "2"})
    wire.sock.shutdown(socket.SHUT_WR)
    assert wire.sock.recv(1) == b""
    assert driver.sandbox.calls == []
    wire.close()


def test_a_bug_of_the_sandboxs_is_an_error_of_ecss_and_ends_nothing(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(driver.sandbox.faults, "before", lambda _: 1 / 0)
        with pytest.raises(ClientError, match="The sandbox has failed; see its log"):
            driver.ecs.list_clusters()
    assert "ZeroDivisionError" in caplog.text
    assert driver.ecs.list_clusters()["clusterArns"]
