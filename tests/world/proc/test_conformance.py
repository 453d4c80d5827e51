"""Scripted programs and real ones that do the same are told from each other by nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fozzy.core.limits import Limits
from fozzy.world.proc.host import HostProc
from fozzy.world.proc.scripted import ProcRule, ScriptedProc
from fozzy.world.rules import Rules

from .conformance import SCRIPTS, ProcConformance


class TestScripted(ProcConformance):
    @pytest.fixture
    def proc(self) -> ScriptedProc:
        rules: Rules[ProcRule] = Rules()
        for rule in SCRIPTS.values():
            rules.add(rule, None)
        return ScriptedProc(rules)


class TestHost(ProcConformance):
    @pytest.fixture
    def proc(self, twice: Callable[..., Any], limits: Limits) -> Any:
        return twice(lambda choices, loop, root: HostProc(choices, loop, limits, root))
