"""Faults of documents as diagnostics: with their place, and the field as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.errors import Diagnostic
from glia.manifest.document import render_path
from glia.manifest.lines import locate_all
from glia.manifest.refusals import MAXIMUM_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glia.ecs.shape_fault import ShapeFault
    from glia.manifest.document import Document


def diagnose(
    faults: Iterable[tuple[Document, ShapeFault]], contents: Mapping[tuple[str, int], bytes]
) -> Iterator[Diagnostic]:
    """The faults with their lines: each source with an error is read once more for them.

    Of one document no more are told than of the YAML of one file: nobody reads on.

    Args:
        faults: in any order.
        contents: the sources by their file and the line where they begin in it.
    """
    by_document: dict[tuple[str, int, int], list[tuple[Document, ShapeFault]]] = {}
    for document, fault in faults:
        where = (document.file, document.part, document.index)
        by_document.setdefault(where, []).append((document, fault))
    for (file, part, index), pairs in by_document.items():
        del pairs[MAXIMUM_ERRORS:]
        wanted = {fault.path for _, fault in pairs}
        places = locate_all(contents[file, part], file, index, wanted, part)
        for document, fault in pairs:
            yield Diagnostic(
                severity=fault.severity,
                code=fault.code,
                message=fault.message,
                location=places[fault.path],
                path=render_path(fault.path),
                expected=fault.expected,
                found=fault.found,
                remedy=fault.remedy,
                key=document.key,
            )


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    where = diagnostic.location
    return (where.file, where.line, where.column) if where else ("", 0, 0)
