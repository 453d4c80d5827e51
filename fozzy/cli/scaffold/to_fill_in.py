"""The scenario that `fozzy init --scenario` writes: one step, and what its owner is to fill in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fozzy.core.forms import Form, form_of_scenario, without_ending

FILL_IN = "fill in what must hold; fozzy schema --steps lists all steps"


def file_of(path: str, form: Form | None) -> str:
    """The file that is meant: a name without an ending gets that of the form, JSON's where none is asked for."""
    return path if form_of_scenario(path) else f"{path}.fozzy.{form or 'json'}"


def to_fill_in(path: str, function: str | None, schema: str | None) -> str:
    """The text of a scenario for this file; `schema` is the path of the one an editor checks it with."""
    name = " ".join(without_ending(Path(path).name).replace("-", "_").split("_"))
    about = f"What must hold of {function}: fill it in." if function else "What must hold: fill it in."
    step: dict[str, Any] = {"type": "fail", "message": FILL_IN}
    if function:
        step = {"type": "call", "function": function, "args": []}
    head = {"version": 1, "name": name, "description": about}
    return _WRITTEN[form_of_scenario(path) or "json"](head, step, schema)


def _json(head: dict[str, Any], step: dict[str, Any], schema: str | None) -> str:
    members = {**({"$schema": schema} if schema else {}), **head}
    lines = [f"  {_said(name)}: {_said(value)}," for name, value in members.items()]
    fields = ", ".join(f"{_said(name)}: {_said(value)}" for name, value in step.items())
    return "\n".join(["{", *lines, '  "steps": [', f"    {{ {fields} }}", "  ]", "}", ""])


def _toml(head: dict[str, Any], step: dict[str, Any], schema: str | None) -> str:
    comment = [f"#:schema {schema}", ""] if schema else []
    lines = [f"{name} = {_said(value)}" for name, value in head.items()]
    return "\n".join([*comment, *lines, "", "[[steps]]", *(f"{name} = {_said(step[name])}" for name in step), ""])


def _yaml(head: dict[str, Any], step: dict[str, Any], schema: str | None) -> str:
    comment = [f"# yaml-language-server: $schema={schema}", ""] if schema else []
    lines = [f"{name}: {_said(value)}" for name, value in head.items()]
    first, *others = (f"{name}: {_said(value)}" for name, value in step.items())
    return "\n".join([*comment, *lines, "steps:", f"  - {first}", *(f"    {each}" for each in others), ""])


def _said(value: Any) -> str:
    """A text, a number or an empty list, as all three forms write it."""
    return json.dumps(value, ensure_ascii=False)


_WRITTEN = {"json": _json, "toml": _toml, "yaml": _yaml}
