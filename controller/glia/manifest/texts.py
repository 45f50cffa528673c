"""Texts of a pattern, as fields of manifests have them: names, ids, regions, ARNs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic_core import PydanticCustomError, core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a pattern; ``words`` tell what was expected to whoever wrote something else."""

    pattern: str
    words: str
    lower: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise PydanticCustomError("not_allowed", "{words}", {"words": self.words})
        return text.lower() if self.lower else text


# Kubernetes' rule for names (RFC 1123 label), which every name of ECS allows as well. 63
# characters leave room for the suffix that tells a service's lanes apart.
Name: TypeAlias = Annotated[
    str,
    Text(
        r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        "lower-case letters, digits and hyphens, at most 63, no hyphen at the ends",
    ),
]
EcsName: TypeAlias = Annotated[
    str, Text(r"[A-Za-z0-9_-]{1,255}", "letters, digits, hyphens and underscores, at most 255")
]
AccountId: TypeAlias = Annotated[
    str, Text(r"[0-9]{12}", 'an account\'s twelve digits in quotes, "111122223333"')
]
RoleArn: TypeAlias = Annotated[
    str,
    Text(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+",
        "a role's ARN, arn:aws:iam::111122223333:role/name",
    ),
]
Region: TypeAlias = Annotated[
    str, Text(r"[a-z]{2,}(-[a-z]+)+-[0-9]+", "a region such as us-west-2")
]
InstanceTypeName: TypeAlias = Annotated[
    str, Text(r"[A-Za-z0-9-]+\.[A-Za-z0-9-]+", "an instance type such as inf2.48xlarge", lower=True)
]
# What AWS allows in the value of a tag, where the owner's name is written.
Owner: TypeAlias = Annotated[
    str, Text(r"[\w .:/=+\-@]{1,256}", "letters, digits, spaces and _.:/=+-@, at most 256")
]
AttributeName: TypeAlias = Annotated[
    str,
    Text(
        r"[A-Za-z0-9_./\\-]{1,128}", "an attribute's name: letters, digits and -_./\\, at most 128"
    ),
]
