"""The one shape in which ECS's members travel through the sandbox."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""A structure of ECS's model under ECS's own member names; timestamps are epoch seconds."""
