"""The plan: read it, put another in its place, change parts of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from fozzy.chaos.api.answers import Config, InForce
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.merging import merged_names
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.faults.http import control
from fozzy.faults.http.plan import Faults, Latency, Limits, Plan

SECTIONS: dict[str, Any] = {"latency": Latency, "faults": Faults, "limits": Limits}
EXAMPLES: dict[str, Any] = {
    "latency": {"fixed": "200ms", "jitter": 0.1, "probability": 0.8},
    "faults": {"status": {"codes": [500, 503], "probability": 0.2}},
    "limits": {"global": {"rate": "50/s", "burst": 10}},
}


def get(controls: Controls, asked: Asked) -> Config:
    """The plan and what is in force."""
    return Config(plan=controls.state.plan, in_force=controls.in_force())


def put(controls: Controls, asked: Asked) -> InForce:
    """Another plan in its place."""
    return controls.change(control.put_plan(controls.state, asked.body, controls.session.now_ns()), "plan replaced")


def patch(controls: Controls, asked: Asked) -> InForce:
    """Parts of the plan."""
    merged_names(asked.body, Plan)
    return controls.change(control.patch(controls.state, asked.body, controls.session.now_ns()), "plan changed")


def get_section(name: str, controls: Controls, asked: Asked) -> Any:
    """One section of the plan."""
    return getattr(controls.state.plan, name)


def put_section(name: str, controls: Controls, asked: Asked) -> InForce:
    """Another section in its place."""
    put = control.put_section(controls.state, name, asked.body, controls.session.now_ns())
    return controls.change(put, f"{name} replaced")


def patch_section(name: str, controls: Controls, asked: Asked) -> InForce:
    """Parts of a section."""
    control.patched({}, asked.body, name)  # which says when it is no object: then it would take the section away
    changes = {name: asked.body}
    merged_names(changes, Plan)
    return controls.change(control.patch(controls.state, changes, controls.session.now_ns()), f"{name} changed")


def delete_section(name: str, controls: Controls, asked: Asked) -> InForce:
    """A section that says nothing."""
    empty = None if name == "latency" else SECTIONS[name]()
    put = control.put_section(controls.state, name, empty, controls.session.now_ns())
    return controls.change(put, f"{name} removed")


def _of_section(name: str, kind: Any) -> list[Operation]:
    path, example = f"/fozzy/config/{name}", EXAMPLES[name]
    return [
        Operation(
            method="GET",
            path=path,
            name=f"get_{name}",
            does=f"Show the `{name}` of the plan.",
            run=partial(get_section, name),
            gives=kind | None if name == "latency" else kind,
        ),
        Operation(
            method="PUT",
            path=path,
            name=f"put_{name}",
            does=f"Put another `{name}` in its place; what it says begins anew, also where it is the same.",
            run=partial(put_section, name),
            takes=kind,
            gives=InForce,
            example=example,
        ),
        Operation(
            method="PATCH",
            path=path,
            name=f"patch_{name}",
            does=f"Change fields of `{name}`; `null` takes one away.",
            run=partial(patch_section, name),
            takes=kind,
            is_patch=True,
            gives=InForce,
            example=example,
        ),
        Operation(
            method="DELETE",
            path=path,
            name=f"delete_{name}",
            does=f"Have the plan say nothing of `{name}`.",
            run=partial(delete_section, name),
            gives=InForce,
        ),
    ]


OPERATIONS = [
    Operation(
        method="GET",
        path="/fozzy/config",
        name="get_config",
        does="Show the plan, and what is in force with the origin of each field.",
        run=get,
        gives=Config,
    ),
    Operation(
        method="PUT",
        path="/fozzy/config",
        name="put_config",
        does="Put another plan in its place, with its own test scopes; no scenario is active then.",
        run=put,
        takes=Plan,
        gives=InForce,
        example={"latency": EXAMPLES["latency"], "faults": EXAMPLES["faults"]},
    ),
    Operation(
        method="PATCH",
        path="/fozzy/config",
        name="patch_config",
        does="Change fields of the plan (JSON Merge Patch, RFC 7386); `null` takes one away.",
        run=patch,
        takes=Plan,
        is_patch=True,
        gives=InForce,
        example={"faults": {"drop": 0.5, "malformed": None}},
    ),
    *(operation for name, kind in SECTIONS.items() for operation in _of_section(name, kind)),
]
