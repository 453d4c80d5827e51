"""What holds for some requests, field by field, with who said it: for `explain`, `GET /fozzy/config` and scenarios."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.faults.http import when as schedule
from fozzy.faults.http.kinds import whole
from fozzy.faults.http.resolve import Layer, Said, resolved
from fozzy.faults.http.state import State


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field. `share` is of all requests, where the probabilities alone tell it."""

    name: str  # as in a file: `faults.drop`, `limits.global`
    value: Any
    origin: str
    share: float | None = None


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """All that holds; what nobody says is missing."""

    enabled: bool
    mode: str
    mode_origin: str
    fields: list[Field]


def explained(state: State, found: list[Layer]) -> Effective:
    """The layers as one, with origins and shares."""
    holds = resolved(found)
    fields = [] if holds.latency is None else [_field("latency", holds.latency)]
    left = 1.0
    for name, said in holds.faults.items():
        fault = whole(name, said.value)
        share = schedule.most(fault) * (1.0 if holds.mode.value == "exclusive" else left)
        left *= 1 - schedule.most(fault)
        fields.append(_field("limits.loss" if name == "loss" else f"faults.{name}", said, share))
    fields += [_field(f"limits.{name.removesuffix('_')}", said) for name, said in holds.limits.items()]
    return Effective(enabled=state.enabled, mode=holds.mode.value, mode_origin=holds.mode.origin, fields=fields)


def _field(name: str, said: Said, share: float | None = None) -> Field:
    rounded = None if share is None else round(share, 12)
    return Field(name=name, value=msgspec.to_builtins(said.value), origin=said.origin, share=rounded)
