"""A source of revisions that lets those by that were reviewed.

The plan of a pull request is in the commit status ``glia/plan/PATH``. A revision is let in if the
plan that is made now, of all its manifests, is the one that somebody whose plans count has left
on the commit itself, or on the head of the pull request whose merge made it. Until then the
revision before stays wanted. What was let in is remembered on the commit: once it is being
applied its plan is another one, and drift is put back without being asked for.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glia.admission.forge import LoginUnknown
from glia.admission.register import Before, Register, content_of
from glia.admission.review import PlanChanged, PlanMissing, PlanUnknown, Reviews
from glia.errors import GliaError
from glia.render.comment import status_line
from glia.render.events_text import short
from glia.render.wording import summary
from glia.wanted import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glia.admission.forge import Forge, Terms
    from glia.manifest.load import Loaded
    from glia.neuron.catalogue import InstanceType
    from glia.plan import Plan
    from glia.reconciling.desired_source import Desired, Revision
    from glia.wanted import LookUp, Wanted


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A revision, and with which instance types: what becomes known later was not reviewed."""

    revision: Revision
    types: Mapping[str, InstanceType]
    unknown: tuple[str, ...]

    def is_of(self, revision: Revision) -> bool:
        same = self.revision.found is revision.found
        return same and self.revision.commit == revision.commit


class Admission:
    """A source of revisions that lets those by that were reviewed.

    Args:
        source: where they come from.
        look_up: what EC2 says of instance types that the catalogue lacks.
        plan_of: makes the plan of all manifests of a revision, of now.
        forge: GitHub as it is to be asked now.
        terms: whose word counts.
    """

    def __init__(
        self,
        source: Desired,
        look_up: LookUp,
        plan_of: Callable[[Revision, Wanted], Plan],
        forge: Callable[[], Forge],
        terms: Terms,
    ) -> None:
        self._source, self._look_up, self._plan_of = source, look_up, plan_of
        self._forge, self._terms = forge, terms
        self._us, self._stranger = "", ""
        self._admitted: _Admitted | None = None
        self._known_before = ("", Before())
        self._told = ("", "")

    @property
    def last(self) -> Revision | None:
        """The last revision that was let in."""
        return self._admitted.revision if self._admitted else None

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

    def instance_types(self, loaded: Loaded) -> Mapping[str, InstanceType]:
        """What was known of these types when the revision was let in: that was reviewed."""
        known = self._admitted.types if self._admitted else {}
        return {name: known[name] for name in loaded.unknown_types if name in known}

    def _admit(self, revision: Revision) -> None:
        known = self._admitted
        if known is None or not known.is_of(revision):
            self._admitted = self._judged(revision)
            return
        self._admitted = replace(known, revision=revision)
        if known.unknown:
            wanted = compiled(revision.found, self._look_up)
            if set(wanted.unknown_types) < set(known.unknown):
                self._admitted = self._judged(revision, wanted)

    def _judged(self, revision: Revision, wanted: Wanted | None = None) -> _Admitted:
        register = self._register(revision)
        wanted = wanted or compiled(revision.found, self._look_up)
        content = content_of(self._terms.branch, revision.found, wanted.unknown_types)
        standing = register.standing(revision.commit)
        if standing.content != content:
            before = self._before(register, revision.commit)
            last = self._admitted.revision.commit if self._admitted else before.last
            told = "the manifests of the commit before"
            if last == revision.commit or register.standing(last).content != content:
                since = max(standing.superseded, before.since)
                told = summary(self._reviewed(revision, wanted, register, since))
            with self._as_ourselves():
                register.let_in(revision.commit, content, told, after=last)
        return _Admitted(revision, wanted.instance_types, wanted.unknown_types)

    def _reviewed(self, revision: Revision, wanted: Wanted, register: Register, since: str) -> Plan:
        """The plan of now, which somebody has reviewed or which neither does nor leaves anything.

        Plans count that were made later than ``since``.

        Raises:
            GliaError: it is not known, or nobody has.
        """
        commit, plan = revision.commit, self._plan_of(revision, wanted)
        if plan.unread:
            told = "; ".join(each.message for each in plan.unread)
            raise PlanUnknown(f"the plan of {short(commit)} is not known: {told}")
        if not plan.acts and not plan.waiting:
            return plan
        try:
            Reviews(self._forge(), self._terms, revision.source.path, commit, since).check(plan)
        except (PlanMissing, PlanChanged) as refusal:
            # It must not be forgotten that the commit is in, perhaps for another shard by now.
            if not register.standing(commit).content:
                self._tell(register, commit, f"{refusal.reason}: now {status_line(plan)}")
            raise
        return plan

    def _register(self, revision: Revision) -> Register:
        if self._stranger:
            raise LoginUnknown(self._stranger)
        forge = self._forge()
        self._us = self._us or self._terms.us(forge)
        return Register(forge, self._us, revision.source.path)

    def _before(self, register: Register, commit: str) -> Before:
        """What GitHub knows of the commits before one; it is asked once."""
        if self._known_before[0] != commit:
            self._known_before = (commit, register.before(commit))
        return self._known_before[1]

    def _tell(self, register: Register, commit: str, why: str) -> None:
        """Say on the commit, once, that it is not let in; whether that works changes nothing."""
        if self._told != (commit, why):
            with suppress(GliaError), self._as_ourselves():
                register.refuse(commit, why)
                self._told = (commit, why)

    @contextmanager
    def _as_ourselves(self) -> Iterator[None]:
        """What somebody else turns out to have written is not written again and again."""
        try:
            yield
        except LoginUnknown as error:
            self._stranger = str(error)
            raise
