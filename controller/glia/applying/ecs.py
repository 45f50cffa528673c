"""What carrying out a plan asks of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from glia.rollout import Watcher

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from glia.live import LiveInstance, LiveService, LiveTask


class Writer(Protocol):
    """What is done in one account and region."""

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]: ...

    def register_task_definition(self, request: Mapping[str, Any]) -> str: ...

    def create_service(self, request: Mapping[str, Any]) -> LiveService: ...

    def update_service(self, request: Mapping[str, Any]) -> LiveService: ...

    def delete_service(self, cluster: str, name: str, force: bool = True) -> None: ...

    def tag(self, arn: str, tags: Mapping[str, str]) -> None: ...


class Labeller(Protocol):
    """What is asked of AWS in one account and region."""

    def instances_at(self, cluster: str, arns: Sequence[str]) -> tuple[LiveInstance, ...]: ...

    def tasks_on(self, cluster: str, instance: str) -> tuple[LiveTask, ...]: ...

    def put_attributes(
        self, cluster: str, instances: Sequence[str], attributes: Mapping[str, str]
    ) -> None: ...

    def delete_attributes(
        self, cluster: str, instances: Sequence[str], names: Collection[str]
    ) -> None: ...

    def set_instance_state(
        self, cluster: str, instances: Sequence[str], status: Literal["ACTIVE", "DRAINING"]
    ) -> None: ...


class Ecs(Writer, Watcher, Labeller, Protocol):
    """All that applying asks of AWS in one account and region."""
