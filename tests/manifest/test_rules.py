"""What keeps a service from working: each rule by the smallest change that breaks it."""

from __future__ import annotations

import copy
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import pytest

from glia.ecs.shapes import faults
from glia.manifest import rules
from glia.manifest.rules import service_faults
from glia.manifest.rules_subject import Subject, make_subject
from glia.manifest.spec import ServiceSpec
from glia.neuron.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.ecs.shape_fault import ShapeFault

SECRET = "correct-horse-battery-staple"
SERVER: dict[str, Any] = {
    "name": "server",
    "image": "inference:1",
    "memoryReservation": 1000,
    "portMappings": [{"containerPort": 8501}],
    "command": ["--password", SECRET],
    "environment": [{"name": "API_KEY", "value": SECRET}],
    "healthCheck": {"command": ["CMD", SECRET], "interval": 30},
}
BASE: dict[str, Any] = {
    "cluster": "inference",
    "replicas": 4,
    "neuron": {"instanceType": "inf1.6xlarge", "devices": 1},
    "taskDefinition": {"containerDefinitions": [SERVER]},
    "service": {},
}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
PROVIDER = [{"capacityProvider": "managed"}]
MANAGED: dict[str, Any] = {
    "neuron": {"instanceType": None, "devices": None, "allocation": "managed"},
    "service": {"capacityProviderStrategy": PROVIDER, "networkConfiguration": NETWORK},
}

WHOLE_IN_AWSVPC: dict[str, Any] = {
    "neuron": {"devices": "all"},
    "taskDefinition": {"networkMode": "awsvpc"},
    "service": {"networkConfiguration": NETWORK},
}

INSTANCE_TYPE = "attribute:ecs.instance-type"
TASK = "spec.taskDefinition."
SERVER_AT = f"{TASK}containerDefinitions.0."
OTHER = {"name": "proxy", "image": "proxy:1", "memory": 100}


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings on top of one another; lists replace lists."""
    whole: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            if isinstance(value, dict) and isinstance(whole.get(name), dict):
                whole[name] = merged(whole[name], value)
            else:
                whole[name] = copy.deepcopy(value)
    return whole


def without_nulls(value: Any) -> Any:
    """A member that a layer sets to null is one that the manifest does not have."""
    match value:
        case dict():
            return {name: without_nulls(each) for name, each in value.items() if each is not None}
        case list():
            return [without_nulls(each) for each in value]
        case _:
            return value


def neuron(**members: Any) -> dict[str, Any]:
    return {"neuron": members}


def pinned(kind: str, *ids: int) -> dict[str, Any]:
    return neuron(instanceType=kind, devices=None, deviceIds=list(ids))


def server(**members: Any) -> dict[str, Any]:
    return task(containerDefinitions=[merged(SERVER, members)])


def containers(*given: dict[str, Any]) -> dict[str, Any]:
    return task(containerDefinitions=list(given))


def task(**members: Any) -> dict[str, Any]:
    return {"taskDefinition": members}


def service(**members: Any) -> dict[str, Any]:
    return {"service": members}


def deployment(**members: Any) -> dict[str, Any]:
    return service(deploymentConfiguration=members)


def env(name: str, value: str) -> dict[str, Any]:
    secret: dict[str, str] = SERVER["environment"][0]
    return server(environment=[secret, {"name": name, "value": value}])


def managed(*layers: dict[str, Any]) -> dict[str, Any]:
    return merged(MANAGED, *layers)


def member_of(*expressions: str) -> dict[str, Any]:
    return {
        "placementConstraints": [{"type": "memberOf", "expression": each} for each in expressions]
    }


def ports(*mappings: dict[str, Any]) -> dict[str, Any]:
    return server(portMappings=list(mappings))


def subject_of(change: Mapping[str, Any], labels: Mapping[str, str]) -> Subject:
    body = without_nulls(merged(BASE, change))
    assert not faults("CreateServiceRequest", {"serviceName": "s", **body["service"]})
    assert not faults("RegisterTaskDefinitionRequest", {"family": "f", **body["taskDefinition"]})
    spec = ServiceSpec.model_validate(body)
    return make_subject(spec, catalogue().get(spec.neuron.instance_type or ""), labels)


def found_in(
    change: Mapping[str, Any], labels: Mapping[str, str] = rules.NO_LABELS
) -> list[ShapeFault]:
    subject = subject_of(change, labels)
    return list(service_faults(subject.spec, subject.instance_type, labels=labels))


BROKEN: dict[str, tuple[dict[str, Any], str, str, list[str]]] = {
    "a number that no interpreter prints": (
        neuron(devices=10**5000),
        "spec.neuron.devices",
        "out-of-range",
        ["inf1.6xlarge has 4 chips"],
    ),
    "chips across the rows of a torus": (
        pinned("trn1.32xlarge", 2, 3, 4, 5),
        "spec.neuron.deviceIds",
        "not-allowed",
        ["aligned 1, 4, 8 or 16", "write [0, 1, 2, 3]"],
    ),
    "chips in another order": (
        pinned("inf1.6xlarge", 1, 0),
        "spec.neuron.deviceIds",
        "not-allowed",
        ["not in ascending order", "write [0, 1]"],
    ),
    "a chip mapped by hand, under another name": (
        server(
            linuxParameters={
                "devices": [{"hostPath": "/dev/fuse", "containerPath": "//dev/./neuron0"}]
            }
        ),
        f"{SERVER_AT}linuxParameters.devices.0.containerPath",
        "contradiction",
        ["by hand"],
    ),
    "a chip mapped by hand on Managed Instances": (
        managed(server(linuxParameters={"devices": [{"hostPath": "/dev/neuron0"}]})),
        f"{SERVER_AT}linuxParameters.devices.0.hostPath",
        "contradiction",
        ["managed gives the container all chips"],
    ),
    "chips asked of ECS for a managed replica": (
        managed(server(resourceRequirements=[{"type": "NeuronDevice", "value": "ALL"}])),
        f"{SERVER_AT}resourceRequirements.0",
        "contradiction",
        ["take it out: Glia writes it"],
    ),
    "cores downwards": (
        env("NEURON_RT_VISIBLE_CORES", "3-0"),
        f"{SERVER_AT}environment.1.value",
        "not-allowed",
        ["ascending order", "such as 0-3"],
    ),
    "too many cores under the host's numbers": (
        merged(neuron(mapping="identity"), env("NEURON_RT_VISIBLE_CORES", "4-8")),
        f"{SERVER_AT}environment.1.value",
        "out-of-range",
        ["at most 4 cores"],
    ),
    "a definition for EC2 and Fargate": (
        task(requiresCompatibilities=["EC2", "FARGATE"]),
        f"{TASK}requiresCompatibilities",
        "contradiction",
        ["write [EC2]"],
    ),
    "a definition for Managed Instances without managed": (
        task(requiresCompatibilities=["MANAGED_INSTANCES"]),
        f"{TASK}requiresCompatibilities",
        "contradiction",
        ["write neuron.allocation: managed"],
    ),
    "a managed definition for EC2 as well": (
        managed(task(requiresCompatibilities=["MANAGED_INSTANCES", "EC2"])),
        f"{TASK}requiresCompatibilities",
        "contradiction",
        ["write [MANAGED_INSTANCES]"],
    ),
    "Managed Instances by launch type": (
        service(launchType="MANAGED_INSTANCES"),
        "spec.service.launchType",
        "contradiction",
        ["write neuron.allocation: managed"],
    ),
    "pinned chips of a managed instance": (
        managed(neuron(deviceIds=[0])),
        "spec.neuron.deviceIds",
        "contradiction",
        ["none can be pinned"],
    ),
    "a mapping on managed instances": (
        managed(neuron(mapping="remap")),
        "spec.neuron.mapping",
        "contradiction",
        ["no meaning with neuron.allocation: managed"],
    ),
    "a lock on managed instances": (
        managed(neuron(lock="none")),
        "spec.neuron.lock",
        "contradiction",
        ["takes its instance whole"],
    ),
    "a pool of managed instances": (
        managed(neuron(pool={"capacityProvider": "p"})),
        "spec.neuron.pool",
        "contradiction",
        ["takes its instance whole"],
    ),
    "any type but its own": (
        service(**member_of(f"runningTasksCount < 3 and not({INSTANCE_TYPE} =~ inf1.*)")),
        "spec.service.placementConstraints.0.expression",
        "contradiction",
        ["no instance satisfies both"],
    ),
    "instances outside the pool": (
        merged(
            neuron(pool={"attribute": "team", "value": "vision"}),
            service(**member_of("attribute:team == speech")),
        ),
        "spec.service.placementConstraints.0.expression",
        "contradiction",
        ["with neuron.pool", "attribute:team == vision"],
    ),
    "one percentage beside a rollout that stops none": (
        merged(
            {"replicas": 1, "rollout": {"maxUnavailable": 0, "maxSurge": 1}},
            deployment(maximumPercent=150),
        ),
        "spec.service.deploymentConfiguration.maximumPercent",
        "never-works",
        ["with 1 replica these", "minimumHealthyPercent: 0", "maximumPercent 150"],
    ),
    "a managed replica's percentage beside ECS's default": (
        managed({"replicas": 1}, deployment(maximumPercent=150)),
        "spec.service.deploymentConfiguration.maximumPercent",
        "never-works",
        ["with 1 replica these"],
    ),
    "exactly half of an instance's memory as a lock": (
        merged(WHOLE_IN_AWSVPC, task(memory="24 GB")),
        "spec.taskDefinition.memory",
        "never-works",
        ["at least 24577 MiB", "24576 MiB", "write memory: 24577"],
    ),
    "a lock of memory in several containers": (
        merged(
            WHOLE_IN_AWSVPC,
            containers(merged(SERVER, {"memoryReservation": 20000}), {**OTHER, "essential": False}),
        ),
        f"{SERVER_AT}memoryReservation",
        "never-works",
        ["20100 MiB", "write memoryReservation: 24477"],
    ),
    "no network and no memory as a lock": (
        merged(neuron(devices=4), task(networkMode="none"), server(portMappings=[])),
        f"{SERVER_AT}memoryReservation",
        "never-works",
        ["networkMode: none takes no ports"],
    ),
    "memory of several containers": (
        containers(
            merged(SERVER, {"memoryReservation": 40000}),
            merged(OTHER, {"memory": 10000, "essential": False}),
        ),
        f"{SERVER_AT}memoryReservation",
        "never-works",
        ["reserves 50000 MiB in all", "49152", "in all containers"],
    ),
    "a port twice on a task's own interface": (
        merged(
            WHOLE_IN_AWSVPC,
            task(memory="40 GB"),
            containers(
                SERVER,
                merged(OTHER, {"essential": False, "portMappings": [{"containerPort": 8501}]}),
            ),
        ),
        f"{TASK}containerDefinitions.1.portMappings.0.containerPort",
        "contradiction",
        ["tcp port 8501 is mapped twice", "listen on another port"],
    ),
    "a health check that is turned off": (
        server(healthCheck={"command": ["NONE"]}),
        "spec.rollout.minReadySeconds",
        "missing-field",
        ["nothing says when one is ready"],
    ),
    "a container that waits for itself": (
        server(dependsOn=[{"containerName": "server", "condition": "START"}]),
        f"{SERVER_AT}dependsOn",
        "never-works",
        ["server -> server"],
    ),
    "a registry of a port that no container maps": (
        merged(
            neuron(devices=4),
            service(serviceRegistries=[{"containerName": "server", "containerPort": 80}]),
        ),
        "spec.service.serviceRegistries.0.containerPort",
        "not-allowed",
        ["maps no port 80", "write 8501"],
    ),
    "a port's name of VPC Lattice": (
        service(
            vpcLatticeConfigurations=[{"roleArn": "r", "targetGroupArn": "t", "portName": "http"}]
        ),
        "spec.service.vpcLatticeConfigurations.0.portName",
        "not-allowed",
        ["no port mapping is called 'http'"],
    ),
    "Fargate for managed replicas": (
        managed(service(capacityProviderStrategy=[{"capacityProvider": "FARGATE"}])),
        "spec.service.capacityProviderStrategy.0.capacityProvider",
        "never-works",
        ["FARGATE has no Neuron chips"],
    ),
    "a range that ends too late": (
        ports({"containerPortRange": "8000-70000"}),
        f"{SERVER_AT}portMappings.0.containerPortRange",
        "not-allowed",
        ["1 to 65535"],
    ),
    "percentages that move no number of replicas": (
        merged({"replicas": None}, deployment(minimumHealthyPercent=100, maximumPercent=100)),
        "spec.service.deploymentConfiguration.minimumHealthyPercent",
        "never-works",
        ["with any number of replicas", "leave both percentages out"],
    ),
    "shared chips without a network": (
        merged(task(networkMode="none"), server(portMappings=[])),
        f"{TASK}networkMode",
        "contradiction",
        ["networkMode: none takes none"],
    ),
    "the port of a lock in host mode": (
        merged(task(networkMode="host"), ports({"containerPort": 18000})),
        f"{SERVER_AT}portMappings.0.containerPort",
        "contradiction",
        ["lock of /dev/neuron0", "listen on another port"],
    ),
    "no container": (
        containers(),
        f"{TASK}containerDefinitions",
        "out-of-range",
        ["at least one container"],
    ),
    "a short interval": (
        server(healthCheck={"interval": 4}),
        f"{SERVER_AT}healthCheck.interval",
        "out-of-range",
        ["5 to 300"],
    ),
    "a long timeout": (
        server(healthCheck={"timeout": 61}),
        f"{SERVER_AT}healthCheck.timeout",
        "out-of-range",
        ["2 to 60"],
    ),
    "many retries": (
        server(healthCheck={"retries": 11}),
        f"{SERVER_AT}healthCheck.retries",
        "out-of-range",
        ["1 to 10"],
    ),
    "a tag of AWS's": (
        task(tags=[{"key": "AWS:x", "value": SECRET}]),
        f"{TASK}tags.0.key",
        "not-allowed",
        ["'aws:' are AWS's own"],
    ),
}


@pytest.mark.parametrize(("change", "path", "code", "fragments"), BROKEN.values(), ids=BROKEN)
def test_a_fault_says_where_and_what(
    change: dict[str, Any], path: str, code: str, fragments: list[str]
) -> None:
    (fault,) = found_in(change)
    assert (".".join(map(str, fault.path)), fault.code) == (path, code)
    said = f"{fault.message} | {fault.expected} | {fault.found} | {fault.remedy}"
    assert [fragment for fragment in fragments if fragment not in said] == [], said
    assert SECRET not in str(astuple(fault))
    assert not any(text.endswith(".") for text in (fault.message, fault.expected, fault.remedy))


@pytest.mark.parametrize(
    ("labels", "change", "paths"),
    [
        ({"aws:x": "1"}, {}, [("metadata", "labels", "aws:x")]),
        ({f"k{n}": "" for n in range(40)}, {}, [("metadata", "labels")]),
        (
            {f"k{n}": "" for n in range(39)},
            service(tags=[{"key": "one-more"}]),
            [("spec", "service", "tags")],
        ),
        ({f"k{n}": "" for n in range(39)}, service(tags=[{"key": "k0"}]), []),
    ],
    ids=["reserved", "too many", "too many with tags", "the same key"],
)
def test_labels_become_tags(
    labels: dict[str, str], change: dict[str, Any], paths: list[tuple[str, ...]]
) -> None:
    assert [fault.path for fault in found_in(change, labels)] == paths


VALID: dict[str, dict[str, Any]] = {
    "bridge": task(networkMode="bridge"),
    "host": merged(task(networkMode="host"), ports({"containerPort": 80, "hostPort": 80})),
    "awsvpc with whole instances": merged(
        WHOLE_IN_AWSVPC, task(memory="24.5 GB"), ports({"containerPort": 18000})
    ),
    "awsvpc at one's own risk": merged(
        neuron(lock="none"),
        task(networkMode="awsvpc"),
        service(networkConfiguration=NETWORK),
    ),
    "no network with whole instances": merged(
        neuron(devices=4),
        task(networkMode="none"),
        server(portMappings=[], memoryReservation=24577),
    ),
    "awsvpc with whole instances and no lock": merged(WHOLE_IN_AWSVPC, neuron(lock="none")),
    "all memory and CPU that there is": task(memory="48gb", cpu="24 vCPU"),
    "one replica that shares its instance": merged(
        {"replicas": 1},
        server(healthCheck=None, portMappings=[{"containerPort": 8501, "name": "http"}]),
        service(
            serviceName="web",
            serviceConnectConfiguration={"enabled": True, "services": [{"portName": "http"}]},
        ),
    ),
    "pinned chips on several instances": merged(
        pinned("inf1.6xlarge", 0), server(healthCheck=None), service(serviceName="web")
    ),
    "readiness by time": merged({"rollout": {"minReadySeconds": 60}}, server(healthCheck=None)),
    "readiness by a load balancer": merged(
        server(healthCheck=None),
        service(
            loadBalancers=[
                {"targetGroupArn": "t", "containerName": "server", "containerPort": 8501}
            ],
            healthCheckGracePeriodSeconds=600,
        ),
    ),
    "a grace period of the container's check": service(healthCheckGracePeriodSeconds=600),
    "a client of Service Connect": service(
        serviceConnectConfiguration={"enabled": True, "namespace": "n"}
    ),
    "a range of ports": ports({"containerPortRange": "8000-8010"}),
    "one port in two protocols": ports(
        {"containerPort": 53, "hostPort": 53},
        {"containerPort": 53, "hostPort": 53, "protocol": "udp"},
    ),
    "a strategy that says what the pool says": merged(
        neuron(pool={"capacityProvider": "inf1"}),
        service(capacityProviderStrategy=[{"capacityProvider": "inf1", "weight": 1}]),
    ),
    "percentages within the rollout": merged(
        {"rollout": {"maxUnavailable": 2}},
        deployment(minimumHealthyPercent=75, maximumPercent=100),
    ),
    "one percentage, the other one Glia's": merged({"replicas": 1}, deployment(maximumPercent=100)),
    "sidecars that wait for one another": containers(
        merged(SERVER, {"dependsOn": [{"containerName": "proxy", "condition": "START"}]}),
        merged(OTHER, {"essential": False}),
    ),
    "managed": MANAGED,
    "managed, in full": managed(
        neuron(instanceType="inf2.48xlarge", devices="all"),
        task(networkMode="awsvpc", requiresCompatibilities=["MANAGED_INSTANCES"]),
        service(availabilityZoneRebalancing="ENABLED"),
        env("NEURON_RT_VISIBLE_CORES", "0-23"),
    ),
    "its own instance type": service(
        **member_of(f"{INSTANCE_TYPE} =~ inf1.* or {INSTANCE_TYPE} == inf2.xlarge")
    ),
    "a query about something else": task(**member_of("not(task:group == service:other)")),
    "a sidecar that may end": containers(SERVER, merged(OTHER, {"essential": False})),
    "two essential containers and a choice": merged(
        neuron(container="server"), containers(SERVER, OTHER)
    ),
    "a port in another protocol": ports(
        {"containerPort": 80, "hostPort": 18000, "protocol": "udp"}
    ),
    "the port of a lock without locks": merged(
        neuron(lock="none"), ports({"containerPort": 80, "hostPort": 18000})
    ),
    "memory of the task": merged(task(memory="4096"), server(memoryReservation=None)),
    "percentages with room": deployment(minimumHealthyPercent=75, maximumPercent=100),
    "percentages for a count that is not Glia's": merged(
        {"replicas": None}, deployment(minimumHealthyPercent=75, maximumPercent=100)
    ),
    "blue and green on whole instances": merged(
        neuron(devices=4), deployment(strategy="BLUE_GREEN", bakeTimeInMinutes=5)
    ),
    "all cores of two chips": merged(
        neuron(devices=2), env("NEURON_RT_VISIBLE_CORES", "0-3, 4,5-7")
    ),
    "as many cores as there are": env("NEURON_RT_NUM_CORES", "0"),
    "the host's cores": merged(neuron(mapping="identity"), env("NEURON_RT_VISIBLE_CORES", "8-11")),
    "cores of Trainium2 taken apart": merged(
        neuron(instanceType="trn2.48xlarge"),
        server(
            environment=[
                {"name": "NEURON_RT_VIRTUAL_CORE_SIZE", "value": "1"},
                {"name": "NEURON_RT_NUM_CORES", "value": "8"},
            ]
        ),
    ),
    "an unknown instance type": neuron(instanceType="inf9.xlarge", devices=99),
    "a row of a torus": pinned("trn2.48xlarge", 4, 5, 6, 7),
    "nothing to replace": merged(
        {"replicas": 0}, deployment(minimumHealthyPercent=100, maximumPercent=100)
    ),
}


@pytest.mark.parametrize("change", VALID.values(), ids=VALID)
def test_nothing_is_wrong_with(change: dict[str, Any]) -> None:
    assert found_in(change) == []


def test_everything_wrong_comes_at_once() -> None:
    layers = [BROKEN[name][0] for name in ("many retries", "a tag of AWS's")]
    assert len(found_in(merged(*layers))) == 2
