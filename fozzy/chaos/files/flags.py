"""What the flags of `fozzy proxy http` and their variables mean: texts in, typed values with their origin out.

Rule 1: every flag `--a-b` has the variable `FOZZY_CHAOS_A_B`; a flag is stronger than a variable, each by itself.
Rule 2: all that is wrong is told at once, by the name it was given under.
Rule 3: MockForge's spellings are read as ours and told by our names (`older`).
To add a flag: a line in `FLAGS` and a field of the same name in `cli/proxy_flags.py`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fozzy.chaos.files import values
from fozzy.chaos.files.older import OLDER
from fozzy.errors import Problem, UsageError, suggestion
from fozzy.wall import SEED_BITS

PREFIX = "FOZZY_CHAOS_"
MANY_MAX = 64  # values of one flag
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
GIB = 1 << 30


class Flag(NamedTuple):
    """How the texts of one flag are read; `switch` takes none, `many` may be given several times.

    `between` stands between several values in a variable.
    """

    read: Callable[[str], Any]
    many: bool = False
    switch: bool = False
    between: str = ","


class Value(NamedTuple):
    """A text and under which name it was given."""

    text: str
    origin: str


class Given(NamedTuple):
    """A typed value and under which name it was given; of `many` a list, with the names of all."""

    value: Any
    origin: str


def truth(text: str) -> bool:
    """A truth value of a variable."""
    if text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    raise ValueError(f'must be true or false, got "{text}"')


SWITCH = Flag(truth, switch=True)
SHARE = Flag(values.share)
DURATION = Flag(values.duration)
TEXT = Flag(values.text())
FLAGS: dict[str, Flag] = {
    "listen": Flag(values.address),
    "upstream": Flag(values.url),
    "seed": Flag(values.whole(0, (1 << SEED_BITS) - 1)),
    "chaos": Flag(str),
    "scenario": TEXT,
    "disabled": SWITCH,
    "latency": Flag(values.any_duration),
    "latency_range": Flag(values.duration_range),
    "jitter": SHARE,
    "latency_probability": SHARE,
    "latency_max": DURATION,
    "status": Flag(values.status),
    "status_probability": SHARE,
    "drop": SHARE,
    "malformed": SHARE,
    "disconnect": SHARE,
    "timeout_fault": Flag(values.timeout),
    "connection_error": SHARE,
    "rate_limit": Flag(values.rate_limit, many=True),
    "bandwidth": Flag(values.bytes_rate),
    "loss": SHARE,
    "loss_as": Flag(values.one_of("408", "reset", "hang")),
    "concurrency": Flag(values.whole(1, 10**6)),
    "max_connections": Flag(values.whole(1, 10**6)),
    "connection_timeout": DURATION,
    "idle_timeout": DURATION,
    "exclusive": SWITCH,
    "evidence_headers": SWITCH,
    "client_header": Flag(values.header_name),
    "key_bytes": Flag(values.whole(0, GIB)),
    "record": TEXT,
    "replay": TEXT,
    "auto": TEXT,
    "record_collision": Flag(values.one_of("error", "overwrite", "append")),
    "record_bytes": Flag(values.whole(0, GIB)),
    "as_recorded": SWITCH,
    "replay_pace": Flag(values.pace),
    "match_header": Flag(values.header_name, many=True),
    "match_body": Flag(values.one_of("exact", "subset", "substring", "regex", "any")),
    "match_pattern": TEXT,
    "match_once": SWITCH,
    "control": Flag(values.address),
    "control_token": Flag(values.text(8)),
    "journal_size": Flag(values.whole(1, 10**6)),
    "otlp": Flag(values.url),
    "tls_cert": TEXT,
    "tls_key": TEXT,
    "upstream_ca": TEXT,
    "upstream_insecure": SWITCH,
    "header_bytes": Flag(values.whole(1024, GIB)),
    "headers": Flag(values.whole(1, 10**5)),
    "request_bytes": Flag(values.whole(0, 1 << 50)),
    "header_timeout": DURATION,
    "body_timeout": DURATION,
    "connect_timeout": DURATION,
    "answer_timeout": DURATION,
}
# Of these at most one may be given under one kind of name; a flag puts a variable of the same group aside.
GROUPS: tuple[tuple[str, ...], ...] = (("latency", "latency_range"), ("record", "replay", "auto"))


def flag_name(field: str) -> str:
    """`latency_range` -> `--latency-range`."""
    return "--" + field.replace("_", "-")


def variable_name(field: str) -> str:
    """`latency_range` -> `FOZZY_CHAOS_LATENCY_RANGE`."""
    return PREFIX + field.upper()


def variables_set(
    environment: Mapping[str, str], flags: Mapping[str, Flag] = FLAGS, command: str = "fozzy proxy http"
) -> dict[str, list[Value]]:
    """What the environment says, by field, for a command with these flags.

    *Errors*: `UsageError` for a variable of ours that means nothing there.
    """
    found: dict[str, list[Value]] = {}
    problems: list[Problem] = []
    for name in sorted(environment):
        field = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX) or not environment[name]:
            continue
        if field not in flags or name != name.upper():
            hint = suggestion(name, map(variable_name, flags)) or f"{command} --help lists the flags"
            message = f"{name} is set, and {command} has no such variable"
            problems.append(Problem(code="chaos.unknown_variable", message=message, hint=hint))
            continue
        flag = flags[field]
        texts = environment[name].split(flag.between) if flag.many else [environment[name]]
        found[field] = [Value(text.strip(), name) for text in texts]
    _refuse(problems)
    return found


def read_flags(given: Mapping[str, list[Value]], environment: Mapping[str, list[Value]]) -> dict[str, Given]:
    """What flags and variables say together, by field; MockForge's flags are among `given` under their own names.

    *Errors*: `UsageError` with all that is wrong.
    """
    problems: list[Problem] = []
    spoken = _translated(given, problems)
    for layer in (spoken, environment):
        problems += _exclusive(layer)
    layers = [
        {field: found for field, found in layer.items() if field != "rate_limit"}
        for layer in (_behind(environment, spoken), spoken)
    ]
    made = {field: value for layer in layers for field, value in _typed(layer, problems, FLAGS).items()}
    both = _typed_limits(spoken, environment, problems)
    if both:
        made["rate_limit"] = both
    _refuse(problems)
    return made


def read_plain(
    given: Mapping[str, list[Value]], environment: Mapping[str, list[Value]], flags: Mapping[str, Flag]
) -> dict[str, Given]:
    """What flags and variables say together, by field, where no flag has to do with another. *Errors*: `UsageError`."""
    problems: list[Problem] = []
    behind = {field: found for field, found in environment.items() if field not in given}
    made = {**_typed(behind, problems, flags), **_typed(given, problems, flags)}
    _refuse(problems)
    return made


def told(given: Mapping[str, list[Value]]) -> list[str]:
    """MockForge's flags that were given, each with what it is here; only for what `read_flags` has taken."""
    return [
        f"{OLDER[field].flag} {value.text} is {_in_ours(field, value.text, given)}"
        for field, found in given.items()
        if field in OLDER
        for value in found
    ]


def _in_ours(field: str, text: str, given: Mapping[str, list[Value]]) -> str:
    older = OLDER[field]
    said = [(older.field, older.ours(text)), *(pair for pair in older.adds if not _is_said(pair[0], given))]
    return " ".join(f"{flag_name(name)} {value}" for name, value in said)


def _is_said(field: str, given: Mapping[str, list[Value]]) -> bool:
    return field in given or any(OLDER[each].field == field for each in given if each in OLDER)


def _translated(given: Mapping[str, list[Value]], problems: list[Problem]) -> dict[str, list[Value]]:
    """Flags by our names. One thing said in both spellings is refused."""
    made = {field: found for field, found in given.items() if field not in OLDER}
    for field, older in OLDER.items():
        for value in given.get(field, ()):
            if older.field in given:
                message = f"{older.flag} and {given[older.field][0].origin} are one thing in two spellings"
                problems.append(_two(message, f"drop {older.flag}, which is MockForge's"))
                continue
            try:
                ours = Value(older.ours(value.text), older.flag)
                made.setdefault(older.field, []).append(ours)
            except ValueError as error:
                problems.append(_bad(value, error))
            for name, text in older.adds:
                if not _is_said(name, given):
                    made[name] = [Value(text, older.flag)]
    return made


def _exclusive(layer: Mapping[str, list[Value]]) -> Iterable[Problem]:
    """What is said twice with two meanings."""
    for group in GROUPS:
        names = [layer[field][0].origin for field in group if field in layer]
        if len(names) > 1:
            hint = f"drop {names[0]} for a drawn delay, {names[1]} for a fixed one"
            yield _two(f"{' and '.join(names)} exclude each other", hint if "latency" in group else "keep one of them")


def _behind(environment: Mapping[str, list[Value]], spoken: Mapping[str, list[Value]]) -> dict[str, list[Value]]:
    """The variables that no flag puts aside."""
    aside = {field for group in GROUPS if any(field in spoken for field in group) for field in group}
    return {field: found for field, found in environment.items() if field not in spoken and field not in aside}


def _typed(layer: Mapping[str, list[Value]], problems: list[Problem], flags: Mapping[str, Flag]) -> dict[str, Given]:
    made: dict[str, Given] = {}
    for field, found in layer.items():
        flag = flags[field]
        if len(found) > MANY_MAX:
            problems.append(_bad(found[0], ValueError(f"may be given {MANY_MAX} times, got {len(found)}")))
            continue
        read = [each for value in found for each in _read(flag, value, problems)]
        if read:
            made[field] = Given(read if flag.many else read[-1], found[-1].origin)
    return made


def _typed_limits(
    spoken: Mapping[str, list[Value]], environment: Mapping[str, list[Value]], problems: list[Problem]
) -> Given | None:
    """The rate limits by scope: a flag's stands before a variable's of the same scope, and no scope is said twice."""
    made: dict[str, values.Scoped] = {}
    origin = ""
    for layer in (environment, spoken):
        seen: set[str] = set()
        for value in layer.get("rate_limit", []):
            origin = value.origin
            for scoped in _read(FLAGS["rate_limit"], value, problems):
                if scoped.scope in seen:
                    problems.append(_two(f"{value.origin} is given twice for {scoped.scope}", "drop one of them"))
                seen.add(scoped.scope)
                made[scoped.scope] = scoped
    return Given(list(made.values()), origin) if made else None


def _read(flag: Flag, value: Value, problems: list[Problem]) -> list[Any]:
    try:
        return [flag.read(value.text)]
    except ValueError as error:
        problems.append(_bad(value, error))
        return []


def _bad(value: Value, error: ValueError) -> Problem:
    return Problem(code="usage.bad_value", message=f"{value.origin} {error}")


def _two(message: str, hint: str) -> Problem:
    return Problem(code="chaos.exclusive_flags", message=message, hint=hint)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        error = UsageError(problems[0].code, problems[0].message, hint=problems[0].hint)
        error.problems = list(dict.fromkeys(problems))
        raise error
