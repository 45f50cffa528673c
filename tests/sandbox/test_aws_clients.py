"""AWS's own clients work against the sandbox: botocore's waiters and the aws CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import WaiterError

from glia.sandbox.clock import ScaledClock
from glia.sandbox.sandbox import Sandbox
from support.requests import NEURON_SAMPLE, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENT = {"Delay": 0.1, "MaxAttempts": 100}
AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """One that lives by itself, two hundred times as fast as AWS."""
    with Sandbox(ScaledClock(speed=200), instances=(("inf1.xlarge", 2),), strict=True) as made:
        yield made


def test_botocores_waiters_end_as_they_do_with_ecs(sandbox: Sandbox) -> None:
    environment = sandbox.environment()
    ecs: Any = boto3.client(
        "ecs",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )

    def wait(waiter: str, **wanted: Any) -> None:
        ecs.get_waiter(waiter).wait(cluster="inference", WaiterConfig=PATIENT, **wanted)

    def running() -> Any:
        return ecs.list_tasks(cluster="inference", serviceName="web")["taskArns"]

    ecs.register_task_definition(**task_definition())
    ecs.create_service(
        cluster="inference", serviceName="web", taskDefinition="server", desiredCount=2
    )
    wait("services_stable", services=["web"])
    service = ecs.describe_services(cluster="inference", services=["web"])["services"][0]
    assert service["runningCount"] == 2, "stable services really run their tasks"
    tasks = running()
    wait("tasks_running", tasks=tasks)
    ecs.stop_task(cluster="inference", task=tasks[0])
    wait("tasks_stopped", tasks=tasks[:1])
    wait("services_stable", services=["web"])
    assert len(running()) == 2
    ecs.delete_service(cluster="inference", service="web", force=True)
    wait("services_inactive", services=["web"])
    for waiter in ("services_stable", "services_inactive"):
        with pytest.raises(WaiterError, match="MISSING"):
            wait(waiter, services=["nope"])


def test_the_aws_cli_does_what_the_documentation_does_with_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    def aws(*arguments: str) -> Any:
        done = subprocess.run(
            [str(AWS), "ecs", *arguments, "--output", "json"],
            env={**os.environ, **sandbox.environment()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    sample = tmp_path / "sample.json"
    sample.write_text(json.dumps(NEURON_SAMPLE))
    registered = aws("register-task-definition", "--cli-input-json", f"file://{sample}")
    assert registered["taskDefinition"]["taskDefinitionArn"].endswith("/ecs-neuron:1")
    service = ["--cluster", "inference", "--service-name", "neuron", "--desired-count", "1"]
    created = aws("create-service", *service, "--task-definition", "ecs-neuron")["service"]
    assert created["desiredCount"] == 1
    # The CLI itself takes longer to start than the task at this speed.
    tasks = aws("list-tasks", "--cluster", "inference", "--service-name", "neuron")["taskArns"]
    assert len(tasks) == 1
    (shown,) = aws("describe-services", "--cluster", "inference", "--services", "neuron")[
        "services"
    ]
    assert (shown["serviceArn"], shown["runningCount"]) == (created["serviceArn"], 1)
    assert shown["events"][0]["message"].startswith("(service neuron) has ")
