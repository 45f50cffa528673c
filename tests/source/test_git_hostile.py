"""Whatever a repository holds, only its regular files of YAML are read, and nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glia.errors import UsageError
from glia.manifest.load import load
from glia.source.git.limits import Limits
from glia.source.git.place import Place
from support.git import LINK, SUBMODULE

if TYPE_CHECKING:
    from support.site import Site
MANIFEST = """\
apiVersion: glia/v1alpha1
kind: NeuronCluster
metadata: {name: inference}
spec: {region: us-west-2, owner: ml}
"""


def test_what_is_no_manifest_is_told_and_the_others_are_read(site: Site) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    site.origin.commit(
        {
            "m/good.yaml": MANIFEST,
            "m/GOOD.yaml": MANIFEST.replace("inference", "other"),
            "m/passwd.yaml": (LINK, "/etc/passwd"),
            "m/up.yaml": (LINK, "../../secret.yaml"),
            "m/folder": (LINK, "/etc"),
            "m/module.yaml": (SUBMODULE, "1" * 40),
            "m/lfs.yaml": pointer,
            "m/large.yaml": "a: " + "b" * 300_000,
            "m/binary.yaml": b"\x7fELF\0\xff\xfe",
            "m/crlf.yaml": MANIFEST.replace("inference", "crlf").replace("\n", "\r\n"),
            "m/bom.yaml": b"\xef\xbb\xbf" + MANIFEST.replace("inference", "bom").encode(),
            "m/\udcffname.yaml": "a: b: c",
            "m/.gitattributes": "*.yaml filter=evil text eol=crlf ident",
            ".gitmodules": '[submodule "m"]\npath = m/module.yaml\nurl = file:///etc\n',
        }
    )

    found = site.over_file().fetch().found
    loaded = load(found.sources)

    assert {each.manifest.metadata.name for each in loaded.declared} >= {
        "inference",
        "other",
        "crlf",
    }
    assert {
        (each.code, each.location.file if each.location else "") for each in found.diagnostics
    } == {
        ("symbolic-link", "m/passwd.yaml"),
        ("symbolic-link", "m/up.yaml"),
        ("submodule", "m/module.yaml"),
        ("git-lfs-pointer", "m/lfs.yaml"),
        ("file-too-large", "m/large.yaml"),
    }
    broken = {each.location.file for each in loaded.diagnostics if each.location}
    assert {"m/binary.yaml", "m/\\xffname.yaml"} <= broken
    assert b"root:" not in b"".join(each.content for each in found.sources)
    assert MANIFEST.encode() in [each.content for each in found.sources], "no filter has run"


def test_what_is_over_a_limit_is_named_and_the_rest_is_read(site: Site) -> None:
    site.origin.commit({f"m/{name}.yaml": name * 100 for name in "abcd"})

    few = site.over_file(limits=Limits(files=2)).fetch().found
    little = site.over_file(limits=Limits(size=250)).fetch().found

    for found, code in ((few, "too-many-files"), (little, "input-too-large")):
        assert [each.file for each in found.sources] == ["m/a.yaml", "m/b.yaml"]
        (told,) = found.diagnostics
        assert (told.severity, told.code) == ("error", code)
        assert str(told.location) == "m/c.yaml:1:1"


def test_ten_thousand_manifests_are_read_in_a_handful_of_runs_of_git(site: Site) -> None:
    site.origin.commit(
        {f"m/{number // 100}/{number}.yaml": f"a: {number}" for number in range(10_000)}
    )

    found = site.over_file().fetch().found

    assert len(found.sources) == 10_000
    assert not found.diagnostics
    assert all(
        each.content == f"a: {each.file[:-5].split('/')[2]}".encode() for each in found.sources
    )


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch x",
        "-u:x",
        "ext::sh -c touch% x",
        "fd::17",
        "git://example.com/x.git",
        "http://example.com/x.git",
        "ftp://example.com/x.git",
        "ssh://-oProxyCommand=touch/x",
        "ssh://-l@example.com/x",
        "-oProxyCommand=x:y",
        "-l@example.com:x",
        "https://example.com/x y.git",
        "https://example.com/x\n.git",
        "https://example.com:port/x.git",
        "https://example.com/x.git?token=hunter2",
        "https:///x.git",
        "file://host/x.git",
        "file://relative",
        "/srv/x.git",
        "fleet",
        "",
    ],
)
def test_an_address_that_git_could_take_for_something_else_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--git"):
        Place.parse(url)


def test_a_repository_on_this_disk_is_told_its_address() -> None:
    with pytest.raises(UsageError, match=r"on this disk is file:///srv/x\.git;"):
        Place.parse("/srv/x.git")


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:hunter2@example.com/x.git",
        "https://hunter2@example.com/x.git",
        "ssh://git:hunter2@h/x",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Place.parse(url)

    assert "hunter2" not in str(caught.value)
    assert "--git-token-file" in str(caught.value)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "-x",
        "--upload-pack=x",
        "a..b",
        "a b",
        "a:b",
        "+main",
        "a*",
        "x.lock",
        "a/.b",
        "a//b",
        "a/",
        "a.",
        "@{-1}",
        "a@{1}",
        "a^",
        "a~1",
        "refs/heads/*",
        "a\\b",
        "a\nb",
    ],
)
def test_a_ref_that_is_no_plain_name_is_refused(ref: str) -> None:
    with pytest.raises(UsageError, match="--ref"):
        Place.parse("https://example.com/x.git", ref)


@pytest.mark.parametrize("path", ["..", "a/../../b", "/etc", "a/..", "a\0b"])
def test_a_path_out_of_the_repository_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="--path"):
        Place.parse("https://example.com/x.git", "main", path)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("https://github.com/acme/fleet.git", "https"),
        ("https://git.example.com:8443/a/b", "https"),
        ("ssh://git@example.com:2222/acme/fleet.git", "ssh"),
        ("git@github.com:acme/fleet.git", "ssh"),
        ("github.com:acme/fleet.git", "ssh"),
        ("https://[2001:db8::1]/x.git", "https"),
        ("file:///srv/git/fleet.git", "file"),
        ("http://127.0.0.1:8080/x.git", "http"),
    ],
)
def test_usual_addresses_are_taken_as_they_are(url: str, scheme: str) -> None:
    place = Place.parse(url, "release/1.2", "./manifests//production/")

    assert (place.url, place.scheme) == (url, scheme)
    assert place.refs == ("refs/heads/release/1.2", "refs/tags/release/1.2")
    assert place.path == "manifests/production"
