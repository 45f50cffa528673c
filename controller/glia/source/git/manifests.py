"""The manifests of a commit: which of its names are manifests, and what of the rest to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glia.manifest.document import Source
from glia.manifest.syntax import MAXIMUM_BYTES
from glia.source.files import SUFFIXES, Found
from glia.source.git.blobs import bring, contents
from glia.source.git.tree import Entry, under
from glia.source.kustomization import NAMES
from glia.source.refusal import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.errors import Diagnostic
    from glia.source.git.limits import Limits
    from glia.source.git.objects import Objects

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_LFS: Final = b"version https://git-lfs.github.com/spec/"


def manifests(objects: Objects, commit: str, path: str, limits: Limits) -> Found:
    """Every manifest under the path; what cannot be one is a diagnostic, and the others are read.

    Raises:
        PathNotFound: there is no such path.
        SourceError: contents had to be fetched, and were not to be had.
    """
    visible = [each for each in under(objects, commit, path) if not _is_hidden(each.path, path)]
    built = _kustomizations(visible)
    plain = [each for each in visible if not _is_inside(each.path, built)]
    told = [diagnostic for each in plain for diagnostic in _not_followed(each)]
    files = [each for each in plain if each.kind == "file" and each.path.endswith(SUFFIXES)]
    if len(files) > limits.files:
        told.append(_too_many(files[limits.files], limits))
        del files[limits.files :]
    sources, diagnostics = _read(objects, files, limits)
    if built:
        from glia.source.git.export import built_from  # noqa: PLC0415  (few have one)

        made, refused = built_from(objects, commit, built, limits)
        return Found((*sources, *made), (*told, *diagnostics, *refused))
    return Found(sources, (*told, *diagnostics))


def _read(
    objects: Objects, files: Sequence[Entry], limits: Limits
) -> tuple[tuple[Source, ...], list[Diagnostic]]:
    sizes = bring(objects, (each.oid for each in files))
    chosen, diagnostics = _affordable(files, sizes, limits.size)
    found = contents(objects, {each.oid: sizes[each.oid] for each in chosen})
    sources = []
    for each in chosen:
        if found[each.oid].startswith(_LFS):
            diagnostics.append(_lfs_pointer(each))
        else:
            sources.append(Source(each.path, found[each.oid]))
    return tuple(sources), diagnostics


def _affordable(
    files: Sequence[Entry], sizes: Mapping[str, int], budget: int
) -> tuple[list[Entry], list[Diagnostic]]:
    """What is neither too large by itself nor too much together, and what is."""
    chosen: list[Entry] = []
    diagnostics: list[Diagnostic] = []
    for each in files:
        size = sizes[each.oid]
        if size > MAXIMUM_BYTES:
            diagnostics.append(_too_large(each, size))
            continue
        budget -= size
        if budget < 0:
            diagnostics.append(_too_much(each))
            break
        chosen.append(each)
    return chosen, diagnostics


def _is_hidden(path: str, top: str) -> bool:
    """By a name below the one that was asked for, as of files on disk."""
    below = path[len(top) :].lstrip("/")
    return any(name.startswith(".") for name in below.split("/"))


def _kustomizations(entries: Iterable[Entry]) -> list[str]:
    """The topmost folders that hold a kustomization."""
    folders: list[str] = []
    for each in entries:
        folder, _, name = each.path.rpartition("/")
        if name in NAMES:
            folders.append(folder)
    chosen: list[str] = []
    for folder in sorted(set(folders), key=lambda each: each.count("/")):
        if not _is_inside(f"{folder}/", chosen):
            chosen.append(folder)
    return sorted(chosen)


def _is_inside(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") or not folder for folder in folders)


def _not_followed(entry: Entry) -> list[Diagnostic]:
    if entry.kind == "link" and entry.path.endswith(SUFFIXES):
        return [
            refusal(
                entry.path,
                "symbolic-link",
                "this is a symbolic link, which is not followed in git",
                expected="a file",
                remedy="commit the file itself",
            )
        ]
    if entry.kind == "submodule":
        return [
            refusal(
                entry.path,
                "submodule",
                "this is a submodule, which is not followed",
                expected="manifests in this repository",
                remedy="copy them, or name the other repository with --git",
            )
        ]
    return []


def _too_large(entry: Entry, size: int) -> Diagnostic:
    return refusal(
        entry.path,
        "file-too-large",
        "this is too large to be read",
        expected=f"at most {MAXIMUM_BYTES // 1024} KiB",
        found=f"{size:,} bytes",
        remedy="split it into several files",
    )


def _too_much(entry: Entry) -> Diagnostic:
    return refusal(
        entry.path,
        "input-too-large",
        "this file and those after it are not read: together they are too much",
        expected="less in all",
        remedy="divide the path, and run one glia for each",
    )


def _too_many(entry: Entry, limits: Limits) -> Diagnostic:
    return refusal(
        entry.path,
        "too-many-files",
        "this file and those after it are not read: there are too many",
        expected=f"at most {limits.files:,} files",
        remedy="put several manifests into a file, or divide the path and run one glia for each",
    )


def _lfs_pointer(entry: Entry) -> Diagnostic:
    return refusal(
        entry.path,
        "git-lfs-pointer",
        "this is a pointer of Git LFS, which is not followed",
        expected="the manifest itself in git",
        remedy="git lfs untrack the file, and commit it",
    )
