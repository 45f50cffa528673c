"""Contents out of the object store: sizes first, then what is not too much, in one run each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.source.failures import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.source.git.objects import Objects


def bring(objects: Objects, oids: Iterable[str]) -> dict[str, int]:
    """Fetch those of the contents that are not here, all at once; the size of each.

    Raises:
        Corrupt: the server has sent something else.
    """
    wanted = list(dict.fromkeys(oids))
    sizes = _sizes(objects, wanted)
    if missing := [oid for oid in wanted if oid not in sizes]:
        objects.fetch_blobs(missing)
        sizes |= _sizes(objects, missing)
    if lost := [oid for oid in wanted if oid not in sizes]:
        raise Corrupt(f"object {lost[0]} is missing and was not sent")
    return sizes


def contents(objects: Objects, sizes: Mapping[str, int]) -> dict[str, bytes]:
    """The contents of these objects, each of exactly that size.

    Raises:
        Corrupt: one of them is not what its name says.
    """
    most = sum(sizes.values()) + 100 * (len(sizes) + 1)
    given = _lines(list(sizes))
    out = objects.git("cat-file", "--batch", "--buffer", stdin=given, most=most)
    found: dict[str, bytes] = {}
    at = 0
    for oid, size in sizes.items():
        head = f"{oid} blob {size}\n".encode()
        end = at + len(head) + size
        if out[at : at + len(head)] != head or out[end : end + 1] != b"\n":
            raise Corrupt(f"object {oid} cannot be read")
        found[oid] = out[at + len(head) : end]
        at = end + 1
    return found


def _sizes(objects: Objects, oids: Sequence[str]) -> dict[str, int]:
    if not oids:
        return {}
    out = objects.git("cat-file", "--batch-check", "--buffer", stdin=_lines(oids))
    sizes = {}
    for line in out.decode("ascii", "replace").splitlines():
        oid, kind, *size = line.split(" ")
        if kind == "blob" and size:
            sizes[oid] = int(size[0])
    return sizes


def _lines(oids: Sequence[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in oids).encode()
