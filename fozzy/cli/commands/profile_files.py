"""`fozzy profile flame|timeline|export`: a recorded run as a file other tools and people look at."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec

from fozzy.cli.command import Command, Opt
from fozzy.cli.commands.profile import ByOption
from fozzy.cli.console import Console
from fozzy.cli.profile_documents import ProfileFileDocument
from fozzy.cli.profiling import RunWord, chosen_by, headline, not_timed, profile_of, run_body
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.insight.profile.load import Profile
from fozzy.report.text import Line, count, line, one_line
from fozzy.trace.finalize import shown_path


class Flame(Command, frozen=True, kw_only=True):
    """Make a flame graph of a recorded run.

    `folded` is for flamegraph tools, `svg` a picture that needs no network, `speedscope` for speedscope.app.
    """

    name: ClassVar[str] = "profile flame"
    run: RunWord
    format: Annotated[Literal["folded", "svg", "speedscope"], Opt(("--format",), "What to make.", "FORMAT")] = "folded"
    by: ByOption = None
    out: Annotated[str | None, Opt(("--out",), "Write it to this file; else to stdout.", "FILE")] = None

    def call(self, console: Console) -> Exit:
        refuse_two(self, self.out)
        profile = profile_of(self, self.run)
        data = self._made(profile)
        return deliver(console, self, profile, data, self.out)

    def _made(self, profile: Profile) -> bytes:
        from fozzy.insight.profile.flame import folded, svg
        from fozzy.insight.profile.speedscope import speedscope

        if self.format == "speedscope":
            return speedscope(profile.root, profile.name, profile.is_timed)
        by = chosen_by(self.by, profile)
        text = folded(profile.root, by) if self.format == "folded" else svg(profile.root, by, profile.name)
        return text.encode()


class Timeline(Command, frozen=True, kw_only=True):
    """Make a page that shows a recorded run over time.

    One file that needs no network: lanes for phases, parallel branches, questions to the world and background
    processes; zoom, search and keys.
    """

    name: ClassVar[str] = "profile timeline"
    run: RunWord
    out: Annotated[str | None, Opt(("--out",), "Write it to this file; else to stdout.", "FILE")] = None

    def call(self, console: Console) -> Exit:
        refuse_two(self, self.out)
        profile = profile_of(self, self.run)
        from fozzy.insight.profile.timeline import timeline

        return deliver(console, self, profile, timeline(profile).encode(), self.out)


class Export(Command, frozen=True, kw_only=True):
    """Export a recorded run for another profiler.

    `speedscope` opens at speedscope.app, `pprof` in `go tool pprof`, `otlp` goes to any OpenTelemetry collector as JSON.
    """

    name: ClassVar[str] = "profile export"
    run: RunWord
    out: Annotated[str, Opt(("--out",), "Write it to this file.", "FILE")]
    format: Annotated[Literal["speedscope", "pprof", "otlp"], Opt(("--format",), "For whom.", "FORMAT")] = "speedscope"
    by: ByOption = None

    def call(self, console: Console) -> Exit:
        profile = profile_of(self, self.run)
        return deliver(console, self, profile, self._made(profile), self.out)

    def _made(self, profile: Profile) -> bytes:
        """`--by` is for a format that has one clock; the others hold both."""
        if self.format == "speedscope":
            from fozzy.insight.profile.speedscope import speedscope

            return speedscope(profile.root, profile.name, profile.is_timed)
        if self.format == "pprof":
            from fozzy.insight.profile.pprof import pprof

            return pprof(profile.root, profile.is_timed)
        from fozzy.insight.profile.otlp import otlp

        return otlp(profile, chosen_by(self.by, profile))


def refuse_two(command: Command, out: str | None) -> None:
    """A file and a document do not both fit on stdout. *Errors*: `UsageError`."""
    if command.json and out is None:
        message = f"--json and what {command.name} makes both want stdout"
        raise UsageError("usage.two_reports", message, hint="give it a file: --out FILE")


def deliver(console: Console, command: Command, profile: Profile, data: bytes, out: str | None) -> Exit:
    """Write a file and say so, or print it. *Errors*: `UsageError` when it cannot be written."""
    if out is None:
        console.raw(data.decode())
        return Exit.PASS
    path = Path(out)
    write_data(path, data)
    document = ProfileFileDocument(
        schema_version=SCHEMA_VERSION,
        command=command.name,
        status="pass",
        run=run_body(profile),
        path=shown_path(path),
        size_bytes=len(data),
    )
    if console.json:
        console.raw(msgspec.json.encode(document).decode() + "\n")
    wrote: Line = line(f"  wrote {one_line(shown_path(path))}   {count(len(data), 'byte')}")
    console.answer([wrote] if console.quiet else [headline(profile), wrote, *not_timed(profile)])
    return Exit.PASS


def write_data(path: Path, data: bytes) -> None:
    """Write bytes to a file. *Errors*: `UsageError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        message = f"cannot write {shown_path(path)}: {error.strerror or error}"
        raise UsageError("report.unwritable", message, hint="name a file that can be written") from error
