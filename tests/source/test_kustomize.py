"""Kustomizations, on disk and in git: built by the user's own tool, which can reach nothing."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from glia.manifest.load import load
from glia.sandbox.clock import VirtualClock
from glia.source import kustomize
from glia.source.directory import DirectorySource
from glia.source.failures import Stopped
from glia.source.files import find
from glia.source.kustomization import folders, topmost
from glia.source.kustomize import Disk
from support.git import LINK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.source.files import Found
    from support.site import Site

EXAMPLES = Path(__file__).parents[2] / "manifests"
CLUSTER = """\
apiVersion: glia/v1alpha1
kind: NeuronCluster
metadata: {name: inference}
spec: {region: us-west-2, owner: ml}
"""
needs_kustomize = pytest.mark.skipif(
    not (shutil.which("kubectl") or shutil.which("kustomize")),
    reason="there is neither kubectl nor kustomize",
)


PATCH = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: theirs}
path: http://127.0.0.1:8080/status
target: {kind: NeuronCluster}
"""
"""What kustomize fetches itself, from this machine past every proxy."""


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def found(*paths: str) -> Found:
    return find(paths, io.BytesIO())


def names(found: Found) -> list[str]:
    loaded = load(found.sources)
    assert not found.diagnostics + loaded.diagnostics
    return [each.manifest.metadata.name for each in loaded.declared]


@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: [https://example.com/base.yaml]",
        "resources: ['https://github.com/acme/base//x?ref=v1']",
        "resources: [github.com/acme/base]",
        "resources: ['git@github.com:acme/base.git']",
        "resources: ['git::ssh://example.com/x']",
        "bases: [example.com/acme/base]",
        "components: ['ssh://git@example.com/x']",
        "resources: [../elsewhere]",
        "generators: [https://example.com/x.yaml]",
        "transformers: [../nothing.yaml]",
        "crds: [https://example.com/x.json]",
        "configurations: [https://example.com/x.yaml]",
        "openapi: {path: https://example.com/x.json}",
        "patches: [{path: https://example.com/x.yaml}]",
        "patchesStrategicMerge: [https://example.com/x.yaml]",
        "replacements: [{path: https://example.com/x.yaml}]",
        "configMapGenerator: [{name: x, files: [a=https://example.com/x]}]",
        "secretGenerator: [{name: x, env: https://example.com/x}]",
        "helmCharts: [{name: x, repo: https://example.com}]",
        "resources: &all [a.yaml]\nbases: *all",
        "resources: [a.yaml]\ntransformers: [patch.yaml]",
        "resources: [a.yaml]\ngenerators: ['{kind: X,\n\n  paths: [http://127.0.0.1/x]}']",
        "resources: [a.yaml]\nvalidators: [sub]",
    ],
)
def test_what_would_be_fetched_is_refused_and_the_tool_is_not_even_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kustomization: str
) -> None:
    write(tmp_path, {"m/kustomization.yaml": kustomization, "m/a.yaml": CLUSTER, "b.yaml": CLUSTER})
    write(
        tmp_path, {"m/patch.yaml": PATCH, "m/sub/kustomization.yaml": "resources: [../patch.yaml]"}
    )
    tool = tmp_path / "bin" / "kubectl"
    write(tmp_path, {"bin/kubectl": f"#!/bin/sh\ntouch {tmp_path}/started\n"})
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", str(tool.parent))

    everything = found(str(tmp_path / "m"), str(tmp_path / "b.yaml"))

    assert [each.severity for each in everything.diagnostics][:1] == ["error"]
    assert all(each.location for each in everything.diagnostics)
    assert names(type(everything)(everything.sources, ())) == ["inference"]
    assert not (tmp_path / "started").exists()


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three kustomizations, and a tool that takes a minute for each; where they are."""
    files = {f"m/{name}/kustomization.yaml": "resources: [a.yaml]" for name in "abc"}
    write(tmp_path, {**files, **{f"m/{name}/a.yaml": CLUSTER for name in "abc"}})
    tool = tmp_path / "bin" / "kubectl"
    closes = "exec 1>&- 2>&-; sleep 60"  # so that nobody can wait for the end of what it says
    write(tmp_path, {"bin/kubectl": f"#!/bin/sh\ntouch {tmp_path}/started\n{closes}\n"})
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    return tmp_path / "m"


def test_all_kustomizations_together_take_no_longer_than_they_may(
    slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kustomize, "TOGETHER_SECONDS", 0.3)
    write(slow, {"plain.yaml": CLUSTER})
    everything = found(str(slow))
    first, *others = everything.diagnostics
    assert "took longer than it may" in str(first.found)
    assert ["have taken all the time" in each.message for each in others] == [True, True]
    assert names(type(everything)(everything.sources, ())) == ["inference"]


@pytest.mark.parametrize("from_git", [False, True])
def test_whoever_waits_for_a_kustomization_can_be_stopped(
    slow: Path, site: Site, from_git: bool
) -> None:
    source: Any = DirectorySource((str(slow),), VirtualClock())
    if from_git:
        site.origin.commit({"m/a/kustomization.yaml": "resources: [a.yaml]", "m/a/a.yaml": CLUSTER})
        source = site.over_file()

    def stop() -> None:
        while not (slow.parent / "started").exists():
            time.sleep(0.01)
        source.stop()

    threading.Thread(target=stop, daemon=True).start()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        source.fetch()
    assert time.monotonic() - begin < 50, "it did not wait for the tool"


def test_a_kustomization_that_names_itself_or_another_in_a_ring_ends(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a/kustomization.yaml": "resources: [../b]",
            "b/kustomization.yaml": "resources: [../a, .]",
            "c/kustomization.yaml": "resources: [../a]",
        },
    )
    a, b, c = (str(tmp_path / name) for name in "abc")

    assert folders(Disk(), a)[0] == (a, b)
    assert topmost(Disk(), [a, b]) == [a, b], "kustomize is to say what is wrong with them"
    assert topmost(Disk(), [a, b, c]) == [c]


@needs_kustomize
def test_the_overlays_of_the_examples_are_built_and_their_base_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "manifests")
    monkeypatch.chdir(tmp_path)

    assert names(found("manifests/overlays/production")) == [
        "inference-production",
        "classifier-production",
    ]
    everything = names(found("manifests"))
    assert {"classifier-production", "classifier-staging", "resnet50"} <= set(everything)
    assert "classifier" not in everything
    (production,) = (
        each.manifest
        for each in load(found("manifests/overlays/production").sources).declared
        if each.manifest.kind == "NeuronService"
    )
    assert (production.spec.cluster, production.spec.replicas) == ("inference-production", 4)


PATCHED = """
resources: [a.yaml]
patches: [{patch: "kind: NeuronCluster\nspec: {password: hunter2, a: {b: hunter2}}"}]
"""


@needs_kustomize
def test_what_the_tool_or_the_result_has_against_it_is_told_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {
            "broken/kustomization.yaml": "resources: [a.yaml]\nnonsense: true\n",
            "broken/a.yaml": CLUSTER,
            "patched/kustomization.yaml": PATCHED,
            "patched/a.yaml": CLUSTER,
            "wrong/kustomization.yaml": "resources: [a.yaml]\n",
            "wrong/a.yaml": CLUSTER.replace("region", "regoin"),
            "good.yaml": CLUSTER,
        },
    )

    everything = found(".")
    loaded = load(everything.sources)

    failed, patched = everything.diagnostics
    assert failed.code == "kustomization-failed"
    assert "broken cannot be built" in failed.message
    assert "nonsense" in failed.found
    assert str(tmp_path) not in failed.found
    assert "patched cannot be built" in patched.message
    assert "hunter2" not in str(patched), "the tool quotes the whole patch"
    (unknown,) = (each for each in loaded.diagnostics if each.code == "unknown-field")
    assert unknown.location is not None
    assert unknown.location.file == "wrong/(built)"
    assert unknown.location.line > 1


@needs_kustomize
def test_in_git_it_is_built_of_regular_files_and_nothing_is_left_of_them(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    site.origin.commit(
        {
            "base/kustomization.yaml": "resources: [cluster.yaml]",
            "base/cluster.yaml": CLUSTER,
            "base/passwd.yaml": (LINK, "/etc/passwd"),
            "base/huge.bin": "x" * 300_000,
            "m/production/kustomization.yaml": "resources: [../../base]\nnameSuffix: -a",
            "m/plain.yaml": CLUSTER.replace("inference", "plain"),
            "unrelated/weights.bin": "y" * 100_000,
        }
    )
    source = site.over_http()

    assert names(source.fetch().found) == ["plain", "inference-a"]
    assert not list(private.iterdir())
    assert sum(path.stat().st_size for path in site.store.rglob("*.pack")) < 50_000

    site.origin.commit({"base/cluster.yaml": CLUSTER.replace("inference", "changed")})
    assert names(source.fetch().found) == ["plain", "changed-a"], "the base is beyond the path"

    site.origin.commit({"base/kustomization.yaml": "resources: [cluster.yaml, passwd.yaml]"})
    revision = source.fetch()
    (refused,) = revision.found.diagnostics
    assert (refused.code, str(refused.location)) == (
        "kustomization-remote",
        "base/kustomization.yaml:1:1",
    )
    assert [each.file for each in revision.found.sources] == ["m/plain.yaml"]


@needs_kustomize
def test_a_tree_that_was_made_by_hand_leads_no_file_astray(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that git itself never commits: `..`, and one that a folder has too."""
    private = tmp_path / "a" / "b" / "private"
    private.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    git = site.origin.git

    def blob(content: str) -> str:
        return git("hash-object", "-w", "--stdin", stdin=content.encode())

    def tree(*entries: tuple[str, str, str]) -> str:
        raw = b"".join(
            f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries
        )
        return git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw)

    evil = tree(("100644", "evil.yaml", blob("evil: true")))
    up = tree(("40000", "..", tree(("40000", "..", evil))), ("40000", "..", evil))
    top = tree(
        ("100644", "kustomization.yaml", blob("resources: [cluster.yaml]")),
        ("100644", "cluster.yaml", blob(CLUSTER)),
        ("40000", "..", up),
        ("40000", "x", up),
    )
    site.origin.point("main", git("commit-tree", "-m", "", tree(("40000", "m", top))))

    assert names(site.over_file().fetch().found) == ["inference"]

    assert not list(tmp_path.rglob("evil.yaml"))
    assert not list(private.iterdir())
