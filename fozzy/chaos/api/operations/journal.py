"""The journal: find requests, look at one, empty it."""

from __future__ import annotations

from fozzy.chaos.api.answers import Cleared
from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.chaos.journal import Page, Query
from fozzy.chaos.journal_entry import Entry


def find(controls: Controls, asked: Asked) -> Page:
    """Requests that fit."""
    return controls.journal.page(asked.query)


def get(controls: Controls, asked: Asked) -> Entry:
    """One request."""
    word = asked.words["entry"]
    entry = controls.journal.entry(int(word)) if word.isascii() and word.isdigit() and len(word) < 16 else None
    if entry is None:
        hint = "It made room for others, the journal was emptied, or there was none."
        raise Rejected(404, "chaos.unknown_entry", f"the journal has no entry {word}", hint=hint)
    return entry


def clear(controls: Controls, asked: Asked) -> Cleared:
    """No request."""
    return Cleared(cleared=controls.journal.clear())


OPERATIONS = [
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
        does="Empty the journal; entries' numbers go on.",
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
