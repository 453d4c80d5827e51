"""`fozzy env`: every setting in force and where it came from, and which optional parts are there."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from fozzy import wall
from fozzy.cli.command import Command
from fozzy.cli.console import Console
from fozzy.cli.documents import EnvDocument, PartBody, SettingBody
from fozzy.cli.options import config_of
from fozzy.cli.reporting import asked_reports
from fozzy.config import Config
from fozzy.core.redact import REDACTED
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.dsl.steps.base import show
from fozzy.errors import Exit
from fozzy.gate import parts
from fozzy.report.text import Line, Span, gutter, line
from fozzy.version import VERSION

CHAOS_PREFIX = "FOZZY_CHAOS_"


class Env(Command, frozen=True, kw_only=True):
    """Show every setting and where it came from, and which optional parts are there.

    A setting comes from a flag, the environment, a file, or is the default. For each optional part: what needs it, and
    how to get it.
    """

    name: ClassVar[str] = "env"

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        asked_reports(config.settings.reporter, events=False)  # as every run would ask for them
        complete = {name: _value(getattr(config.settings, name)) for name in config.origins}
        settings = [
            SettingBody(name=name, value=complete[name], origin=config.origins[name], origins=_parts_of(name, config))
            for name in sorted(complete)
        ]
        if self.det is not None:
            settings = [_overridden(each, self.det) if each.name == "det" else each for each in settings]
        settings += _of_proxies()
        document = EnvDocument(
            schema_version=SCHEMA_VERSION,
            command="env",
            status="pass",
            version=VERSION,
            python=wall.python_version(),
            system=wall.system_name(),
            config_file=config.file,
            root=config.root.as_posix(),
            settings=settings,
            parts=_parts(),
        )
        if console.json:
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(_lines(document))
        return Exit.PASS


def _parts_of(name: str, config: Config) -> dict[str, str]:
    """Where those parts of a setting came from that are not from where it is."""
    return {part.partition(".")[2]: origin for part, origin in config.parts.items() if part.startswith(f"{name}.")}


def _of_proxies() -> list[SettingBody]:
    """The variables of `fozzy proxy` that are set; a token is not shown. *Errors*: `UsageError` for an unknown one."""
    variables = wall.variables()
    if not any(name.startswith(CHAOS_PREFIX) for name in variables):
        return []
    from fozzy.chaos.files.flags import FLAGS, variables_set  # most have none of them
    from fozzy.chaos.tcp.flags import TCP_FLAGS

    return [
        SettingBody(
            name=f"chaos.{field}",
            value=REDACTED if field == "control_token" else ", ".join(each.text for each in values),
            origin=values[0].origin,
        )
        for field, values in variables_set(variables, {**TCP_FLAGS, **FLAGS}, "fozzy proxy").items()
    ]


def _parts() -> list[PartBody]:
    return [
        PartBody(name=each.name, found=parts.is_there(each), purpose=each.purpose, get=parts.way_to(each))
        for each in parts.PARTS.values()
    ]


def _value(value: Any) -> Any:
    """A setting as JSON; one that holds others shows them all, also those that were not set."""
    return msgspec.to_builtins(msgspec.structs.asdict(value) if isinstance(value, msgspec.Struct) else value)


def _overridden(setting: SettingBody, value: bool) -> SettingBody:
    return msgspec.structs.replace(setting, value=value, origin="flag")


def _lines(document: EnvDocument) -> list[Line]:
    lines = [line(f"  fozzy {document.version}   python {document.python}   {document.system}")]
    lines += [line(f"  {document.config_file or 'no configuration file'}"), []]
    for each in document.settings:
        nested = each.value.items() if isinstance(each.value, dict) else ()
        for name, value in [(f"{each.name}.{key}", value) for key, value in nested] or [(each.name, each.value)]:
            origin = each.origins.get(name.rpartition(".")[2], each.origin)
            lines.append(line(f"  {name:<26}", Span(f"{show(value):<22}"), Span(f"  {origin}", "dim")))
    return [*lines, [], line("  optional parts"), *(each for part in document.parts for each in _lines_of(part))]


def _lines_of(part: PartBody) -> list[Line]:
    """What it is for; and where it is missing, how to get it."""
    word = gutter("found", "pass") if part.found else gutter("missing", "warn")
    told = line(word, f"{part.name:<14}", Span(part.purpose, "dim"))
    return [told] if part.found else [told, line(" " * 25, Span(part.get, "code"))]
