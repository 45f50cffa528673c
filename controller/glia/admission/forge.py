"""What admission asks of GitHub, and whose word counts there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from glia.errors import GliaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.github.api import Status

WORKFLOWS: Final = "github-actions[bot]"
"""As whom the token of every workflow acts, whichever branch the workflow is of."""


class Forge(Protocol):
    """What is asked of GitHub."""

    def viewer(self) -> str:
        """The login that the token acts as."""

    def statuses(self, commit: str) -> Sequence[Status]:
        """All of a commit, the newest first."""

    def merged_heads(self, commit: str, branch: str) -> tuple[str, ...]:
        """The last commits of the pull requests whose merge made a commit the branch's."""

    def history(self, commit: str) -> tuple[str, ...]:
        """Commits before one, the last first."""

    def set_status(self, commit: str, state: str, context: str, description: str) -> str:
        """Who GitHub says has set it."""


class LoginUnknown(GliaError):  # noqa: N818  (its name is the reason)
    """Glia cannot tell its own commit statuses from what others have written."""

    reason: ClassVar[str] = "LoginUnknown"


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose word counts, and on which branch.

    Attributes:
        branch: whose merged pull requests count; ``HEAD`` is the default branch.
        planners: the logins whose plans count.
        login: that Glia's token acts as; empty to ask GitHub.
    """

    branch: str
    planners: tuple[str, ...]
    login: str = ""

    def is_planner(self, login: str) -> bool:
        return any(is_one(login, each) for each in self.planners)

    def us(self, forge: Forge) -> str:
        """The login that Glia's token acts as.

        Raises:
            LoginUnknown: GitHub does not say, or others act as the same one.
        """
        login = self.login or _asked(forge)
        if is_one(login, WORKFLOWS) and not self.is_planner(WORKFLOWS):
            raise LoginUnknown(
                f"Glia's token acts as {WORKFLOWS}, and so does every workflow of the repository: "
                "what Glia remembers on commits could be anybody's; give it a token of its own, "
                "of a GitHub App or of an account that nobody else uses"
            )
        return login


def is_one(login: str, other: str) -> bool:
    """Whether two logins are one account's: GitHub does not tell upper from lower case."""
    return bool(login) and login.casefold() == other.casefold()


def newest(statuses: Iterable[Status], context: str) -> Status | None:
    """The one that counts, of statuses that somebody has set."""
    return next((each for each in statuses if each.context == context), None)


def _asked(forge: Forge) -> str:
    try:
        return forge.viewer()
    except GliaError as error:
        raise LoginUnknown(
            "it is not known whom Glia's token acts as, and so not which commit statuses are "
            f"Glia's own ({error}); if GitHub does not tell, say it with --github-login LOGIN"
        ) from None
