"""`fozzy init`: a configuration and a first scenario, never over what is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec

from fozzy import wall
from fozzy.cli.command import Command, Opt
from fozzy.cli.commands.schema import FOLDER
from fozzy.cli.console import Console
from fozzy.cli.documents import InitDocument
from fozzy.cli.options import config_of
from fozzy.cli.scaffold import SCENARIO_SCHEMA, SETTINGS, files
from fozzy.cli.scaffold.to_fill_in import file_of, to_fill_in
from fozzy.config import FILE_NAME, FILE_NAMES
from fozzy.core.forms import form_of_file
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.dsl.steps.call import is_function
from fozzy.errors import Exit, UsageError, Where
from fozzy.report.text import Line, Span, gutter, line, one_line, quoted
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import write_whole


class Init(Command, frozen=True, kw_only=True):
    """Write a configuration and a first scenario, or one scenario to fill in.

    The configuration is fozzy.toml, or what --config names; one that exists is refused without --force. Scenarios
    that are there are kept without --force, an editor's own settings always. With --format yaml, or where the
    configuration is YAML by its name, all is written in YAML. With --scenario only that scenario is written.
    """

    name: ClassVar[str] = "init"
    format: Annotated[
        Literal["toml", "yaml"] | None,
        Opt(("--format",), "In what to write; with toml the first scenario is JSON.", "FORM"),
    ] = None
    scenario: Annotated[
        str | None,
        Opt(("--scenario",), "Write only this scenario, to fill in; a name without its ending will do.", "FILE"),
    ] = None
    calls: Annotated[str | None, Opt(("--calls",), "What that scenario calls, as package.module:name.", "FUNCTION")] = (
        None
    )
    force: Annotated[bool, Opt(("--force",), "Overwrite what is there.")] = False

    def call(self, console: Console) -> Exit:
        if self.scenario is not None:
            return self._write_one(console, file_of(self.scenario, self.format))
        if self.calls is not None:
            hint = "fozzy init --scenario FILE --calls FUNCTION"
            raise UsageError("usage.missing", "--calls says what --scenario is to call", hint=hint)
        config = self.config or wall.environment("FOZZY_CONFIG") or self._unnamed()
        form = self.format or ("yaml" if form_of_file(config) == "yaml" else "toml")
        contents = files(config, (FOLDER / "scenario.json").read_text(encoding="utf-8"), form)
        if Path(config).exists() and not self.force:
            raise UsageError(
                "init.exists",
                f"{config} exists already; nothing was written",
                hint=f"fozzy init --force{self.place_flags}   overwrites",
                where=Where(config),
            )
        kept = [path for path in contents if Path(path).exists() and not self._overwrites(path)]
        for path, text in contents.items():
            if path not in kept:
                _write(Path(path), text)
        config_of(self)  # what was written must be understood
        written = [shown_path(Path(path)) for path in contents if path not in kept]
        _tell(console, written, [shown_path(Path(path)) for path in kept])
        lines = [line(gutter("wrote"), one_line(path)) for path in written]
        for path in kept:
            lines += [line(gutter("kept"), one_line(shown_path(Path(path)))), *_to_add(path, contents[path])]
        console.answer([line(f"wrote {len(written)} files")] if console.quiet else [*lines, [], self._next()])
        return Exit.PASS

    def _write_one(self, console: Console, path: str) -> Exit:
        """Write a scenario to fill in, whole and valid. *Errors*: `UsageError`, `InputError`."""
        if Path(path).exists() and not self.force:
            raise UsageError(
                "init.exists",
                f"{path} exists already; nothing was written",
                hint="--force overwrites it",
                where=Where(path),
            )
        if self.calls is not None and not is_function(self.calls):
            hint = "write it as package.module:name"
            raise UsageError("usage.bad_value", f'--calls "{self.calls}" is not a function', hint=hint)
        schema = SCENARIO_SCHEMA if Path(SCENARIO_SCHEMA).exists() else None
        beside = schema and Path(os.path.relpath(schema, Path(path).parent)).as_posix()
        _write(Path(path), to_fill_in(path, self.calls, beside))
        written = shown_path(Path(path))
        _tell(console, [written], [])
        run = f"fozzy run {quoted(written)}{' --allow-code' if self.calls else ''}{self.place_flags}"
        wrote = line(gutter("wrote"), one_line(written))
        console.answer([wrote] if console.quiet else [wrote, [], line("  next  ", Span(run, "code"))])
        return Exit.PASS

    def _unnamed(self) -> str:
        """The usual name; another form of it may not stand beside it, which no command would read."""
        there = next((name for name in FILE_NAMES if Path(name).exists()), None)
        wanted = {"toml": FILE_NAME, "yaml": "fozzy.yaml", None: there or FILE_NAME}[self.format]
        if there not in (None, wanted):
            raise UsageError(
                "init.exists",
                f"{there} exists already; nothing was written",
                hint=f"remove it first, or name another place: --config FOLDER/{wanted}",
                where=Where(str(there)),
            )
        return wanted

    def _overwrites(self, path: str) -> bool:
        return self.force and not path.endswith(SETTINGS)

    def _next(self) -> Line:
        return line("  next  ", Span(f"fozzy test --det --strict{self.place_flags}", "code"))


def _tell(console: Console, written: list[str], kept: list[str]) -> None:
    """The document, where one is wanted."""
    if console.json:
        document = InitDocument(
            schema_version=SCHEMA_VERSION, command="init", status="pass", written=written, kept=kept
        )
        console.raw(msgspec.json.encode(document).decode() + "\n")


def _to_add(path: str, wanted: str) -> list[Line]:
    """What an editor's own settings lack, to be written into them by their owner."""
    if not path.endswith(SETTINGS) or SCENARIO_SCHEMA in Path(path).read_text(encoding="utf-8", errors="replace"):
        return []
    missing = [each[2:] for each in wanted.splitlines()[1:-1]]
    return [line(gutter("" if number else "add"), Span(each, "code")) for number, each in enumerate(missing)]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
    except OSError as error:
        raise UsageError("init.unwritable", f"cannot write {path}: {error.strerror}", where=Where(str(path))) from error
