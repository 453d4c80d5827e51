"""`fozzy corpus minimize`: as few inputs as reach what all of them reach."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.commands.corpus import there
from fozzy.cli.commands.run import load_scenario
from fozzy.cli.console import Console
from fozzy.cli.documents import CorpusMinimizeDocument, EntryBody
from fozzy.cli.options import AllowCode, config_of, seed_of
from fozzy.config import Config
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options
from fozzy.errors import Exit, UsageError
from fozzy.report.text import Line, Span, line, one_line, quoted, size
from fozzy.search.corpus.cover import cover
from fozzy.search.corpus.names import folder_of, is_target
from fozzy.search.corpus.store import ENTRY_BYTES_MAX, Corpus, Entry
from fozzy.search.fuzz.measure import Measured, measure
from fozzy.search.fuzz.targets import Bounds, Wanted, open_target

SEED = 0  # of what a scenario draws past its input, when no seed is given


class Minimize(Command, frozen=True, kw_only=True):
    """Keep as few entries as reach all that the corpus reaches.

    Every entry is run once. Of entries that crash the target, one of each crash is kept.
    """

    name: ClassVar[str] = "corpus minimize"
    target: Annotated[str, Arg("scenario:FILE, py:package.module:function or cmd:'PROGRAM [ARG|@@]…'.", "TARGET")]
    corpus: Annotated[str | None, Opt(("--corpus",), "The folder of inputs; the target's own.", "DIR")] = None
    dry_run: Annotated[bool, Opt(("--dry-run",), "Only say what would be removed.")] = False
    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        if os.path.isdir(self.target):
            hint = f"fozzy corpus minimize TARGET --corpus {quoted(self.target)}"
            raise UsageError("fuzz.bad_target", f"{self.target} is a folder, and no target to run it", hint=hint)
        word = self.corpus or self.target
        folder = folder_of(config.base_dir(), word) if is_target(word) else Path(word)
        corpus = there(Corpus(folder), word, self.place_flags)
        entries = corpus.entries()
        inputs = [corpus.read(entry.name) for entry in entries]
        measured = self._measured(config, inputs)
        kept = _kept(entries, measured)
        if not self.dry_run:
            for entry in entries:
                if entry.name not in kept:
                    corpus.remove(entry.name)
        document = self._document(corpus, entries, kept, measured)
        if console.json:
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(_lines(document, console.quiet))
        return Exit.PASS

    def _measured(self, config: Config, inputs: list[bytes]) -> Measured:
        seed = seed_of(self)
        wanted = Wanted(
            seed=SEED if seed is None else seed,
            bounds=Bounds(input_bytes_max=ENTRY_BYTES_MAX),
            whole=True,
            options=Options(det=True, allow_code=self.allow_code, settings=config.settings),
            root=config.root,
        )
        allowed = self.allow_code or config.settings.allow_code
        allowance = Allowance(allowed, config.root, config.settings.proc_env)
        target = open_target(self.target, wanted, lambda word: load_scenario(word, config), allowance)
        try:
            return measure(target.bench, inputs, wanted.seed)
        finally:
            target.close()

    def _document(
        self, corpus: Corpus, entries: list[Entry], kept: set[str], measured: Measured
    ) -> CorpusMinimizeDocument:
        bodies = [EntryBody(name=entry.name, size_bytes=entry.size_bytes) for entry in entries]
        return CorpusMinimizeDocument(
            schema_version=SCHEMA_VERSION,
            command="corpus minimize",
            status="pass",
            path=corpus.shown,
            target=self.target,
            dry_run=self.dry_run,
            features=len(set().union(*measured.reached.values())),
            kept=[body for body in bodies if body.name in kept],
            removed=[body for body in bodies if body.name not in kept],
            crashing=[entries[number].name for number in sorted(measured.crashes)],
        )


def _kept(entries: list[Entry], measured: Measured) -> set[str]:
    """The entries to keep: those that cover, those that crash, which reach nothing that could be told, and those that
    were not run."""
    reached = {entries[number].name: features for number, features in measured.reached.items()}
    chosen = cover(reached, {entry.name: entry.size_bytes for entry in entries})
    others = {*measured.crashes, *range(measured.runs, len(entries))}
    return {*chosen, *(entries[number].name for number in others)}


def _lines(document: CorpusMinimizeDocument, quiet: bool) -> list[Line]:
    verb = "would be removed" if document.dry_run else "removed"
    freed = size(sum(body.size_bytes for body in document.removed))
    said = f"  {one_line(document.path)}: {len(document.kept)} kept, {len(document.removed)} {verb} ({freed})"
    if quiet:
        return [line(said.strip())]
    lines = [line(said), line(f"  together they reach {document.features:,} places, as all did")]
    if document.crashing:
        names = ", ".join(document.crashing[:8])
        lines.append(line(Span(f"  {len(document.crashing)} crash the target and are kept: {names}", "warn")))
    return lines
