"""What a commit holds under a path: names, kinds and sizes, without anything being checked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from glia.source.failures import PathNotFound

if TYPE_CHECKING:
    from glia.source.git.objects import Objects

Kind: TypeAlias = Literal["file", "link", "submodule", "folder"]

_KINDS: Final[dict[str, Kind]] = {
    "100644": "file",
    "100755": "file",
    "100664": "file",  # of repositories from before git was strict
    "120000": "link",
    "160000": "submodule",
    "040000": "folder",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a commit.

    Attributes:
        path: from the root of the repository; bytes that are no UTF-8 are escaped.
        oid: of its content; of a submodule the commit in another objects.
    """

    path: str
    kind: Kind
    oid: str


def under(objects: Objects, commit: str, path: str) -> tuple[Entry, ...]:
    """All names below a path, in order; the one file where the path is a file's.

    Raises:
        PathNotFound: the commit has no such path, or something is there that is not followed.
    """
    top = _top(objects, commit, path)
    if top.kind == "file":
        return (top,)
    if top.kind != "folder":
        what = "a symbolic link" if top.kind == "link" else "a submodule"
        raise PathNotFound(
            f"--path {path} is {what} in commit {commit[:12]}, which is not followed",
            "name the directory that holds the manifests",
        )
    listed = objects.git("ls-tree", "-r", "-z", "--full-tree", top.oid)
    found = _entries(listed, f"{path}/" if path else "")
    return tuple(sorted(found, key=_order))


def _order(entry: Entry) -> list[tuple[bool, str]]:
    """As folders on disk are walked: the files of each before the folders in it."""
    *folders, name = entry.path.split("/")
    return [*((True, each) for each in folders), (False, name)]


def _top(objects: Objects, commit: str, path: str) -> Entry:
    if not path:
        tree = objects.git("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
        return Entry("", "folder", tree.decode().strip())
    listed = objects.git("ls-tree", "-z", "--full-tree", commit, "--", path)
    for entry in _entries(listed, ""):
        if entry.path == path:
            return entry
    raise PathNotFound(
        f"commit {commit[:12]} has no file or directory {path!r}",
        "correct --path; nothing is deleted because of that",
    )


def _entries(listed: bytes, prefix: str) -> list[Entry]:
    entries = []
    for line in listed.split(b"\0")[:-1]:
        about, _, name = line.partition(b"\t")
        mode, _, oid = about.decode("ascii").split(" ")
        path = prefix + name.decode("utf-8", "backslashreplace")
        entries.append(Entry(path, _KINDS.get(mode, "link"), oid))
    return entries
