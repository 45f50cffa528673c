"""The laws of planning, over generated manifests: apply x, and the plan of x is empty.

Rollouts are not waited for: what converges is compared, not when.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from glia.cli.wanted import offline, offline_state, wanted
from glia.outcome import State
from glia.planning.planner import offline_plan
from support.operator import CLUSTER, Operator, is_empty, neuron_service
from support.requests import ROLE

if TYPE_CHECKING:
    import random
    from pathlib import Path

    import pytest

    from glia.plan import Plan

# The fixtures give every example the same sandbox, and each example makes services of its own.
FEW = settings(
    deadline=None,
    derandomize=True,
    max_examples=12,
    phases=(Phase.generate,),  # shrinking what takes a second each would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SECRET = "arn:aws:secretsmanager:us-west-2:123456789012:secret:model-AbCdEf"
GROUP = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/0123456789abcdef"
WORDS = st.text("abcdefghij", min_size=1, max_size=6)
NAMES = st.lists(WORDS.map(str.upper), max_size=4, unique=True)
VALUES = st.one_of(st.just(""), st.just("1.0"), WORDS, st.just('{"a": [1, null]}'), st.just("häß"))


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these members, or none."""
    return st.fixed_dictionaries({}, optional=members)


def each(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def sublist(*values: Any) -> st.SearchStrategy[list[Any]]:
    """Some of the values, in any order."""
    return st.lists(st.sampled_from(range(len(values))), unique=True).map(
        lambda picked: [values[index] for index in picked]
    )


CONTAINER = some(
    cpu=each(0, 512, 1024),
    memory=each(2000, 3000),
    command=st.lists(WORDS, max_size=3),
    entryPoint=st.lists(WORDS, max_size=2),
    environment=st.builds(
        lambda names, value: [{"name": name, "value": value} for name in names], NAMES, VALUES
    ),
    secrets=NAMES.map(lambda names: [{"name": f"S_{name}", "valueFrom": SECRET} for name in names]),
    portMappings=sublist(
        {"containerPort": 8500},
        {"containerPort": 8501, "hostPort": 0, "protocol": "tcp"},
        {"containerPort": 8502, "name": "grpc", "appProtocol": "grpc"},
        {"containerPort": 8503, "protocol": "udp"},
    ),
    mountPoints=sublist(
        {"sourceVolume": "models", "containerPath": "/models", "readOnly": True},
        {"sourceVolume": "cache", "containerPath": "/cache"},
    ),
    healthCheck=st.fixed_dictionaries(
        {"command": st.just(["CMD-SHELL", "curl -f localhost"])},
        optional={
            "interval": each(30, 10),
            "timeout": each(5, 9),
            "retries": each(3, 2),
            "startPeriod": each(0, 300),
        },
    ),
    ulimits=sublist(
        {"name": "memlock", "softLimit": -1, "hardLimit": -1},
        {"name": "nofile", "softLimit": 1024, "hardLimit": 2048},
    ),
    linuxParameters=some(
        capabilities=some(add=sublist("IPC_LOCK", "SYS_ADMIN"), drop=sublist("MKNOD", "CHOWN")),
        initProcessEnabled=st.booleans(),
        sharedMemorySize=each(64, 1024),
        devices=sublist({"hostPath": "/dev/infiniband/uverbs0"}, {"hostPath": "/dev/fuse"}),
        tmpfs=sublist({"containerPath": "/t", "size": 8, "mountOptions": ["rw", "noexec"]}),
    ),
    dockerLabels=st.dictionaries(WORDS, VALUES, max_size=2),
    logConfiguration=st.just(
        {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "us-west-2"}}
    ),
    extraHosts=sublist({"hostname": "a", "ipAddress": "10.0.0.1"}),
    systemControls=sublist({"namespace": "net.core.somaxconn", "value": "1024"}),
    user=each("", "1000"),
    workingDirectory=each("/srv"),
    stopTimeout=each(30, 60),
    startTimeout=each(120),
    essential=each(True),
    privileged=st.booleans(),
    readonlyRootFilesystem=st.booleans(),
    interactive=st.booleans(),
    pseudoTerminal=st.booleans(),
    versionConsistency=each("enabled", "disabled"),
    restartPolicy=each({"enabled": False}, {"enabled": True, "ignoredExitCodes": [2, 1]}),
)
SIDECAR = {"name": "sidecar", "image": "sidecar:1", "memory": 64, "essential": False}
VOLUMES = [
    {"name": "models", "host": {"sourcePath": "/models"}},
    {"name": "cache", "host": {}},
]
TAGS = st.dictionaries(WORDS, WORDS, max_size=2).map(
    lambda tags: [{"key": key, "value": tags[key]} for key in tags]
)
DEFINITION = some(
    networkMode=each("bridge", "host"),
    requiresCompatibilities=each([], ["EC2"]),
    cpu=each("1024", "1 vCPU"),
    memory=each("4096", "4 GB", "4GB"),
    taskRoleArn=each(ROLE),
    pidMode=each("task", "host"),
    ipcMode=each("host", "none"),
    runtimePlatform=each({"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}),
    placementConstraints=sublist(
        {"type": "memberOf", "expression": "attribute:ecs.os-type == linux"},
        {"type": "memberOf", "expression": "attribute:ecs.instance-type =~ inf1.*"},
    ),
    tags=TAGS,
)
SERVICE = some(
    deploymentConfiguration=some(
        maximumPercent=each(200),
        minimumHealthyPercent=each(0),
        deploymentCircuitBreaker=each(
            {"enable": False, "rollback": False}, {"enable": True, "rollback": True}
        ),
        alarms=each({"alarmNames": ["b", "a"], "enable": True, "rollback": False}),
    ),
    placementConstraints=sublist(
        {"type": "distinctInstance"},
        {"type": "memberOf", "expression": "attribute:zone == a"},
    ),
    placementStrategy=each([], [{"type": "binpack", "field": "cpu"}], [{"type": "random"}]),
    availabilityZoneRebalancing=each("DISABLED"),
    enableECSManagedTags=st.booleans(),
    enableExecuteCommand=st.booleans(),
    propagateTags=each("NONE", "SERVICE", "TASK_DEFINITION"),
    serviceRegistries=each(
        [],
        [
            {
                "registryArn": "arn:aws:servicediscovery:us-west-2:123456789012:service/srv-1",
                "containerName": "server",
                "containerPort": 9000,
            }
        ],
    ),
    tags=TAGS,
)
DIGEST = "registry.example.com:5000/b@sha256:" + 64 * "0"
PERCENTAGES = {"maximumPercent", "minimumHealthyPercent"}
NEURON = st.fixed_dictionaries(
    {"instanceType": each("inf1.xlarge", "Inf1.xlarge")},
    optional={
        "mapping": each("remap", "identity"),
        "lock": each("hostPort", "none"),
        "pool": each({"capacityProvider": "chips"}, {"attribute": "rack", "value": "b"}),
        "container": each("server"),
    },
)
PINNED = st.fixed_dictionaries(
    {
        "instanceType": st.just("inf1.6xlarge"),
        "deviceIds": each([0], [1, 2], [0, 1, 2, 3]),
        "mapping": each("remap", "identity"),
    }
)
MANAGED = st.just({"allocation": "managed"})


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """The spec of a NeuronService of one of three kinds: whole, pinned or managed chips."""
    neuron = draw(st.one_of(NEURON.map(lambda made: {**made, "devices": "all"}), PINNED, MANAGED))
    container = {"name": "server", "image": draw(each("a:1", DIGEST)), **draw(CONTAINER)}
    container["portMappings"] = [
        *container.get("portMappings", []),
        {"containerPort": 9000, "hostPort": 9000},
    ]
    container.setdefault("memoryReservation", 1000)
    definition = {**draw(DEFINITION), "executionRoleArn": ROLE, "volumes": VOLUMES}
    definition["containerDefinitions"] = [container, *draw(sublist(SIDECAR))]
    service = draw(SERVICE)
    if draw(st.booleans()):
        balancer = {"targetGroupArn": GROUP, "containerName": "server", "containerPort": 9000}
        service |= {"loadBalancers": [balancer], "healthCheckGracePeriodSeconds": draw(each(0, 9))}
    if neuron.get("allocation") == "managed":
        _manage(definition, service)
    elif definition.get("networkMode") == "host":
        _share_the_host(container)
    rollout = draw(some(maxUnavailable=each(1, 2), maxSurge=each(0, 1)))
    if not PERCENTAGES.isdisjoint(service.get("deploymentConfiguration", {})):
        rollout = {}  # the two would say it twice
    made = {
        "neuron": neuron,
        "replicas": draw(each(None, 0, 1, 3, 7)),
        "rollout": rollout,
        "taskDefinition": definition,
        "service": service,
    }
    return {name: value for name, value in made.items() if value is not None}


def _manage(definition: dict[str, Any], service: dict[str, Any]) -> None:
    """What Managed Instances ask for, and without what they refuse."""
    for name in ("networkMode", "requiresCompatibilities", "placementConstraints", "ipcMode"):
        definition.pop(name, None)
    definition.update(cpu="4096", memory="8192")
    container = definition["containerDefinitions"][0]
    container.pop("extraHosts", None)
    container["portMappings"] = [{"containerPort": 9000}]
    for name in ("placementConstraints", "placementStrategy", "loadBalancers"):
        service.pop(name, None)
    service.pop("healthCheckGracePeriodSeconds", None)
    for registry in service.get("serviceRegistries", ()):
        registry["containerName"] = "server"
    service["capacityProviderStrategy"] = [{"capacityProvider": "managed", "weight": 1}]
    service["networkConfiguration"] = {
        "awsvpcConfiguration": {"subnets": ["subnet-2", "subnet-1"], "securityGroups": ["sg-1"]}
    }


def _share_the_host(container: dict[str, Any]) -> None:
    """In host mode a container's port is the host's."""
    container.pop("extraHosts", None)
    container.pop("systemControls", None)
    for mapping in container["portMappings"]:
        mapping.pop("hostPort", None)


NUMBERS = itertools.count()


def offline_of(*paths: Path) -> Plan:
    made = offline_state(wanted(tuple(map(str, paths)), offline))
    return offline_plan(made.state, diagnostics=made.diagnostics)


@settings(FEW, max_examples=8)
@given(specs(), specs())
def test_after_an_apply_the_plan_is_empty_whatever_was_there_before(
    planner: Operator, first: dict[str, Any], second: dict[str, Any]
) -> None:
    name = f"law-{next(NUMBERS)}"
    # Other chips are other lanes, and those are made where they have room beside the old ones.
    planner.driver.sandbox.add_instances("inf1.6xlarge", 16)
    for spec in (first, second):
        planner.write(neuron_service(name, **{"replicas": None, **spec}))
        plan = planner.plan()
        if spec is first:
            expected = offline_of(planner.folder).digest
            assert plan.digest == expected, "an empty cluster is one offline"
        outcomes = planner.apply(wait=False, downtime=True).values()
        # Lanes on other chips go when the new ones are Ready, which nobody waits for here.
        made = {each.state for each in outcomes if each.action != "delete"}
        assert made <= {State.DONE, State.SUBMITTED}, outcomes
        if any(each.state is State.HELD for each in outcomes):
            planner.apply(wait=False)  # without replicas they are Ready by now
        plan = planner.plan()
        rest = tuple(each for each in plan.changes if each.action != "delete")
        assert is_empty(replace(plan, changes=rest)), [fields.fields for fields in rest]
        assert spec is second or not plan.changes
        with planner.changing() as calls:
            planner.apply(wait=False)
        assert not calls
        assert plan == planner.plan()


@FEW
@given(st.lists(specs(), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_and_documents_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, several: list[dict[str, Any]], chance: random.Random
) -> None:
    documents = [
        CLUSTER,
        *(neuron_service(f"s{n}", **{"replicas": None, **s}) for n, s in enumerate(several)),
    ]
    plans = []
    for _ in range(2):
        chance.shuffle(documents)
        folder = tmp_path_factory.mktemp("order")
        for number, document in enumerate(documents):
            (folder / f"{number}.yaml").write_text(json.dumps(document))
        plans.append(offline_of(folder))
    one, other = plans
    assert one.digest == other.digest
    assert [change.id for change in one.changes] == [change.id for change in other.changes]
    assert len(one.changes) == len(several)


@FEW
@given(specs(), WORDS, st.sampled_from(["labels", "service", "taskDefinition"]))
def test_the_digest_tells_the_users_tags_and_not_where_the_manifest_stands(
    tmp_path_factory: pytest.TempPathFactory, spec: dict[str, Any], word: str, where: str
) -> None:
    def digest(value: str, before: str = "") -> str:
        manifest = neuron_service(**{"replicas": None, **spec})
        if where == "labels":
            manifest["metadata"]["labels"] = {"tier": value}
        else:
            members = manifest["spec"].get(where, {})
            manifest["spec"][where] = {**members, "tags": [{"key": "tier", "value": value}]}
        folder = tmp_path_factory.mktemp("tags")
        text = before + "\n---\n".join(map(json.dumps, (CLUSTER, manifest)))
        (folder / f"{value}.yaml").write_text(text)
        return offline_of(folder).digest

    assert digest(word) == digest(word, "# another line\n") != digest(f"{word}-2")


def test_the_digest_of_an_update_does_not_depend_on_live_values(planner: Operator) -> None:
    """What was reviewed is what will be there, not what it replaces."""
    digests = set()
    for live in (150, 200):
        planner.write(neuron_service("digest"))
        planner.apply(wait=False)
        planner.driver.update("digest", deploymentConfiguration={"maximumPercent": live})
        digests.add(planner.plan().digest)
    assert len(digests) == 1


def test_a_plan_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Sets and hashes of Python change their order with PYTHONHASHSEED."""
    Operator(None, tmp_path).write(  # type: ignore[arg-type]  # it plans offline
        *(neuron_service(name, image=f"{name}:1") for name in ("a", "b", "c"))
    )
    shown = {
        subprocess.run(
            [sys.executable, "-m", "glia", "plan", "--offline", "-o", "json", str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(shown) == 1
    assert '"digest": "sha256:' in shown.pop()
