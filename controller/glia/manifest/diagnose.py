"""Faults of documents as diagnostics: with their place, and the field as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.errors import Diagnostic
from glia.manifest.document import Document, render_path
from glia.manifest.lines import locate_all
from glia.manifest.refusals import MAXIMUM_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glia.ecs.shape_fault import ShapeFault


def diagnose(
    faults: Iterable[tuple[Document, ShapeFault]], contents: Mapping[str, bytes]
) -> Iterator[Diagnostic]:
    """The faults with their lines: each file with an error is read once more for them.

    Of one document no more are told than of the YAML of one file: nobody reads on.
    """
    by_document: dict[tuple[str, int], list[tuple[Document, ShapeFault]]] = {}
    for document, fault in faults:
        by_document.setdefault((document.file, document.index), []).append((document, fault))
    for (file, index), pairs in by_document.items():
        del pairs[MAXIMUM_ERRORS:]
        places = locate_all(contents[file], file, index, {fault.path for _, fault in pairs})
        for document, fault in pairs:
            yield Diagnostic(
                severity="error",
                code=fault.code,
                message=fault.message,
                location=places[fault.path],
                path=render_path(fault.path),
                expected=fault.expected,
                found=fault.found,
                remedy=fault.remedy,
                key=_key(document),
            )


def _key(document: Document) -> str:
    metadata = document.body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{document.body.get('kind')}/{name}" if isinstance(name, str) else ""


def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    where = diagnostic.location
    return (where.file, where.line, where.column) if where else ("", 0, 0)
