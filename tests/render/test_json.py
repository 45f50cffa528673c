"""What programs read: the forms are published as JSON Schemas, and kept."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from glia.change import Effect
from glia.diff import ABSENT, MASKED, FieldChange
from glia.plan import Plan
from glia.render.outcomes import outcomes_json, outcomes_schema
from glia.render.plan_json import plan_json
from glia.render.plan_schema import plan_schema
from glia.render.status_json import status_json
from glia.render.status_schema import status_schema
from render.values import changed, outcomes, plan, pruning_plan, status, updated

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = [
    pytest.param(plan_json(plan()), plan_schema(), id="plan"),
    pytest.param(plan_json(pruning_plan()), plan_schema(), id="pruning"),
    pytest.param(plan_json(Plan()), plan_schema(), id="empty plan"),
    pytest.param(status_json(status()), status_schema(), id="status"),
    pytest.param(outcomes_json(outcomes()), outcomes_schema(), id="outcomes"),
]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in an answer, from the outside in."""
    if isinstance(value, dict):
        yield value
        for below in value.values():
            yield from objects(below)
    if isinstance(value, list):
        for below in value:
            yield from objects(below)


@pytest.mark.parametrize(("answer", "schema"), ANSWERS)
def test_answers_keep_to_their_schema(answer: Any, schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(answer)), schema)


@pytest.mark.parametrize(("answer", "schema"), ANSWERS)
def test_no_member_may_be_added_or_left_out(answer: Any, schema: Any) -> None:
    """Of any object; what a plan's fields hold as values is ECS's."""
    validator = jsonschema.Draft202012Validator(schema)
    changed_one = copy.deepcopy(answer)
    for each in list(objects(changed_one)):
        each["unknown"] = 1
        assert not validator.is_valid(changed_one)
        del each["unknown"]
        for name in list(each):
            value = each.pop(name)
            assert not validator.is_valid(changed_one), name
            each[name] = value


def test_a_change_says_all_that_a_plan_knows_of_it() -> None:
    fields = (
        changed("service.enableExecuteCommand", ABSENT, True),
        FieldChange("service.tags[token]", MASKED, MASKED, sensitive=True),
    )
    effect = Effect(
        new_task_definition=True,
        replaced_tasks=2,
        at_once=1,
        surplus=3,
        replicas=(2, 4),
        calls=("RegisterTaskDefinition", "UpdateService"),
    )
    made = Plan(changes=(updated("bert", *fields, effect=effect, depends_on=("other",)),))
    answer = plan_json(made)
    assert answer["digest"] == made.digest
    assert answer["changes"] == [
        {
            "id": "111122223333/us-west-2/inference/bert",
            "action": "update",
            "key": "inference/bert",
            "cause": "git",
            "location": {"file": "manifests/bert.yaml", "line": 2, "column": 1},
            "lane": {"name": "bert", "deviceIds": [0, 1, 2, 3], "partition": "", "count": 2},
            "fields": [
                {
                    "path": "service.enableExecuteCommand",
                    "old": None,
                    "new": True,
                    "sensitive": False,
                },
                {"path": "service.tags[token]", "sensitive": True},
            ],
            "effect": {
                "newTaskDefinition": True,
                "replacedTasks": 2,
                "maxUnavailable": 1,
                "surplus": 3,
                "replicas": [2, 4],
                "calls": ["RegisterTaskDefinition", "UpdateService"],
            },
            "dependsOn": ["other"],
            "blockedBy": [],
        }
    ]


def test_the_summary_counts_blocked_changes_apart() -> None:
    assert plan_json(plan())["summary"] == {
        "create": 2,
        "update": 4,
        "replace": 0,
        "delete": 0,
        "unchanged": 2,
        "held": 1,
        "blocked": 2,
        "errors": 1,
    }


def test_a_held_change_is_told_by_the_hash_that_is_remembered() -> None:
    assert plan_json(plan())["held"] == [
        {
            "key": "inference/t5",
            "reason": "RolledBack",
            "message": "ECS deployment circuit breaker: tasks failed to start.",
            "contentHash": "0123456789abcdef",
        }
    ]


def test_a_status_says_when_it_was_and_who_clashes_with_whom() -> None:
    answer = status_json(status())
    assert answer["observedAt"] == "2023-11-14T22:13:20.250Z"
    missing = answer["services"][2]["lanes"][0]
    assert (missing["taskDefinition"], missing["deployment"]) == ("", None)
    chips = answer["clusters"][0]["instances"][1]["chips"]
    assert chips[3]["holder"]["key"] == "inference/t5"
    assert [each["key"] for each in chips[3]["clashesWith"]] == ["service:train"]
    assert answer["clusters"][0]["instances"][0]["chips"][2] == {
        "id": 2,
        "holder": None,
        "clashesWith": [],
    }
