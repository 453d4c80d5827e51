"""Schedules that stand inside `attributes`, where Toxiproxy's clients can only put them: they are moved beside `toxicity`.

Rule 1: an attribute of the type itself stays one, as the `rate` of `bandwidth`.
Rule 2: what is said in both places is an error, since neither wins.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.errors import InputError
from fozzy.faults.http.forms import formed
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import SCHEDULE_FIELDS, Toxic, plain


def spelled(toxic: Toxic, place: str = "") -> Toxic:
    """The toxic with its schedule where it belongs. *Errors*: `chaos.conflict`, `chaos.bad_value`."""
    moved = misplaced(toxic)
    if not moved:
        return toxic
    for name in moved:
        if getattr(toxic, name) != _DEFAULTS[name]:
            said = f"{place}.{name} is said twice: beside toxicity and in attributes"
            raise InputError("chaos.conflict", said, hint=f"Say it once; {name} belongs beside toxicity.")
    attributes = {name: value for name, value in toxic.attributes.items() if name not in moved}
    return formed(Toxic, {**plain(toxic), **moved, "attributes": attributes}, place)


def misplaced(toxic: Toxic) -> dict[str, Any]:
    """The parts of its schedule that stand in its attributes."""
    kind = KINDS.get(toxic.type)
    own = () if kind is None else kind.__struct_encode_fields__
    return {name: value for name, value in toxic.attributes.items() if name in SCHEDULE_FIELDS and name not in own}


_DEFAULTS = {
    field.name: field.default for field in msgspec.structs.fields(Toxic) if field.name in SCHEDULE_FIELDS
}  # fmt: skip
