"""What can be done to one ECS service: the steps that a plan's changes are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.live import LiveService


@dataclass(frozen=True, slots=True)
class Definition:
    """The task definition that a change makes its service use.

    Attributes:
        register: the input of RegisterTaskDefinition; None where ``arn`` has that content.
        arn: of the revision to use; empty until it is registered.
        content: the hash of its canonical content.
    """

    register: Mapping[str, Any] | None
    arn: str
    content: str


@dataclass(frozen=True, slots=True)
class Create:
    """A service that is not there.

    Attributes:
        request: the input of CreateService, without its task definition and revision tag.
        waits_for_name: a service of that name is being deleted, and keeps it until it is gone.
    """

    definition: Definition
    request: Mapping[str, Any]
    waits_for_name: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """A service that is there and not as it should be.

    Attributes:
        service: what was there when the plan was made.
        definition: None where the service's task definition is right.
        members: of UpdateService: those that change; empty if only tags do.
        tags: to set beside the one that remembers what was applied.
        remembers: whether that one has to be set.
    """

    service: LiveService
    definition: Definition | None
    members: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    remembers: bool = False


@dataclass(frozen=True, slots=True)
class Replace:
    """A service that cannot become what it should be: it is deleted, and made anew."""

    service: LiveService
    create: Create


@dataclass(frozen=True, slots=True)
class Delete:
    """A lane that its manifest no longer comes down to, or whose manifest is gone.

    Attributes:
        force: delete it with the tasks that still run.
    """

    service: LiveService
    force: bool = True


@dataclass(frozen=True, slots=True)
class Retire:
    """The first step of pruning: no replica is left, and a tag says from when on it may go.

    Attributes:
        grace: seconds until then; with none it is deleted as soon as its tasks have stopped.
    """

    service: LiveService
    grace: float


@dataclass(frozen=True, slots=True)
class Scale:
    """A lane that gets another count while its service goes over to other lanes.

    It may be one that the plan makes before: so only its name is known.

    Attributes:
        name: of the ECS service.
        before: its count until then.
        count: replicas.
    """

    name: str
    before: int
    count: int


Step: TypeAlias = Create | Update | Replace | Delete | Retire | Scale
