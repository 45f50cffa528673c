"""One change carried out: the calls that make it, in the order that survives a crash.

Between any two of them Glia may be killed: the next plan sees what there is and goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from glia.applying.item import CutOff
from glia.errors import GliaError
from glia.outcome import Outcome, State
from glia.planning.effects import only_gives_up
from glia.planning.updating import is_rolling
from glia.rollout import started_rollout
from glia.steps import Create, Delete, Replace, Retire, Scale, Update
from glia.tags import (
    PRUNE_AT,
    REVISION,
    Applied,
    PruneMark,
    prune_mark,
    revision_of,
    source_tag,
    tag_list,
)
from glia.watch import VISIBLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glia.applying.ecs import Ecs
    from glia.applying.item import Site
    from glia.change import Change
    from glia.live import LiveService
    from glia.rollout import Rollout
    from glia.steps import Definition

T = TypeVar("T")
DRAINING_LOOK_SECONDS = 5.0
RETIRED = "without replicas now; deleted by a later apply, after its time of grace"


@dataclass(slots=True)
class Submission:
    """A change on its way.

    What is retired without a time of grace is waited for, and deleted, where the site waits.

    Attributes:
        commit: that the manifest is of, where one is known.
        calls: what has been changed so far, by the names of the API calls.
        flaw: why the tags could not be set after the service had been changed: its deployment
            is under way all the same.
    """

    change: Change
    site: Site
    commit: str = ""
    calls: list[str] = field(default_factory=list)
    flaw: str = ""

    @property
    def id(self) -> str:
        return self.change.id

    @property
    def depends_on(self) -> tuple[str, ...]:
        return self.change.depends_on

    def first(self, now: float) -> Outcome:
        change, lane, replicas = self.change, self.change.lane.lane, self.change.effect.replicas
        blocks = change.blocked_by
        return Outcome(
            id=change.id,
            key=change.key,
            lane=lane.name,
            action=change.action,
            state=State.BLOCKED if blocks else State.WAITS,
            at=now,
            replicas=replicas[1] if replicas else lane.count or 0,
            message=blocks[0].message if blocks else "",
        )

    def run(self, begun: Outcome) -> Outcome | Rollout:
        service = self._take_step()
        now = self.site.clock.now()
        outcome = replace(begun, at=now, calls=tuple(self.calls))
        if only_gives_up(self.change.step):
            stays = isinstance(self.change.step, Retire) and "DeleteService" not in self.calls
            return replace(outcome, state=State.DONE, message=RETIRED if stays else "")
        if self.calls == ["TagResource"] and not is_rolling(service):
            ready = min(service.running, service.desired)
            return replace(outcome, state=State.DONE, ready=ready)
        rolls = replace(outcome, state=State.ROLLS, replicas=service.desired)
        return started_rollout(self.change, service, now, rolls, self.flaw)

    def _take_step(self) -> LiveService:
        """Make every call of the change; the service as ECS shows it then."""
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
                return self._call("UpdateService", lambda: self._ecs.update_service(request))
            case step:
                assert_never(step)

    @property
    def _ecs(self) -> Ecs:
        return self.site.ecs_of(self.change.service.cluster)

    @property
    def _cluster(self) -> str:
        return self.change.service.cluster.name

    def _call(self, name: str, call: Callable[[], T]) -> T:
        answer = call()
        self.calls.append(name)
        return answer

    def _definition(self, definition: Definition) -> str:
        if definition.register is None:
            return definition.arn
        tags = [*definition.register["tags"], *tag_list(self._source)]
        request = {**definition.register, "tags": tags}
        return self._call(
            "RegisterTaskDefinition", lambda: self._ecs.register_task_definition(request)
        )

    def _delete(self, name: str, *, force: bool = True) -> None:
        self._call("DeleteService", lambda: self._ecs.delete_service(self._cluster, name, force))

    def _retire(self, step: Retire) -> LiveService:
        """The tag comes first: it keeps the count for a manifest that comes back."""
        service = step.service
        if service.desired or prune_mark(service.tags) is None:
            mark = PruneMark(ceil(self.site.clock.now() + step.grace), service.desired)
            tags = {PRUNE_AT: str(mark)}
            self._call("TagResource", lambda: self._ecs.tag(service.arn, tags))
        if service.desired:
            request = {"cluster": self._cluster, "service": service.name, "desiredCount": 0}
            service = self._call("UpdateService", lambda: self._ecs.update_service(request))
        if not step.grace and self.site.waits:
            self._wait_until_its_tasks_have_stopped(service.name)
            self._delete(service.name, force=False)
        return service

    def _wait_until_its_tasks_have_stopped(self, name: str) -> None:
        while (there := self._ecs.services(self._cluster, [name]).get(name)) is not None:
            if there.status != "ACTIVE" or not (there.desired or there.running or there.pending):
                return
            if self.site.is_over():
                raise CutOff
            self.site.clock.sleep(DRAINING_LOOK_SECONDS)

    def _create(self, step: Create, registered: str = "") -> LiveService:
        if step.waits_for_name:
            self._wait_until_the_name_is_free()
        arn = registered or self._definition(step.definition)
        tags = {**self.change.lane.tags, **self._source, REVISION: self._applied(arn)}
        request = {**step.request, "taskDefinition": arn, "tags": tag_list(tags)}
        return self._call("CreateService", lambda: self._ecs.create_service(request))

    def _wait_until_the_name_is_free(self) -> None:
        """A service that was deleted keeps its name while it is DRAINING."""
        name = self.change.lane.lane.name
        until = self.site.clock.now() + VISIBLE_SECONDS
        while (there := self._ecs.services(self._cluster, [name]).get(name)) is not None:
            # An answer may lag behind the deletion and still say ACTIVE. If it goes on saying so,
            # somebody has made the service again, and CreateService tells that.
            if there.status == "INACTIVE" or (
                there.status == "ACTIVE" and self.site.clock.now() >= until
            ):
                return
            if self.site.is_over():
                raise CutOff
            self.site.clock.sleep(DRAINING_LOOK_SECONDS)

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
            service = self._call("UpdateService", lambda: self._ecs.update_service(request))
        tags = dict(step.tags)
        if step.remembers:
            tags[REVISION] = self._applied(arn)
        if tags:
            self._tag(service.arn, tags | self._source)
        return service

    def _tag(self, arn: str, tags: Mapping[str, str]) -> None:
        try:
            self._call("TagResource", lambda: self._ecs.tag(arn, tags))
        except GliaError as error:
            if "UpdateService" not in self.calls:
                raise
            self.flaw = str(error)

    @property
    def _source(self) -> dict[str, str]:
        return source_tag(self.commit, self.change.service.location.file)

    def _applied(self, arn: str) -> str:
        lane = self.change.lane
        return str(Applied(revision_of(arn), lane.content, lane.service_content))
