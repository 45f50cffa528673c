"""The plan that would be carried out now, against those that were reviewed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, ClassVar, Final

from glia.admission.forge import newest
from glia.errors import GliaError
from glia.github.contexts import PLAN, context_of
from glia.render.comment import is_of, status_line
from glia.render.events_text import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.admission.forge import Forge, Terms
    from glia.github.api import Status
    from glia.plan import Plan

SHOWN_CHANGES: Final = 8
SHOWN_LOGINS: Final = 3


class PlanMissing(GliaError):  # noqa: N818  (its name is the reason)
    """Nobody whose plans count has made a plan of the revision."""

    reason: ClassVar[str] = "PlanMissing"


class PlanChanged(GliaError):  # noqa: N818  (its name is the reason)
    """The plan that was made is not what would be done now."""

    reason: ClassVar[str] = "PlanChanged"


class PlanUnknown(GliaError):  # noqa: N818  (its name is the reason)
    """What would be done now is not known: a cluster cannot be read."""

    reason: ClassVar[str] = "PlanUnknown"
    transient: ClassVar[bool] = True


class Reviews:
    """The plans that were made of a commit, on it and on the pull request that it came with.

    Args:
        since: plans count that were made later than that, ``2026-11-28T04:30:00Z``, or all.
    """

    def __init__(self, forge: Forge, terms: Terms, path: str, commit: str, since: str) -> None:
        self._terms, self._context, self._commit = terms, context_of(PLAN, path), commit
        self._since, self._path = since, path or "."
        heads = forge.merged_heads(commit, terms.branch)
        self._statuses = [
            [each for each in forge.statuses(place) if each.context == self._context]
            for place in dict.fromkeys((commit, *heads))
        ]

    def check(self, plan: Plan) -> None:
        """Whether this plan is one of them.

        Raises:
            PlanMissing: there is none that counts.
            PlanChanged: there are others.
        """
        counted = [each.description for each in self._newest() if not self._fault(each)]
        if any(is_of(plan, each) for each in counted):
            return
        commit, doing = short(self._commit), f"now it would do: {status_line(plan)}{_names(plan)}"
        again = f"plan it again: glia plan --head {commit} --status {shlex.quote(self._path)}"
        if counted:
            raise PlanChanged(
                f"the plan of {commit} has changed since its review, and nothing of it is "
                f"applied: reviewed was: {'; '.join(counted)}; {doing}; {again}"
            )
        raise PlanMissing(
            f"no plan of {commit} was reviewed, and nothing of it is applied: there is no commit "
            f"status {self._context} of {' or '.join(self._terms.planners)} on it or on its "
            f"merged pull request{self._uncounted()}; {doing}; {again}"
        )

    def _newest(self) -> Iterator[Status]:
        """Of each place the last word of those whose plans count."""
        for each in self._statuses:
            own = (one for one in each if self._terms.is_planner(one.creator))
            if (found := newest(own, self._context)) is not None:
                yield found

    def _fault(self, status: Status) -> str:
        """Why a planner's status lets nothing in."""
        if status.state != "success":
            return f"{status.state}: {status.description}"
        if status.at <= self._since:
            return f"made before another commit was let in: {status.description}"
        return ""

    def _uncounted(self) -> str:
        told = [fault for each in self._newest() if (fault := self._fault(each))]
        others = dict.fromkeys(
            each.creator or "somebody who is gone"
            for place in self._statuses
            for each in place
            if not self._terms.is_planner(each.creator)
        )
        if others:
            told.append(f"what {', '.join([*others][:SHOWN_LOGINS])} said does not count")
        return f" ({'; '.join(told)})" if told else ""


def _names(plan: Plan) -> str:
    """What would be done, service by service, as far as it fits."""
    acting = [f"{each.action} {each.key}" for each in plan.acting]
    shown = ", ".join(dict.fromkeys(acting[:SHOWN_CHANGES]))
    more = ", ..." if len(acting) > SHOWN_CHANGES else ""
    return f" ({shown}{more})" if shown else ""
