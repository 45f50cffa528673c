"""Service events are in ECS's own words, as recorded and published."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.requests import container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

# Words of our own about failures that no recording shows; their beginnings are recorded.
UNRECORDED = (
    "rolling back to deployment",
    "has insufficient memory available",
    "placement constraint unsatisfied",
    "is unhealthy in",
)


def template(message: str) -> str:
    """A message without ids and names, nor the parentheses that published ones leave out."""
    text = re.sub(r"^(\(service [^)]*\)|service \(service-name\)) ?", "", message)
    text = re.sub(r"^\(taskSet [^)]*\) ?", "", text)
    text = re.sub(r"( \(task [0-9a-f-]+\))+", " TASKS", text)
    text = re.sub(r"has (started|stopped) \d+", r"has \1 N", text)
    text = re.sub(r"\(deployment [^)]*\)", "DEPLOYMENT", text)
    text = re.sub(r"\(?container-instance [0-9a-z-]+\)?", "INSTANCE", text)
    text = re.sub(r"\(target-group [^)]*\)", "GROUP", text)
    text = re.sub(r"deployment failed: .*", "deployment failed", text)
    return re.sub(r" For more information, .*", "", text).strip().rstrip(".")


def recorded() -> set[str]:
    corpus = os.environ.get("GLIA_CORPUS")
    if not corpus:
        pytest.skip("GLIA_CORPUS names no test corpus")
    rows = json.loads((Path(corpus) / "responses" / "service_events.json").read_text("utf-8"))
    return {template(re.sub(r", taskSet [^)]*\)", ")", row["message"])) for row in rows}


def test_whatever_a_service_goes_through_is_told_in_words_that_ecs_has_used(
    make_driver: Callable[..., Driver],
) -> None:
    known = recorded()
    driver = make_driver(("inf1.xlarge", 0))
    breaker = {
        "minimumHealthyPercent": 50,
        "maximumPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }
    ports = [{"containerPort": 80, "hostPort": 8080}]

    def version(image: str) -> str:
        made = container(image, cpu=2048, portMappings=ports)
        return driver.register(family="web", containerDefinitions=[made])

    group = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/0123456789abcdef"
    driver.create(
        taskDefinition=version("server:1"),
        deploymentConfiguration=breaker,
        loadBalancers=[{"targetGroupArn": group, "containerName": "server", "containerPort": 80}],
    )
    driver.run(5)
    driver.sandbox.add_instances("inf1.xlarge", 2)
    driver.run_until_steady()
    driver.update(desiredCount=3)
    driver.run(5)
    driver.update(desiredCount=2, deploymentConfiguration={"minimumHealthyPercent": 75})
    driver.update(taskDefinition=version("server:2"))
    driver.run(5)
    driver.update(deploymentConfiguration={"minimumHealthyPercent": 50})
    driver.update(taskDefinition=version("server:crash"))
    driver.run(900)
    driver.create("other", image="server:crash", count=1)
    driver.run(300)
    for instance in driver.sandbox.cluster.instances.values():
        instance.agent_connected = False
    driver.create("third", taskDefinition=driver.register(family="third"))
    driver.run(5)
    messages = [text for name in ("web", "other", "third") for text in driver.messages(name)]
    told = {template(text) for text in messages}
    unknown = {text for text in told - known if not any(words in text for words in UNRECORDED)}
    assert not unknown
    assert len(told & known) >= 11
