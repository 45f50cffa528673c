"""What keeps a service from working: each rule by the smallest change that breaks it."""

from __future__ import annotations

import copy
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import pytest

from glia.ecs.shapes import faults
from glia.manifest import rules
from glia.manifest.rules import service_faults
from glia.manifest.rules_subject import Subject
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
    return Subject(spec, catalogue().get(spec.neuron.instance_type or ""), labels)


def found_in(
    change: Mapping[str, Any], labels: Mapping[str, str] = rules.NO_LABELS
) -> list[ShapeFault]:
    subject = subject_of(change, labels)
    return list(service_faults(subject.spec, subject.instance_type, labels=labels))


BROKEN: dict[str, tuple[dict[str, Any], str, str, list[str]]] = {
    "more chips than the type has": (
        neuron(devices=5),
        "spec.neuron.devices",
        "out-of-range",
        ["inf1.6xlarge has 4 chips, so no replica can get 5", "1 to 4, or all"],
    ),
    "a number that no interpreter prints": (
        neuron(devices=10**5000),
        "spec.neuron.devices",
        "out-of-range",
        ["inf1.6xlarge has 4 chips"],
    ),
    "a count that a torus cannot give": (
        neuron(instanceType="trn1.32xlarge", devices=5),
        "spec.neuron.devices",
        "not-allowed",
        ["trn1.32xlarge cannot give 5 chips", "1, 4, 8 or 16", "write 4"],
    ),
    "a chip twice": (
        pinned("inf1.6xlarge", 0, 0),
        "spec.neuron.deviceIds.1",
        "not-allowed",
        ["chip 0 is there twice"],
    ),
    "a chip that is not there": (
        pinned("inf1.6xlarge", 3, 4),
        "spec.neuron.deviceIds.1",
        "out-of-range",
        ["no chip 4", "0 to 3", "write [2, 3]"],
    ),
    "chips apart": (
        pinned("inf1.6xlarge", 0, 2),
        "spec.neuron.deviceIds",
        "not-allowed",
        ["cannot give these chips", "any contiguous run", "[0, 2]", "write [0, 1]"],
    ),
    "chips across the rows of a torus": (
        pinned("trn1.32xlarge", 2, 3, 4, 5),
        "spec.neuron.deviceIds",
        "not-allowed",
        ["aligned 1, 4, 8 or 16", "write [0, 1, 2, 3]"],
    ),
    "no chips at all": (
        pinned("inf1.6xlarge"),
        "spec.neuron.deviceIds",
        "not-allowed",
        ["[]", "write [0]"],
    ),
    "chips in another order": (
        pinned("inf1.6xlarge", 1, 0),
        "spec.neuron.deviceIds",
        "not-allowed",
        ["not in ascending order", "write [0, 1]"],
    ),
    "a container that is not there": (
        neuron(container="servr"),
        "spec.neuron.container",
        "not-allowed",
        ["no container in taskDefinition is called 'servr'", "write 'server'"],
    ),
    "two essential containers": (
        containers(SERVER, OTHER),
        "spec.neuron.container",
        "missing-field",
        ["more than one essential container", "server or proxy", "2 essential"],
    ),
    "a chip mapped by hand": (
        server(
            linuxParameters={"devices": [{"hostPath": "/dev/fuse"}, {"hostPath": "/dev/neuron0"}]}
        ),
        f"{SERVER_AT}linuxParameters.devices.1.hostPath",
        "contradiction",
        ["maps '/dev/neuron0' by hand", "spec.neuron", "neuron.deviceIds"],
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
    "chips asked of ECS": (
        server(resourceRequirements=[{"type": "NeuronDevice", "value": "ALL"}]),
        f"{SERVER_AT}resourceRequirements.0",
        "contradiction",
        ["asks for NeuronDevice", "neuron.allocation: devices", "neuron.allocation: managed"],
    ),
    "chips asked of ECS for a managed replica": (
        managed(server(resourceRequirements=[{"type": "NeuronDevice", "value": "ALL"}])),
        f"{SERVER_AT}resourceRequirements.0",
        "contradiction",
        ["take it out: Glia writes it"],
    ),
    "more cores than the chip has": (
        env("NEURON_RT_NUM_CORES", "5"),
        f"{SERVER_AT}environment.1.value",
        "out-of-range",
        ["NEURON_RT_NUM_CORES asks for cores that the replica's 1 chip does not", "0 to 4", "'5'"],
    ),
    "a count of cores that is none": (
        env("NEURON_RT_NUM_CORES", "two"),
        f"{SERVER_AT}environment.1.value",
        "not-allowed",
        ["has to be a number", "'two'"],
    ),
    "a list of cores that is none": (
        env("NEURON_RT_VISIBLE_CORES", "0;1"),
        f"{SERVER_AT}environment.1.value",
        "not-allowed",
        ["has to list cores", "'0;1'"],
    ),
    "cores apart": (
        env("NEURON_RT_VISIBLE_CORES", "0,2-3"),
        f"{SERVER_AT}environment.1.value",
        "not-allowed",
        ["follow one another", "such as 0-3"],
    ),
    "cores downwards": (
        env("NEURON_RT_VISIBLE_CORES", "3-0"),
        f"{SERVER_AT}environment.1.value",
        "not-allowed",
        ["ascending order", "such as 0-3"],
    ),
    "the cores of the next chip": (
        env("NEURON_RT_VISIBLE_CORES", "4-7"),
        f"{SERVER_AT}environment.1.value",
        "out-of-range",
        ["NEURON_RT_VISIBLE_CORES", "4 cores, 0-3 in the container"],
    ),
    "too many cores under the host's numbers": (
        merged(neuron(mapping="identity"), env("NEURON_RT_VISIBLE_CORES", "4-8")),
        f"{SERVER_AT}environment.1.value",
        "out-of-range",
        ["at most 4 cores"],
    ),
    "a definition for Fargate": (
        task(requiresCompatibilities=["FARGATE"]),
        f"{TASK}requiresCompatibilities",
        "contradiction",
        ["neuron.allocation: devices needs", "[EC2]", "[FARGATE]"],
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
    "Fargate": (
        service(launchType="FARGATE"),
        "spec.service.launchType",
        "contradiction",
        ["launchType: FARGATE has no chips", "write EC2"],
    ),
    "Managed Instances by launch type": (
        service(launchType="MANAGED_INSTANCES"),
        "spec.service.launchType",
        "contradiction",
        ["write neuron.allocation: managed"],
    ),
    "a launch type and a strategy": (
        service(launchType="EC2", capacityProviderStrategy=PROVIDER),
        "spec.service.launchType",
        "contradiction",
        ["cannot both be given", "leave launchType out"],
    ),
    "managed without a provider": (
        managed(service(capacityProviderStrategy=None)),
        "spec.service.capacityProviderStrategy",
        "missing-field",
        ["managed needs one", "capacityProvider: NAME"],
    ),
    "managed in bridge mode": (
        managed(task(networkMode="bridge")),
        f"{TASK}networkMode",
        "contradiction",
        ["runs in awsvpc", "write awsvpc"],
    ),
    "some chips of a managed instance": (
        managed(neuron(devices=1)),
        "spec.neuron.devices",
        "contradiction",
        ["all chips of its instance", "write all"],
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
    "a constraint without a type": (
        service(placementConstraints=[{}]),
        "spec.service.placementConstraints.0.type",
        "missing-field",
        ["memberOf or distinctInstance"],
    ),
    "memberOf without an expression": (
        task(placementConstraints=[{"type": "memberOf"}]),
        f"{TASK}placementConstraints.0.expression",
        "missing-field",
        ["memberOf says nothing without one"],
    ),
    "distinctInstance with an expression": (
        service(placementConstraints=[{"type": "distinctInstance", "expression": "x"}]),
        "spec.service.placementConstraints.0.expression",
        "not-allowed",
        ["distinctInstance takes no expression"],
    ),
    "an expression that does not parse": (
        service(**member_of(f"{INSTANCE_TYPE} = inf1.6xlarge")),
        "spec.service.placementConstraints.0.expression",
        "not-allowed",
        ["wrong at column 29"],
    ),
    "another instance type": (
        task(**member_of(f"{INSTANCE_TYPE} == inf1.2xlarge")),
        f"{TASK}placementConstraints.0.expression",
        "contradiction",
        ["neuron.instanceType: inf1.6xlarge", f"{INSTANCE_TYPE} == inf1.6xlarge, which Glia adds"],
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
    "constraints beside Glia's own": (
        merged(
            task(**member_of(*["task:group == a"] * 4)),
            service(**member_of(*["task:group == b"] * 4)),
        ),
        "spec.service.placementConstraints",
        "out-of-range",
        ["at most 10 placement constraints", "Glia adds 3", "at most 7"],
    ),
    "percentages that let nothing stop": (
        deployment(minimumHealthyPercent=76, maximumPercent=100),
        "spec.service.deploymentConfiguration.minimumHealthyPercent",
        "never-works",
        ["with 4 replicas", "leave both percentages out", "minimumHealthyPercent: 75"],
    ),
    "one percentage beside ECS's default": (
        merged({"replicas": 1}, deployment(maximumPercent=150)),
        "spec.service.deploymentConfiguration.maximumPercent",
        "never-works",
        ["with 1 replica these", "minimumHealthyPercent: 0", "minimumHealthyPercent 100"],
    ),
    "percentages that move no number of replicas": (
        merged({"replicas": None}, deployment(minimumHealthyPercent=100, maximumPercent=100)),
        "spec.service.deploymentConfiguration.minimumHealthyPercent",
        "never-works",
        ["with any number of replicas", "leave both percentages out"],
    ),
    "all chips twice": (
        deployment(strategy="BLUE_GREEN"),
        "spec.service.deploymentConfiguration.strategy",
        "never-works",
        ["BLUE_GREEN runs all replicas twice", "neuron.devices: all"],
    ),
    "rebalancing": (
        service(availabilityZoneRebalancing="ENABLED"),
        "spec.service.availabilityZoneRebalancing",
        "contradiction",
        ["starts a replica before another one stops", "neuron.minInstances"],
    ),
    "a daemon": (
        service(schedulingStrategy="DAEMON"),
        "spec.service.schedulingStrategy",
        "contradiction",
        ["a NeuronService has replicas", "write spec.replicas"],
    ),
    "CodeDeploy": (
        service(deploymentController={"type": "CODE_DEPLOY"}),
        "spec.service.deploymentController.type",
        "not-allowed",
        ["not through CODE_DEPLOY", "leave deploymentController out"],
    ),
    "a rollout without room": (
        {"rollout": {"maxUnavailable": 0}},
        "spec.rollout.maxUnavailable",
        "never-works",
        ["no replica may stop and none may start", "maxSurge: 1"],
    ),
    "awsvpc without subnets": (
        merged(neuron(devices="all"), task(networkMode="awsvpc")),
        "spec.service.networkConfiguration",
        "missing-field",
        ["need subnets"],
    ),
    "subnets without awsvpc": (
        service(networkConfiguration=NETWORK),
        "spec.service.networkConfiguration",
        "contradiction",
        ["networkMode is bridge", "write taskDefinition.networkMode: awsvpc"],
    ),
    "shared chips in awsvpc": (
        merged(task(networkMode="awsvpc"), service(networkConfiguration=NETWORK)),
        f"{TASK}networkMode",
        "contradiction",
        ["neuron.lock: hostPort", "write bridge or host", "devices: all", "best effort"],
    ),
    "shared chips without a network": (
        merged(task(networkMode="none"), server(portMappings=[])),
        f"{TASK}networkMode",
        "contradiction",
        ["networkMode: none takes none"],
    ),
    "two ports where there is one": (
        merged(task(networkMode="host"), ports({"containerPort": 80, "hostPort": 81})),
        f"{SERVER_AT}portMappings.0.hostPort",
        "contradiction",
        ["networkMode: host", "leave hostPort out"],
    ),
    "the port of a lock": (
        ports({"containerPort": 80, "hostPort": 18003}),
        f"{SERVER_AT}portMappings.0.hostPort",
        "contradiction",
        ["18003 is the lock of /dev/neuron3", "18000 to 18003", "leave hostPort out"],
    ),
    "the port of a lock in host mode": (
        merged(task(networkMode="host"), ports({"containerPort": 18000})),
        f"{SERVER_AT}portMappings.0.containerPort",
        "contradiction",
        ["lock of /dev/neuron0", "listen on another port"],
    ),
    "the port of the agent": (
        ports({"containerPort": 80, "hostPort": 51678}),
        f"{SERVER_AT}portMappings.0.hostPort",
        "never-works",
        ["SSH, Docker or the ECS agent"],
    ),
    "too many ports": (
        ports(*({"containerPort": port, "hostPort": port} for port in range(9000, 9091))),
        f"{TASK}containerDefinitions",
        "out-of-range",
        ["at most 100 static host ports", "6 are its own and 4 are Glia's locks", "at most 90"],
    ),
    "a container without an image": (
        server(image=None),
        f"{SERVER_AT}image",
        "missing-field",
        ["'image' is missing"],
    ),
    "a name twice": (
        containers(SERVER, merged(OTHER, {"name": "server", "essential": False})),
        f"{TASK}containerDefinitions.1.name",
        "not-allowed",
        ["two containers are called 'server'"],
    ),
    "nothing essential": (
        server(essential=False),
        f"{TASK}containerDefinitions",
        "not-allowed",
        ["no container is essential", "essential: true"],
    ),
    "no container": (
        containers(),
        f"{TASK}containerDefinitions",
        "out-of-range",
        ["at least one container"],
    ),
    "no memory": (
        server(memoryReservation=None),
        f"{SERVER_AT}memoryReservation",
        "missing-field",
        ["neither memoryReservation nor memory", "taskDefinition.memory"],
    ),
    "a reservation above the limit": (
        server(memory=999),
        f"{SERVER_AT}memoryReservation",
        "contradiction",
        ["more than memory", "999", "1000"],
    ),
    "a long start": (
        server(healthCheck={"startPeriod": 600}),
        f"{SERVER_AT}healthCheck.startPeriod",
        "out-of-range",
        ["0 to 300", "600", "only service.healthCheckGracePeriodSeconds is longer"],
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
    "a tag of Glia's": (
        service(tags=[{"key": "glia:owner", "value": SECRET}]),
        "spec.service.tags.0.key",
        "not-allowed",
        ["Glia's own", "'glia:owner'"],
    ),
    "a tag of AWS's": (
        task(tags=[{"key": "AWS:x", "value": SECRET}]),
        f"{TASK}tags.0.key",
        "not-allowed",
        ["'aws:' are AWS's own"],
    ),
    "many tags": (
        service(tags=[{"key": f"k{index}", "value": SECRET} for index in range(45)]),
        "spec.service.tags",
        "out-of-range",
        ["at most 50 tags", "at most 44", "45"],
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


def test_every_rule_has_an_example() -> None:
    changes = [change for change, *_ in BROKEN.values()]
    changes.append(managed(service(launchType="EC2", capacityProviderStrategy=None)))
    subjects = [subject_of(change, {}) for change in changes]
    for rule in rules.RULES:
        assert any(list(rule(subject)) for subject in subjects), rule


def test_managed_takes_no_launch_type() -> None:
    strategy = {"capacityProviderStrategy": None}
    found = found_in(managed(service(launchType="MANAGED_INSTANCES", **strategy)), {})
    assert [fault.path[-1] for fault in found] == ["launchType", "capacityProviderStrategy"]


@pytest.mark.parametrize(
    ("labels", "change", "paths"),
    [
        ({"aws:x": "1"}, {}, [("metadata", "labels", "aws:x")]),
        ({f"k{n}": "" for n in range(45)}, {}, [("metadata", "labels")]),
        (
            {f"k{n}": "" for n in range(44)},
            service(tags=[{"key": "one-more"}]),
            [("spec", "service", "tags")],
        ),
        ({f"k{n}": "" for n in range(44)}, service(tags=[{"key": "k0"}]), []),
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
        neuron(devices="all"),
        task(networkMode="awsvpc"),
        service(networkConfiguration=NETWORK),
        ports({"containerPort": 18000}),
    ),
    "awsvpc at one's own risk": merged(
        neuron(lock="antiAffinity"),
        task(networkMode="awsvpc"),
        service(networkConfiguration=NETWORK),
    ),
    "no network with whole instances": merged(
        neuron(devices=4), task(networkMode="none"), server(portMappings=[])
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
    layers = [change for change, *_ in list(BROKEN.values())[-3:]]
    assert len(found_in(merged(*layers))) == 2
