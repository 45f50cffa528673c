"""The rules of tags: botocore's documentation of CreateServiceRequest.tags, and Glia's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import Path, ShapeFault
from glia.ecs.shape_words import quoted
from glia.manifest.rules_subject import SERVICE, TASK_DEFINITION, Rule, Subject
from glia.tags import ON_SERVICE, ON_TASK_DEFINITION, PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS: Path = ("metadata", "labels")
# CreateServiceRequest.tags and RegisterTaskDefinitionRequest.tags.
MOST = 50
GLIAS = {TASK_DEFINITION: len(ON_TASK_DEFINITION), SERVICE: len(ON_SERVICE)}
# Whose tags begin so; AWS takes its own prefix in any case.
OWNERS = {"aws:": "AWS", PREFIX: "Glia"}


def reserved_tag_key(subject: Subject) -> Iterator[ShapeFault]:
    for path, key in _keys(subject):
        for prefix, owner in OWNERS.items():
            if key.lower().startswith(prefix):
                yield ShapeFault(
                    path,
                    "not-allowed",
                    f"tags that begin with {quoted(prefix)} are {owner}'s own",
                    f"a key that does not begin with {quoted(prefix)}",
                    quoted(key),
                    "rename the key, or take it out",
                )


def too_many_tags(subject: Subject) -> Iterator[ShapeFault]:
    """Labels become tags of both; a key that is label and tag counts once."""
    for root, added in GLIAS.items():
        members = subject.service if root == SERVICE else subject.task_definition
        keys = {tag.get("key", "") for tag in members.get("tags") or ()} | subject.labels.keys()
        if len(keys) + added > MOST:
            yield ShapeFault(
                (*root, "tags") if members.get("tags") else LABELS,
                "out-of-range",
                f"ECS takes at most {MOST} tags, labels are tags as well, and Glia needs {added}",
                f"at most {MOST - added} tags and labels",
                str(len(keys)),
                "take some out",
            )


def label_unlike_the_tag(subject: Subject) -> Iterator[ShapeFault]:
    """Labels become tags. A tag's value may be private, so none is shown."""
    for root, members in ((TASK_DEFINITION, subject.task_definition), (SERVICE, subject.service)):
        for index, tag in enumerate(members.get("tags") or ()):
            key = tag.get("key", "")
            if key in subject.labels and subject.labels[key] != tag.get("value", ""):
                yield ShapeFault(
                    (*root, "tags", index, "value"),
                    "contradiction",
                    f"the tag {quoted(key)} has another value than the label {quoted(key)} in "
                    "metadata.labels, which becomes a tag as well",
                    "the label's value",
                    remedy="take the tag or the label out",
                )


def _keys(subject: Subject) -> Iterator[tuple[Path, str]]:
    for key in subject.labels:
        yield (*LABELS, key), key
    for root, members in ((TASK_DEFINITION, subject.task_definition), (SERVICE, subject.service)):
        for index, tag in enumerate(members.get("tags") or ()):
            yield (*root, "tags", index, "key"), tag.get("key", "")


RULES: tuple[Rule, ...] = (reserved_tag_key, too_many_tags, label_unlike_the_tag)
