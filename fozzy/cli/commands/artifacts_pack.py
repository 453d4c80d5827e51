"""`fozzy artifacts export`, `pack` and `unpack`: runs that travel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.naming import RUN_HELP, named_body, named_line
from fozzy.cli.options import config_of
from fozzy.cli.run_documents import ExportDocument, UnpackDocument
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit
from fozzy.insight.artifacts import check_traces, files_of
from fozzy.insight.export import Exported, export_file, export_folder, export_zip
from fozzy.insight.pack import PACK_SUFFIX, Unpacked, pack, unpack
from fozzy.insight.recall import Named, find, recall_traced
from fozzy.report.text import Line, Span, count, gutter, line, one_line, quoted, size
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.store import Store


class Export(Command, frozen=True, kw_only=True):
    """Write the files of a run into a folder, a zip archive, or its trace alone.

    What --out ends with decides: .zip, .fozzy for the trace, else a folder that is new or empty. The same run makes
    the same bytes everywhere. Everything is read back and compared before it has its name.
    """

    name: ClassVar[str] = "artifacts export"
    run: Annotated[str, Arg(RUN_HELP, "RUN")]
    out: Annotated[str, Opt(("--out",), "Where to write: FILE.zip, FILE.fozzy or a folder.", "FILE|DIR")]
    force: Annotated[bool, Opt(("--force",), "Overwrite a file that is there.")] = False

    def call(self, console: Console) -> Exit:
        store, out = Store(config_of(self).base_dir()), Path(self.out)
        if self.out.endswith(SUFFIX):
            named = recall_traced(store, self.run, unsafe=not self.strict).named
            assert named.trace is not None
            file = next(each for each in files_of(named) if each.path == named.trace)
            made = export_file(file, out, overwrite=self.force)
        else:
            named = find(store, self.run, unsafe=not self.strict)
            files = files_of(named)
            if self.strict:
                check_traces(files)
            is_zip = self.out.endswith(".zip")
            made = export_zip(files, out, overwrite=self.force) if is_zip else export_folder(files, out)
        tell_export(self, console, named, made)
        return Exit.PASS


class Pack(Command, frozen=True, kw_only=True):
    """Write a run into one file that carries it elsewhere.

    It holds the run's summary, traces and side files, and a manifest with their digests. Packing twice makes the same
    bytes. A trace that cannot be trusted is not packed; --unsafe also takes one that was cut off.
    """

    name: ClassVar[str] = "artifacts pack"
    run: Annotated[str, Arg(RUN_HELP, "RUN")]
    out: Annotated[str | None, Opt(("--out",), f"Where to write; RUN{PACK_SUFFIX} when not given.", "FILE")] = None
    force: Annotated[bool, Opt(("--force",), "Overwrite a file that is there.")] = False

    def call(self, console: Console) -> Exit:
        named = find(Store(config_of(self).base_dir()), self.run, unsafe=not self.strict)
        stem = f"{named.run_id}-{named.member}" if named.member else named.run_id
        out = Path(self.out or f"{stem}{PACK_SUFFIX}")
        made = pack(named, out, overwrite=self.force, unsafe=not self.strict)
        back = f"fozzy artifacts unpack {quoted(shown_path(out))}"
        tell_export(self, console, named, made, (back, "takes it in elsewhere"))
        return Exit.PASS


class Unpack(Command, frozen=True, kw_only=True):
    """Take a pack into the store.

    All or nothing: a pack with anything wrong in it is refused whole. The run has the id it had, so replay, report and
    trace find it; @latest stays what it is. --out takes it into a folder of its own instead.
    """

    name: ClassVar[str] = "artifacts unpack"
    file: Annotated[str, Arg(f"What fozzy artifacts pack wrote: FILE{PACK_SUFFIX}.", "FILE")]
    out: Annotated[str | None, Opt(("--out",), "A new folder instead of the store.", "DIR")] = None

    def call(self, console: Console) -> Exit:
        store = Store(config_of(self).base_dir())
        made = unpack(Path(self.file), store, Path(self.out) if self.out else None, unsafe=not self.strict)
        if console.json:
            document = UnpackDocument(
                schema_version=SCHEMA_VERSION,
                command="artifacts unpack",
                status="pass",
                run_id=made.run_id,
                folder=shown_path(made.folder),
                is_new=made.is_new,
                files=made.files,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(self._lines(made, store, console.quiet))
        return Exit.PASS

    def _lines(self, made: Unpacked, store: Store, quiet: bool) -> Iterator[Line]:
        held = f"{count(len(made.files), 'file')}, {size(sum(file.size_bytes for file in made.files))}"
        word = "took" if made.is_new else "had"
        yield line(gutter(word), f"run {made.run_id}  {one_line(shown_path(made.folder))}  ", Span(held, "dim"))
        traces = [file.name for file in made.files if file.kind == "trace"]
        if quiet or not traces:
            return
        target = quoted(shown_path(made.folder / traces[0])) if self.out else _short(made, store, traces)
        yield from ([], line("  next  ", Span(f"fozzy replay {target}{self.place_flags}", "code")))


def _short(made: Unpacked, store: Store, traces: list[str]) -> str:
    """The shortest word for the run's trace, or for the first of several."""
    short = store.short(made.run_id)
    return short if len(traces) == 1 else f"{short}/{traces[0].removesuffix(SUFFIX)}"


def tell_export(
    command: Command, console: Console, named: Named, made: Exported, paste: tuple[str, str] | None = None
) -> None:
    """Say what was written and where: as a document, or as lines with a command to paste."""
    if console.json:
        document = ExportDocument(
            schema_version=SCHEMA_VERSION,
            command=command.name,  # type: ignore[arg-type]
            status="pass",
            run=named_body(named),
            out=shown_path(made.path),
            files=made.artifacts,
            size_bytes=made.size_bytes,
            blake3=made.blake3,
        )
        console.raw(msgspec.json.encode(document).decode() + "\n")
    held = f"{count(len(made.artifacts), 'file')}, {size(made.size_bytes)}, read back and the same"
    lines = [line(gutter("wrote"), f"{one_line(shown_path(made.path))}  ", Span(held, "dim"))]
    if not console.quiet:
        lines.append(named_line(named))
    if paste is not None and not console.quiet:
        lines += [[], line("  next  ", Span(paste[0], "code"), f"   {paste[1]}")]
    console.answer(lines)
