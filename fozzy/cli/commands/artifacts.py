"""`fozzy artifacts`: what runs leave in the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

import msgspec

from fozzy import wall
from fozzy.cli.artifacts_screen import files_lines, runs_lines
from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.naming import RUN_HELP, named_body
from fozzy.cli.options import config_of
from fozzy.cli.run_documents import ArtifactsDocument, PruneDocument, RemovedBody
from fozzy.config import Retention
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.insight.artifacts import artifacts_of, files_of, runs
from fozzy.insight.recall import find
from fozzy.report.text import Line, Span, count, gutter, line, size
from fozzy.trace.retention import DAY_S, Plan, Removal, plan, remove
from fozzy.trace.store import Store

_REASONS = {"days": "too old", "runs": "too many runs", "size": "too much in all"}


class Ls(Command, frozen=True, kw_only=True):
    """Show the runs in the store, or the files of one.

    Without a name: every run, the newest first. With one: its files, their sizes and their blake3. A trace file that
    is not in the store is listed with the side files beside it.
    """

    name: ClassVar[str] = "artifacts ls"
    run: Annotated[str | None, Arg(f"{RUN_HELP} All runs when not given.", "RUN")] = None

    def call(self, console: Console) -> Exit:
        store = Store(config_of(self).base_dir())
        if self.run is None:
            listed = runs(store)
            document = ArtifactsDocument(
                schema_version=SCHEMA_VERSION,
                command="artifacts ls",
                status="pass",
                runs=listed,
                size_bytes=sum(run.size_bytes for run in listed),
            )
            lines = runs_lines(listed, store.short, console.quiet)
        else:
            named = find(store, self.run, unsafe=not self.strict)
            files = artifacts_of(files_of(named))
            document = ArtifactsDocument(
                schema_version=SCHEMA_VERSION,
                command="artifacts ls",
                status="pass",
                run=named_body(named),
                files=files,
                size_bytes=sum(file.size_bytes for file in files),
            )
            lines = files_lines(named, files, console.quiet)
        if console.json:
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(lines)
        return Exit.PASS


class Prune(Command, frozen=True, kw_only=True):
    """Remove old runs from the store.

    This happens by itself after runs, within the limits of [retention] in the configuration. What @latest, @last-pass
    and @last-fail name is never removed, nor is a run that is still being written.
    """

    name: ClassVar[str] = "artifacts prune"
    dry_run: Annotated[bool, Opt(("--dry-run",), "Only say what would be removed.")] = False
    runs: Annotated[int | None, Opt(("--runs",), "Keep at most so many runs.", "N")] = None
    days: Annotated[int | None, Opt(("--days",), "Keep runs of the last so many days.", "N")] = None
    size: Annotated[int | None, Opt(("--size",), "Keep at most so much.", "BYTES")] = None

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        store = Store(config.base_dir())
        decided = plan(store, self._limits(config.settings.retention))
        if not self.dry_run:
            remove(store, decided)
        if console.json:
            console.raw(msgspec.json.encode(self._document(decided)).decode() + "\n")
        console.answer(self._lines(decided, console.quiet))
        return Exit.PASS

    def _limits(self, configured: Retention) -> Retention:
        given = {"runs_max": self.runs, "days_max": self.days, "size_bytes_max": self.size}
        for flag, number in (("--runs", self.runs), ("--days", self.days), ("--size", self.size)):
            if number is not None and number < 0:
                raise UsageError("usage.bad_value", f"{flag} must be 0 or more, got {number}")
        return msgspec.structs.replace(configured, **{key: value for key, value in given.items() if value is not None})

    def _document(self, decided: Plan) -> PruneDocument:
        return PruneDocument(
            schema_version=SCHEMA_VERSION,
            command="artifacts prune",
            status="pass",
            dry_run=self.dry_run,
            removed=[_body(removal) for removal in decided.removals],
            removed_bytes=sum(removal.run.size_bytes for removal in decided.removals),
            kept=len(decided.kept),
            kept_bytes=sum(run.size_bytes for run in decided.kept),
        )

    def _lines(self, decided: Plan, quiet: bool) -> Iterator[Line]:
        now_s = wall.now_s()
        for run, reason in [] if quiet else decided.removals:
            age = f"{count(int((now_s - run.changed_s) // DAY_S), 'day')} old"
            said = f"{size(run.size_bytes):>10}  {age:>12}  "
            yield line(
                gutter("would go" if self.dry_run else "removed"), run.run_id, said, Span(_REASONS[reason], "dim")
            )
        gone = sum(removal.run.size_bytes for removal in decided.removals)
        kept = f"{count(len(decided.kept), 'run')} kept, {size(sum(run.size_bytes for run in decided.kept))}"
        verb = "would be removed" if self.dry_run else "removed"
        yield line(f"  {count(len(decided.removals), 'run')} {verb}, {size(gone)}; {kept}")


def _body(removal: Removal) -> RemovedBody:
    run = removal.run
    return RemovedBody(
        run_id=run.run_id, size_bytes=run.size_bytes, changed_at=wall.iso(run.changed_s), reason=removal.reason
    )
