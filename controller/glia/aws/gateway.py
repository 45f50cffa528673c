"""The gateway to one target: everything that Glia asks of AWS, and what it has AWS do."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from glia.ahead import Ahead
from glia.aws import reading, writes
from glia.aws.calls import Calls, checked
from glia.aws.recent import Recent
from glia.aws.surroundings import Surroundings
from glia.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from glia.aws.session import Sessions
    from glia.live import (
        LiveInstance,
        LiveService,
        LiveTask,
        LiveTaskDefinition,
        Presence,
        ServiceDeployment,
        ServiceEvent,
    )
    from glia.neuron.catalogue import InstanceType
    from glia.target import Target

T = TypeVar("T")

# The most that one Describe call takes (API reference).
SERVICES_PER_CALL: Final = 10
OTHERS_PER_CALL: Final = 100
REVISIONS_READ: Final = 5
"""Of a service's history, the newest deployments whose task definition is told."""


class Gateway:
    """One account and region, for all threads. ``cluster`` is an ECS cluster's name or ARN.

    Every method raises AwsError for what AWS refuses or does not answer, and WrongAccount,
    before anything is called, where the credentials are not of the target's account.
    """

    def __init__(self, sessions: Sessions, target: Target) -> None:
        self.target = target
        self._calls = Calls(sessions.connection(target))
        self._surroundings = Surroundings(self._calls)
        self._definitions: Recent[LiveTaskDefinition] = Recent(self._calls.clock.now)
        self._ahead: dict[str, tuple[frozenset[str], Ahead[dict[str, LiveService]]]] = {}

    def services(self, cluster: str, names: Iterable[str]) -> dict[str, LiveService]:
        """Services by name, with their tags; those that ECS does not know are left out.

        Deleted ones may still be there, DRAINING or INACTIVE. What is read ahead of a cluster
        is of use once.
        """
        known, found = frozenset[str](), dict[str, "LiveService"]()
        if (ahead := self._ahead.pop(cluster, None)) is not None:
            known, found = ahead[0], ahead[1].result()
        wanted = dict.fromkeys(names)
        read = self._read_services(cluster, [name for name in wanted if name not in known])
        return {name: each for name, each in found.items() if name in wanted} | read

    def read_ahead(self, cluster: str, names: Iterable[str]) -> None:
        """Begin to read services that ``services`` will be asked for next."""
        wanted = list(names)
        call = Ahead(self._calls.clock, lambda: self._read_services(cluster, wanted))
        self._ahead[cluster] = frozenset(wanted), call

    def _read_services(self, cluster: str, names: Iterable[str]) -> dict[str, LiveService]:
        found = self._described_services(cluster, names, reading.service, include=["TAGS"])
        return {each.name: each for each in found}

    def events(self, cluster: str, names: Iterable[str]) -> dict[str, tuple[ServiceEvent, ...]]:
        """The last 100 events of each service, newest first. Parsed only here: it is slow."""

        def told(shown: Any) -> tuple[str, tuple[ServiceEvent, ...]]:
            return shown["serviceName"], reading.events(shown)

        return dict(self._described_services(cluster, names, told, whole=True))

    def _described_services(
        self,
        cluster: str,
        names: Iterable[str],
        as_value: Callable[[Any], T],
        *,
        whole: bool = False,
        **members: Any,
    ) -> Iterator[T]:
        """Each answer is let go as soon as it is read: with its events it is large."""

        def describe(batch: list[str]) -> list[T]:
            request = {"cluster": cluster, "services": batch, **members}
            answer = self._calls.read("DescribeServices", request, whole=whole)
            return [as_value(each) for each in checked("DescribeServices", answer)["services"]]

        batches = list(_batches(dict.fromkeys(names), SERVICES_PER_CALL))
        for part in in_parallel(self._calls.clock, describe, batches):
            yield from part

    def service_names(self, cluster: str) -> tuple[str, ...]:
        """Of all services, whoever's they are; ECS does not list those that are DRAINING."""
        arns = self._calls.listed("ListServices", "serviceArns", {"cluster": cluster})
        return tuple(arn.rsplit("/", 1)[-1] for arn in arns)

    def task_definition(self, reference: str) -> LiveTaskDefinition | None:
        """A revision with its tags, or a family's newest; none where ECS has none.

        A revision never changes: it is read once, as long as somebody goes on asking for it.
        """
        if (known := self._definitions.get(reference)) is not None:
            return known
        answer = writes.describe_task_definition(self._calls, reference)
        if answer is None:
            return None
        found = reading.task_definition(answer)
        self._definitions.keep(found.arn, found)
        return found

    def cluster_status(self, cluster: str) -> str:
        """ACTIVE, PROVISIONING, INACTIVE, ...; empty where there is none."""
        answer = self._calls.read("DescribeClusters", {"clusters": [cluster]})
        found = checked("DescribeClusters", answer)["clusters"]
        return str(found[0]["status"]) if found else ""

    def instances(self, cluster: str) -> tuple[LiveInstance, ...]:
        """Container instances in every state: ECS leaves out only those that are INACTIVE."""
        arns = self._calls.listed(
            "ListContainerInstances", "containerInstanceArns", {"cluster": cluster}
        )
        shown = self._described("DescribeContainerInstances", "containerInstances", cluster, arns)
        return tuple(map(reading.instance, shown))

    def instances_at(self, cluster: str, arns: Sequence[str]) -> tuple[LiveInstance, ...]:
        """These container instances; those that are gone are left out."""
        shown = self._described(
            "DescribeContainerInstances", "containerInstances", cluster, list(arns)
        )
        return tuple(map(reading.instance, shown))

    def tasks(
        self, cluster: str, *, service: str = "", stopped: bool = False
    ) -> tuple[LiveTask, ...]:
        """Tasks that are to run, or those that are to stop or have, about an hour back."""
        request = {"cluster": cluster, "desiredStatus": "STOPPED" if stopped else "RUNNING"}
        if service:
            request["serviceName"] = service
        return self._tasks(cluster, request)

    def tasks_on(self, cluster: str, instance: str) -> tuple[LiveTask, ...]:
        """Tasks of a container instance, by its ARN, that have not stopped yet."""
        request = {"cluster": cluster, "containerInstance": instance}
        running = self._tasks(cluster, {**request, "desiredStatus": "RUNNING"})
        stopping = self._tasks(cluster, {**request, "desiredStatus": "STOPPED"})
        return (*running, *(each for each in stopping if each.last_status != "STOPPED"))

    def _tasks(self, cluster: str, request: Mapping[str, Any]) -> tuple[LiveTask, ...]:
        arns = self._calls.listed("ListTasks", "taskArns", request)
        return tuple(map(reading.task, self._described("DescribeTasks", "tasks", cluster, arns)))

    def _described(
        self, operation: str, member: str, cluster: str, arns: list[str]
    ) -> Iterator[Any]:
        """Whatever is gone between the list and this call is left out."""

        def describe(batch: list[str]) -> Any:
            request = {"cluster": cluster, member: batch}
            return checked(operation, self._calls.read(operation, request))[member]

        for part in in_parallel(self._calls.clock, describe, list(_batches(arns, OTHERS_PER_CALL))):
            yield from part

    def service_deployments(self, cluster: str, service: str) -> tuple[ServiceDeployment, ...]:
        """The last 20 at most, newest first; the newest few with their task definition."""
        answer = self._calls.read(
            "ListServiceDeployments", {"cluster": cluster, "service": service}
        )
        shown = sorted(
            answer["serviceDeployments"],
            key=lambda each: float(each["createdAt"]),
            reverse=True,
        )
        targets = [each.get("targetServiceRevisionArn", "") for each in shown[:REVISIONS_READ]]
        definitions = self._definitions_of(dict.fromkeys(filter(None, targets)))
        return tuple(reading.service_deployment(each, definitions) for each in shown)

    def _definitions_of(self, revisions: Iterable[str]) -> dict[str, str]:
        """The task definition of each service revision that ECS can still describe."""
        wanted = list(revisions)
        if not wanted:
            return {}
        answer = self._calls.read("DescribeServiceRevisions", {"serviceRevisionArns": wanted})
        return {
            each["serviceRevisionArn"]: each["taskDefinition"]
            for each in answer["serviceRevisions"]
        }

    def role(self, arn: str) -> Presence:
        """Whether an IAM role is there; unknown where Glia may not look."""
        return self._surroundings.role(arn)

    def target_group(self, arn: str) -> Presence:
        """Whether a target group is there; unknown where Glia may not look."""
        return self._surroundings.target_group(arn)

    def instance_type(self, name: str) -> InstanceType | None:
        """What EC2 says of an instance type; none if it knows none, or none with Neuron chips."""
        return self._surroundings.instance_type(name)

    def register_task_definition(self, request: Mapping[str, Any]) -> str:
        """Register one revision; its ARN. The request carries the tag of its content."""
        return writes.register_task_definition(self._calls, request)

    def create_service(self, request: Mapping[str, Any]) -> LiveService:
        """Create a service; a repeat after a lost answer creates no second one."""
        return writes.create_service(self._calls, request)

    def update_service(self, request: Mapping[str, Any]) -> LiveService:
        """Update a service; what comes back has no tags, as ECS's answer has none."""
        return writes.update_service(self._calls, request)

    def delete_service(self, cluster: str, name: str, force: bool = True) -> None:
        """Delete a service; one that is gone already is no error.

        Its tasks go with it, unless ``force`` is off: then ECS refuses while it wants any.
        """
        writes.delete_service(self._calls, cluster, name, force=force)

    def put_attributes(
        self, cluster: str, instances: Sequence[str], attributes: Mapping[str, str]
    ) -> None:
        """Give container instances these attributes."""
        writes.put_attributes(self._calls, cluster, instances, attributes)

    def delete_attributes(
        self, cluster: str, instances: Sequence[str], names: Collection[str]
    ) -> None:
        """Take attributes from container instances; what is not there is no error."""
        writes.delete_attributes(self._calls, cluster, instances, names)

    def set_instance_state(
        self, cluster: str, instances: Sequence[str], status: Literal["ACTIVE", "DRAINING"]
    ) -> None:
        """Drain container instances, or let tasks be placed on them again."""
        writes.set_instance_state(self._calls, cluster, instances, status)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags; others stay."""
        writes.tag(self._calls, arn, tags)

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Take tags away; keys that are not there are no error."""
        writes.untag(self._calls, arn, keys)


def _batches(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """``itertools.batched`` is of Python 3.12."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
