"""State: all that is in force. It is immutable and replaced whole; `control` makes one of another, the engine runs it."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.faults.http.plan import Plan, Scenario, Scope
from fozzy.faults.http.predefined import PREDEFINED


class Active(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A scenario that was started. `enabled_before` is whether chaos was on before the first of them."""

    name: str
    since_ns: int
    until_ns: int | None = None
    enabled_before: bool = True


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is in force. The first scenario replaces the server's section whole, the others merge over it in order."""

    plan: Plan  # the base: file, environment and flags, and patches of the API
    enabled: bool = True
    active: list[Active] = []
    tests: dict[str, Scope] = {}  # test scopes in force; begins as those of the plan
    since_ns: int = 0  # when the plan came into force
    put_ns: dict[str, int] = {}  # when a part of it was put anew since: `faults`, `latency`, `limits`, `test t1`

    @classmethod
    def begun(cls, plan: Plan) -> State:
        """The state a plan starts with."""
        return cls(plan=plan, enabled=plan.enabled, tests=plan.tests)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> State:
        """A state of what `plain` gave. *Errors*: `msgspec.ValidationError`."""
        return msgspec.convert(plain, cls)

    def plain(self) -> dict[str, Any]:
        """The same in builtin types, for records and the API."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built

    def scenarios(self) -> dict[str, Scenario]:
        """Every scenario that can be started, the plan's own first."""
        own = self.plan.scenarios
        return {**own, **{name: each for name, each in PREDEFINED.items() if name not in own}}

    def scenario(self, name: str) -> Scenario | None:
        """The scenario of a name."""
        return self.plan.scenarios.get(name) or PREDEFINED.get(name)
