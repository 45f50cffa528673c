"""A path at the tip of a branch, over file and HTTP: what is read, what moves, what is refused."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glia.source.failures import (
    NonFastForward,
    PathEmpty,
    PathNotFound,
    RefNotFound,
    RolledBack,
    SourceError,
)
from glia.source.files import find
from glia.source.git.place import Place
from glia.source.git.signatures import Policy
from glia.source.git.source import GitSource
from support.git import LINK, Origin
from support.site import StillClock, relation

if TYPE_CHECKING:
    from glia.source.revision import Revision
    from support.site import Site


@pytest.fixture(params=["over_file", "over_http"])
def transport(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def files(revision: Revision) -> dict[str, bytes]:
    assert not revision.found.diagnostics
    return {source.file: source.content for source in revision.found.sources}


def refused(source: GitSource, kind: type[SourceError]) -> str:
    """The error of a fetch that leaves the last good revision as it is."""
    before = source.last
    with pytest.raises(kind) as caught:
        source.fetch()
    assert type(caught.value) is kind, caught.value
    assert source.last == before
    return str(caught.value)


def test_a_revision_is_the_manifests_under_the_path_as_files_on_disk_would_be(
    site: Site, transport: str
) -> None:
    tip = site.origin.commit(
        {
            "m/b.yaml": "b",
            "m/a/z.yml": "z",
            "m/a.yaml": "a",
            "m/.hidden.yaml": "no",
            "m/.github/w.yaml": "no",
            "m/README.md": "no",
            "mm/c.yaml": "no",
            "d.yaml": "no",
        }
    )
    source = getattr(site, transport)()

    revision = source.fetch()

    assert source.last is revision
    assert (revision.commit, revision.path) == (tip, "m")
    assert list(files(revision).items()) == [
        ("m/a.yaml", b"a"),
        ("m/b.yaml", b"b"),
        ("m/a/z.yml", b"z"),
    ]
    assert [*files(getattr(site, transport)(path="m/b.yaml").fetch())] == ["m/b.yaml"]


NAMES = st.sampled_from(["a", "b", "a.b", "A", ".c", "\u00e9", "a b", "-x", "a.yaml", "z.yml"])
FILES = st.dictionaries(
    st.builds(
        lambda folders, name, suffix: "/".join([*folders, name + suffix]),
        st.lists(NAMES.map(lambda name: f"{name}.d"), max_size=3),
        NAMES,
        st.sampled_from([".yaml", ".yml", "", ".md"]),
    ),
    st.binary(max_size=20),
    min_size=1,
    max_size=12,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES)
def test_a_commit_is_read_as_a_checkout_of_it_would_be(
    tmp_path_factory: pytest.TempPathFactory, committed: dict[str, bytes]
) -> None:
    """The same files with the same contents in the same order."""
    folder = tmp_path_factory.mktemp("both")
    origin = Origin(folder / "fleet.git")
    origin.commit({f"m/{name}": content for name, content in committed.items()})
    for name, content in committed.items():
        path = folder / "m" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    source = GitSource(Place.parse(origin.url, "main", "m"), folder / "state", StillClock())

    with contextlib.suppress(PathEmpty):
        source.fetch()

    read = source.last.found.sources if source.last else ()
    on_disk = find([str(folder / "m")], io.BytesIO()).sources
    assert [(str(folder / each.file), each.content) for each in read] == [
        (each.file, each.content) for each in on_disk
    ]


def test_nothing_is_fetched_while_the_ref_stands_still(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "a"})
    source = site.over_http()
    first = source.fetch()
    assert site.server.fetches() == 2, "the commit with its folders, then the contents"

    site.clock.time += 60
    second = source.fetch()

    assert site.server.fetches() == 0
    assert second.found is first.found
    assert second.fetched_at == first.fetched_at + 60


def test_only_new_contents_of_the_path_are_transferred(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "a", "m/b.yaml": "b", "model.bin": "x" * 100_000})
    source = site.over_http()
    source.fetch()
    site.origin.commit({"m/a.yaml": "a2", "other.bin": "y" * 100_000})
    site.origin.commit({"m/c.yaml": "b"})
    site.server.fetches()

    assert files(source.fetch()) == {"m/a.yaml": b"a2", "m/b.yaml": b"b", "m/c.yaml": b"b"}

    assert site.server.fetches() == 2
    size = sum(path.stat().st_size for path in site.store.rglob("*.pack"))
    assert size < 5_000, "the large files of other folders stay where they are"


def test_a_branch_a_tag_and_the_default_branch_can_be_followed(site: Site) -> None:
    old = site.origin.commit({"m/a.yaml": "1"})
    site.origin.git("tag", "-a", "-m", "", "v1", "main")
    site.origin.git("tag", "light", "main")
    new = site.origin.commit({"m/a.yaml": "2"})
    site.origin.commit({"m/a.yaml": "3"}, branch="v1")

    def commit(ref: str) -> str:
        revision: Revision = site.over_file(ref).fetch()
        return revision.commit

    assert commit("refs/tags/v1") == old
    assert commit("light") == old
    assert commit("HEAD") == commit("main") == commit("refs/heads/main") == new
    assert commit("v1") == site.origin.tip("v1"), "a branch comes before a tag of its name"


def test_a_ref_that_is_not_there_is_refused_and_found_when_it_is_back(site: Site) -> None:
    source = site.over_http()
    assert "has no branch yet" in refused(source, RefNotFound)

    tip = site.origin.commit({"m/a.yaml": "1"})
    assert source.fetch().commit == tip

    site.origin.point("mains", tip)
    site.origin.delete("main")
    assert "has no branch or tag main; did you mean mains?" in refused(source, RefNotFound)

    site.origin.point("main", tip)
    assert source.fetch().commit == tip


def test_a_tag_that_was_moved_to_another_history_is_refused(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    site.origin.git("tag", "v1", "main")
    source = site.over_file("v1")
    source.fetch()
    site.origin.commit({"m/a.yaml": "2"}, branch="other", parents=())
    site.origin.git("tag", "-f", "v1", "other")

    refused(source, NonFastForward)


def test_history_that_was_rewritten_is_refused_until_somebody_accepts_it(
    site: Site, transport: str
) -> None:
    first = site.origin.commit({"m/a.yaml": "1"})
    held = site.origin.commit({"m/a.yaml": "2"})
    source = getattr(site, transport)()
    source.fetch()
    amended = site.origin.commit({"m/a.yaml": "3"}, parents=(first,))

    told = refused(source, NonFastForward)
    assert f"was at commit {held[:12]} and is now at {amended[:12]}" in told
    assert f"--accept-rewrite {amended[:12]}" in told
    assert relation(source, held, amended) == "unrelated"
    assert refused(source, NonFastForward) == told

    accepting = getattr(site, transport)(policy=Policy(accept_rewrite=amended[:12]))
    assert files(accepting.fetch()) == {"m/a.yaml": b"3"}
    assert files(getattr(site, transport)().fetch()) == {"m/a.yaml": b"3"}, "once is enough"


def test_an_older_commit_is_refused_and_a_mirror_that_catches_up_needs_nobody(site: Site) -> None:
    first = site.origin.commit({"m/a.yaml": "1"})
    second = site.origin.commit({"m/a.yaml": "2"})
    source = site.over_http()
    source.fetch()

    site.origin.point("main", first)
    assert "which comes before it" in refused(source, RolledBack)
    assert relation(source, second, first) == "ancestor"

    site.origin.point("main", second)
    third = site.origin.commit({"m/a.yaml": "3"})
    assert source.fetch().commit == third
    assert relation(source, first, third) == "descendant"


def test_a_merge_of_an_unrelated_history_follows_from_what_is_held(site: Site) -> None:
    held = site.origin.commit({"m/a.yaml": "1"})
    source = site.over_file()
    source.fetch()
    other = site.origin.commit({"m/b.yaml": "b"}, branch="other", parents=())
    merge = site.origin.commit({"m/b.yaml": "b"}, parents=(held, other))

    assert files(source.fetch()) == {"m/a.yaml": b"1", "m/b.yaml": b"b"}
    assert relation(source, held, merge) == "descendant"
    assert relation(source, other, merge) == "descendant"


def test_how_a_commit_follows_from_one_of_long_ago_is_found_without_a_copy(
    site: Site, transport: str
) -> None:
    """A controller that has lost its disk asks about the commit that ECS's tags name."""
    commits = [site.origin.commit({"m/a.yaml": str(number)}) for number in range(5)]
    stray = site.origin.commit({"m/a.yaml": "x"}, branch="stray", parents=())
    source = getattr(site, transport)()
    tip = source.fetch().commit

    assert relation(source, commits[0], tip) == "descendant"
    assert relation(source, tip, tip) == "same"
    assert relation(source, stray, tip) == "unrelated"
    assert relation(source, "0" * 40, tip) == "unrelated"
    assert relation(source, "--upload-pack=sh", tip) == "unrelated"
    later = site.origin.commit({"m/a.yaml": "later"})
    assert relation(source, later, tip) == "ancestor", "another controller has gone ahead"


def test_a_path_that_is_gone_or_empty_is_refused_and_found_when_it_is_back(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1", "m/README.md": "x", "link": (LINK, "m")})
    source = site.over_file()
    source.fetch()

    site.origin.commit({"m/a.yaml": None})
    assert "holds no *.yaml or *.yml file" in refused(source, PathEmpty)
    emptied = site.origin.commit({"m/README.md": None})
    assert f"commit {emptied[:12]} has no file or directory 'm'" in refused(source, PathNotFound)
    assert "is a symbolic link" in refused(site.over_file(path="link"), PathNotFound)

    site.origin.commit({"m/a.yaml": "2"})
    assert files(source.fetch()) == {"m/a.yaml": b"2"}


def test_a_commit_that_lands_between_two_questions_is_read_whole(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1", "m/b.yaml": "1"})
    source = site.over_http()

    def commit_more(request: object) -> None:
        if getattr(request, "fetches", False):
            number = str(len(site.server.requests))
            site.origin.commit({"m/a.yaml": number, "m/b.yaml": number})

    site.server.faults.before = commit_more
    revision = source.fetch()

    (content,) = set(files(revision).values())
    assert content.decode() == site.origin.git("show", f"{revision.commit}:m/a.yaml")
    assert revision.commit != site.origin.tip()
    site.server.faults.before = None
    assert source.fetch().commit == site.origin.tip()


def test_a_server_that_cannot_leave_contents_out_sends_them_all(site: Site) -> None:
    site.origin.git("config", "uploadpack.allowFilter", "false")
    site.origin.commit({"m/a.yaml": "1", "n": "n"})
    source = site.over_http()

    assert files(source.fetch()) == {"m/a.yaml": b"1"}
    assert site.server.fetches() == 1
    site.origin.commit({"m/a.yaml": "2"})
    assert files(source.fetch()) == {"m/a.yaml": b"2"}


def test_a_server_of_the_old_protocol_sends_no_single_contents_and_so_all(site: Site) -> None:
    site.server.faults.old = True
    held = site.origin.commit({"m/a.yaml": "1", "n": "n"})
    source = site.over_http()

    assert files(source.fetch()) == {"m/a.yaml": b"1"}
    tip = site.origin.commit({"m/a.yaml": "2"})
    assert files(source.fetch()) == {"m/a.yaml": b"2"}
    assert relation(source, held, tip) == "descendant"


def test_many_commits_leave_few_packs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glia.source.git.repository._MOST_PACKS", 4)
    source = site.over_file()
    for number in range(5):
        site.origin.commit({"m/a.yaml": str(number)})
        assert files(source.fetch()) == {"m/a.yaml": str(number).encode()}

    assert len(list(site.store.rglob("*.pack"))) <= 6
    assert (
        relation(source, site.origin.git("rev-parse", "main~4"), site.origin.tip()) == "descendant"
    )
