"""One change carried out: the calls that make it, in the order that survives a crash.

Between any two of them Glia may be killed: the next plan sees what there is and goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, assert_never

from glia.desired.tags import (
    PRUNE_AT,
    REVISION,
    Applied,
    PruneMark,
    prune_mark,
    revision_of,
    tag_list,
)
from glia.errors import GliaError
from glia.steps import Create, Delete, Replace, Retire, Scale, Update
from glia.watch import VISIBLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from glia.change import Change
    from glia.clock import Clock
    from glia.live import LiveService
    from glia.steps import Definition

T = TypeVar("T")
DRAINING_LOOK_SECONDS = 5.0


class Writer(Protocol):
    """What is done in one account and region."""

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]: ...

    def register_task_definition(self, request: Mapping[str, Any]) -> str: ...

    def create_service(self, request: Mapping[str, Any]) -> LiveService: ...

    def update_service(self, request: Mapping[str, Any]) -> LiveService: ...

    def delete_service(self, cluster: str, name: str, force: bool = True) -> None: ...

    def tag(self, arn: str, tags: Mapping[str, str]) -> None: ...


class CutOff(Exception):  # noqa: N818 -- nothing is wrong
    """The end of all waiting came first; ``calls`` says what was done before."""


@dataclass(slots=True)
class Submission:
    """A change on its way.

    Attributes:
        is_over: whether to stop waiting.
        waits: whether what is retired without a grace time is waited for, and deleted.
        calls: what has been changed so far, by the names of the API calls.
        flaw: why the tags could not be set after the service had been changed: its deployment
            is under way all the same.
    """

    change: Change
    ecs: Writer
    clock: Clock
    is_over: Callable[[], bool]
    waits: bool = True
    calls: list[str] = field(default_factory=list)
    flaw: str = ""

    def run(self) -> LiveService:
        """Make every call of the change; the service as ECS shows it then.

        Raises:
            GliaError: a call was refused; ``calls`` says what was done before.
            CutOff: it waited for a name to be free, and is to wait no longer.
        """
        match self.change.step:
            case Create() as step:
                return self._create(step)
            case Update() as step:
                return self._update(step)
            case Replace(service, create):
                # What ECS refuses of the new one shall cost the old one nothing.
                arn = self._definition(create.definition)
                self._delete(service.name)
                return self._create(create, arn)
            case Delete(service, force):
                self._delete(service.name, force=force)
                return service
            case Retire() as step:
                return self._retire(step)
            case Scale(name, _, count):
                request = {"cluster": self._cluster, "service": name, "desiredCount": count}
                return self._call("UpdateService", lambda: self.ecs.update_service(request))
            case step:
                assert_never(step)

    @property
    def _cluster(self) -> str:
        return self.change.service.cluster.name

    def _call(self, name: str, call: Callable[[], T]) -> T:
        answer = call()
        self.calls.append(name)
        return answer

    def _definition(self, definition: Definition) -> str:
        request = definition.register
        if request is None:
            return definition.arn
        return self._call(
            "RegisterTaskDefinition", lambda: self.ecs.register_task_definition(request)
        )

    def _delete(self, name: str, *, force: bool = True) -> None:
        self._call("DeleteService", lambda: self.ecs.delete_service(self._cluster, name, force))

    def _retire(self, step: Retire) -> LiveService:
        """The tag comes first: it keeps the count for a manifest that comes back."""
        service = step.service
        if service.desired or prune_mark(service.tags) is None:
            mark = PruneMark(ceil(self.clock.now() + step.grace), service.desired)
            tags = {PRUNE_AT: str(mark)}
            self._call("TagResource", lambda: self.ecs.tag(service.arn, tags))
        if service.desired:
            request = {"cluster": self._cluster, "service": service.name, "desiredCount": 0}
            service = self._call("UpdateService", lambda: self.ecs.update_service(request))
        if not step.grace and self.waits:
            self._wait_until_its_tasks_have_stopped(service.name)
            self._delete(service.name, force=False)
        return service

    def _wait_until_its_tasks_have_stopped(self, name: str) -> None:
        while (there := self.ecs.services(self._cluster, [name]).get(name)) is not None:
            if there.status != "ACTIVE" or not (there.desired or there.running or there.pending):
                return
            if self.is_over():
                raise CutOff
            self.clock.sleep(DRAINING_LOOK_SECONDS)

    def _create(self, step: Create, registered: str = "") -> LiveService:
        if step.waits_for_name:
            self._wait_until_the_name_is_free()
        arn = registered or self._definition(step.definition)
        tags = {**self.change.lane.tags, REVISION: self._applied(arn)}
        request = {**step.request, "taskDefinition": arn, "tags": tag_list(tags)}
        return self._call("CreateService", lambda: self.ecs.create_service(request))

    def _wait_until_the_name_is_free(self) -> None:
        """A service that was deleted keeps its name while it is DRAINING."""
        name = self.change.lane.lane.name
        until = self.clock.now() + VISIBLE_SECONDS
        while (there := self.ecs.services(self._cluster, [name]).get(name)) is not None:
            # An answer may lag behind the deletion and still say ACTIVE. If it goes on saying so,
            # somebody has made the service again, and CreateService tells that.
            if there.status == "INACTIVE" or (
                there.status == "ACTIVE" and self.clock.now() >= until
            ):
                return
            if self.is_over():
                raise CutOff
            self.clock.sleep(DRAINING_LOOK_SECONDS)

    def _update(self, step: Update) -> LiveService:
        service = step.service
        arn = self._definition(step.definition) if step.definition else service.task_definition
        request: dict[str, Any] = {
            "cluster": self._cluster,
            "service": service.name,
            **({"taskDefinition": arn} if step.definition else {}),
            **step.members,
        }
        if step.definition or step.members:
            service = self._call("UpdateService", lambda: self.ecs.update_service(request))
        tags = dict(step.tags)
        if step.remembers:
            tags[REVISION] = self._applied(arn)
        if tags:
            self._tag(service.arn, tags)
        return service

    def _tag(self, arn: str, tags: Mapping[str, str]) -> None:
        try:
            self._call("TagResource", lambda: self.ecs.tag(arn, tags))
        except GliaError as error:
            if "UpdateService" not in self.calls:
                raise
            self.flaw = str(error)

    def _applied(self, arn: str) -> str:
        lane = self.change.lane
        return str(Applied(revision_of(arn), lane.content, lane.service_content))
