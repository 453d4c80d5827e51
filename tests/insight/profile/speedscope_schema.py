"""What speedscope's published file format demands of the part that is written here, in our own structure.

https://www.speedscope.app/file-format-schema.json, read as types: a file with shared frames and sampled profiles.
"""

from __future__ import annotations

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_FRAME = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": _TEXT, "file": _TEXT, "line": {"type": "number"}, "col": {"type": "number"}},
    "additionalProperties": False,
}
_SAMPLED = {
    "type": "object",
    "required": ["type", "name", "unit", "startValue", "endValue", "samples", "weights"],
    "properties": {
        "type": {"const": "sampled"},
        "name": _TEXT,
        "unit": {"enum": ["bytes", "microseconds", "milliseconds", "nanoseconds", "none", "seconds"]},
        "startValue": {"type": "number"},
        "endValue": {"type": "number"},
        "samples": {"type": "array", "items": {"type": "array", "items": _COUNT}},
        "weights": {"type": "array", "items": {"type": "number"}},
    },
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["$schema", "profiles", "shared"],
    "properties": {
        "$schema": {"const": "https://www.speedscope.app/file-format-schema.json"},
        "activeProfileIndex": _COUNT,
        "exporter": _TEXT,
        "name": _TEXT,
        "profiles": {"type": "array", "items": _SAMPLED},
        "shared": {
            "type": "object",
            "required": ["frames"],
            "properties": {"frames": {"type": "array", "items": _FRAME}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
