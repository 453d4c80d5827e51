"""Records of a proxy without their secrets, whatever their sort: exchanges, changes, connections and messages.

Of connections and messages no bytes are kept, so secrets can only stand in what a message is about (a statement, a
command), in notes, and in what a toxic said. SQL says `PASSWORD 'x'` with nothing between, which is known here too.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.core.redact import REDACTED, Redactor
from fozzy.core.redact_exchange import ExchangeCleaner
from fozzy.core.wires import Connected, Spoken, Struck

_STATED = re.compile(r"([\w.-]{1,64})(\s+)'((?:[^']|'')*+)(?:'|\Z)")


class RecordCleaner:
    """Takes secrets out of records, and learns them on the way."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._exchanges = ExchangeCleaner(redactor)

    def clean(self, record: Record) -> Record:
        """The record without its secrets; the same object where there is none, as a rule."""
        if isinstance(record, Exchange):
            return self._exchanges.clean(record)
        if isinstance(record, Spoken):
            return self._message(record)
        if isinstance(record, Connected):
            return self._connection(record)
        if isinstance(record, Event):
            return replace(record, fields=self.redactor.clean(record.fields))
        return record

    def _message(self, spoken: Spoken) -> Spoken:
        texts = [spoken.about, *_said(spoken.struck)]
        if self.redactor.is_harmless("\n".join(texts)):
            return spoken
        about, *said = self._texts(texts)
        return replace(spoken, about=about, struck=_saying(spoken.struck, said))

    def _connection(self, connected: Connected) -> Connected:
        texts = [connected.client, *_said(connected.struck), *connected.notes]
        if self.redactor.is_harmless("\n".join(texts)):
            return connected
        client, *rest = self._texts(texts)
        struck = len(connected.struck)
        return replace(connected, client=client, struck=_saying(connected.struck, rest[:struck]), notes=rest[struck:])

    def _texts(self, texts: list[str]) -> list[str]:
        stated = [match for text in texts for match in _STATED.finditer(text) if self.redactor.is_secret(match[1])]
        if stated:
            self.redactor.learn({match[1]: match[3] for match in stated})
        # Numbers as keys: no name in a configuration can be one of them.
        clean = self.redactor.clean({str(index): text for index, text in enumerate(texts)})
        return [_STATED.sub(self._stated, text) for text in clean.values()]

    def _stated(self, match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}'{REDACTED}'" if self.redactor.is_secret(match[1]) else match[0]


def _said(struck: list[Struck]) -> list[str]:
    return [each.said for each in struck]


def _saying(struck: list[Struck], said: list[str]) -> list[Struck]:
    return [replace(each, said=text) for each, text in zip(struck, said, strict=True)]
