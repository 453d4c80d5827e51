"""The journal: find requests, look at one, empty it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fozzy.chaos.api.answers import Cleared
from fozzy.chaos.api.call import Answer, Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.chaos.decisions import decision_lines
from fozzy.chaos.journal import Page, Query
from fozzy.chaos.journal_entry import Entry
from fozzy.chaos.journal_filter import ACTIONS, LATENCY
from fozzy.errors import suggestion

DECISIONS_MAX = 10_000
NDJSON = "application/x-ndjson"


def find(controls: Controls, asked: Asked) -> Page:
    """Requests that fit. *Errors*: `Rejected` for a fault that is none."""
    query: Query = asked.query
    for field, said, more in (
        ("action", query.action, (LATENCY,)),
        ("planned", query.planned, ()),
        ("applied", query.applied, ()),
    ):
        known = (*ACTIONS, *more, "any", "none")
        if said is not None and said not in known:
            hint = suggestion(said, known) or f"one of {', '.join(known)}"
            raise Rejected(400, "chaos.bad_value", f"{field}: there is no fault {said}", hint=hint, field=field)
    return controls.journal.page(asked.query)


def get(controls: Controls, asked: Asked) -> Entry:
    """One request."""
    word = asked.words["entry"]
    entry = controls.journal.entry(word)
    if entry is None:
        hint = "It made room for others, the journal was emptied, or there was none."
        raise Rejected(404, "chaos.unknown_entry", f"the journal has no entry {word}", hint=hint)
    return entry


class Last(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of the last requests."""

    limit: Annotated[int, Meta(ge=1, le=DECISIONS_MAX)] = DECISIONS_MAX


def decisions(controls: Controls, asked: Asked) -> Answer:
    """What was decided."""
    lines = decision_lines(controls.journal.decided(asked.query.limit))
    return Answer(200, b"".join(lines), NDJSON)


def clear(controls: Controls, asked: Asked) -> Cleared:
    """No request."""
    return Cleared(cleared=controls.journal.clear())


OPERATIONS = [
    Operation(
        method="GET",
        path="/fozzy/decisions",
        name="decisions",
        does="Give what was decided for the last requests, a line of JSON for each, in an order and with bytes that depend on "
        "the seed and the requests alone.",
        run=decisions,
        asks=Last,
        gives=str,
        text=NDJSON,
    ),
    Operation(
        method="GET",
        path="/fozzy/journal",
        name="find_requests",
        does="Show the last requests that fit, page by page. Secrets are taken out, long bodies are cut.",
        run=find,
        asks=Query,
        gives=Page,
    ),
    Operation(
        method="DELETE",
        path="/fozzy/journal",
        name="clear_journal",
        does="Empty the journal; numbers go on.",
        run=clear,
        gives=Cleared,
    ),
    Operation(
        method="GET",
        path="/fozzy/journal/{entry}",
        name="get_request",
        does="Show one request.",
        run=get,
        gives=Entry,
        refuses=(404,),
    ),
]
