"""From a file to a scenario: read, decode, check. Nothing is cached: a file edited between two loads is seen edited.

The fast way (decode, convert, check) says only whether a file is good. When it is not, `validate` goes over it again,
slowly, to find every problem and its place.
"""

import json
import posixpath
import stat
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from blake3 import blake3

from fozzy.core.forms import Form, form_of_file
from fozzy.core.limits import DEPTH_MAX, SCENARIO_BYTES_MAX
from fozzy.dsl.bounds import deepest, may_hold_halves, number, unusable, whole_number
from fozzy.dsl.checks import file_flaws, tree_flaws
from fozzy.dsl.document import Document, Fetch, Loaded
from fozzy.dsl.names import kept_names
from fozzy.dsl.scenario import File, form_of
from fozzy.errors import InputError, Where

if TYPE_CHECKING:
    from fozzy.dsl.include import Included

INCLUDES_MAX = 8  # files that include files


class _Unusable(Exception):
    """The document breaks a rule its decoder does not know: a key stands twice, or it is nested too deep, or it
    holds what no trace can."""


def read(path: Path, name: str, shown: str) -> Document:
    """Read a scenario file. *Errors*: `InputError`. *Limits*: `SCENARIO_BYTES_MAX`."""
    return document(read_bytes(path, shown), name, shown, form_of_file(shown) or "json")


def read_bytes(path: Path, shown: str) -> bytes:
    """What a scenario or a chaos file holds. *Errors*: `InputError`. *Limits*: one byte more than `SCENARIO_BYTES_MAX`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for who writes to it
            raise OSError("it is not a file")
        with path.open("rb") as stream:
            return stream.read(SCENARIO_BYTES_MAX + 1)
    except (OSError, ValueError) as error:  # the latter: a name that no file can have
        message = f"cannot read {shown}: {getattr(error, 'strerror', None) or error}"
        raise InputError("scenario.unreadable", message, where=Where(shown)) from error


def document(data: bytes, name: str, shown: str, form: Form) -> Document:
    """The text of a scenario. *Errors*: `InputError` when it is too large or not UTF-8."""
    if len(data) > SCENARIO_BYTES_MAX:
        message = f"{shown} is larger than {SCENARIO_BYTES_MAX} bytes"
        raise InputError("scenario.too_large", message, where=Where(shown))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        where = Where(shown, line, len(before) - before.rfind("\n"))
        message = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
        raise InputError("scenario.not_utf8", message, hint="save the file as UTF-8", where=where) from error
    return Document(name, shown, text, form, blake3(data).hexdigest())


def parse(doc: Document, fetch: Fetch | None = None) -> Loaded:
    """Decode and check a document and the files it includes, which `fetch` reads.

    *Errors*: `InputError` with every problem of the file.
    """
    raw = decode_checked(doc)
    if raw is None:
        raise _explained(doc)
    try:
        file = msgspec.convert(raw, form_of(raw))
    except (ValueError, RecursionError, TypeError):  # msgspec's own is a ValueError
        raise _explained(doc) from None
    included = _included(doc, file, fetch)
    flaws = chain(tree_flaws(file), file_flaws(raw, _may_say(doc, "${"), _kept(included)))
    if next(flaws, None) is not None:
        raise _explained(doc, included)
    if included is None:
        return Loaded(doc, file, {}, kept_names(raw))
    if included.problems:
        raise InputError.of(included.problems)
    return Loaded(doc, file, included.loaded, kept_names(raw).union(included.kept() or ()))


def decode_checked(doc: Document) -> dict[str, Any] | None:
    """The document as builtin values; none when it is not well-formed, nested too deep, or holds what no trace can."""
    try:
        raw = decode(doc)
        if deepest(raw) > DEPTH_MAX:
            raise _Unusable
    except (ValueError, RecursionError, _Unusable, TypeError):
        return None
    return raw


def assemble(raw: dict[str, Any], doc: Document, included: Mapping[str, Loaded]) -> Loaded | None:
    """A scenario made of parts of one that was loaded before; none when it is not valid. For searches, which make many:
    no text is decoded, nothing is explained, `doc` is only kept."""
    try:
        file = msgspec.convert(raw, form_of(raw))
    except msgspec.ValidationError:
        return None
    kept = frozenset[str]().union(*(each.keeps for each in included.values()))
    if next(chain(tree_flaws(file), file_flaws(raw, True, kept)), None) is not None:
        return None
    return Loaded(doc, file, dict(included), kept_names(raw) | kept)


def load(path: Path, name: str | None = None, shown: str | None = None) -> Loaded:
    """Read and parse. *Errors*: `InputError`."""
    plain = path.as_posix()
    name, shown = name or plain, shown or plain
    return parse(read(path, name, shown), beside(path, name, shown, (name,)))


def beside(path: Path, name: str, shown: str, chain_: tuple[str, ...]) -> Fetch:
    """How a file's includes are read: relative to it. `chain_` are the files that led here, this one last."""

    def fetch(word: str) -> Loaded:
        there = path.parent / word
        child, child_shown = (
            posixpath.normpath(posixpath.join(posixpath.dirname(each), word)) for each in (name, shown)
        )
        if child in chain_:
            raise InputError("scenario.include_cycle", f"{' includes '.join([*chain_, child])}: a cycle")
        if len(chain_) >= INCLUDES_MAX:
            raise InputError("scenario.include_too_deep", f"includes are nested deeper than {INCLUDES_MAX} files")
        return parse(read(there, child, child_shown), beside(there, child, child_shown, (*chain_, child)))

    return fetch


def decode(doc: Document) -> dict[str, Any]:
    """The document as builtin values. *Errors*: `ValueError`, `RecursionError`, `TypeError`, `_Unusable`.

    What `unusable` would find is told from the text of JSON where that is quicker.
    """
    if doc.form == "toml":
        import tomli

        return _usable(_object(tomli.loads(doc.text)))
    if doc.form == "yaml":
        from fozzy.core.yaml.nodes import load_yaml

        return _usable(_object(load_yaml(doc.text, DEPTH_MAX)))
    raw = _object(
        json.loads(
            doc.text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=whole_number,
            parse_float=number,
        )
    )
    return _usable(raw) if may_hold_halves(doc.text) else raw


def _included(doc: Document, file: File, fetch: Fetch | None) -> "Included | None":
    """The files a scenario includes; none when there is no word of any."""
    if not _may_say(doc, "include"):
        return None
    from fozzy.dsl.include import include  # most scenarios do not need it

    return include(doc, file, fetch)


def _may_say(doc: Document, word: str) -> bool:
    """Whether a document may hold a word: as it is, or written with escapes."""
    return word in doc.text or "\\u" in doc.text or "\\U" in doc.text or (doc.form == "yaml" and "\\" in doc.text)


def _kept(included: "Included | None") -> frozenset[str] | None:
    return frozenset() if included is None else included.kept()


def _explained(doc: Document, included: "Included | None" = None) -> InputError:
    from fozzy.dsl.validate import explain  # a good scenario does not need it

    # Where it did not come to includes, and there are any, what they keep is not known.
    unknown = None if _may_say(doc, "include") else frozenset[str]()
    kept = unknown if included is None else included.kept()
    problems = explain(doc.text, doc.form, doc.shown, kept)
    return InputError.of([*problems, *(included.problems if included is not None else [])])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Unusable
    return made


def _usable(raw: dict[str, Any]) -> dict[str, Any]:
    if deepest(raw) > DEPTH_MAX or any(True for _ in unusable(raw, ())):
        raise _Unusable
    return raw


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value
