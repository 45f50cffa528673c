"""A new revision only with the plan that was reviewed: ``glia run --require-plan``.

The plan of a pull request leaves its digest in the commit status ``glia/plan``. A revision is
let in if the plan that is made now, of all its manifests, begins with the digest on the commit
itself or on the head of the merged pull request that brought it. Until then the last revision
that was let in stays wanted. That one was let in is remembered on the commit, in
``glia/admitted/PATH``: once it is being applied its plan is another one, and drift is put back
without being asked for. Whoever follows another path of the commit has another plan to let in.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from glia.errors import GliaError
from glia.render.comment import status_line
from glia.render.events_text import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glia.plan import Plan
    from glia.reconciling.desired_source import Desired, Revision

PLAN: Final = "glia/plan"
ADMITTED: Final = "glia/admitted"
SHOWN_CHANGES: Final = 8


class Forge(Protocol):
    """What is asked of GitHub."""

    def statuses(self, commit: str) -> Mapping[str, str]:
        """By context, the descriptions of a commit's statuses that say success."""

    def merged_heads(self, commit: str) -> tuple[str, ...]:
        """The last commits of the merged pull requests that a commit has come with."""

    def set_status(self, commit: str, state: str, context: str, description: str) -> None: ...


class PlanMissing(GliaError):  # noqa: N818  (its name is the reason)
    """Nobody has made a plan of the revision."""

    reason: ClassVar[str] = "PlanMissing"


class PlanChanged(GliaError):  # noqa: N818  (its name is the reason)
    """The plan that was made is not what would be done now."""

    reason: ClassVar[str] = "PlanChanged"


class PlanUnknown(GliaError):  # noqa: N818  (its name is the reason)
    """What would be done now is not known: a cluster cannot be read."""

    reason: ClassVar[str] = "PlanUnknown"
    transient: ClassVar[bool] = True


class Admission:
    """A source of revisions that lets those by that were reviewed.

    Args:
        source: where they come from.
        plan_of: makes the plan of all manifests of a revision, of now.
        forge: GitHub as it is to be asked now.
    """

    def __init__(
        self,
        source: Desired,
        plan_of: Callable[[Revision], Plan],
        forge: Callable[[], Forge],
    ) -> None:
        self._source, self._plan_of, self._forge = source, plan_of, forge
        self._admitted: Revision | None = None
        self._told = ("", "")

    @property
    def last(self) -> Revision | None:
        """The last revision that was let in."""
        return self._admitted

    def fetch(self) -> Revision:
        """The revision of now, if it is let in.

        Raises:
            GliaError: there is none, it is not let in, or GitHub does not say.
        """
        try:
            revision = self._source.fetch()
        except GliaError:
            if self._admitted is None and (last := self._source.last) is not None:
                with suppress(GliaError):
                    self._admit(last)
            raise
        self._admit(revision)
        return revision

    def stop(self) -> None:
        self._source.stop()

    def _admit(self, revision: Revision) -> None:
        known = self._admitted
        if known is None or known.commit != revision.commit:
            self._judge(revision)
        self._admitted = revision

    def _judge(self, revision: Revision) -> None:
        forge, commit = self._forge(), revision.commit
        if admitted(revision.source.path) in forge.statuses(commit):
            return
        plan = self._plan_of(revision)
        if plan.unread:
            told = "; ".join(each.message for each in plan.unread)
            raise PlanUnknown(f"the plan of {short(commit)} is not known: {told}")
        if plan.changes or plan.held or plan.acts or plan.shortages:
            try:
                _compare(commit, plan, tuple(_reviewed(forge, commit)))
            except (PlanMissing, PlanChanged) as refusal:
                self._tell(forge, revision, f"{refusal.reason}: now {status_line(plan)}")
                raise
        forge.set_status(commit, "success", admitted(revision.source.path), status_line(plan))

    def _tell(self, forge: Forge, revision: Revision, why: str) -> None:
        """Say on the commit, once, that it is not let in; whether that works changes nothing."""
        commit, context = revision.commit, admitted(revision.source.path)
        if self._told != (commit, why):
            with suppress(GliaError):
                forge.set_status(commit, "failure", context, why)
                self._told = (commit, why)


def admitted(path: str) -> str:
    """The context of the status that remembers it, for a path in the repository."""
    return f"{ADMITTED}/{path}" if path else ADMITTED


def _reviewed(forge: Forge, commit: str) -> Iterator[str]:
    """What the statuses say of plans that were made."""
    for each in dict.fromkeys((commit, *forge.merged_heads(commit))):
        told = forge.statuses(each).get(PLAN)
        if told is not None:
            yield told


def _compare(commit: str, plan: Plan, reviewed: tuple[str, ...]) -> None:
    now = status_line(plan)
    if any(_is_same(plan, each) for each in reviewed):
        return
    doing = f"now it would do: {now}{_changes(plan)}"
    if not reviewed:
        raise PlanMissing(
            f"no plan of {short(commit)} was reviewed, and nothing of it is applied: there is no "
            f"commit status {PLAN} on it or on its pull request; {doing}; run `glia plan "
            "--comment` for it"
        )
    raise PlanChanged(
        f"the plan of {short(commit)} has changed since its review, and nothing of it is "
        f"applied: reviewed was: {'; '.join(reviewed)}; {doing}; plan it again"
    )


def _is_same(plan: Plan, reviewed: str) -> bool:
    """By the digest, which a plan that does nothing does not have in its status."""
    if plan.acts:
        return reviewed.split(" ", 1)[0] == plan.digest
    return reviewed == status_line(plan)


def _changes(plan: Plan) -> str:
    """What would be done, service by service, as far as it fits."""
    acting = [f"{each.action} {each.key}" for each in plan.changes if not each.blocked_by]
    shown = ", ".join(dict.fromkeys(acting[:SHOWN_CHANGES]))
    more = ", ..." if len(acting) > SHOWN_CHANGES else ""
    return f" ({shown}{more})" if shown else ""
