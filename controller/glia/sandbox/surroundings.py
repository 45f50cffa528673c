"""What stands around ECS: moto's own services, put right where they would mislead.

Application Auto Scaling and the Resource Groups Tagging API ask moto's ECS backend; here it
answers from the sandbox's world. SSM's parameters of the ECS-optimised AMIs are JSON, as on
AWS, where moto 5.2.5 has the text of a Python dictionary.

Imported when such a service is first asked: moto's models of ECS and EC2 take more than a second.
"""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.resource_tagging import TaggedResource
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends

from glia.sandbox.arns import Place
from glia.sandbox.ecs_error import EcsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.sandbox.api import Api


def let_ecs_answer(api: Api) -> None:
    """Exchange moto's ECS backend, which other services ask, for one that asks this API."""
    ecs_backends.clear()  # of an earlier sandbox
    ecs_backends.backend = type("SandboxEcsBackend", (_EcsBackend,), {"api": api})
    ecs_backends[DEFAULT_ACCOUNT_ID]  # made now: the Tagging API asks only those that are there


class _EcsBackend(EC2ContainerServiceBackend):  # type: ignore[misc]  # moto is untyped here
    SERVICE_NAMESPACE = "ecs"
    api: Api

    @property
    def _place(self) -> Place:
        return Place(self.account_id, self.region_name)

    def _ask(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.api.play(operation, self._place, params)

    def describe_services(
        self, cluster_str: str, service_names_or_arns: list[str]
    ) -> tuple[list[Any], list[Any]]:
        try:
            answer = self._ask(
                "DescribeServices", cluster=cluster_str, services=service_names_or_arns
            )
        except EcsError:
            return [], []
        return answer["services"], answer["failures"]

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        for arn, tags in self.api.tagged(self._place):
            kind = arn.split(":", 5)[5].split("/")[0]
            yield TaggedResource(arn=arn, tags=dict(tags), resource_type=f"ecs:{kind}")

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        self._change("TagResource", resourceArn=arn, tags=pairs)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> None:
        self._change("UntagResource", resourceArn=resource_arn, tagKeys=tag_keys)

    def _change(self, operation: str, **params: Any) -> None:
        try:
            self._ask(operation, **params)
        except EcsError as error:  # moto's word for "into the FailedResourcesMap with it"
            raise NotImplementedError(str(error)) from error


def mend_ssm() -> None:
    """Have moto's SSM tell the AMI parameters as JSON."""
    from moto.ssm import models  # noqa: PLC0415

    class JsonParameters(models.ParameterDict):  # type: ignore[misc]  # moto is untyped here
        def _load_tree_parameters(self, path: str) -> None:
            super()._load_tree_parameters(path)
            for name, versions in self.items():
                if name.endswith("/recommended"):
                    for version in versions:
                        version.value = _as_json(version.value)

    class SsmBackend(models.SimpleSystemManagerBackend):  # type: ignore[misc]
        __module__ = models.__name__  # moto finds a backend's URLs beside its module

        def __init__(self, region_name: str, account_id: str) -> None:
            super().__init__(region_name, account_id)
            self._parameters = JsonParameters(account_id, region_name)

    models.ssm_backends.backend = SsmBackend
    models.ssm_backends.clear()


def _as_json(value: Any) -> str:
    if isinstance(value, str):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return str(value)
    return json.dumps(value)
