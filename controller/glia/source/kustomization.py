"""What a kustomization is made of: its folders, and whatever it would fetch, which is refused.

kustomize itself keeps files to the folder of their kustomization, so the folders are all that has
to be followed. What is no file or folder here it would take for an address and fetch.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, Final, Protocol

from glia.manifest.reader import read
from glia.source.refusal import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glia.errors import Diagnostic

NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")

# https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
_RESOURCES: Final = ("resources", "bases", "components", "generators", "transformers", "validators")
_PLUGINS: Final = ("generators", "transformers", "validators")
_FILES: Final = ("crds", "configurations", "patchesStrategicMerge")
_MEMBERS: Final = ("path", "paths", "files", "envs", "env")
_CHARTS: Final = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
_MOST_FOLDERS: Final = 500


class Tree(Protocol):
    """Files and folders, by paths with ``/``; those of a repository or of a disk."""

    def content(self, path: str) -> bytes | None:
        """Of a regular file; None where there is none."""

    def is_folder(self, path: str) -> bool: ...


def folders(tree: Tree, top: str) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
    """The folders that the kustomization in ``top`` is built of, and why it may not be built."""
    found: dict[str, None] = {top: None}
    diagnostics: list[Diagnostic] = []
    for folder in _growing(found):
        name = next((each for each in NAMES if _content(tree, folder, each) is not None), None)
        if name is None:
            diagnostics.append(_missing(folder))
            continue
        file = posixpath.join(folder, name)
        reading = read(tree.content(file) or b"", file)
        diagnostics += reading.diagnostics
        for document in reading.documents:
            below, remote = _resources(tree, folder, document.body)
            found |= dict.fromkeys(below)
            diagnostics += (_remote(file, entry) for entry in remote)
            diagnostics += _refused(file, document.body)
            diagnostics += _of_plugins(tree, folder, file, document.body)
    return tuple(found), tuple(dict.fromkeys(diagnostics))


def _resources(tree: Tree, folder: str, body: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What it is built of: the folders, and what is not here; its files need no following."""
    below, remote = [], []
    for entry in _entries(body, _RESOURCES):
        path = posixpath.normpath(posixpath.join(folder, entry))
        if tree.is_folder(path):
            below.append(path)
        elif "://" in entry or tree.content(path) is None:
            remote.append(entry)
    return below, remote


def topmost(tree: Tree, found: Sequence[str]) -> list[str]:
    """Of the folders with a kustomization, those that are not there for another to build on."""
    if len(found) < 2:
        return list(found)
    needs = {folder: set(folders(tree, folder)[0]) for folder in found}
    return [
        folder
        for folder in found
        if not any(
            folder in needs[other] and other not in needs[folder]
            for other in found
            if other != folder
        )
    ]


def _growing(found: dict[str, None]) -> Iterator[str]:
    """Each folder once, those that are found on the way too."""
    seen = 0
    while seen < len(found) and seen < _MOST_FOLDERS:
        yield list(found)[seen]
        seen += 1


def _content(tree: Tree, folder: str, name: str) -> bytes | None:
    return tree.content(posixpath.join(folder, name))


def _refused(file: str, body: dict[str, Any]) -> Iterator[Diagnostic]:
    for name in _CHARTS:
        if name in body:
            yield _chart(file, name)
    for entry in (*_entries(body, _FILES), *_members(body)):
        if "://" in entry:
            yield _remote(file, entry)


def _of_plugins(tree: Tree, folder: str, file: str, body: dict[str, Any]) -> Iterator[Diagnostic]:
    """What generators and transformers would fetch, whose files kustomize loads by themselves.

    Those of a folder could come out of another build, so nobody could say what they name.
    """
    for name in _PLUGINS:
        listed = body.get(name)
        for entry in listed if isinstance(listed, list) else ():
            place, content = file, str(entry).encode()
            if "\n" not in str(entry):
                place = posixpath.normpath(posixpath.join(folder, str(entry)))
                content = tree.content(place) or b""
                if tree.is_folder(place):
                    yield _built_plugin(file, str(entry))
            reading = read(content, place)
            yield from reading.diagnostics
            for document in reading.documents:
                yield from _refused(place, document.body)


def _entries(body: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """Paths in these lists; what has several lines is a resource written in place."""
    for name in names:
        listed = body.get(name)
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, str) and "\n" not in each:
                yield each


def _members(value: Any) -> Iterator[str]:
    """Paths of patches, replacements, generators and the like, however deep they stand."""
    if isinstance(value, list):
        for each in value:
            yield from _members(each)
    elif isinstance(value, dict):
        for name, member in value.items():
            texts = member if isinstance(member, list) else [member]
            if name in _MEMBERS:
                yield from (each for each in texts if isinstance(each, str))
            yield from _members(member)


def _remote(file: str, entry: str) -> Diagnostic:
    return refusal(
        file,
        "kustomization-remote",
        f"{entry} is not here, and nothing is fetched for a kustomization",
        expected="a file or a folder beside it",
        remedy="copy it into the repository",
    )


def _chart(file: str, name: str) -> Diagnostic:
    return refusal(
        file,
        "kustomization-chart",
        f"{name}: charts are not rendered here",
        expected="manifests",
        remedy="helm template ... | glia plan -",
    )


def _built_plugin(file: str, entry: str) -> Diagnostic:
    return refusal(
        file,
        "kustomization-plugin",
        f"{entry} is a folder, and generators, transformers and validators are files here",
        expected="a file beside it",
        remedy="name the files in it",
    )


def _missing(folder: str) -> Diagnostic:
    return refusal(
        folder, "kustomization", "there is no kustomization in this folder", expected=NAMES[0]
    )
