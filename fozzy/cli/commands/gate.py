"""`fozzy gate`: the strict checks on what changed."""

from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.check_documents import GateDocument
from fozzy.cli.check_screen import Verdict, bodies
from fozzy.cli.command import Command, Opt
from fozzy.cli.commands.test import default_folder
from fozzy.cli.console import Console
from fozzy.cli.options import AllowCode, config_of, suite_seed
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.errors import Exit, UsageError
from fozzy.gate.gate import Passage, Selected, gate, select
from fozzy.report.text import Line, Span, count, line, one_line

FILES_SHOWN_MAX = 20


class Gate(Command, frozen=True, kw_only=True):
    """Make the strict checks on what changed: validate, test, verify kept traces, audit determinism.

    What changed is asked of git: against where this branch left the default one, and in the working tree. Outside git
    --scope must say what is checked. Ends with 5 when that is nothing.
    """

    name: ClassVar[str] = "gate"
    scope: Annotated[
        list[str], Opt(("--scope",), "Scenarios with one of these words in their path; commas between.", "WORD,...")
    ] = []
    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        scope = [word.strip() for words in self.scope for word in words.split(",") if word.strip()]
        if self.scope and not scope:
            raise UsageError("usage.bad_value", "--scope names nothing", hint="--scope orders,checkout")
        selected = select(discover([default_folder(config)], config.root), scope, config.root)
        options = Options(strict=self.strict, allow_code=self.allow_code, settings=config.settings)
        seed = suite_seed(self)
        files = sorted({each.shown for each in selected.found.chosen})
        if not console.quiet:
            console.answer(_opening(selected, files))
        verdict = Verdict(console, strict=self.strict)
        checks = verdict.shown(gate(Passage(selected, config, options, seed)))
        document = GateDocument(
            schema_version=SCHEMA_VERSION,
            command="gate",
            status="pass" if verdict.exit_status == Exit.PASS else "fail",
            seed=seed,
            scope=scope,
            since=selected.since,
            files=files,
            checks=bodies(checks),
        )
        if console.json:
            console.raw(msgspec.json.encode(document).decode() + "\n")
        return verdict.exit_status


def _opening(selected: Selected, files: list[str]) -> list[Line]:
    """What the checks are made on."""
    why = f"in scope {', '.join(selected.scope)}" if selected.scope else f"changed since {selected.since}"
    shown = [line(Span(f"          {one_line(each)}", "dim")) for each in files[:FILES_SHOWN_MAX]]
    rest = len(files) - FILES_SHOWN_MAX
    more = [line(Span(f"          and {rest} more", "dim"))] if rest > 0 else []
    return [line(f"  {count(len(files), 'file')} {one_line(why)}"), *shown, *more, []]
