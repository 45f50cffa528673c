"""What holds after every run, whatever went wrong in it: ten invariants as one function.

It reads the sandbox from inside and the manifests as YAML: none of Glia's own code says whether
Glia has done right.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glia.sandbox.quotas import CLASSES
from glia.sandbox.views.services import service as shown_service
from support.operator import MUTATING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from glia.sandbox.records import Family, Service
    from glia.sandbox.sandbox import Sandbox
    from glia.sandbox.world import Call

DELETES = ("DeleteService", "DeregisterTaskDefinition", "DeleteTaskDefinitions")
Marks = tuple[tuple[str, str], ...]
"""Calls of the test's own hand: operation, and the service that it was about."""


@dataclass(frozen=True)
class Run:
    """One run of a loop, as somebody saw it who stood beside it.

    Attributes:
        manifests: what the source says now; text where it is no YAML.
        conditions: the reason by key of every service that is not Ready; Ready ones are not in it.
        pruned: keys of which a deletion was asked for and told.
        by_hand: calls that somebody else has made.
        lanes: of services that have more than one.
        unused: revisions that a later commit has made needless before they were used.
        twice: contents that two processes at once may each have registered.
        output: everything that was said, in every channel.
        secrets: canaries that stand in manifests.
        alive: whether the loop still goes on; None where the test has ended it.
        bugs: exceptions that the loop has caught.
        silent_since: the moment after which no call may be made: the end of SIGTERM's grace.
        restarts: moments at which another process began, with all of its share of the quota.
        share: of the quota of reads.
        speed: how much faster the sandbox's time is than the loop's.
        unaffected: services that nothing has happened to: they are Ready.
    """

    manifests: Collection[dict[str, Any]]
    conditions: Mapping[str, str] = field(default_factory=dict)
    pruned: Collection[str] = ()
    by_hand: Marks = ()
    lanes: Mapping[str, int] = field(default_factory=dict)
    unused: int = 0
    twice: int = 0
    output: str = ""
    secrets: Collection[str] = ()
    alive: bool | None = True
    bugs: int = 0
    silent_since: float = float("inf")
    restarts: Collection[float] = ()
    share: float = 0.25
    speed: float = 1.0
    unaffected: Collection[str] = ()


def check(
    sandbox: Sandbox, run: Run, before: Mapping[str, str], another_pass: Callable[[], None]
) -> None:
    """All ten; ``before`` is ``unowned`` as it was, and ``another_pass`` lets the loop look again.

    Raises:
        AssertionError: it names every invariant that does not hold.
    """
    with sandbox.world.lock:
        calls = list(sandbox.calls)
        broken = [*_of_live(sandbox, run), *_of_revisions(sandbox, run, calls)]
        broken += [f"I2 {name} is not as it was" for name in changed(before, unowned(sandbox))]
        broken += [*_of_calls(sandbox, run, calls), *_of_output(run)]
    another_pass()
    made = changing(sandbox.calls[len(calls) :])
    broken += [f"I3 one more pass: {dict(made)}"] if made else []
    assert not broken, "\n".join([*broken, run.output])


def unowned(sandbox: Sandbox) -> dict[str, str]:
    """Every service without an owner, byte for byte, and everything else that is not Glia's."""
    found = {
        each.name: json.dumps(shown_service(each, tags=True), sort_keys=True)
        for each in sandbox.cluster.services.values()
        if "glia:owner" not in each.tags
    }
    for family in _families(sandbox):
        for revision in family.revisions.values():
            if "glia:content" not in revision.tags:
                told = [revision.spec, revision.tags, revision.status]
                found[revision.name] = json.dumps(told, sort_keys=True)
    for arn, instance in sandbox.cluster.instances.items():
        theirs = {k: v for k, v in instance.attributes.items() if not k.startswith("glia.")}
        found[arn] = json.dumps([theirs, instance.status, instance.tags], sort_keys=True)
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """What is no longer as it was; what is new is the test's own."""
    return (name for name, was in before.items() if after.get(name) != was)


def changing(calls: Collection[Call]) -> Counter[str]:
    """Those that change something, by their names."""
    return Counter(each.operation for each in calls if each.operation.startswith(MUTATING))


def owned(sandbox: Sandbox) -> dict[str, list[Service]]:
    """Glia's services that are there, by key."""
    found: dict[str, list[Service]] = {}
    for each in sandbox.cluster.services.values():
        if each.status == "ACTIVE" and "glia:owner" in each.tags:
            found.setdefault(each.tags.get("glia:key", ""), []).append(each)
    return found


def revisions(sandbox: Sandbox) -> Counter[tuple[str, str]]:
    """How often each family has got each content."""
    return Counter(
        (family.name, each.tags["glia:content"])
        for family in _families(sandbox)
        for each in family.revisions.values()
        if "glia:content" in each.tags
    )


def _families(sandbox: Sandbox) -> list[Family]:
    return list(sandbox.world.region(sandbox.place).families.values())


def _of_live(sandbox: Sandbox, run: Run) -> Iterator[str]:
    wanted = {
        f"{each['spec']['cluster']}/{each['metadata']['name']}": each["spec"]
        for each in run.manifests
        if each.get("kind") == "NeuronService"
    }
    live = owned(sandbox)
    for key, spec in wanted.items():
        is_so = _is_as_wanted(live.get(key, []), spec)
        if not is_so and key not in run.conditions:
            yield f"I1 {key} is not as its manifest says, and no condition says why"
        if key.rpartition("/")[2] in run.unaffected and not (is_so and key not in run.conditions):
            yield f"I10 {key} is not Ready: {run.conditions.get(key, 'not as wanted')}"
    for key, services in live.items():
        if key not in wanted and key not in run.conditions:
            yield f"I1 {key} has no manifest, and nobody says why it is there"
        if len(services) > run.lanes.get(key, 1):
            yield f"I5 {key} has {[each.name for each in services]}"


def _is_as_wanted(services: list[Service], spec: dict[str, Any]) -> bool:
    containers = spec["taskDefinition"]["containerDefinitions"]
    images = [each["image"] for each in containers]
    return (
        bool(services)
        and sum(each.desired_count for each in services) == spec["replicas"]
        and all(
            [of["image"] for of in each.primary.definition.spec["containerDefinitions"]] == images
            and each.primary.rollout_state == "COMPLETED"
            for each in services
        )
    )


def _of_revisions(sandbox: Sandbox, run: Run, calls: list[Call]) -> Iterator[str]:
    twice = [each for each, count in revisions(sandbox).items() if count > 1]
    if len(twice) > run.twice:
        yield f"I6 registered twice: {twice}"
    used = {str(each.params.get("taskDefinition", "")) for each in calls}
    ours = [
        revision.arn
        for family in _families(sandbox)
        for revision in family.revisions.values()
        if "glia:content" in revision.tags
    ]
    unused = [arn for arn in ours if arn not in used]
    if len(unused) > run.unused:
        yield f"I6 registered and never used: {unused}"


def _of_calls(sandbox: Sandbox, run: Run, calls: list[Call]) -> Iterator[str]:
    by_hand = Counter(run.by_hand)
    for each in calls:
        name = str(each.params.get("service", "")).rpartition("/")[2]
        if by_hand[each.operation, name] > 0:
            by_hand[each.operation, name] -= 1
        elif each.operation in DELETES and not _was_told(sandbox, name, run):
            yield f"I4 {each.operation} of {name}, and nobody has said why"
        if each.at > run.silent_since:
            yield f"I8 {each.operation} after the end"
    for name, (quota, operations) in CLASSES.items():
        share = run.share if all(x.startswith(("Describe", "List")) for x in operations) else 1
        made = [each.at / run.speed for each in calls if each.operation in operations]
        begins = sorted(each / run.speed for each in run.restarts)
        if _exceeds(made, begins, max(1, quota.burst * share), quota.refill * share):
            yield f"I9 {name}: more than {share:.0%} of the quota"


def _was_told(sandbox: Sandbox, name: str, run: Run) -> bool:
    """By the loop, or by the first step's tag: who is killed at the second step says no more."""
    service = sandbox.cluster.services.get(name)
    if service is not None and "glia:prune-at" in service.tags:
        return True
    key = service.tags.get("glia:key") if service is not None else f"{sandbox.cluster.name}/{name}"
    return key in run.pruned


def _exceeds(made: list[float], begins: list[float], burst: float, rate: float) -> bool:
    """A bucket that never has less than nothing; one call is the one that is on its way."""
    tokens, at = burst, float("-inf")
    for moment in made:
        while begins and begins[0] <= moment:
            tokens, at = burst, begins.pop(0)
        tokens = min(burst, tokens + (moment - at) * rate) - 1
        at = moment
        if tokens < -1:
            return True
    return False


def _of_output(run: Run) -> Iterator[str]:
    for number, secret in enumerate(run.secrets):
        if secret in run.output:
            yield f"I7 secret {number} was said"
    if run.alive is False:
        yield "I10 the loop has ended"
    if run.bugs or "Traceback" in run.output:
        yield "I10 the loop has met a bug"
