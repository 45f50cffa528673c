"""The rules of the percentages that a rolling deployment keeps to.

Botocore's documentation of DeploymentConfiguration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import shown
from glia.manifest.rules_deployment import CONFIGURATION, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.manifest.rules_subject import Rule, Subject

# ECS's own, for a service of replicas (DeploymentConfiguration).
DEFAULTS = {"minimumHealthyPercent": 100, "maximumPercent": 200}


def percentages_that_never_move(subject: Subject) -> Iterator[ShapeFault]:
    """ECS rounds the upper limit down and the lower one up.

    Lanes have fewer replicas than the service; where all of them together cannot move, no lane
    can. The percentage that is not written is Glia's, and a managed service's ECS's.
    """
    # Where the count is autoscaling's: what lets none of 100 move lets none of any number move.
    replicas = 100 if subject.spec.replicas is None else subject.spec.replicas
    given = _percentages(subject)
    if not replicas or not given:
        return
    down, surplus = _room(subject, replicas, given)
    if down > 0 or surplus > 0:
        return
    yield ShapeFault(
        (*CONFIGURATION, next(iter(given))),
        "never-works",
        f"with {_replicas(subject.spec.replicas)} these percentages let none stop and none start, "
        "so no deployment ever moves",
        "room for one replica less, or one more",
        ", ".join(f"{name} {shown(value)}" for name, value in given.items()),
        "leave both percentages out: Glia works them out from rollout"
        + _or_write(subject.spec.replicas),
    )


def rollout_below_one_percent(subject: Subject) -> Iterator[ShapeFault]:
    """ECS takes whole percents: of many replicas one is more than a few of them.

    How many replicas one of several lanes has depends on what runs.
    """
    replicas, rollout = subject.spec.replicas, subject.rollout
    unavailable, surge = rollout.max_unavailable, rollout.max_surge
    if not replicas or subject.has_several_lanes or subject.is_managed or _percentages(subject):
        return
    if configuration(subject).get("strategy", "ROLLING") != "ROLLING":
        return
    # What the rollout allows none of is a fault of its own.
    if not (unavailable or surge) or any(_room(subject, replicas, {})):
        return
    name, word = ("maxUnavailable", "stop") if unavailable else ("maxSurge", "start")
    allowed, least = unavailable or surge, replicas // 100
    yield ShapeFault(
        ("spec", "rollout", name),
        "never-works",
        f"ECS takes whole percents, and one percent of {_replicas(replicas)} is {shown(least)}: "
        f"with {name} {shown(allowed)} none may {word}, so no deployment ever moves",
        f"at least {shown(least)}",
        shown(allowed),
        f"write {name}: {shown(least)}",
    )


def percentages_beyond_the_rollout(subject: Subject) -> Iterator[ShapeFault]:
    """What is written on both sides; a rollout by default says nothing."""
    replicas, given = subject.spec.replicas, _percentages(subject)
    if not replicas or not given:
        return
    down, surplus = _room(subject, replicas, given)
    rollout, written = subject.rollout, subject.rollout.model_fields_set
    for name, field, alias, allowed, limit in (
        (
            "minimumHealthyPercent",
            "max_unavailable",
            "maxUnavailable",
            down,
            rollout.max_unavailable,
        ),
        ("maximumPercent", "max_surge", "maxSurge", surplus, rollout.max_surge),
    ):
        if name in given and field in written and allowed > limit:
            what = "be down" if field == "max_unavailable" else "run in addition"
            yield ShapeFault(
                (*CONFIGURATION, name),
                "contradiction",
                f"{name}: {shown(given[name])} lets {shown(allowed)} of {_replicas(replicas)} "
                f"{what} at once, and rollout.{alias} is {shown(limit)}",
                f"what rollout.{alias}: {shown(limit)} allows",
                shown(given[name]),
                f"leave {name} out: Glia works it out from rollout",
            )


def percentages_for_an_open_count(subject: Subject) -> Iterator[ShapeFault]:
    """Half of one replica rounds up to one: the lone replica may not stop."""
    if subject.spec.replicas is not None or subject.is_managed or _percentages(subject):
        return
    if configuration(subject).get("strategy", "ROLLING") != "ROLLING":
        return
    if subject.rollout.max_surge:
        return
    yield ShapeFault(
        CONFIGURATION,
        "may-not-work",
        "without replicas Glia writes maximumPercent 100 and minimumHealthyPercent 50, which a "
        "service of one task cannot move with",
        "percentages that fit the least number of tasks",
        remedy="write deploymentConfiguration: {maximumPercent: 100, minimumHealthyPercent: 0} "
        "where autoscaling may go down to one task, or spec.replicas",
        severity="warning",
    )


def _percentages(subject: Subject) -> dict[str, int]:
    written = configuration(subject)
    return {name: written[name] for name in DEFAULTS if name in written}


def _room(subject: Subject, replicas: int, given: Mapping[str, int]) -> tuple[int, int]:
    """How many replicas may be down at once, and how many run in addition.

    Glia's own percentage is that of the rollout, unless one percent is more replicas than that.
    """
    percents = {**DEFAULTS, **given} if subject.is_managed else given
    percent = replicas // 100
    down, surplus = (
        allowed if allowed >= percent else 0
        for allowed in (subject.rollout.max_unavailable, subject.rollout.max_surge)
    )
    if "minimumHealthyPercent" in percents:
        down = replicas - -(-replicas * percents["minimumHealthyPercent"] // 100)
    if "maximumPercent" in percents:
        surplus = replicas * percents["maximumPercent"] // 100 - replicas
    return down, surplus


def _or_write(count: int | None) -> str:
    if count is None:
        return ""
    return f"; or write minimumHealthyPercent: {shown((count - 1) * 100 // count)}"


def _replicas(count: int | None) -> str:
    if count is None:
        return "any number of replicas"
    return f"{shown(count)} replica{'' if count == 1 else 's'}"


RULES: tuple[Rule, ...] = (
    percentages_that_never_move,
    rollout_below_one_percent,
    percentages_beyond_the_rollout,
    percentages_for_an_open_count,
)
