"""``--require-plan``: what whoever may write something on GitHub can make of it.

Revisions, plans and GitHub's answers are real; what is live is nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from glia.admission.admission import Admission
from glia.admission.forge import WORKFLOWS, LoginUnknown, Terms
from glia.admission.register import content_of
from glia.admission.review import PlanChanged, PlanMissing
from glia.errors import GliaError
from glia.github.api import GitHub
from glia.github.contexts import ADMITTED, LONGEST, PLAN, context_of
from glia.manifest.document import Source as File
from glia.manifest.load import load
from glia.neuron.catalogue import catalogue
from glia.plan import Plan
from glia.planning.planner import offline_plan
from glia.render.comment import status_line
from glia.source.files import Found
from glia.source.revision import Revision
from glia.wanted import compiled
from support.github import Forge, forge
from support.operator import CLUSTER, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glia.manifest.load import Loaded
    from glia.neuron.catalogue import InstanceType
    from glia.reconciling.desired_source import Revision as SomeRevision
    from glia.wanted import Wanted

US, PLANNER, MALLORY = "glia[bot]", "planner[bot]", "mallory"
ONE, TWO, THREE, HEAD = ("1" * 40, "2" * 40, "3" * 40, "d" * 40)
PLANNED, IN = f"{PLAN}/m", f"{ADMITTED}/m"


def revision(commit: str, **service: Any) -> Revision:
    text = yaml.safe_dump_all([CLUSTER, neuron_service(**service)])
    found = Found((File("m/all.yaml", text.encode()),), ())
    return Revision(commit, "https://example.com/fleet.git", "m", found, 0.0)


class Follower:
    """A loop's view of a branch; ``again`` is another process that remembers nothing."""

    def __init__(self, there: Forge, terms: Terms | None = None) -> None:
        self.there, self.terms = there, terms or Terms("main", (PLANNER,))
        self.types: dict[str, InstanceType] = {}
        self.last: Revision | None = None
        self.done: set[str] = set()
        self.meanwhile: Callable[[], object] = int
        self.again()

    def again(self) -> Follower:
        self.admission = Admission(
            self,
            self.look_up,
            self.plan_of,
            lambda: GitHub("glia", "acme/fleet", self.there.url),
            self.terms,
        )
        return self

    def look_up(self, loaded: Loaded) -> Mapping[str, InstanceType]:
        return {each: self.types[each] for each in loaded.unknown_types if each in self.types}

    def plan_of(self, revision: SomeRevision, wanted: Wanted) -> Plan:
        self.meanwhile()
        if revision.commit in self.done:
            return Plan()
        return offline_plan(wanted.state, diagnostics=wanted.diagnostics)

    def fetch(self) -> Revision:
        assert self.last is not None
        return self.last

    def stop(self) -> None:
        """Nothing is waited for."""

    def at(self, revision: Revision) -> Follower:
        """The branch is there now, and GitHub knows it."""
        self.last = revision
        if revision.commit not in self.there.history:
            self.there.history.insert(0, revision.commit)
        return self

    def status(self) -> str:
        """As ``glia plan --comment`` has it."""
        assert self.last is not None
        wanted = self.wanted()
        return status_line(offline_plan(wanted.state, diagnostics=wanted.diagnostics))

    def wanted(self) -> Wanted:
        assert self.last is not None
        return compiled(self.last.found, self.look_up)

    def planned(self, by: str = PLANNER, on: str = "", **other: Any) -> Follower:
        assert self.last is not None
        told = {"context": PLANNED, "state": "success", "description": self.status(), **other}
        self.there.sets(by, on or self.last.commit, **told)
        return self

    def forget_plans(self) -> None:
        """Only what Glia remembers is left."""
        kept = [each for each in self.there.statuses if each["context"] == IN]
        self.there.statuses = kept

    def lets_in(self) -> bool:
        return self.refusal() is None

    def refusal(self) -> GliaError | None:
        try:
            assert self.admission.fetch() is self.last
        except GliaError as error:
            return error
        return None


@pytest.fixture
def there() -> Iterator[Forge]:
    with forge() as made:
        made.logins["glia"] = US
        yield made


@pytest.fixture
def follower(there: Forge) -> Follower:
    return Follower(there).at(revision(ONE))


def test_a_plan_counts_only_from_those_who_are_named(follower: Follower) -> None:
    """Others have write access, an account of a like name, or one that is gone."""
    assert follower.last is not None
    for name in (MALLORY, WORKFLOWS, "planner", US, ""):
        follower.planned(by=name)
    follower.planned(context=f"{PLAN}/other").planned(context=PLAN)
    refused = follower.refusal()
    assert isinstance(refused, PlanMissing)
    assert "no commit status glia/plan/m of planner[bot]" in str(refused)
    assert f"what somebody who is gone, {US}, planner said does not count" in str(refused)
    content = content_of("main", follower.last.found, ())
    follower.planned(by=MALLORY, context=IN, description=f"admitted:{content} let in")
    assert not follower.lets_in(), "a forged memory"

    follower.planned().planned(state="failure")
    assert "failure: sha256:" in str(follower.refusal()), "the planner's last word counts"
    follower.planned(by="Planner[bot]").planned(by=MALLORY, state="failure")
    assert follower.lets_in(), "nobody else can take it back"
    follower.planned(by=MALLORY, context=IN, state="failure", description="out")
    follower.forget_plans()
    assert follower.again().lets_in(), "nor what Glia remembers"


def test_only_the_merge_that_made_the_commit_brings_its_plan_along(follower: Follower) -> None:
    """Whoever may push a branch may open a pull request that holds the commit, and merge that."""
    follower.planned(on=HEAD)
    follower.there.merges(ONE, HEAD, into="mine")
    follower.there.merges(ONE, HEAD, made=TWO)
    follower.there.merges(ONE, HEAD, merged=False)
    follower.there.merges(ONE, HEAD)
    follower.there.pulls[ONE][-1]["base"]["repo"] = {"full_name": "mallory/fleet"}
    assert isinstance(follower.refusal(), PlanMissing)
    follower.there.merges(ONE, HEAD)
    assert follower.lets_in()
    by_default = Follower(follower.there, Terms("HEAD", (PLANNER,))).at(revision(ONE))
    assert by_default.lets_in()
    a_tag = Follower(follower.there, Terms("refs/tags/v1", (PLANNER,))).at(revision(ONE))
    assert isinstance(a_tag.refusal(), PlanMissing), "nobody merges into a tag"


def test_what_glia_remembers_is_worth_what_its_login_is(there: Forge) -> None:
    there.refusals["POST", "/graphql"] = (403, 99)
    follower = Follower(there).at(revision(ONE)).planned()
    refused = follower.refusal()
    assert isinstance(refused, LoginUnknown)
    assert "GitHub: 403 no" in str(refused)
    assert "--github-login LOGIN" in str(refused)
    named = Follower(there, Terms("main", (PLANNER,), "Glia[bot]")).at(revision(ONE))
    assert named.lets_in()

    mistaken = Follower(there, Terms("main", (PLANNER,), "glia")).at(revision(TWO)).planned()
    for _ in range(3):
        assert "say --github-login glia[bot]" in str(mistaken.refusal())
    assert sum(each["context"] == IN and each["sha"] == TWO for each in there.statuses) == 1

    there.refusals.clear()
    there.logins["glia"] = WORKFLOWS
    assert "a token of its own" in str(Follower(there).at(revision(ONE)).refusal())
    everybody = Follower(there, Terms("main", (WORKFLOWS,))).at(revision(THREE))
    assert everybody.planned(by=WORKFLOWS).lets_in(), "who trusts all workflows trusts these too"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_commit_that_comes_back_by_force_needs_a_plan_of_its_own(
    follower: Follower, restarted: bool
) -> None:
    """Its old plan has the same digest, and Glia has let it in before."""
    assert follower.planned().lets_in()
    assert follower.again().lets_in(), "it is remembered"
    if restarted:
        follower.again()
    assert follower.at(revision(TWO, image="server:2")).planned().lets_in()
    refused = follower.again().at(revision(ONE)).refusal()
    assert isinstance(refused, PlanMissing)
    assert "made before another commit was let in: sha256:" in str(refused)
    assert not follower.lets_in(), "what Glia has said since changes nothing"
    follower.done.add(ONE)
    assert follower.lets_in(), "but where nothing is done nothing comes back"
    follower.done.clear()
    assert follower.at(revision(THREE, image="server:3")).planned().lets_in()
    assert not follower.again().at(revision(ONE)).lets_in()
    assert follower.planned().lets_in(), "somebody has looked at it again"
    assert follower.again().lets_in()
    assert not follower.at(revision(THREE, image="server:3")).lets_in(), (
        "and now that one is no longer the last"
    )


def test_neither_does_one_come_back_that_was_passed_over(follower: Follower) -> None:
    """It was reviewed and merged, and another one was merged before the loop looked."""
    assert follower.planned().lets_in()
    follower.at(revision(TWO, image="server:2")).planned()
    follower.at(revision(THREE, image="server:3")).planned()
    assert follower.again().lets_in()
    refused = follower.again().at(revision(TWO, image="server:2")).refusal()
    assert "made before another commit was let in: sha256:" in str(refused)
    assert follower.planned().lets_in()
    assert not follower.again().at(revision(THREE, image="server:3")).lets_in()


def test_whoever_ends_while_letting_a_commit_in_lets_it_in_later(follower: Follower) -> None:
    assert follower.planned().lets_in()
    follower.there.refusals["POST", f"/statuses/{TWO}"] = (403, 1)
    assert "403" in str(follower.at(revision(TWO, image="server:2")).planned().refusal())
    assert follower.again().lets_in()
    assert not follower.again().at(revision(ONE)).lets_in()


def test_a_commit_is_in_with_the_manifests_that_were_read_and_with_no_others(
    follower: Follower,
) -> None:
    """Kustomize of another version makes another thing of it; another branch is another place."""
    assert follower.planned().lets_in()
    assert follower.last is not None
    other = revision(ONE, image="server:2").found
    follower.last = replace(follower.last, found=other)
    refused = follower.refusal()
    assert isinstance(refused, PlanChanged)
    assert follower.admission.last is not None
    assert follower.admission.last.found is not other, "the one before stays wanted"
    follower.last = revision(ONE)
    follower.forget_plans()
    assert follower.again().lets_in(), "it has not been forgotten over that"
    assert follower.at(revision(TWO)).lets_in(), "nothing comes of a commit to something else"
    assert follower.again().lets_in()
    assert follower.again().at(revision(THREE)).lets_in(), "nor after a restart"
    elsewhere = Follower(follower.there, Terms("production", (PLANNER,))).at(revision(THREE))
    assert not elsewhere.lets_in()


def test_a_shard_that_comes_later_does_not_forget_what_another_one_has_let_in(
    follower: Follower,
) -> None:
    def another_lets_it_in() -> None:
        follower.planned()
        assert Follower(follower.there).at(revision(ONE)).lets_in()
        follower.forget_plans()

    follower.meanwhile = another_lets_it_in
    assert isinstance(follower.refusal(), PlanMissing)
    follower.meanwhile = int
    assert follower.lets_in()


def test_an_instance_type_that_becomes_known_lets_nothing_in_that_nobody_has_seen(
    follower: Follower,
) -> None:
    new = revision(ONE, neuron={"instanceType": "inf9.xlarge", "devices": "all"})
    assert isinstance(follower.at(new).refusal(), PlanMissing), "an error is no empty plan"
    assert follower.planned().lets_in()
    loaded = _asked_for(follower)
    assert follower.admission.instance_types(loaded) == {}
    follower.types["inf9.xlarge"] = replace(catalogue()["inf1.xlarge"], name="inf9.xlarge")
    refused = follower.refusal()
    assert isinstance(refused, PlanChanged)
    assert "(create inference/web)" in str(refused)
    assert follower.admission.instance_types(loaded) == {}, "so the loop does not know it yet"
    assert follower.planned().lets_in()
    assert list(follower.admission.instance_types(loaded)) == ["inf9.xlarge"]
    assert follower.again().lets_in()
    follower.types.clear()
    assert not follower.again().lets_in(), "EC2 is away"
    follower.types["inf9.xlarge"] = replace(catalogue()["inf1.xlarge"], name="inf9.xlarge")
    assert follower.lets_in(), "nothing was forgotten"


def _asked_for(follower: Follower) -> Loaded:
    assert follower.last is not None
    return load(follower.last.found.sources)


def test_a_status_of_any_path_has_a_name_that_github_takes_and_no_other_path_has() -> None:
    paths = ["", "m", "M", "m/n", "ä", "%C3%A4", "a\n", "a b", "\udce4", "x" * 300, "x" * 301]
    names = [context_of(PLAN, path) for path in paths]
    assert names[:2] == ["glia/plan", "glia/plan/m"]
    assert len(set(names)) == len(paths)
    assert all(len(name) <= LONGEST and name.isascii() and name.isprintable() for name in names)
