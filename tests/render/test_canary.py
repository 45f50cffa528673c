"""Secrets reach no output, from manifests' words to every way of showing a plan of them."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from glia.diff import differences, flattened
from glia.ecs.canonical import canonical
from glia.plan import Plan
from glia.render.plan_json import plan_json
from glia.render.plan_markdown import plan_markdown
from glia.render.plan_text import plan_text
from render.values import created, updated


class Canaries:
    """Makes secrets, and remembers them."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self) -> str:
        self.made.append(secrets.token_hex(16))
        return self.made[-1]


def task_definition(secret: Canaries, image: str) -> dict[str, Any]:
    """A secret wherever one is masked, and an environment value that is none."""
    parameter = "arn:aws:ssm:us-west-2:111122223333:parameter"
    return {
        "family": "server",
        "containerDefinitions": [
            {
                "name": "server",
                "image": image,
                "memoryReservation": 1000,
                "environment": [
                    {"name": "DB_PASSWORD", "value": secret()},
                    {"name": "HF_TOKEN", "value": secret()},
                    {"name": "DATABASE", "value": f"postgres://user:{secret()}@db:5432/x"},
                    {"name": "OPTIONS", "value": f"--api-key={secret()}"},
                    {"name": "MODEL", "value": image},
                ],
                "secrets": [{"name": "S", "valueFrom": f"{parameter}/{secret()}"}],
                "repositoryCredentials": {"credentialsParameter": f"{parameter}/{secret()}"},
                "command": ["serve", f"--auth-token={secret()}", "--password", secret()],
                "entryPoint": ["sh", "-c", f"SECRET_KEY={secret()} exec serve"],
                "healthCheck": {"command": ["CMD", "curl", f"http://u:{secret()}@localhost"]},
                "dockerLabels": {"api_key": secret()},
                "logConfiguration": {
                    "logDriver": "splunk",
                    "options": {"splunk-token": secret()},
                },
            }
        ],
    }


@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_secret_is_in_no_output(kind: str) -> None:
    secret = Canaries()
    old = canonical("taskDefinition", task_definition(secret, "server:1"))
    new = canonical("taskDefinition", task_definition(secret, "server:2"))
    change = (
        created("server", *flattened(new))
        if kind == "create"
        else updated("server", *differences(old, new))
    )
    plan = Plan(changes=(change,))
    shown = [
        plan_text(plan, colour=True, width=80, verbose=True),
        plan_text(plan, colour=False, width=5000, verbose=False),
        plan_markdown(plan),
        json.dumps(plan_json(plan)),
        repr(plan),
    ]
    assert len(secret.made) == 2 * 12
    assert [canary for canary in secret.made for output in shown if canary in output] == []
    assert plan_markdown(plan).count("(sensitive)") >= 12
    assert all("server:2" in output for output in shown)
