"""Values that ECS takes in several spellings, each brought to one."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Form: TypeAlias = "Callable[[Any], Any]"

_SIZE = re.compile(r"(\d*\.?\d+)\s*(?:vcpu|gb)", re.IGNORECASE)
_SPACES = re.compile(r"""('[^']*'|"[^"]*")|\s+""")
_FIELDS = {"cpu": "cpu", "memory": "memory", "host": "instanceId", "instanceid": "instanceId"}


def size(value: Any) -> str:
    """CPU units or MiB of a task as ECS returns them: ``1 vCPU`` and ``1024`` are one."""
    text = str(number(value)).strip()
    found = _SIZE.fullmatch(text)
    return str(round(float(found[1]) * 1024)) if found else text


def number(value: Any) -> Any:
    """A YAML 10 comes back from ECS as 10.0: equal, but not as JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def role(value: Any) -> Any:
    """A role by its name, which no other role of an account has, whatever its path."""
    return value.rpartition("/")[2] if isinstance(value, str) else value


def target_group(value: Any) -> Any:
    """``targetgroup/NAME/ID``: the ID is the group's own, the ARN before it adds nothing."""
    if not isinstance(value, str):
        return value
    before, marker, group = value.partition("targetgroup/")
    return marker + group if marker else before


def expression(value: Any) -> Any:
    """A placement expression with single spaces, but for what is quoted."""
    if not isinstance(value, str):
        return value
    return _SPACES.sub(lambda found: found[1] or " ", value.strip())


def protocol(value: Any) -> str:
    """ECS takes whatever is not udp for tcp (Terraform's AWS provider)."""
    return "udp" if value == "udp" else "tcp"


def strategy_field(value: Any) -> Any:
    """ECS returns ``CPU`` for ``cpu`` and ``instanceId`` for ``host`` (Terraform's provider)."""
    return _FIELDS.get(value.lower(), value) if isinstance(value, str) else value


def plain(value: Any) -> Any:
    """A copy without nulls, empty lists and empty mappings; None where nothing is left."""
    if isinstance(value, dict):
        cleaned = {name: plain(content) for name, content in value.items()}
        return {name: content for name, content in cleaned.items() if content is not None} or None
    if isinstance(value, list | tuple):
        return [each for each in map(plain, value) if each is not None] or None
    return value


_BY_PATH: Mapping[str, Form] = {"cpu": size, "memory": size}
_BY_NAME: Mapping[str, Form] = {
    "alternateTargetGroupArn": target_group,
    "canaryPercent": number,
    "dockerLabels": plain,
    "driverOpts": plain,
    "executionRoleArn": role,
    "expression": expression,
    "field": strategy_field,
    # Any JSON, for a function of the user's: what is empty there is theirs to say.
    "hookDetails": deepcopy,
    "labels": plain,
    "options": plain,
    "protocol": protocol,
    "role": role,
    "roleArn": role,
    "stepPercent": number,
    "targetGroupArn": target_group,
    "taskRoleArn": role,
}


def form_of(path: str) -> Form | None:
    """How the scalar or map at a path, without brackets, is brought to one spelling."""
    return _BY_PATH.get(path) or _BY_NAME.get(path.rpartition(".")[2])
