"""The rules of tags, the same for every resource of ECS."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from glia.sandbox.ecs_error import invalid_parameter
from glia.sandbox.validation.rules import Sentences, refuse_first, repeated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.sandbox.wire_types import Json

# botocore's documentation of CreateServiceRequest.tags and its patterns of TagKey, TagValue.
TAG_LIMIT = 50
KEY_LENGTH = 128
VALUE_LENGTH = 256
PUNCTUATION = frozenset("_.:/=+-@")


def check_tags(tags: Sequence[Json]) -> None:
    """Refuse tags that ECS would refuse, whatever they are for.

    Raises:
        EcsError: ``InvalidParameterException``.
    """
    refuse_first(_faults(tags), invalid_parameter)


def _faults(tags: Sequence[Json]) -> Sentences:
    if len(tags) > TAG_LIMIT:
        yield f"The maximum number of tags is {TAG_LIMIT}; {len(tags)} were given."
    for tag in tags:
        yield from _faults_of_key(tag.get("key") or "")
        yield from _faults_of_value(tag.get("value") or "")
    for key in repeated(tag.get("key") or "" for tag in tags):
        yield f"Duplicate tag keys are not allowed: '{key}'."


def _faults_of_key(key: str) -> Sentences:
    if not key or len(key) > KEY_LENGTH:
        yield f"Tag key '{key}' must have between 1 and {KEY_LENGTH} characters."
    if key.lower().startswith("aws:"):
        yield f"Tag key '{key}' is invalid: the prefix aws: is reserved for AWS use."
    if not _allowed(key):
        yield f"Tag key '{key}' contains invalid characters."


def _faults_of_value(value: str) -> Sentences:
    if len(value) > VALUE_LENGTH:
        yield f"Tag value '{value}' must have at most {VALUE_LENGTH} characters."
    if value.lower().startswith("aws:"):
        yield f"Tag value '{value}' is invalid: the prefix aws: is reserved for AWS use."
    if not _allowed(value):
        yield f"Tag value '{value}' contains invalid characters."


def _allowed(text: str) -> bool:
    """Whether letters, separators, numbers and the punctuation of the pattern make it up."""
    return all(each in PUNCTUATION or unicodedata.category(each)[0] in "LZN" for each in text)
