"""The reference page of chaos files: fields from the types, order and names from the engine, prose from here.

`docs/generate.py` writes it; `tests/test_chaos_reference.py` holds that every fault and every draw stands on it.
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Iterable
from typing import Any, Union, get_args, get_origin

import msgspec

from fozzy.chaos.files.flags import FLAGS, flag_name, variable_name
from fozzy.chaos.files.older import OLDER
from fozzy.cli.command import Opt, words_of
from fozzy.cli.proxy_flags import DoorFlags
from fozzy.core.types import bare, fields, wanted
from fozzy.faults.http import plan
from fozzy.faults.http.kinds import ACTS
from fozzy.faults.http.predefined import PROFILES, SCENARIOS

BEGINNING = """\
A chaos file says what goes wrong on the wire, for which requests, and when. It is TOML, JSON or [YAML](yaml.md) with the fields below; the
[control API](chaos-api.md) takes and gives the same. The [guide](../guides/chaos.md) shows how it is used.

```toml
#:schema ./chaos.schema.json
seed = 7
mode = "cascade"                       # or "exclusive"

[latency]
uniform = ["100ms", "500ms"]           # or fixed, normal, exponential, list
jitter = 0.2
probability = 0.8

[faults]
drop = 0.01                            # a number is a probability
status = { codes = [500, 503], probability = 0.2 }
timeout = { after = "5s", probability = 0.1 }

[limits]
client = { rate = "10/s", burst = 2 }
bandwidth = "100KB/s"
loss = { probability = 0.05, as = "reset" }

[[routes]]
method = "POST"
path = "/v1/chat/*"
faults.drop = { pattern = "F.F" }      # the first and the third

[scenarios.lunch_rush]
limits.global = { rate = "5/s", burst = 1 }
for = "30s"

[[schedule]]
start = "lunch_rush"
at = "10s"
```

`fozzy schema --for chaos-file > chaos.schema.json` writes the schema that editors read: TOML names it in the first line
as above (Even Better TOML, Taplo), JSON in `"$schema": "./chaos.schema.json"`, YAML in its first line, too:
`# yaml-language-server: $schema=./chaos.schema.json`.

Nothing is clamped and nothing guessed: an unknown key or a value out of range ends the start with status 2 and is shown
with its line; the control API answers 400 and changes nothing.
"""

ORDER = """\
# What happens to a request

## Which section counts

Field by field, the nearest that says something:

1. the request's own chaos headers,
2. the route it matches,
3. the scope of its test (`X-Test-Id`): with `merge = true` its fields count before the server's, without it nothing of
   the server's section is left,
4. the server: the active scenarios, or the plan where none is active. The first scenario stands in the place of the
   plan's section, whole; what is started with `stack` is merged over it field by field, in the order of starting.

A fault is one field: a route that says `faults.drop` changes nothing of the server's `faults.status`. A probability of 0
turns a fault off there.

The request's own headers:

| header | is |
|---|---|
| `X-Fozzy-Chaos-Drop`, `-Malformed`, `-Disconnect`, `-RateLimit` | a probability, 0 to 1 |
| `X-Fozzy-Chaos-Latency` | milliseconds, or a duration such as `250ms` |
| `X-Test-Id` | the test the request belongs to |

`X-AIMock-Chaos-…` is read too. What cannot be read, and one that comes twice with different values, gets 400 under
`--strict`, the default; with `--unsafe` it is ignored and noted in the record, and of two test ids the first counts. None
of these headers reaches upstream.

## In which order

1. Chaos headers are read, the route is matched, the section is resolved.
2. Limits: rates of `global`, `client` and `route` together, all or nothing; then `concurrency`. A request over a limit
   is answered and rolls nothing.
3. Latency is rolled. It is waited before anything else happens, also before the answer of a fault.
4. Faults are rolled. `cascade`: one after the other in the order of the table below; the first that hits strikes and the
   later ones are not rolled, so shares are conditional: 0.5 and 0.5 make 50 % and 25 %. `exclusive`: one draw over the
   shares laid end to end, so each share is the share of all requests; a plan whose sum is above 1 is refused. What the
   request's headers ask for has its share first, and the others have what is left of 1, in their order.
5. The fault answers, or upstream is asked and its answer changed on its way.

A request that matches no route, without an upstream, gets 404 `no_route` and rolls nothing. An answer of the plan's own
(`answer`, `answers`) is struck like one of upstream's, and a request that is struck uses up its place in `answers`.

## Where draws come from

A draw is a function of the seed and of what is asked about: method, path with query, digest of the body, test id, which
occurrence of the same request it is, and the name of the draw. So one fault more moves no other draw, and 32 clients at
once get the decisions that one client gets. What counts requests (`first`, `every`, `pattern`, `burst`, `after`, `times`,
ramps over requests, `sequence`, limits) follows the order of arrival, and that order is recorded.

A draw is a whole number in [0, 2^53); probability *p* hits where it is at least 2^53 − *p*·2^53, so 0 is always the boring
choice. A probability of exactly 0 draws nothing, and a fault without one strikes without a draw. Every draw that decides
whether and how a fault strikes, hit or miss, is in the record of its request, with its probability and who set it;
`malformed.place` is drawn when the bytes are there. The generator is [specified bit for
bit](determinism.md#draws-on-the-wire).

| draw | decides |
|---|---|
{draws}
"""

DRAWS = {
    "latency": "whether the request is delayed",
    "latency.amount": "how long, where that is drawn",
    "latency.jitter": "where within the jitter",
    "exclusive": "which fault, in the mode `exclusive`",
    "*fault*": "whether it strikes, in the mode `cascade`",
    "status.code": "which of several codes",
    "malformed.event": "which event of a stream is damaged",
    "partial.place": "where the body is cut",
    "drop_event.event": "which event is left out",
    "corrupt_event.event": "which event is damaged",
    "malformed.place": "which bytes are damaged, of a body or an event",
}

# What a client sees, whether upstream is asked, and what the record calls it. Keys are those of `ACTS`.
ON_THE_WIRE = {
    "drop": ("500, error code `chaos_drop`", "no"),
    "malformed": ("200, upstream's content type and a damaged body", "yes"),
    "rate_limit": ("429, error code `chaos_ratelimit`, `Retry-After`", "no"),
    "disconnect": (
        "the connection ends: before the answer, after its head, or within its body",
        "no; yes for the last two",
    ),
    "status": ("that status, error code `chaos_status` or `body`", "no"),
    "timeout": ("after the time 504, error code `chaos_timeout`; with `hang` nothing", "no"),
    "connection_error": ("a reset before a byte of an answer", "no"),
    "loss": ("a reset, nothing, or 408 with error code `chaos_loss`", "no"),
    "partial": ("the head and a part of the body, then the end of the connection", "yes"),
    "status_override": ("that status with upstream's headers and body, or `body`", "yes"),
    "drop_event": ("a stream without one event", "yes"),
    "corrupt_event": ("a stream with one damaged event", "yes"),
    "cut_stream": ("a stream that ends after some events", "yes"),
    "stall": ("a stream that pauses", "yes"),
}

ERRORS = """\
An answer of a fault's own is `{"error": {"code": …, "message": …, "type": "chaos"}}` as JSON. Two limits answer likewise:
a rate that is used up with 429 `chaos_ratelimit` and the `Retry-After` that is true, too many requests in flight with 503
`chaos_concurrency`. They are not drawn; the record calls them `limit.rate` and `limit.concurrency`.

`max_connections`, `connection_timeout` and `idle_timeout` end connections: the record of what they end has
`limit.connections`, `limit.connection_timeout` or `limit.idle_timeout` as `applied`, and counts as triggered. A fault
that was planned and has not happened is bypassed then; one that has happened stays what was applied. Where nothing was
decided the number is 0, and the decision log leaves the record out. A connection that ends between two requests, or is
reset unheard since there are far too many, has a record without a request.

A fault that changes upstream's answer needs one. Where upstream failed by itself the client gets that failure (502
`upstream_unreachable`), and the record says `planned` with a `reason` and no `applied`: that counts as bypassed, never as
triggered. The record keeps upstream's answer byte for byte, whatever the client got.

## Streams

An answer of type `text/event-stream` or `application/x-ndjson` is a stream of events, or lines. It is never held back:
events go on as they come. `drop_event`, `corrupt_event`, `cut_stream` and `stall` strike events by number; the number is
drawn of the first `among`, so that it is known before the stream is. `malformed` damages one event, or with `streams =
"bypass"` none, which counts as bypassed. Where a stream ends before the event came, or where an answer is no stream at
all, the fault is bypassed and the record says why.
"""


def page() -> str:
    """The page."""
    lines = ["<!-- generated by docs/generate.py: change the code, then run make generate -->\n", "# Chaos files\n"]
    lines += [BEGINNING, "# Fields\n", *_parts(), *_faults()]
    lines.append(ORDER.format(draws="\n".join(f"| `{name}` | {said} |" for name, said in DRAWS.items())))
    lines += ["## On the wire\n", "| fault | the client gets | upstream is asked |", "|---|---|---|"]
    lines += [f"| `{name}` | {' | '.join(ON_THE_WIRE[name])} |" for name in ACTS]
    lines += ["", ERRORS, *_predefined(), *_variables()]
    return "\n".join(lines)


def _parts() -> Iterable[str]:
    parts: dict[str, tuple[type[msgspec.Struct], str]] = {
        "The file": (plan.Plan, "It also has the fields of a section."),
        "A section": (plan.Section, ""),
        "`latency`": (plan.Latency, "It has the fields of [when](#when-a-fault-strikes) too."),
        "`limits`": (plan.Limits, ""),
        "A bucket: `limits.global`, `client` and `route`": (plan.Bucket, ""),
        "`limits.bandwidth`, where it is no plain rate": (plan.Bandwidth, ""),
        "A route: an item of `routes`": (plan.Route, "It has the fields of [match](#which-requests-match) too."),
        "An answer: `answer`, and the items of `answers`": (plan.Answer, ""),
        "A test scope: `tests.<id>`": (plan.Scope, "It also has the fields of a section."),
        "A scenario: `scenarios.<name>`": (plan.Scenario, "It also has the fields of a section."),
        "An item of `schedule`": (plan.Entry, ""),
        "When a fault strikes": (plan.Fault, "Every fault, the latency and the loss have these fields."),
        "`ramp`": (plan.Ramp, ""),
        "`burst`": (plan.Burst, ""),
        "Which requests: `match`": (plan.Match, ""),
    }
    for title, (kind, more) in parts.items():
        yield f"## {title}\n"
        yield f"{_sentence(kind)} {more}".strip() + "\n"
        yield from _table(kind, _inherited(kind))


def _inherited(kind: type[msgspec.Struct]) -> set[str]:
    """The fields that another part of the page tells."""
    others = [each for each in (plan.Section, plan.Match, plan.Fault) if each is not kind and issubclass(kind, each)]
    return {name for other in others for name in fields(other)}


def _faults() -> Iterable[str]:
    yield "## Faults\n"
    yield f"{_sentence(plan.Faults)} `loss` stands in `limits`, and is tried after `connection_error`.\n"
    for name, (kind, _) in ACTS.items():
        own = set(fields(kind)) - set(fields(plan.When))
        own -= set() if kind is plan.Timeout else {"after"}
        yield f"### `{name}`\n"
        yield f"{_sentence(kind)}\n"
        if own:
            yield from _table(kind, set(fields(kind)) - own)
        if kind is plan.Status:
            yield from ["#### An item of `codes` with a weight\n", *_table(plan.Weighted, set())]


def _table(kind: type[msgspec.Struct], without: set[str]) -> Iterable[str]:
    yield from ("| field | is | default | meaning |", "|---|---|---|---|")
    for name, field in fields(kind).items():
        if name not in without:
            yield f"| `{name}` | {_cell(_is(field.type))} | {_default(field)} | {_cell(_meaning(field))} |"
    yield ""


# Where a field's value is told.
_PLACES: dict[Any, str] = {
    plan.Latency: "a [latency](#latency)",
    plan.Faults: "[faults](#faults)",
    plan.Limits: "[limits](#limits)",
    plan.Bucket: "a [bucket](#a-bucket-limitsglobal-client-and-route)",
    plan.Bandwidth: "[more](#limitsbandwidth-where-it-is-no-plain-rate)",
    plan.Loss: "[more](#loss)",
    plan.Answer: "an [answer](#an-answer-answer-and-the-items-of-answers)",
    plan.Route: "a [route](#a-route-an-item-of-routes)",
    plan.Scope: "a [scope](#a-test-scope-testsid)",
    plan.Scenario: "a [scenario](#a-scenario-scenariosname)",
    plan.Entry: "an [entry](#an-item-of-schedule)",
    plan.Ramp: "a [ramp](#ramp)",
    plan.Burst: "a [burst](#burst)",
    plan.Match: "a [match](#which-requests-match)",
    plan.Weighted: "[more](#an-item-of-codes-with-a-weight)",
}


def _is(kind: Any) -> str:
    """What a value must be, with where that is told."""
    inner = bare(kind)
    if get_origin(inner) in (Union, types.UnionType):
        return " or ".join(_is(each) for each in get_args(inner) if each not in (type(None), msgspec.UnsetType))
    if get_origin(inner) is list:
        return f"a list, each {_is(get_args(inner)[0])}"
    if get_origin(inner) is dict:
        return f"a table, each {_is(get_args(inner)[1])}"
    return _PLACES[inner] if inner in _PLACES else wanted(kind)


def _default(field: Any) -> str:
    if field.required:
        return "required"
    if isinstance(field.default, bool | int | float | str) and field.default != "":
        return f"`{json.dumps(field.default)}`"
    return ""


def _meaning(field: Any) -> str:
    said = [note.description for note in get_args(field.type)[1:] if getattr(note, "description", None)]
    return str(said[-1])


def _sentence(kind: Any) -> str:
    return inspect.cleandoc(kind.__doc__ or "").replace("\n", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _predefined() -> Iterable[str]:
    yield "# Scenarios everybody has\n"
    yield (
        "By name: `--scenario NAME`, `fozzy proxy start NAME`, the control API, `schedule`. A scenario of the file with the\n"
        "same name stands before these. `fozzy proxy scenarios` lists all. Each is `exclusive`: its shares are shares of all\n"
        "requests. As files they would be:\n"
    )
    for title, several in {"Five scenarios": SCENARIOS, "Networks": PROFILES}.items():
        yield f"## {title}\n"
        for name, scenario in several.items():
            yield f"### `{name}`\n"
            yield f"{scenario.about}\n"
            yield f"```toml\n{_toml(msgspec.to_builtins(scenario))}\n```\n"
    yield "Where a latency has a probability, as in `network_degradation`, the rest of the requests is not delayed.\n"


def _toml(document: dict[str, Any]) -> str:
    """A section as TOML, a line per fault."""
    lines = [f"{key} = {_value(value)}" for key, value in document.items() if not isinstance(value, dict)]
    for key, value in document.items():
        if key == "latency":
            lines.append(f"latency = {_value(value)}")
        elif isinstance(value, dict):
            lines += [f"{key}.{name} = {_value(each)}" for name, each in value.items()]
    return "\n".join(line for line in lines if not line.startswith("about"))


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, list | tuple) else json.dumps(value)


def _variables() -> Iterable[str]:
    yield "# Flags and variables\n"
    yield (
        "Every flag of `fozzy proxy http` has a variable. A flag counts before a variable, a variable before the file, the\n"
        "file before the scenario that is begun with. What may be given several times stands in its variable with commas;\n"
        "what takes no value is `true` or `false` there. A variable `FOZZY_CHAOS_…` that means nothing is refused.\n"
    )
    help_of = {word.field: word.note.help for word in words_of(DoorFlags) if isinstance(word.note, Opt)}
    yield from ("| flag | variable | |", "|---|---|---|")
    yield from (f"| `{flag_name(name)}` | `{variable_name(name)}` | {_cell(help_of[name])} |" for name in FLAGS)
    yield "\nMockForge's flags are read too:\n"
    yield from ("| MockForge | here |", "|---|---|")
    yield from (f"| `{older.flag}` | `{flag_name(older.field)}` |" for older in OLDER.values())
    yield ""
