"""Whether a lane's replicas find room: instances, CPU, memory, ports, chips.

A check never blames twice: what makes the instances too few for the first time is said there.
What could not be read makes a result unknown, and only where it matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from glia.candidates import candidates
from glia.chips import holder
from glia.plan import Result
from glia.tags import OWNER
from glia.task_size import task_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from glia.candidates import Candidates, Site, Wanted
    from glia.occupancy import Occupancy, Occupant
    from glia.task_size import TaskSize

CHECKS: Final = ("instances", "cpu", "memory", "ports", "chips")
_MOST_NAMED: Final = 3

Finding: TypeAlias = tuple[str, Result, str]
"""A check's name, its result and a sentence."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether one replica fits on one instance, as far as one check goes.

    Attributes:
        short: by how much it does not, to tell the nearest instance.
        words: what keeps it off, with the instance's name.
    """

    result: Result
    short: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a replica needs of its instance."""

    name: str
    needs: str
    fit: Callable[[Site], Fit]


def capacity(wanted: Wanted, occupied: Occupancy, owner: str) -> Iterator[Finding]:
    """Every check of ``CHECKS``, in this order, the scheduler's own as far as it has them."""
    found = candidates(wanted, occupied)
    for name, result, message in _findings(wanted, found, owner):
        if result == "failed" and wanted.providers:
            providers = " or ".join(wanted.providers)
            yield name, "unknown", f"{message}; capacity provider {providers} may bring more"
        elif result == "ok" and found.doubts and wanted.places:
            yield name, "unknown", f"{message}; {found.doubts[0]}"
        else:
            yield name, result, message


def _findings(wanted: Wanted, found: Candidates, owner: str) -> Iterator[Finding]:
    if not wanted.places:
        yield from ((name, "ok", "no replica is wanted") for name in CHECKS)
        return
    yield _instances(wanted, found)
    checks = (*_resources(wanted), _chips(wanted, owner))
    if found.usable:
        yield from _of_usable(checks, found.usable, wanted)
        return
    for check in checks:
        message = f"needs {check.needs}, and there is no {wanted.instance_type} to look at"
        yield check.name, "unknown", message


def _instances(wanted: Wanted, found: Candidates) -> Finding:
    message = f"needs {wanted.places} {wanted.instance_type}"
    if wanted.spare:
        message += f" ({wanted.replicas}, and {wanted.spare} to start before it stops)"
    message += f", {len(found.registered)} registered"
    off = [f"{site.name} {site.obstacle}" for site in found.registered if site.obstacle]
    if off:
        message += f", {len(found.usable)} usable: {_listed(off)}"
    return "instances", "ok" if len(found.usable) >= wanted.places else "failed", message


def _of_usable(checks: Iterable[Check], sites: Sequence[Site], wanted: Wanted) -> Iterator[Finding]:
    """Each check by itself, and all together: what fits must fit on the same instances."""
    places = min(wanted.places, len(sites))
    sure = possible = frozenset(site.instance.arn for site in sites)
    for check in checks:
        fits = {site.instance.arn: check.fit(site) for site in sites}
        fitting = frozenset(arn for arn, fit in fits.items() if fit.result == "ok")
        imaginable = frozenset(arn for arn, fit in fits.items() if fit.result != "failed")
        result: Result = "ok"
        if _too_few(imaginable, possible, places):
            result = "failed"
        elif _too_few(fitting, sure, places):
            result = "unknown"
        message = f"needs {check.needs} on {places} {wanted.instance_type}, free on {len(fitting)}"
        if result != "ok":
            message += f": {_why(check, fits.values())}"
            if len(fitting) >= places:
                message += f"; other checks leave {len(fitting & sure)} of these"
        yield check.name, result, message
        sure, possible = sure & fitting, possible & imaginable


def _too_few(fitting: frozenset[str], before: frozenset[str], places: int) -> bool:
    return len(fitting) < places or len(fitting & before) < places <= len(before)


def _why(check: Check, fits: Iterable[Fit]) -> str:
    """The nearest instance; of chips every holder, because each has to go."""
    off = sorted((fit for fit in fits if fit.result != "ok"), key=lambda fit: fit.short)
    return _listed([fit.words for fit in (off if check.name == "chips" else off[:1])])


def _listed(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _resources(wanted: Wanted) -> Iterator[Check]:
    size = task_size(wanted.task_definition)
    for name, resource, unit, needed in (
        ("cpu", "CPU", "CPU units", size.cpu),
        ("memory", "MEMORY", "MiB of memory", size.memory),
    ):
        yield Check(name, f"{needed} {unit}", _room(resource, needed, unit))
    ports = sorted(size.ports)
    yield Check(
        "ports",
        f"host port{'s' * (len(ports) > 1)} {_numbers(ports)}" if ports else "no host port",
        lambda site: _ports(site, size.ports),
    )


def _room(resource: str, needed: int, unit: str) -> Callable[[Site], Fit]:
    def fit(site: Site) -> Fit:
        sizes, unread = _own_sizes(site)
        given_back = sum(size.cpu if resource == "CPU" else size.memory for size in sizes)
        left = site.instance.remaining.get(resource)
        if left is None:
            return Fit("unknown", 0, f"{site.name} does not tell its {unit}")
        room = left + given_back
        if room >= needed:
            return Fit("ok")
        words = f"{site.name} has {room} {unit} left, {needed - room} short"
        return Fit("unknown" if unread else "failed", needed - room, words)

    return fit


def _ports(site: Site, needed: frozenset[int]) -> Fit:
    sizes, unread = _own_sizes(site)
    own = frozenset[int]().union(*(size.ports for size in sizes))
    taken = sorted(needed & (site.instance.ports - own))
    if not taken:
        return Fit("ok")
    words = f"port{'s' * (len(taken) > 1)} {_numbers(taken)} of {site.name} taken"
    return Fit("unknown" if unread else "failed", len(taken), words)


def _own_sizes(site: Site) -> tuple[list[TaskSize], bool]:
    """What the lane's own tasks give back, and whether there is one that cannot be told.

    ECS has given back already what a task with the desired status STOPPED had.
    """
    own = [each.definition for each in site.own if each.task.desired_status != "STOPPED"]
    return [task_size(each.members) for each in own if each], None in own


def _chips(wanted: Wanted, owner: str) -> Check:
    numbers = sorted(wanted.device_ids)
    needs = f"chip{'s' * (len(numbers) > 1)} {_numbers(numbers)}"
    return Check("chips", needs, lambda site: _free_chips(wanted, site, owner))


def _free_chips(wanted: Wanted, site: Site, owner: str) -> Fit:
    held_by: list[str] = []
    unread: list[str] = []
    for occupant in site.others:
        held = sorted(occupant.held(wanted.device_ids))
        if held:
            where = f"chip{'s' * (len(held) > 1)} {_numbers(held)} of {site.name}"
            verb = "are" if len(held) > 1 else "is"
            held_by.append(f"{where} {verb} held by {_holder(occupant, owner)}")
        elif occupant.definition is None:
            group = occupant.task.group
            unread.append(f"the task definition of {group} on {site.name} could not be read")
    if held_by:
        return Fit("failed", len(held_by), ", ".join(held_by))
    return Fit("unknown", 0, unread[0]) if unread else Fit("ok")


def _holder(occupant: Occupant, owner: str) -> str:
    found = holder(occupant, owner)
    name = f"{found.key} (task {found.task_arn.rpartition('/')[2]})"
    if found.owned:
        return name
    if occupant.definition is None:
        return f"{name}, whose task definition could not be read"
    other = occupant.definition.tags.get(OWNER)
    whose = f"the installation {other}'s" if other else "not Glia's"
    return f"{name}, which is {whose}"


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
