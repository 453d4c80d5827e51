"""Finds every problem of a scenario file and the place of each.

Rule 1: the same rules hold at every depth and for every command; what this accepts, every command accepts.
Rule 2: one problem never hides another: each field is looked at alone, each step is looked at alone.
Rule 3: this is the slow way, taken only when the fast one found that something is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any, Literal, get_args, get_origin

import msgspec

from fozzy.core.forms import Form
from fozzy.core.limits import DEPTH_MAX
from fozzy.core.types import fields, got, holds_structs, is_nullable, length_max, length_min, members, structs, wanted
from fozzy.dsl.bounds import DIGITS_MAX, unusable
from fozzy.dsl.checks import file_flaws, struct_flaws
from fozzy.dsl.document import Document
from fozzy.dsl.flaw import Flaw
from fozzy.dsl.locate import locate
from fozzy.dsl.places import Place, Places
from fozzy.dsl.scenario import FORM_KEYS, form_of
from fozzy.errors import Problem, Where, suggestion, whole

_HOLDS = re.compile(r"(?:must be|is) (?:an object|a list)")
HINTS_MAX = 100  # of one file; more than a screen shows, and each is a search


def explain(text: str, form: Form, shown: str, kept_elsewhere: frozenset[str] | None = None) -> list[Problem]:
    """Every problem of a document, sorted by place. `kept_elsewhere` is as for `name_flaws`. *Limits*: `DEPTH_MAX` levels of nesting."""
    return _explained(text, form, shown, lambda raw: _flaws_of(raw, kept_elsewhere), "a scenario")


def explain_as(
    doc: Document,
    kind: type[msgspec.Struct],
    rules: Callable[[dict[str, Any]], Iterable[Flaw]],
    at: tuple[str | int, ...] = (),
) -> list[Problem]:
    """Every problem of another kind of document: what its types say, and what `rules` find in its plain data.

    With `at` only what stands at that path, an object surely, is of this kind; the rest is not looked at.
    """

    def flaws_of(raw: dict[str, Any]) -> list[Flaw]:
        whole: Any = raw
        for key in at:
            whole = whole[key]
        flaws = list(_walk_struct(whole, kind, at, ""))
        told = {flaw.path for flaw in flaws}
        return [*flaws, *(Flaw(*each) for each in unusable(raw, ()) if each[0] not in told), *rules(raw)]

    return _explained(doc.text, doc.form, doc.shown, flaws_of, getattr(kind, "noun", ""))


def _explained(
    text: str, form: Form, shown: str, flaws_of: Callable[[dict[str, Any]], list[Flaw]], noun: str
) -> list[Problem]:
    places = locate(text, form, DEPTH_MAX)
    flaws = [*_duplicates(places), *_syntax(places)]
    if places.syntax is None:
        raw = _decode(text, form)
        flaws += flaws_of(raw) if isinstance(raw, dict) else [Flaw((), f"{noun} is an object, got {got(raw)}")]
        flaws = [_spaced(flaw, raw) for flaw in flaws] if form == "yaml" else flaws
    line_of = _line_reader(text)
    placed = sorted(((_place(flaw, places), flaw) for flaw in flaws), key=_position)
    problems = [_problem(flaw, place, _hint(flaw, index), line_of, shown) for index, (place, flaw) in enumerate(placed)]
    return list(dict.fromkeys(problems)) or [
        Problem(code="scenario.invalid", message="the file cannot be decoded", where=Where(shown, 1, 1))
    ]


def _spaced(flaw: Flaw, raw: Any) -> Flaw:
    """A flaw whose cause may be a space that YAML misses."""
    if flaw.reason != "bad_value" or flaw.hint or not _HOLDS.search(flaw.message):
        return flaw
    from fozzy.core.yaml.spaces import space_hint

    for key in flaw.path:
        raw = raw[key]
    return flaw._replace(hint=space_hint(raw))


def _decode(text: str, form: Form) -> Any:
    if form == "toml":
        import tomli

        return tomli.loads(text)
    if form == "yaml":
        from fozzy.core.yaml.nodes import sound, value_of

        return value_of(sound(text, DEPTH_MAX))
    import json

    return json.loads(text, parse_int=_bounded_int)


def _bounded_int(digits: str) -> int:
    return int(digits[: DIGITS_MAX + 2])  # Python refuses to read more than 4300; this is too many, sign included


def _flaws_of(raw: dict[str, Any], kept_elsewhere: frozenset[str] | None) -> list[Flaw]:
    form = form_of(raw)
    flaws = list(_walk_struct(raw, form, (), ""))
    given = [key for key in FORM_KEYS if key in raw]
    if not given:
        flaws = [
            flaw for flaw in flaws if flaw.path != () or flaw.reason != "missing_field" or "steps" not in flaw.message
        ]
        flaws.append(Flaw((), 'a scenario needs "steps", "distributed" or "suites"', reason="missing_field"))
    told = {flaw.path for flaw in flaws}
    flaws += [Flaw(*each) for each in unusable(raw, ()) if each[0] not in told]
    return flaws + list(file_flaws(raw, True, kept_elsewhere))


def _walk(value: Any, kind: Any, path: tuple[str | int, ...], inside: str) -> Iterator[Flaw]:
    """What is wrong with a value of this type, as deep as it can be pointed at."""
    kinds = structs(kind)
    if kinds and isinstance(value, dict):
        yield from (
            _walk_union(value, kinds, path, inside)
            if _tag_field(kinds[0])
            else _walk_struct(value, kinds[0], path, inside)
        )
        return
    if holds_structs(kind) and any(get_origin(member) is type(value) for member in members(kind)):
        yield from _length(value, kind, path, inside)
        yield from _items(value, kind, path, inside)
        return
    yield from _leaf(value, kind, path, inside)


def _walk_union(
    value: dict[str, Any], kinds: list[type[msgspec.Struct]], path: tuple[str | int, ...], inside: str
) -> Iterator[Flaw]:
    by_tag = _by_tag(tuple(kinds))
    tag_field = _tag_field(kinds[0])
    tag = value.get(tag_field)
    noun = getattr(kinds[0], "noun", "step")
    article = "an" if noun[:1] in tuple("aeiou") else "a"
    if tag is None and tag_field not in value:
        near = f'did you mean "{tag_field}"?' if any(suggestion(key, [tag_field]) for key in value) else ""
        yield Flaw(path, f'{inside}{article} {noun} needs "{tag_field}"', near, reason="missing_field")
    elif not isinstance(tag, str) or tag not in by_tag:
        few = "" if noun == "step" else f"one of {', '.join(by_tag)}"
        hint = (lambda: suggestion(tag, by_tag) or few) if isinstance(tag, str) else few
        unknown = f'{inside}unknown {noun} {tag_field} "{tag}"'
        message = unknown if isinstance(tag, str) else f'{inside}"{tag_field}" must be text'
        label = f"not {article} {noun} {tag_field}"
        yield Flaw((*path, tag_field), message, hint, "unknown_fault" if noun == "fault" else "unknown_step", label)
    else:
        yield from _walk_struct(value, by_tag[tag], path, inside)


@lru_cache(maxsize=16)
def _by_tag(kinds: tuple[type[msgspec.Struct], ...]) -> dict[str, type[msgspec.Struct]]:
    """The alternatives by what their tag says. *Limits*: 16 unions are remembered, more than exist."""
    return {str(kind.__struct_config__.tag): kind for kind in kinds}


def _walk_struct(
    value: dict[str, Any], kind: type[msgspec.Struct], path: tuple[str | int, ...], inside: str
) -> Iterator[Flaw]:
    known = fields(kind)
    tag_field = _tag_field(kind)
    whole_file = getattr(kind, "noun", "") if not path else ""
    name = f'"{kind.__struct_config__.tag}"' if tag_field else whole_file or _noun(path)
    yield from _fields_of(value, kind, path, inside, name)
    good = {tag_field: value[tag_field]} if tag_field else {}
    for key, field in known.items():
        if key in value:
            nested = f"inside {kind.__struct_config__.tag}: " if holds_structs(field.type) and tag_field else inside
            flaws = list(_walk(value[key], field.type, (*path, key), nested))
            yield from flaws
            if not flaws:
                good[key] = value[key]
    if all(key in good for key, field in known.items() if field.required):
        for flaw in struct_flaws(msgspec.convert(good, kind), path):
            if flaw.reason != "missing_field" or len(good) == len(value):  # what is missing may be there, but wrong
                yield flaw._replace(message=inside + flaw.message)


def _fields_of(
    value: dict[str, Any], kind: type[msgspec.Struct], path: tuple[str | int, ...], inside: str, name: str
) -> Iterator[Flaw]:
    known = fields(kind)
    for key in value:
        if key not in known and key != _tag_field(kind):
            hint = partial(_field_hint, key, known)
            yield Flaw(
                (*path, key), f'{inside}{name} has no field "{key}"', hint, "unknown_field", "unknown field", True
            )
    for key, field in known.items():
        if field.required and key not in value:
            yield Flaw(path, f'{inside}{name} needs "{key}"', reason="missing_field", label=f'"{key}" is missing')


def _field_hint(key: str, known: Iterable[str]) -> str:
    return suggestion(key, known) or (f"it has {', '.join(known)}" if known else "it has no fields")


def _items(value: Any, kind: Any, path: tuple[str | int, ...], inside: str) -> Iterator[Flaw]:
    """What is wrong with the items of a list or the members of an object, where the type says what they are."""
    for member in members(kind):
        argument = (get_args(member) or (None,))[-1]
        if isinstance(value, list) and get_origin(member) is list:
            for index, item in enumerate(value):
                yield from _walk(item, argument, (*path, index), inside)
        elif isinstance(value, dict) and get_origin(member) is dict:
            for key, item in value.items():
                yield from _key(key, get_args(member)[0], path, inside)
                yield from _walk(item, argument, (*path, key), inside)


def _key(key: str, kind: Any, path: tuple[str | int, ...], inside: str) -> Iterator[Flaw]:
    """What is wrong with a name that is free to choose."""
    try:
        msgspec.convert(key, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):
        yield Flaw((*path, key), f"{inside}a name in {_noun(path)} must be {wanted(kind)}", at_key=True)


def _length(value: list[Any] | dict[str, Any], kind: Any, path: tuple[str | int, ...], inside: str) -> Iterator[Flaw]:
    least, most = length_min(kind), length_max(kind)
    if least is not None and not value:
        yield Flaw(path, f"{inside}{_noun(path)} must not be empty", "", "empty")
    elif least is not None and len(value) < least:
        bound = "exactly" if least == most else "at least"
        yield Flaw(path, f"{inside}{_noun(path)} must have {bound} {least} items, got {len(value)}")
    if most is not None and len(value) > most:
        bound = "exactly" if least == most else "at most"
        yield Flaw(path, f"{inside}{_noun(path)} must have {bound} {most} items, got {len(value)}")


def _leaf(value: Any, kind: Any, path: tuple[str | int, ...], inside: str) -> Iterator[Flaw]:
    if value is None and is_nullable(kind):
        return
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError, UnicodeEncodeError):
        words = wanted(kind)
        inner = list(_items(value, kind, path, inside))
        if not inner and isinstance(value, list | dict) and got(value) in words:
            inner = list(_length(value, kind, path, inside))
        choices = _choices(kind) if isinstance(value, str) else []
        hint = partial(suggestion, value, choices) if choices else ""
        yield from inner or [Flaw(path, f"{inside}{_noun(path)} must be {words}, got {got(value)}", hint)]


def _choices(kind: Any) -> list[str]:
    """The words a value may be, where it is one of a few."""
    found = [word for member in members(kind) if get_origin(member) is Literal for word in get_args(member)]
    return [word for word in found if isinstance(word, str)]


def _noun(path: tuple[str | int, ...]) -> str:
    if not path:
        return "a scenario"
    return f'"{path[-1]}"' if isinstance(path[-1], str) else f"item {path[-1] + 1}"


def _tag_field(kind: type[msgspec.Struct]) -> str:
    return kind.__struct_config__.tag_field or ""


def _duplicates(places: Places) -> Iterator[Flaw]:
    if places.syntax is not None and places.syntax.place in [each.again for each in places.duplicates]:
        places.syntax = places.syntax._replace(message="")
    for each in places.duplicates:
        yield Flaw(
            each.path,
            f'"{each.path[-1]}" is given twice',
            reason="duplicate_key",
            label="the second would win silently",
            place=each.again,
            first=each.first,
        )


def _syntax(places: Places) -> Iterator[Flaw]:
    if places.syntax is not None and places.syntax.message:
        yield Flaw((), places.syntax.message, reason="syntax", place=places.syntax.place)


def _line_reader(text: str) -> Callable[[int], str]:
    """`line_at` for many lines of one text: it is cut into lines once, and a line is one text however often it is read."""
    lines = [*(line.removesuffix("\r") for line in text.split("\n")[:-1]), text[text.rfind("\n") + 1 :]]
    return lambda line: lines[line - 1] if 1 <= line <= len(lines) else ""


def _place(flaw: Flaw, places: Places) -> Place:
    return flaw.place or (places.find_key(flaw.path) if flaw.at_key else places.find(flaw.path))


def _hint(flaw: Flaw, index: int) -> str:
    if isinstance(flaw.hint, str):
        return flaw.hint
    return flaw.hint() if index < HINTS_MAX else ""


def _position(placed: tuple[Place, Flaw]) -> tuple[int, int, str]:
    place, flaw = placed
    return place.line, place.col, flaw.message


def _problem(flaw: Flaw, place: Place, hint: str, line_of: Callable[[int], str], shown: str) -> Problem:
    return Problem(
        code=f"scenario.{flaw.reason}",
        message=whole(flaw.message),
        where=Where(shown, place.line, place.col),
        hint=whole(hint),
        label=flaw.label,
        length=place.length,
        text=line_of(place.line),
        first=Where(shown, flaw.first.line, flaw.first.col) if flaw.first else None,
        first_text=line_of(flaw.first.line) if flaw.first else "",
        first_length=flaw.first.length if flaw.first else 1,
    )
