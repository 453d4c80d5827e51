"""Serves recorded answers: finds what was recorded for a request, the n-th time it is asked what came the n-th time.

Rule 1: what it gives is true: an exchange that was not recorded whole is never given, and a miss says why.
Rule 2: requests are compared without their secrets, since those are gone from what was recorded.
Rule 3: with `as_recorded` the faults of then strike again; they come from deciding all recorded requests once more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from fozzy.chaos.cassette.entries import Entries, Entry, Group, cassette_files, is_altered
from fozzy.chaos.cassette.matching import Matching, digest_of
from fozzy.chaos.cassette.misses import miss_of, unknown
from fozzy.chaos.cassette.serving import Found, Miss
from fozzy.chaos.http.ready import reason_of
from fozzy.chaos.http.refusals import own_answer
from fozzy.core.blob import Blob
from fozzy.core.exchange import Answered, Asked, Exchange
from fozzy.core.outcome import Finding
from fozzy.core.redact import Redactor
from fozzy.core.redact_exchange import ANSWER_MARK, REQUEST_MARK, ExchangeCleaner
from fozzy.faults.http.decision import Decision, Give, Seen
from fozzy.trace.format import SUFFIX

MISSES_MAX = 100  # that are told; the others are counted


class Library:
    """A recording that answers. *Closes*: `close`."""

    def __init__(
        self,
        path: Path,
        redactor: Redactor,
        matching: Matching | None = None,
        *,
        mode: Literal["replay", "auto"] = "replay",
        pace: float = 0.0,
    ) -> None:
        """A file or a folder; in `auto` it need not be there yet. `pace`: 0 at once, 1 as recorded, 2 twice as slow.

        *Errors*: `EvidenceError` for what cannot be trusted, `StoreError` for what cannot be read.
        """
        self.mode: Literal["replay", "auto"] = mode
        self.as_recorded = False
        self.pace = pace
        self.matching = matching or Matching()
        is_new = mode == "auto" and not any(path.glob(f"*{SUFFIX}") if path.is_dir() else [path.exists()])
        self.entries = Entries([] if is_new else cassette_files(path), self.matching)
        self.decisions: dict[int, Decision] = {}
        self.found = 0
        self.repeated = 0
        self.missed = 0
        self.misses: list[str] = []
        self._served: set[int] = set()
        self._cleaner = ExchangeCleaner(redactor)

    def apply(self, decisions: dict[int, Decision]) -> None:
        """From now on answer as recorded: with these decisions, by the numbers of their exchanges."""
        self.as_recorded, self.decisions = True, decisions

    def find(self, decision: Decision, seen: Seen, body: bytes) -> Found | Miss:
        """What answers this request."""
        asked = self._cleaned(decision, seen, body)
        head = self.matching.head(asked.request.method, asked.request.target, asked.request.headers)
        groups = self._groups(asked, head)
        if len(groups) > 1 and self.matching.strict:
            listed = ", ".join(f"#{group.entries[0].number}" for group in groups[:10])
            return self._missed(miss_of(asked, f"{len(groups)} recorded requests are like it: {listed}"))
        if not groups:
            return self._missed(unknown(self.entries, asked, head))
        return self._from(groups[0], decision, asked)

    def is_known(self, number: int) -> bool:
        """Whether the exchange of this number was answered from here; each is asked for once."""
        if number in self._served:
            self._served.discard(number)
            return True
        return False

    def findings(self) -> list[Finding]:
        """What was missed, as the summary of a proxy says it."""
        told = [Finding(kind="checker", title="cassette_miss", message=each) for each in self.misses]
        more = self.missed - len(self.misses)
        message = f"{more:,} more requests had no recorded answer"
        return [*told, Finding(kind="checker", title="cassette_miss", message=message)] if more else told

    def close(self) -> None:
        """Let go of the files."""
        self.entries.close()

    def _cleaned(self, decision: Decision, seen: Seen, body: bytes) -> Exchange:
        """The request as it would be recorded."""
        request = Asked(seen.method, seen.target, seen.headers, Blob.of(body), len(body))
        bare = Exchange(0, decision.place, decision.number, 0, "", 0, "proxy", request, test=decision.test)
        return self._cleaner.clean(bare)

    def _groups(self, asked: Exchange, head: tuple[str, ...]) -> list[Group]:
        body = asked.request.body.data()
        same = self.entries.groups.get((asked.test, head, digest_of(body)))
        if same is not None or self.matching.body == "exact":
            return [] if same is None else [same]
        candidates = self.entries.by_head.get((asked.test, head), [])
        return [group for group in candidates if self.matching.is_like(self._body(group), body)]

    def _body(self, group: Group) -> bytes:
        return self.entries.exchange(group.entries[0]).request.body.data()

    def _from(self, group: Group, decision: Decision, asked: Exchange) -> Found | Miss:
        group.asked += 1
        usable = group.usable(self.as_recorded)
        if not usable:
            first = group.entries[0]
            return self._missed(miss_of(asked, f"of #{first.number} there is no true answer: {first.flaw}"))
        if group.asked > len(usable):
            if not self.matching.repeats:
                why = f"it was recorded {len(usable)} times, and this is time {group.asked}"
                return self._missed(miss_of(asked, why, self.entries.exchange(usable[-1])))
            self.repeated += 1
        return self._found(usable[min(group.asked, len(usable)) - 1], decision.number)

    def _found(self, entry: Entry, number: int) -> Found:
        self.found += 1
        if self.mode == "auto":
            self._served.add(number)
        exchange = self.entries.exchange(entry)
        answer = None if entry.flaw and exchange.answer is None else _true_answer(exchange)
        decision = self.decisions.get(exchange.number) if self.as_recorded else None
        return Found(exchange, answer, pace=self.pace, decision=decision)

    def _missed(self, miss: Miss) -> Miss:
        self.missed += 1
        if len(self.misses) < MISSES_MAX and miss.reason not in self.misses:
            self.misses.append(miss.reason)
        return miss


def _true_answer(exchange: Exchange) -> Answered:
    """What upstream said; where it said nothing, what was said of that."""
    answer = exchange.answer
    if answer is None:
        give = _failure(exchange)
        return Answered(give.status, reason_of(give.status), give.headers, Blob.of(give.body), len(give.body))
    if not is_altered(exchange):
        return answer
    size = len(answer.body.data())
    headers = [(name, str(size) if name.lower() == "content-length" else value) for name, value in answer.headers]
    return replace(answer, headers=headers, bytes=size)


def _failure(exchange: Exchange) -> Give:
    """What a door says of an upstream that gave no answer: the reason, and in the notes the message."""
    notes = [note for note in exchange.notes if note not in (REQUEST_MARK, ANSWER_MARK)]
    reason = notes[-2] if exchange.planned and len(notes) > 1 else exchange.reason
    status = exchange.sent.status if exchange.sent is not None else 502
    return own_answer(status, reason, notes[-1] if notes else "upstream gave no answer")
