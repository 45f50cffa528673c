"""Glia's tags: whose an object is, which manifest it is of, and what was last applied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX: Final = "glia:"
# Where a lane is and what a replica of it uses, as ``desired.lane_tag`` writes it.
LANE: Final = "glia:lane"
OWNER: Final = "glia:owner"
KEY: Final = "glia:key"
CONTENT: Final = "glia:content"
REVISION: Final = "glia:revision"
SOURCE: Final = "glia:source"
FAILED: Final = "glia:failed"
ADOPTED: Final = "glia:adopted"
NAME: Final = "glia:name"
PRUNE: Final = "glia:prune"
PRUNE_AT: Final = "glia:prune-at"
# Of ``glia:prune``: the manifest says it, and it is the manifest that is gone when it matters.
DISABLED: Final = "disabled"
ENABLED: Final = "enabled"
# Other lanes of the same manifest may be there, under names that it does not tell any more once
# it comes down to one lane. The tag goes along with a later change, when none is left.
SIBLINGS: Final = "glia:siblings"
TRUE: Final = "true"

# What one object may come to have at the same time. Glia takes no tag off: what is over is
# empty, or says the opposite, so whatever was ever set counts.
ON_TASK_DEFINITION: Final = frozenset({OWNER, KEY, SOURCE, CONTENT})
ON_SERVICE: Final = frozenset(
    {
        *(OWNER, KEY, SOURCE, REVISION),
        *(LANE, SIBLINGS, NAME),
        *(ADOPTED, FAILED, PRUNE, PRUNE_AT),
    }
)
# What a lane's name has behind its manifest's, as ``lane_name`` makes it.
LANE_SUFFIX: Final = r"(-neuron\d+(to\d+)?(-[a-zA-Z][\w-]*)?)?"

# What AWS takes in a tag's value (Amazon ECS developer guide, "Tag restrictions"): of spaces only
# separators, and no tabs and line breaks, which Python counts among them.
FORBIDDEN = re.compile(r"[^\w\s+\-=.:/@]|[\x00-\x1f\x85]")
LONGEST_VALUE = 256
LONGEST_NUMBER = 10  # digits; somebody may have written anything there


def tag_value(text: str) -> str:
    """The text as AWS takes it."""
    return FORBIDDEN.sub("_", text)[:LONGEST_VALUE]


def source_tag(commit: str, file: str) -> dict[str, str]:
    """Where the manifest stood that was applied, as git names a file: ``COMMIT:PATH``.

    For people: nothing compares it, and no change is made for it. Without a commit the path alone.
    """
    return {SOURCE: tag_value(f"{commit}:{file}" if commit else file)}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as ECS's requests have them, in the order of their keys."""
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]


def written_tags(labels: Mapping[str, str], tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What a manifest sets: its labels, and the members' own tags, which come last."""
    made = {key: tag_value(value) for key, value in labels.items()}
    return made | {tag["key"]: tag.get("value", "") for tag in tags}


def tells_itself(name: str, tags: Mapping[str, str], cluster: str) -> bool:
    """Whether the key that a service carries is of just this service.

    Tags get copied to services that somebody makes from one of ours.
    """
    place, _, manifest = tags.get(KEY, "").rpartition("/")
    if place != tag_value(cluster) or not manifest:
        return False
    if NAME in tags:
        return tags[NAME] == name
    return re.fullmatch(rf"{re.escape(manifest)}{LANE_SUFFIX}", name) is not None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a service's ``glia:revision`` tag remembers of the last apply.

    It is a cache: where it does not fit what ECS shows, it says nothing.

    Attributes:
        revision: the task definition's number.
        content: the hash of its canonical content.
        service: the hash of the service's canonical members, so that a difference tells
            whether git moved (the hash is another one) or the live service did.
    """

    revision: int
    content: str
    service: str

    def __str__(self) -> str:
        return f"{self.revision}:{self.content}:{self.service}"


def applied(tags: Mapping[str, str]) -> Applied | None:
    """What the tag says; None where there is none, or none that can be read."""
    revision, _, rest = tags.get(REVISION, "").partition(":")
    content, _, service = rest.rpartition(":")
    if not revision.isdecimal() or not content or not service:
        return None
    return Applied(int(revision), content, service)


@dataclass(frozen=True, slots=True)
class PruneMark:
    """What ``glia:prune-at`` says of a service that no manifest has any more.

    Attributes:
        at: from when on it may be deleted, in seconds since the epoch.
        count: of its replicas before, for a manifest that comes back and leaves it to autoscaling.
    """

    at: int
    count: int

    def __str__(self) -> str:
        return f"{self.at}:{self.count}"


def prune_mark(tags: Mapping[str, str]) -> PruneMark | None:
    """What the tag says; None where there is none, or none that can be read."""
    at, _, count = tags.get(PRUNE_AT, "").partition(":")
    if not all(each.isdecimal() and len(each) <= LONGEST_NUMBER for each in (at, count)):
        return None
    return PruneMark(int(at), int(count))


def family_of(arn: str) -> str:
    """The family in a task definition's ARN."""
    return arn.rpartition("/")[2].rpartition(":")[0]


def revision_of(arn: str) -> int:
    """The number at the end of a task definition's ARN; 0 where it has none."""
    number = arn.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0
