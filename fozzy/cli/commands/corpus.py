"""`fozzy corpus`: the inputs a target is tried with, kept in folders and carried in archives."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.documents import CorpusAddDocument, CorpusBody, CorpusExportDocument, CorpusListDocument, EntryBody
from fozzy.cli.options import config_of
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, FozzyError, InputError, Problem, StoreError, UsageError, Where, whole
from fozzy.report.text import Line, Span, gutter, line, one_line, quoted, size
from fozzy.search.corpus.names import folder_of, is_target, names_of
from fozzy.search.corpus.store import ENTRY_BYTES_MAX, Added, Corpus, Entry, corpora
from fozzy.trace.finalize import shown_path

STDIN = "-"
_EXAMPLE = "py:shop.orders:parse"


class _OneCorpus(Command, frozen=True, kw_only=True):
    """A command about one corpus."""

    corpus: Annotated[str, Arg("A folder, or a target's words (py:, cmd:, scenario:), whose own it is.", "CORPUS")]

    def opened(self) -> Corpus:
        """The corpus that is meant, whether it exists or not. *Errors*: `UsageError`."""
        return _named(self, self.corpus)

    def existing(self) -> Corpus:
        """The corpus that is meant. *Errors*: `StoreError` when there is none."""
        return there(self.opened(), self.corpus, self.place_flags)


class List(Command, frozen=True, kw_only=True):
    """Show corpora, or the entries of one.

    Without a name: every corpus of a target, with the number of its entries and their size.
    """

    name: ClassVar[str] = "corpus list"
    corpus: Annotated[str | None, Arg("A folder or a target's words; all corpora when not given.", "CORPUS")] = None

    def call(self, console: Console) -> Exit:
        if self.corpus is None:
            bodies, entries = [_body(each) for each in corpora(config_of(self).base_dir())], None
            lines = _corpora_lines(bodies, console.quiet, self.place_flags)
        else:
            one = there(_named(self, self.corpus), self.corpus, self.place_flags)
            listed = one.entries()
            bodies, entries = [_body(one, listed)], [_entry(name, size_bytes) for name, size_bytes in listed]
            lines = _entries_lines(bodies[0], entries, console.quiet)
        if console.json:
            document = CorpusListDocument(
                schema_version=SCHEMA_VERSION, command="corpus list", status="pass", corpora=bodies, entries=entries
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(lines)
        return Exit.PASS


class Add(_OneCorpus, frozen=True, kw_only=True):
    """Keep inputs in a corpus.

    An input is named by the hash of its content, so one that is there already is not kept twice. When one cannot be
    read or is too large, none is added.
    """

    name: ClassVar[str] = "corpus add"
    files: Annotated[list[str], Arg("Files, each one input; - is what comes on stdin.", "FILE...")] = []
    text: Annotated[list[str], Opt(("--text",), "This text is an input; may be given more than once.", "TEXT")] = []

    def call(self, console: Console) -> Exit:
        if not self.files and not self.text:
            raise UsageError("usage.missing", "no input was given", hint=f"fozzy corpus add {_EXAMPLE} --text hello")
        if self.files.count(STDIN) > 1:
            raise UsageError("usage.bad_value", "stdin can be read once, and - is given twice")
        corpus = self.opened()
        held = _checked(self.files)
        texts = (text.encode("utf-8", "surrogateescape") for text in self.text)
        inputs = chain((held[word] if word in held else _read(word) for word in self.files), texts)
        added = corpus.add_all((next(names_of(data)), data) for data in inputs)
        if console.json:
            _print_added(console, "corpus add", corpus, added)
        words = [*self.files, *("--text" for _ in self.text)]
        console.answer(_added_lines(corpus, list(zip(words, added, strict=True)), console.quiet))
        return Exit.PASS


class Export(_OneCorpus, frozen=True, kw_only=True):
    """Write a corpus into one archive.

    The same entries make the same bytes everywhere. A name that is taken is refused without --force.
    """

    name: ClassVar[str] = "corpus export"
    file: Annotated[str, Arg("The archive to write.", "FILE.zip")]
    force: Annotated[bool, Opt(("--force",), "Overwrite what is there.")] = False

    def call(self, console: Console) -> Exit:
        from fozzy.search.corpus.archive import export_zip  # only these two need zip archives

        out = Path(self.file)
        corpus = self.existing()
        made = export_zip(corpus, out, overwrite=self.force)
        if console.json:
            document = CorpusExportDocument(
                schema_version=SCHEMA_VERSION,
                command="corpus export",
                status="pass",
                corpus=_body(corpus),
                archive_path=shown_path(out),
                archive_bytes=made.archive_bytes,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        wrote = line(gutter("wrote"), f"{one_line(shown_path(out))}  {_entries(made.entries)}, {size(made.size_bytes)}")
        paste = f"fozzy corpus import{self.place_flags} {quoted(self.corpus)} {quoted(self.file)}"
        back = [[], line("  next  ", Span(paste, "code"), "   takes it back")]
        console.answer([wrote, *([] if console.quiet else back)])
        return Exit.PASS


class Import(_OneCorpus, frozen=True, kw_only=True):
    """Take the entries of an archive into a corpus.

    All or none: an archive with anything wrong in it is refused whole. Entries keep their names; where another content
    has the name, the entry is named by its hash, so nothing is ever replaced.
    """

    name: ClassVar[str] = "corpus import"
    file: Annotated[str, Arg("A zip archive of files without folders.", "FILE.zip")]

    def call(self, console: Console) -> Exit:
        from fozzy.search.corpus.archive import import_zip

        corpus = self.opened()
        added = import_zip(corpus, Path(self.file))
        if console.json:
            _print_added(console, "corpus import", corpus, added)
        console.answer([_closing(corpus, added)])
        return Exit.PASS


def _named(command: Command, word: str) -> Corpus:
    if not word or (is_target(word) and word.endswith(":")):
        raise UsageError("usage.bad_value", f'"{word}" names no corpus', hint=f"a folder, or a target as {_EXAMPLE}")
    return Corpus(folder_of(config_of(command).base_dir(), word))


def there(corpus: Corpus, word: str, flags: str) -> Corpus:
    """The corpus, if it exists. *Errors*: `StoreError`."""
    if not os.path.lexists(corpus.folder):
        hint = f"fozzy corpus add{flags} {quoted(word)} FILE...   makes it"
        raise StoreError("corpus.missing", f"there is no corpus {corpus.shown}", hint=hint)
    return corpus


def _checked(words: Sequence[str]) -> dict[str, bytes]:
    """What can be read only once, read. *Errors*: `InputError` with everything that is no input."""
    held: dict[str, bytes] = {}
    problems: list[Problem] = []
    for word in dict.fromkeys(words):
        try:
            data = _read(word)
            if word == STDIN or not stat.S_ISREG(os.stat(word).st_mode):
                held[word] = data
        except FozzyError as error:
            problems += error.problems
    if problems:
        raise InputError.of(problems)
    return held


def _read(word: str) -> bytes:
    """One input. *Limits*: those of an entry. *Errors*: `InputError`."""
    shown = "stdin" if word == STDIN else shown_path(Path(word))
    try:
        with open(0 if word == STDIN else word, "rb", closefd=word != STDIN) as stream:
            data = stream.read(ENTRY_BYTES_MAX + 1)
    except (OSError, ValueError) as error:  # the second when a name has a NUL
        message = f"cannot read {shown}: {getattr(error, 'strerror', None) or error}"
        raise InputError("corpus.unreadable", message, hint="each FILE is one input", where=Where(shown)) from error
    if len(data) > ENTRY_BYTES_MAX:
        message = f"{shown} has more than {ENTRY_BYTES_MAX:,} bytes"
        hint = "a corpus holds small inputs: cut it down to what matters"
        raise InputError("corpus.too_large", message, hint=hint, where=Where(shown))
    return data


def _entry(name: str, size_bytes: int) -> EntryBody:
    return EntryBody(name=whole(name), size_bytes=size_bytes)


def _body(corpus: Corpus, listed: Sequence[Entry] | None = None) -> CorpusBody:
    entries = corpus.entries() if listed is None else listed
    return CorpusBody(
        name=whole(corpus.folder.name),
        path=corpus.shown,
        entries=len(entries),
        size_bytes=sum(entry.size_bytes for entry in entries),
    )


def _print_added(
    console: Console, name: Literal["corpus add", "corpus import"], corpus: Corpus, added: Iterable[Added]
) -> None:
    """The document of what came into a corpus."""
    bodies = [(_entry(each.name, each.size_bytes), each.is_new) for each in added]
    document = CorpusAddDocument(
        schema_version=SCHEMA_VERSION,
        command=name,
        status="pass",
        corpus=_body(corpus),
        added=[body for body, is_new in bodies if is_new],
        present=[body for body, is_new in bodies if not is_new],
    )
    console.raw(msgspec.json.encode(document).decode() + "\n")


def _corpora_lines(bodies: Sequence[CorpusBody], quiet: bool, flags: str) -> Iterator[Line]:
    for body in [] if quiet else bodies:
        yield line(f"  {_entries(body.entries):>15}  {size(body.size_bytes):>12}  {one_line(body.path)}")
    if not bodies:
        yield line("  no corpus yet")
        if not quiet:
            paste = f"fozzy corpus add{flags} {_EXAMPLE} --text hello"
            yield from ([], line("  next  ", Span(paste, "code"), "   makes one"))
        return
    number = "1 corpus" if len(bodies) == 1 else f"{len(bodies):,} corpora"
    entries, size_bytes = sum(body.entries for body in bodies), sum(body.size_bytes for body in bodies)
    yield line(f"  {number}, {_entries(entries)}, {size(size_bytes)}")


def _entries_lines(body: CorpusBody, entries: Sequence[EntryBody], quiet: bool) -> Iterator[Line]:
    for entry in [] if quiet else entries:
        yield line(f"  {size(entry.size_bytes):>12}  {one_line(entry.name)}")
    yield line(f"  {one_line(body.path)}  {_entries(body.entries)}, {size(body.size_bytes)}")


def _added_lines(corpus: Corpus, said: Sequence[tuple[str, Added]], quiet: bool) -> Iterator[Line]:
    for word, each in [] if quiet else said:
        shown = {STDIN: "stdin", "--text": "--text"}.get(word) or shown_path(Path(word))
        verb = "added" if each.is_new else "had"
        yield line(gutter(verb), f"{each.name}  {size(each.size_bytes):>12}  ", Span(one_line(shown), "dim"))
    yield _closing(corpus, [added for _, added in said])


def _closing(corpus: Corpus, added: Sequence[Added]) -> Line:
    new = sum(each.is_new for each in added)
    body = _body(corpus)
    there = f", {len(added) - new:,} there already" if len(added) > new else ""
    now = f"{one_line(body.path)} has {_entries(body.entries)}, {size(body.size_bytes)}"
    return line(f"  {_entries(new)} added{there}; {now}")


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
