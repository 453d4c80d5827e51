"""`fozzy artifacts bundle`: a run for a bug report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.naming import RUN_HELP, named_body, named_line
from fozzy.cli.options import AllowCode, config_of
from fozzy.cli.run_documents import BundleDocument
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit
from fozzy.gate.bundle import Bundled, bundle
from fozzy.insight.recall import Named, recall_traced
from fozzy.report.text import Line, Span, count, gutter, line, one_line, size
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import Store


class Bundle(Command, frozen=True, kw_only=True):
    """Write all that a bug report needs into one archive.

    The trace, what of it can be trusted, what a replay comes to, versions and settings, the scenario, and the commands
    to see it again. Never a secret. A replay that is refused is told in it; --allow-code lets one call user code.
    """

    name: ClassVar[str] = "artifacts bundle"
    run: Annotated[str, Arg(RUN_HELP, "RUN")]
    out: Annotated[str | None, Opt(("--out",), "Where to write; RUN.bundle.zip when not given.", "FILE.zip")] = None
    force: Annotated[bool, Opt(("--force",), "Overwrite a file that is there.")] = False

    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        recalled = recall_traced(Store(config.base_dir()), self.run, unsafe=not self.strict)
        named = recalled.named
        stem = f"{named.run_id or 'run'}-{named.member}" if named.member else named.run_id or "run"
        out = Path(self.out or f"{stem}.bundle.zip")
        done = bundle(recalled, config, out, overwrite=self.force, allow_code=self.allow_code)
        if console.json:
            console.raw(msgspec.json.encode(_document(named, done)).decode() + "\n")
        console.answer(_lines(named, done, console.quiet))
        return Exit.PASS


def _document(named: Named, done: Bundled) -> BundleDocument:
    made = done.made
    return BundleDocument(
        schema_version=SCHEMA_VERSION,
        command="artifacts bundle",
        status="pass",
        run=named_body(named),
        out=shown_path(made.path),
        trusted=done.verification.trusted,
        verdict=done.replay.verdict,
        files=made.artifacts,
        size_bytes=made.size_bytes,
        blake3=made.blake3,
    )


def _lines(named: Named, done: Bundled, quiet: bool) -> Iterator[Line]:
    made, error = done.made, done.replay.error
    held = f"{count(len(made.artifacts), 'file')}, {size(made.size_bytes)}, read back and the same"
    yield line(gutter("wrote"), f"{one_line(shown_path(made.path))}  ", Span(held, "dim"))
    if quiet:
        return
    trusted = Span("trusted", "pass") if done.verification.trusted else Span("NOT TRUSTED", "fail")
    yield line(gutter("trace"), trusted)
    came = Span(done.replay.verdict, "") if done.replay.verdict else Span("not possible", "warn")
    yield line(gutter("replay"), came, *([f": {one_line(error.message)}"] if error else []))
    yield named_line(named)
