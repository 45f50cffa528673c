"""Verdicts on answers that the sandbox does not give: ECS may number a rollback anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glia.assess import Evidence, assess, needs_evidence
from glia.live import Deployment, ServiceDeployment
from glia.watch import Watch, look
from support.situations import ARN, live, wanted

NOW = 1000.0
LANE = wanted().lanes[0]
SERVICE = live(LANE)
WATCH = Watch(
    definition=SERVICE.task_definition,
    deployment="ecs-svc/2",
    started_at=NOW - 300,
    progress_deadline=1800,
    born=NOW - 300,
    sighted=True,
    progress_at=NOW - 5,
)
LEADING = Deployment(
    "ecs-svc/3",
    "PRIMARY",
    SERVICE.task_definition,
    2,
    2,
    0,
    0,
    rollout_state="COMPLETED",
    created_at=NOW - 60,
)


def entry(number: int, status: str, created_at: float) -> ServiceDeployment:
    target = f"{ARN}:service-revision/inference/web/{number}"
    return ServiceDeployment(f"arn-{number}", status, "", target, created_at)


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("ROLLBACK_SUCCESSFUL", "RolledBack", "RolledBack"),
        ("ROLLBACK_IN_PROGRESS", "Progressing", "RollingBack"),
        ("STOPPED", "Failed", "Superseded"),
        ("SUCCESSFUL", "Failed", "Superseded"),
        ("IN_PROGRESS", "Progressing", "RollingOut"),
    ],
)
def test_another_deployment_of_the_same_revision_is_judged_by_the_history_of_ours(
    status: str, state: str, reason: str
) -> None:
    """All its replicas run and its rollout is complete, and still it is not what was asked for."""
    shown = replace(SERVICE, deployments=(LEADING,))
    watch = look(WATCH, shown, NOW)
    assert needs_evidence(watch, shown, NOW)
    history = (entry(3, "SUCCESSFUL", NOW - 60), entry(2, status, NOW - 300))
    verdict = assess(watch, shown, NOW, Evidence(history=history))
    assert (verdict.state, verdict.reason) == (state, reason)
    late = NOW + 2000
    assert assess(watch, shown, late, Evidence(history=history)).state != "Progressing"
