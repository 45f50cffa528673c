"""Glia at work on a sandbox, in one process and on one driven clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from glia.apply import Manner, apply
from glia.cli.online import Online
from glia.cli.prepared import prepared
from glia.planning.allowances import NOTHING, Allowances

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from glia.outcome import Outcome
    from glia.plan import Plan
    from support.driver import Driver

MUTATING = ("Create", "Delete", "Deregister", "Put", "Register", "Run", "Tag", "Untag", "Update")
CLUSTER = {
    "apiVersion": "glia/v1alpha1",
    "kind": "NeuronCluster",
    "metadata": {"name": "inference"},
    "spec": {"region": "us-west-2", "owner": "tests"},
}


def neuron_service(
    name: str = "web", *, image: str = "server:1", replicas: int | None = 2, **spec: Any
) -> dict[str, Any]:
    """A manifest of whole inf1.xlarge; members of ``spec`` may be replaced by name."""
    container = {"name": "server", "image": image, "memoryReservation": 1000}
    made: dict[str, Any] = {
        "cluster": "inference",
        "neuron": {"instanceType": "inf1.xlarge", "devices": "all"},
        "taskDefinition": {"containerDefinitions": [container]},
        **({} if replicas is None else {"replicas": replicas}),
        **spec,
    }
    return {
        "apiVersion": "glia/v1alpha1",
        "kind": "NeuronService",
        "metadata": {"name": name},
        "spec": made,
    }


class Operator:
    """Writes manifests into a folder, plans and applies them as the commands do."""

    def __init__(self, driver: Driver, folder: Path) -> None:
        self.driver = driver
        self.folder = folder
        self.told: list[Outcome] = []

    def write(self, *manifests: dict[str, Any], file: str = "all.yaml") -> Operator:
        documents = [CLUSTER, *manifests] if file == "all.yaml" else list(manifests)
        (self.folder / file).write_text(yaml.safe_dump_all(documents, sort_keys=False))
        return self

    def plan(self, **allowed: Any) -> Plan:
        return prepared((str(self.folder),), self.online(), self._allowed(allowed)).plan

    def apply(self, *, wait: bool = True, timeout: float | None = None, **allowed: Any) -> Any:
        """The outcomes, by lane."""
        online = self.online()
        plan = prepared((str(self.folder),), online, self._allowed(allowed)).plan
        outcomes = apply(plan, online.of, online.clock, self.told.append, Manner(wait, timeout))
        return {outcome.lane: outcome for outcome in outcomes}

    def online(self) -> Online:
        """Fresh each time, as each command starts fresh."""
        return Online(None, self.driver.clock)

    def calls_of(self, *, since: int = 0) -> Counter[str]:
        from collections import Counter  # noqa: PLC0415

        return Counter(call.operation for call in self.driver.sandbox.calls[since:])

    def _allowed(self, allowed: dict[str, Any]) -> Allowances:
        return Allowances(**allowed) if allowed else NOTHING
