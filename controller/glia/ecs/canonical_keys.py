"""How elements of a set are told apart, so that a difference names them and not their place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Key:
    """An element's name among the others.

    Attributes:
        of: reads it off an element.
        says: the members that it says already, so that the element need not hold them.
    """

    of: Callable[[Mapping[str, Any]], str]
    says: tuple[str, ...] = ()


def key_by(name: str) -> Key:
    """The key of a set as the table names it: one of those below, or a member's name."""
    return _KEYS.get(name) or Key(lambda element: str(element.get(name, "")), (name,))


def _port(element: Mapping[str, Any]) -> str:
    ports = element.get("containerPort", element.get("containerPortRange", ""))
    return f"{ports}/{element.get('protocol', '')}"


def _constraint(element: Mapping[str, Any]) -> str:
    return f"{element.get('type', '')} {element.get('expression', '')}".strip()


def _target(element: Mapping[str, Any]) -> str:
    """The target group's name, or the Classic Load Balancer's, and the container's port."""
    group = str(element.get("targetGroupArn", ""))
    name = group.split("/")[1] if "/" in group else element.get("loadBalancerName", group)
    return f"{name} {element.get('containerName', '')}:{element.get('containerPort', '')}"


def _hook(element: Mapping[str, Any]) -> str:
    function = str(element.get("hookTargetArn", "")).rpartition(":")[2]
    return function or str(element.get("targetType", ""))


def _metrics(element: Mapping[str, Any]) -> str:
    return ",".join(sorted(element.get("metricNames", ())))


_KEYS: Mapping[str, Key] = {
    "constraint": Key(_constraint, ("type", "expression")),
    "hook": Key(_hook),
    "metrics": Key(_metrics, ("metricNames",)),
    "port": Key(_port),
    "target": Key(_target, ("containerName", "containerPort")),
}


def told_apart(elements: Iterable[dict[str, Any]], key: Key) -> dict[str, dict[str, Any]]:
    """Elements by key where several have one: the second is ``KEY#2``, whatever their order.

    What is not under its own key keeps the members that the key would have said.
    """
    ordered = sorted(elements, key=lambda each: json.dumps(each, sort_keys=True, default=str))
    told: dict[str, dict[str, Any]] = {}
    twins = []
    for element in ordered:
        if (name := key.of(element)) in told:
            twins.append((name, element))
        else:
            told[name] = {n: value for n, value in element.items() if n not in key.says}
    for name, element in twins:
        number = 2
        while f"{name}#{number}" in told:
            number += 1
        told[f"{name}#{number}"] = element
    return told
