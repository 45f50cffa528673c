"""The instances that a lane's replicas may go to, as the scheduler of ECS chooses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

from glia.ecs.expression import (
    And,
    Comparison,
    ExpressionError,
    InstanceView,
    Not,
    Or,
    OrderedField,
    matches,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glia.ecs.expression import Expression
    from glia.live import LiveInstance
    from glia.occupancy import Occupancy, Occupant

# LiveInstance does not have them: lanes need neither, and only a user's expression names one.
_NOT_READ = {OrderedField.AGENT_VERSION, OrderedField.REGISTERED_AT}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lane as it will be once its change is made.

    Attributes:
        lane: the name of its ECS service.
        replicas: how many; each has an instance of its own, as all hold the same chips.
        spare: instances that a rollout needs besides, because it starts before it stops.
        device_ids: the chips of each replica, by the host's numbers.
        instance_type: its name.
        task_definition, service: ECS's members.
    """

    lane: str
    replicas: int
    spare: int
    device_ids: frozenset[int]
    instance_type: str
    task_definition: Mapping[str, Any]
    service: Mapping[str, Any]

    @property
    def places(self) -> int:
        """How many instances it takes."""
        return self.replicas + self.spare

    @property
    def providers(self) -> tuple[str, ...]:
        """The capacity providers whose instances alone may be used; empty for all instances."""
        strategy = self.service.get("capacityProviderStrategy") or ()
        return tuple(each["capacityProvider"] for each in strategy if each.get("capacityProvider"))


@dataclass(frozen=True, slots=True)
class Site:
    """An instance and the tasks on it.

    Attributes:
        own: the lane's own, which give way to its new ones.
        others: everybody else's, those that are stopping included.
        obstacle: why no replica can go there, or empty.
    """

    instance: LiveInstance
    own: tuple[Occupant, ...]
    others: tuple[Occupant, ...]
    obstacle: str = ""

    @property
    def name(self) -> str:
        return self.instance.ec2_instance_id or self.instance.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The instances of the lane's type.

    Attributes:
        registered: all of them.
        doubts: why it is not sure of those without an obstacle that they can be used.
    """

    registered: tuple[Site, ...]
    doubts: tuple[str, ...]

    @property
    def usable(self) -> tuple[Site, ...]:
        return tuple(site for site in self.registered if not site.obstacle)


def candidates(wanted: Wanted, occupied: Occupancy) -> Candidates:
    """Which instances come into question for a lane."""
    expressions: dict[str, Expression] = {}
    doubts: list[str] = []
    for text in _constraints(wanted):
        try:
            expression = parse(text)
        except ExpressionError as error:
            doubts.append(f"the placement constraint {text!r} cannot be evaluated: {error}")
            continue
        unread = [field.value for field in _ordered_fields(expression) if field in _NOT_READ]
        if unread:
            doubts.append(f"the placement constraint {text!r} asks for {unread[0]}")
        else:
            expressions[text] = expression
    sites = (
        _site(wanted, instance, occupied.on(instance), expressions)
        for instance in occupied.instances
        if instance.instance_type == wanted.instance_type
    )
    return Candidates(tuple(sites), tuple(doubts))


def _site(
    wanted: Wanted,
    instance: LiveInstance,
    occupants: Iterable[Occupant],
    constraints: Mapping[str, Expression],
) -> Site:
    own: list[Occupant] = []
    others: list[Occupant] = []
    for each in occupants:
        (own if each.task.service == wanted.lane else others).append(each)
    return Site(
        instance,
        tuple(own),
        tuple(others),
        obstacle=_obstacle(wanted, instance, others, constraints),
    )


def _obstacle(
    wanted: Wanted,
    instance: LiveInstance,
    others: Iterable[Occupant],
    constraints: Mapping[str, Expression],
) -> str:
    if instance.status != "ACTIVE":
        return f"is {instance.status}"
    if not instance.connected:
        return "has no connected agent"
    if wanted.providers and instance.capacity_provider not in wanted.providers:
        return f"is not of capacity provider {' or '.join(wanted.providers)}"
    view = _view(instance, others)
    for text, expression in constraints.items():
        if not matches(expression, view):
            return f"does not satisfy {text!r}"
    return ""


def _view(instance: LiveInstance, others: Iterable[Occupant]) -> InstanceView:
    """Constraints look at the desired status: a stopping task is gone for them."""
    live = [each.task for each in others if each.task.desired_status != "STOPPED"]
    return InstanceView(
        attributes={name: value or None for name, value in instance.attributes.items()},
        agent_connected=instance.connected,
        agent_version="",
        ec2_instance_id=instance.ec2_instance_id,
        registered_at=0,
        running_tasks_count=len(live),
        task_groups={task.group for task in live},
    )


def _constraints(wanted: Wanted) -> Iterator[str]:
    for members in (wanted.task_definition, wanted.service):
        for each in members.get("placementConstraints") or ():
            if each.get("type") == "memberOf":
                yield each.get("expression") or ""


def _ordered_fields(expression: Expression) -> Iterator[OrderedField]:
    match expression:
        case Comparison(subject):
            if isinstance(subject, OrderedField):
                yield subject
        case And(operands) | Or(operands):
            for operand in operands:
                yield from _ordered_fields(operand)
        case Not(operand):
            yield from _ordered_fields(operand)
        case _:
            assert_never(expression)
