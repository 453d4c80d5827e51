"""`fozzy proxy scenarios`: what can be started, and what each does; offline, or of a running proxy."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fozzy.chaos.files.written import as_toml
from fozzy.cli.command import Arg, Opt
from fozzy.cli.console import Console
from fozzy.cli.proxy_client import Talking
from fozzy.cli.proxy_documents import ScenarioBody, ScenariosDocument
from fozzy.cli.proxy_words import section_words
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError, suggestion
from fozzy.faults.http.plan import Plan, Scenario, Section
from fozzy.faults.http.predefined import PROFILES, SCENARIOS
from fozzy.report.text import WIDTH, Line, Span, line, one_line, packed

NAME_CHARS = 20
_HEADS = {"own": "scenarios of the chaos file", "predefined": "scenarios", "profile": "network profiles"}


class Scenarios(Talking, frozen=True, kw_only=True):
    """Show the chaos scenarios there are, and what each does.

    Those that come with fozzy, and those of a chaos file; with --control those of a running proxy. With a NAME what it
    says, as a chaos file may say it.
    """

    name: ClassVar[str] = "proxy scenarios"
    scenario: Annotated[str | None, Arg("Show this one.", "NAME")] = None
    chaos: Annotated[str | None, Opt(("--chaos",), "Also those of this chaos file.", "FILE")] = None

    def call(self, console: Console) -> Exit:
        if self.control is not None and self.chaos is not None:
            message = "--control and --chaos exclude each other"
            raise UsageError("chaos.exclusive_flags", message, hint="a running proxy has its own plan")
        is_running = self.control is not None
        bodies = self._running() if is_running else _known(self._plan())
        if self.scenario is not None:
            bodies = [_named(self.scenario, bodies)]
        if console.json:
            document = ScenariosDocument(
                schema_version=SCHEMA_VERSION,
                command="proxy scenarios",
                status="pass",
                control=str(self.where()) if is_running else None,
                scenarios=bodies,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        elif self.scenario is not None:
            console.answer(_one(bodies[0]))
        elif console.quiet:
            console.answer([line(each.name) for each in bodies])
        else:
            console.answer([*_listed(bodies), *self._next()])
        return Exit.PASS

    def _plan(self) -> Plan:
        if self.chaos is None:
            return Plan()
        from fozzy.chaos.files.load import load_plan  # without a file nobody needs what reads one

        return load_plan(Path(self.chaos), self.chaos).plan

    def _running(self) -> list[ScenarioBody]:
        shown = self.client().get("/fozzy/scenarios")["scenarios"]
        return [_running_body(each) for each in shown]

    def _next(self) -> list[Line]:
        if self.control is not None:
            start = f"fozzy proxy start NAME{self.control_flags}"
            return [[], line("  next  ", Span(start, "code"), "   starts one")]
        show = f"fozzy proxy scenarios {next(iter(SCENARIOS))}"
        return [[], line("  next  ", Span(show, "code"), "   as a file says it")]


def _known(plan: Plan) -> list[ScenarioBody]:
    """The plan's own first; one of its own takes the place of one of the same name."""
    own = [_body(name, "own", each) for name, each in plan.scenarios.items()]
    ours = [_body(name, "predefined", each) for name, each in SCENARIOS.items() if name not in plan.scenarios]
    profiles = [_body(name, "profile", each) for name, each in PROFILES.items() if name not in plan.scenarios]
    return [*own, *ours, *profiles]


def _body(name: str, kind: Literal["predefined", "profile", "own"], scenario: Scenario) -> ScenarioBody:
    config: dict[str, Any] = msgspec.to_builtins(scenario)
    return ScenarioBody(
        name=name,
        kind=kind,
        about=scenario.about,
        lasts=scenario.for_,
        active=None,
        words=section_words(scenario),
        config=config,
    )


def _running_body(shown: Any) -> ScenarioBody:
    return ScenarioBody(
        name=shown["name"],
        kind=shown["kind"],
        about=shown["about"],
        lasts=shown["lasts"],
        active=shown["is_active"],
        words=section_words(msgspec.convert(shown["config"], Section)),
        config=shown["config"],
    )


def _named(name: str, bodies: list[ScenarioBody]) -> ScenarioBody:
    names = [each.name for each in bodies]
    if name not in names:
        hint = suggestion(name, names) or "fozzy proxy scenarios lists them"
        raise UsageError("chaos.unknown_scenario", f'there is no scenario "{name}"', hint=hint)
    return bodies[names.index(name)]


def _one(body: ScenarioBody) -> list[Line]:
    scenario = msgspec.convert(body.config, Scenario)
    return [line(one_line(each)) for each in as_toml(scenario, ("scenarios", body.name)).splitlines()]


def _listed(bodies: list[ScenarioBody]) -> list[Line]:
    lines: list[Line] = []
    kind = ""
    for body in bodies:
        if body.kind != kind:
            kind = body.kind
            lines += [*([[]] if lines else []), line(Span(f"  {_HEADS[kind]}", "strong"))]
        lines += _lines(body)
    return lines


def _lines(body: ScenarioBody) -> list[Line]:
    on = "active. " if body.active else ""
    lasts = f" It lasts {body.lasts}." if body.lasts else ""
    about = wrap(f"{on}{one_line(body.about)}{lasts}".strip(), WIDTH - NAME_CHARS)
    name = one_line(body.name)
    lines = [line("  ", Span(f"{name:<{NAME_CHARS}} ", "warn" if body.active else ""), *about[:1])]
    lines += [line(" " * (NAME_CHARS + 3), each) for each in about[1:]]
    return [*lines, *([Span("  "), *each] for each in packed([Span(word, "dim") for word in body.words], "   "))]
