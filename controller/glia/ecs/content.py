"""Hashes of canonical forms: what a tag can hold of a task definition or a service."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from glia.ecs.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

# Another way of hashing needs another word: equal hashes of different versions say nothing.
VERSION = "v1"
_CONTENT_DIGITS = 32
_SERVICE_DIGITS = 16

# One encoder for all: json.dumps makes a new one for every call with options.
_ENCODE = json.JSONEncoder(
    check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def content_hash(members: Mapping[str, Any]) -> str:
    """``v1:`` and 32 hexadecimal digits of what a task definition says, without its tags.

    Args:
        members: a RegisterTaskDefinition request, a described task definition, or either
            in canonical form.
    """
    return f"{VERSION}:{_digest(canonical('taskDefinition', members))[:_CONTENT_DIGITS]}"


def service_hash(members: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of what a service says: no tags, no count, no task definition.

    Args:
        members: a CreateService request, a described service, or either in canonical form.
    """
    return _digest(canonical("service", members))[:_SERVICE_DIGITS]


def fingerprint(value: Any) -> str:
    """16 hexadecimal digits of any JSON value."""
    return _digest(value)[:_SERVICE_DIGITS]


def _digest(value: Any) -> str:
    return hashlib.sha256(_ENCODE(value).encode("ascii")).hexdigest()
