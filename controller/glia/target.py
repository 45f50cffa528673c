"""Where Glia acts: one account and region, and one ECS cluster in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """An account and region, and how to get there.

    Attributes:
        account_id: the only account to act in; empty if the manifest names none.
        role_arn: the role to act in; empty for the caller's own credentials.
        external_id: what the role's trust policy asks for; shown nowhere.
    """

    region: str
    account_id: str = ""
    role_arn: str = ""
    external_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, order=True)
class ClusterRef:
    """One ECS cluster.

    Attributes:
        owner: the installation's name, in the tag of everything that is Glia's there.
    """

    target: Target
    name: str
    owner: str

    def __str__(self) -> str:
        return f"{self.name} ({self.target.region})"
