"""What holds for some requests, field by field, with who said it: for `explain`, `GET /fozzy/config` and scenarios."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.faults.http.resolve import Layer, Said, resolved
from fozzy.faults.http.shares import shares
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
    for name, share in shares(holds).items():
        field = "limits.loss" if name == "loss" else f"faults.{name}"
        fields.append(_field(field, holds.faults[name], share))
    fields += [_field(f"limits.{name.removesuffix('_')}", said) for name, said in holds.limits.items()]
    return Effective(enabled=state.enabled, mode=holds.mode.value, mode_origin=holds.mode.origin, fields=fields)


def _field(name: str, said: Said, share: float | None = None) -> Field:
    return Field(name=name, value=msgspec.to_builtins(said.value), origin=said.origin, share=share)
