"""JSON Schemas (2020-12) of what ``-o json`` writes: every member is there, and no other."""

from __future__ import annotations

from typing import Any

from glia.manifest.spec import API_VERSION

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
DIGEST: Schema = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def closed(**members: Schema) -> Schema:
    """An object of exactly these members."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def among(*values: str) -> Schema:
    return {"enum": list(values)}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def document(kind: str, **members: Schema) -> Schema:
    """The schema of a whole answer of this kind."""
    return {
        "$schema": DIALECT,
        "title": f"{kind} of {API_VERSION}",
        **closed(apiVersion={"const": API_VERSION}, kind={"const": kind}, **members),
    }


LOCATION = closed(file=TEXT, line=COUNT, column=COUNT)
DIAGNOSTIC = closed(
    severity=among("error", "warning"),
    code=TEXT,
    key=TEXT,
    location=nullable(LOCATION),
    path=TEXT,
    message=TEXT,
    expected=TEXT,
    found=TEXT,
    remedy=TEXT,
)
