"""`fozzy schema`: the generated schemas, printed as they lie in the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from fozzy.cli.command import Command, Opt
from fozzy.cli.console import Console
from fozzy.errors import Exit, UsageError, suggestion

FOLDER = Path(__file__).parent.parent / "schemas"


class Schema(Command, frozen=True, kw_only=True):
    """Print a JSON Schema: of scenarios, the config, or a command's document.

    Without an option the schema of scenario files, for editors.
    """

    name: ClassVar[str] = "schema"
    for_: Annotated[
        str,
        Opt(
            ("--for",),
            'What of: scenario, chaos-file, chaos-file-tcp, config, trace, or a command such as test or "trace verify".',
            "NAME",
        ),
    ] = "scenario"
    steps: Annotated[
        bool, Opt(("--steps",), "List the step types instead, one a line, and what a distributed file takes.")
    ] = False

    def call(self, console: Console) -> Exit:
        name = self.for_.replace(" ", "-")
        path = FOLDER / ("steps.txt" if self.steps and not console.json else f"{name}.json")
        if not path.is_file():
            known = sorted(path.stem for path in FOLDER.glob("*.json"))
            hint = suggestion(name, known) or f"one of {', '.join(known)}"
            raise UsageError("usage.unknown_schema", f'there is no schema of "{self.for_}"', hint=hint)
        console.raw(path.read_text(encoding="utf-8"))
        if path.name == "steps.txt":
            console.raw((FOLDER / "cluster.txt").read_text(encoding="utf-8"))
        return Exit.PASS
