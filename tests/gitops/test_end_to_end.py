"""What goes wrong, with the installed program, a git server and ECS: ten invariants after each."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

from gitops.installed import GLIA, SECRET, between, installed
from glia.sandbox.ecs_error import EcsError
from glia.sandbox.faults import LOST, Fault
from support.operator import neuron_cluster, neuron_service

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from gitops.installed import Installed
    from glia.sandbox.operations.request import Request
    from glia.sandbox.wire_types import Json

CLUSTER = neuron_cluster("inference", prune=True, pruneGraceSeconds=1)


def service(name: str, image: str = "server:1-quick-stop") -> dict[str, Any]:
    """One replica, with a secret wherever one may stand."""
    made = neuron_service(name, replicas=1, image=image)
    (container,) = made["spec"]["taskDefinition"]["containerDefinitions"]
    container["environment"] = [
        {"name": "API_TOKEN", "value": SECRET},
        {"name": "URL", "value": f"https://user:{SECRET}@example.com/"},
    ]
    container["command"] = ["serve", "--password", SECRET]
    return made


def registered(at: Installed, family: str) -> int:
    found = at.sandbox.world.region(at.sandbox.place).families.get(f"inference-{family}")
    return len(found.revisions) if found else 0


def test_what_fails_is_told_and_costs_nobody_else_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unseen = {"new": 4}

    def describe(request: Request, real: Any) -> Json:
        """ECS does not show a new service for some reads."""
        answer: Json = real(request)
        hidden = [each for each in answer["services"] if unseen.get(each["serviceName"], 0) > 0]
        for each in hidden:
            unseen[each["serviceName"]] -= 1
            answer["services"].remove(each)
            answer["failures"].append({"arn": each["serviceArn"], "reason": "MISSING"})
        return answer

    between(monkeypatch, "DescribeServices", describe)
    with installed(tmp_path, over_http=True) as at:
        first = {name: service(name) for name in ("good", "broken", "crashing")}
        at.commit(cluster=CLUSTER, **first)
        at.start()
        at.until(lambda: all(at.is_ready(name, "server:1-quick-stop") for name in first))
        at.holds(ready=tuple(first))

        # One commit: a name that is somebody else's, a wrong manifest, an image that crashes, a
        # new service, and a good change whose registration is answered by nobody.
        at.sandbox.faults.rewrite(Fault("RegisterTaskDefinition", LOST, 1, 3))
        wrong = service("broken", "server:2-quick-stop")
        wrong["spec"]["replica"] = SECRET
        at.commit(
            theirs=service("theirs"),
            broken=wrong,
            crashing=service("crashing", "server:2-crash"),
            new=service("new"),
            good=service("good", "server:2-quick-stop"),
        )
        at.until(lambda: at.is_ready("good", "server:2-quick-stop"))
        at.until(lambda: at.is_ready("new", "server:1-quick-stop"))
        reasons = {"theirs": "NameConflict", "broken": "InvalidManifest", "crashing": "RolledBack"}
        at.until(
            lambda: at.conditions() == {f"inference/{key}": why for key, why in reasons.items()}
        )
        assert not unseen["new"]
        assert at.sandbox.cluster.services["broken"].primary.definition.revision == 1
        assert at.said(r"m/broken\.yaml:\d+:\d+: error: .*'replica'"), "file and line"
        assert [registered(at, name) for name in ("good", "new", "crashing")] == [2, 1, 2]
        creates = [each for each in at.sandbox.calls if each.operation == "CreateService"]
        assert len(creates) == 5, "theirs, which somebody else has made, and four"
        assert not at.said("for drift"), "what is not shown yet is no drift"
        at.holds(ready=("good", "new"))

        at.commit(broken=service("broken"), crashing=service("crashing"))
        at.until(lambda: at.conditions() == {"inference/theirs": "NameConflict"})
        planned = plan(at)
        assert planned.returncode == 3, planned.stdout + planned.stderr
        assert f"glia apply --adopt inference/theirs {at.folder / 'checkout'}\n" in planned.stdout
        assert at.said("allow it with glia apply --adopt inference/theirs m\n"), "there"
        at.commit(theirs=None)
        output = planned.stdout + planned.stderr
        at.holds(ready=("good", "new", "broken", "crashing"), output=output)


def plan(at: Installed) -> subprocess.CompletedProcess[str]:
    """``glia plan`` of what the last commit says."""
    folder = at.folder / "checkout"
    for name in at.manifests:
        path = folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(at.origin.git("show", f"main:m/{name}.yaml"))
    return subprocess.run(
        [GLIA, "plan", str(folder), "--detailed-exitcode"],
        env={**os.environ, **at.sandbox.environment()},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_source_that_is_away_or_empty_prunes_nothing_and_what_is_gone_is_pruned(
    tmp_path: Path,
) -> None:
    with installed(tmp_path, over_http=True) as at:
        names = ("one", "two", "three")
        at.commit(cluster=CLUSTER, **{name: service(name) for name in names})
        at.start()
        at.until(lambda: all(at.is_ready(name, "server:1-quick-stop") for name in names))
        services = at.sandbox.cluster.services

        at.server.faults.status = 503
        at.until(lambda: at.said("source failed: Unreachable"))
        at.hand("UpdateService", cluster="inference", service="one", desiredCount=0)
        at.until(lambda: services["one"].desired_count == 1)
        at.until(lambda: at.is_ready("one", "server:1-quick-stop"))
        at.passes()
        assert at.log.count("source failed") == 1, "told once"
        at.holds(ready=names)
        at.commit(two=None)
        at.server.faults.status = 0
        at.until(lambda: services["two"].status == "INACTIVE")
        at.until(lambda: at.said("inference/two: delete for prune: done"))
        at.holds(ready=("one", "three"))

        since, kept = len(at.log), dict(at.manifests)
        at.commit(**dict.fromkeys(kept))
        at.until(lambda: at.said("source failed: Path", since=since))
        at.manifests = kept
        at.passes()
        at.holds(ready=("one", "three"))
        assert services["one"].status == services["three"].status == "ACTIVE"
        at.commit(**kept)
        at.until(lambda: at.said("source is back|revision", since=since))
        at.holds(ready=("one", "three"))


def test_a_process_that_is_killed_at_each_kind_of_call_is_followed_by_one_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registered but not updated, updated but not tagged, one step of two pruned."""
    with installed(tmp_path, over_http=False) as at:
        deadly: list[tuple[str, str]] = []
        at.commit(cluster=CLUSTER, stays=service("stays"))

        def killing(operation: str) -> None:
            def answer(request: Request, real: Any) -> Json:
                at_hand = [when for what, when in deadly if what == operation]
                if "before" in at_hand:
                    die()
                done: Json = real(request)
                if "after" in at_hand:
                    die()
                return done

            def die() -> None:
                deadly.clear()
                at.kill()
                raise EcsError("ServerException", "nobody hears this", 500)

            between(monkeypatch, operation, answer)

        def until_killed(operation: str, moment: str, **files: Any) -> None:
            """A commit, and the process that dies of it; then there is another one."""
            deadly.append((operation, moment))
            at.commit(**files)
            assert at.process is not None
            at.until(lambda: at.process is not None and at.process.poll() is not None)
            at.start()

        for operation in (
            "RegisterTaskDefinition",
            "CreateService",
            "UpdateService",
            "TagResource",
            "DeleteService",
        ):
            killing(operation)
        at.start()
        until_killed("RegisterTaskDefinition", "after", web=service("web"))
        until_killed("CreateService", "after", other=service("other"))
        at.until(lambda: at.is_ready("web", "server:1-quick-stop"))
        web = "server:2-quick-stop"
        until_killed("UpdateService", "before", web=service("web", web))
        at.until(lambda: at.is_ready("web", web))
        assert registered(at, "web") == 2, "its revision was found by its content"
        until_killed("TagResource", "before", web=service("web", "server:3-quick-stop"))
        until_killed("UpdateService", "after", other=None)
        until_killed("DeleteService", "after")
        at.until(lambda: at.is_ready("web", "server:3-quick-stop"))
        at.passes()
        assert at.sandbox.cluster.services["other"].status == "INACTIVE"
        made = [each.operation for each in at.sandbox.calls]
        assert made.count("CreateService") == 4, "theirs, stays, web, other"
        assert [registered(at, name) for name in ("stays", "web", "other")] == [1, 3, 1]
        at.holds(ready=("stays", "web"))
        at.end()
        at.holds(ready=("stays", "web"))
