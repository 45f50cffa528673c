"""How far a commit has come, as statuses on GitHub: of its manifests, and of each cluster."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from glia.status import loudest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glia.loop_status import LoopStatus, ServiceState

Verdict: TypeAlias = Literal["pending", "success", "failure"]
COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds between two looks; each failure in a row doubles them."""
LONGEST_DESCRIPTION: Final = 140


class Forge(Protocol):
    """What is asked of GitHub."""

    def set_status(self, commit: str, state: str, context: str, description: str) -> object: ...


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """One status; ``context`` is ``glia/manifests`` or ``glia/REGION/CLUSTER``."""

    commit: str
    context: str
    verdict: Verdict
    description: str

    @property
    def news(self) -> tuple[str, Verdict, str]:
        """What makes it another one than before; how many are Ready so far does not."""
        return self.commit, self.verdict, "" if self.verdict == "pending" else self.description


def commit_statuses(status: LoopStatus) -> Iterator[CommitStatus]:
    """One for the manifests, one for each cluster; none where the revision is no commit of git."""
    commit = status.source.commit
    if not COMMIT.fullmatch(commit):
        return
    yield _of_manifests(status, commit)
    for cluster in status.clusters:
        ref = cluster.cluster
        services = [each for each in status.services if each.cluster == ref]
        verdict, description = _verdict(services, commit)
        context = f"glia/{ref.target.region}/{ref.name}"
        yield CommitStatus(commit, context, verdict, description[:LONGEST_DESCRIPTION])


def _of_manifests(status: LoopStatus, commit: str) -> CommitStatus:
    wrong = sum(each.severity == "error" for each in status.diagnostics)
    errors = "1 error in manifests" if wrong == 1 else f"{wrong} errors in manifests"
    verdict: Verdict = "failure" if wrong else "success"
    return CommitStatus(commit, "glia/manifests", verdict, errors if wrong else "all can be read")


def _verdict(services: list[ServiceState], commit: str) -> tuple[Verdict, str]:
    """Stalled ones first: they will not go on by themselves. Reasons only, no messages."""
    looked = [each for each in services if each.conditions]
    stalled = [each for each in looked if loudest(each.conditions).type == "Stalled"]
    if stalled:
        names = ", ".join(f"{each.key} {loudest(each.conditions).reason}" for each in stalled)
        return "failure", f"{len(stalled)} of {len(services)} Stalled: {names}"
    ready = sum(_is_done(each, commit) for each in looked)
    if ready == len(services):
        return "success", f"all {ready} Ready"
    return "pending", f"{ready} of {len(services)} Ready"


def _is_done(service: ServiceState, commit: str) -> bool:
    suspended = any(each.reason == "Suspended" for each in service.conditions)
    return suspended or service.applied == commit


class CommitStatuses:
    """Keeps them up to date, in a thread of its own that looks whenever it is woken.

    Whatever happens between two looks is one look: no queue, so none that could be full.

    Args:
        status: the loop's snapshot of now.
        forge: GitHub as it is to be asked now.
        notified: is told how each attempt ended.
        failed: is told of failures.
    """

    def __init__(
        self,
        status: Callable[[], LoopStatus],
        forge: Callable[[], Forge],
        notified: Callable[[str], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._status, self._forge = status, forge
        self._notified, self._failed = notified, failed
        self._told: dict[str, tuple[str, Verdict, str]] = {}
        self._woken, self._ends = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="glia github", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something has happened; never waits."""
        self._woken.set()

    def close(self, seconds: float) -> bool:
        """One last look, for so long at most; whether it has ended."""
        self._ends.set()
        self._woken.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def look(self) -> bool:
        """Tell what is not told yet; whether all of it is."""
        failures = 0
        shown = tuple(commit_statuses(self._status()))
        contexts = {each.context for each in shown}
        self._told = {at: news for at, news in self._told.items() if at in contexts}
        for each in shown:
            if self._told.get(each.context) != each.news:
                failures += not self._is_told(each)
        return not failures

    def _is_told(self, each: CommitStatus) -> bool:
        """Whether GitHub has it, or will never take it."""
        try:
            forge = self._forge()
            forge.set_status(each.commit, each.verdict, each.context, each.description)
        except Exception as error:  # noqa: BLE001  (whatever GitHub does costs the loop nothing)
            final = _is_final(error)
            self._notified("refused" if final else "failed")
            self._failed(error)
            if not final:
                return False
        else:
            self._notified("sent")
        self._told[each.context] = each.news
        return True

    def _run(self) -> None:
        failures = 0
        while not self._ends.is_set():
            self._woken.wait()
            self._woken.clear()
            failures = 0 if self.look() else failures + 1
            if failures:
                self._woken.set()
            self._ends.wait(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures, 20)))
        if self._woken.is_set():
            self.look()


def _is_final(error: Exception) -> bool:
    """Whether GitHub will say the same again: it does not know the commit, or has had enough."""
    return getattr(error, "status", 0) in {404, 410, 422}
