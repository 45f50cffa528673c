"""The task definition and the service that run Glia on ECS itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glia.cli.run import command

if TYPE_CHECKING:
    from support.driver import Driver

FOLDER = Path(__file__).parents[2] / "charts" / "ecs"


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def test_ecs_takes_them_and_the_task_runs(driver: Driver) -> None:
    definition, service = read("task-definition.json"), read("service.json")
    driver.ecs.create_cluster(clusterName=service["cluster"])
    (container,) = definition["containerDefinitions"]
    changed = {**definition, "containerDefinitions": [container | over_ssh()]}
    driver.ecs.register_task_definition(**changed)
    driver.ecs.register_task_definition(**definition)
    driver.ecs.create_service(**service)
    driver.run(300)
    (shown,) = driver.ecs.describe_services(cluster="controllers", services=["glia"])["services"]
    assert shown["runningCount"] == 1, shown["events"]


def over_ssh() -> Any:
    """What the page on running it says to put in for a repository over ssh."""
    page = (Path(__file__).parents[2] / "docs" / "running.md").read_text()
    return json.loads(page.split("```json\n")[1].split("```")[0])


def test_an_old_task_ends_before_a_new_one_starts() -> None:
    configuration = read("service.json")["deploymentConfiguration"]
    assert (configuration["minimumHealthyPercent"], configuration["maximumPercent"]) == (0, 100)


def test_glia_takes_the_arguments_that_it_is_given() -> None:
    (container,) = read("task-definition.json")["containerDefinitions"]
    known = {option for each in command.params for option in each.opts}
    for given in (container, over_ssh()):
        word, *options = given["command"]
        assert word == "run"
        assert {each.partition("=")[0] for each in options} <= known
        variables = {each["name"] for each in (*given["secrets"], *given.get("environment", ()))}
        named = {each.partition("=")[2] for each in options if "-variable=" in each}
        assert named == variables
