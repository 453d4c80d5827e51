"""What a test asks of a client: `chaos.assert_at_most_once("INCR orders")`. Each looks at what the wire saw.

Rule 1: what holds at once is believed at once; what does not is looked at again for a moment of real time, since the end
of a connection comes to a proxy a little later than to who ended it.
Rule 2: durations are seconds; `match` is a pattern as toxics have it, `proxy` the name of one proxy, all without. A proxy
that there is not is a `UsageError`.
Rule 3: what is raised is a plain `AssertionError`, and its attribute `complaint` is the kind of what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from fozzy import wall
from fozzy.core.events import Event, Record
from fozzy.core.wires import Connected
from fozzy.errors import UsageError
from fozzy.insight.verdict import judgements
from fozzy.insight.verdict.events import breaker_event, fault_event, state_of
from fozzy.insight.verdict.judgements import Complaint
from fozzy.insight.verdict.listening import Listener
from fozzy.insight.verdict.model import Fired, Verdict
from fozzy.insight.verdict.verdict import verdict_of

PATIENCE_NS = 250 * 10**6
LOOK_NS = 5 * 10**6
STEPS_MAX = 64  # of a backoff; later pauses are as long as the last
PAUSE_S_MAX = 1e9  # 30 years
SLACK_S = 0.001

__tracebackhide__ = True  # pytest shows the line of the test that asked


class Seen(NamedTuple):
    """What proxies saw until now, all on one clock. `number` is how much they decided."""

    records: Sequence[Record]
    now_ns: int
    number: int = 0
    protocols: Mapping[str, str] = {}
    standing: Sequence[Connected] = ()
    fired: Sequence[Fired] = ()


class Oracles:
    """Over what `look` finds. `events` are what was told besides; they belong into the trace."""

    def __init__(self, look: Callable[[], Seen], patience_ns: int = PATIENCE_NS) -> None:
        self._look = look
        self._patience_ns = patience_ns
        self._undo: list[Callable[[], None]] = []
        self.events: list[Event] = []

    def verdict(self) -> Verdict:
        """What the clients did, so far."""
        seen = self._look()
        records = [*seen.records, *self.events]
        return verdict_of(
            records, protocols=seen.protocols, standing=seen.standing, fired=seen.fired, now_ns=seen.now_ns
        )

    # what a test tells

    def transition(self, breaker: str, state: str, at: str = "") -> None:
        """A breaker changed: `closed`, `open` or `half_open`. With `at` it guards that proxy only. *Errors*: `UsageError`."""
        known = state_of(state)
        if known is None:
            hint = "say closed, open or half_open"
            raise UsageError("usage.bad_value", f'a breaker cannot be "{state}"', hint=hint)
        seen = self._look()
        self.events.append(breaker_event(seen.now_ns, breaker, known, _after(seen), at))
        self._explain(self.events[-1])

    def _explain(self, event: Event) -> None:
        """Why it changed stands in the trace too."""
        latest = [each for each in self.verdict().breakers if each.breaker == event.fields["breaker"]][-1:]
        for change in latest:
            event.fields.update(before=change.before, causes=change.causes, why=change.why)

    def fault(self, name: str, *, is_over: bool = False, at: str = "") -> None:
        """A fault that no proxy made begins, or is over: a service that was killed. With `at` it is behind that proxy."""
        seen = self._look()
        self.events.append(fault_event(seen.now_ns, name, is_over, _after(seen), at))

    def breaker(self, name: str, at: str = "") -> Listener:
        """A listener for a breaker of pybreaker, purgatory or circuitbreaker: `chaos.breaker("orders").watch(breaker)`.

        *Closes*: it listens until `close`.
        """
        listener = Listener(name, lambda who, state: self.transition(who, state, at))
        self._undo.append(listener.close)
        return listener

    def close(self) -> None:
        """Listen no longer."""
        while self._undo:
            self._undo.pop()()

    # what it asks

    def assert_fired(self, toxic: str, times: int | None = None) -> None:
        """A fault came to pass, by its name or type; exactly so often where that is said."""
        self._judge(lambda verdict: judgements.fired(verdict, toxic, times))

    def assert_attempts(self, n: int, match: str | None = None, *, proxy: str | None = None) -> None:
        """So many calls came; attempts to connect count where no `match` is given."""
        self._judge(lambda verdict: judgements.attempts(verdict, n, match, proxy))

    def assert_no_calls_while_open(self, breaker: str | None = None, *, proxy: str | None = None) -> None:
        """While a breaker was open nothing went out."""
        self._judge(lambda verdict: judgements.no_calls_while_open(verdict, breaker, proxy))

    def assert_backoff(
        self,
        base: float,
        factor: float = 2.0,
        jitter: float = 0.0,
        *,
        cap: float | None = None,
        slack: float = SLACK_S,
        match: str | None = None,
        proxy: str | None = None,
    ) -> None:
        """Pauses between attempts are `base`, then `factor` times as long each, at most `cap`, all off by `jitter` at most.

        `slack` is what a clock may be off: raise it where time is real.
        """
        expected = _pauses(base, factor, cap)
        off = _ns(jitter + slack)
        self._judge(lambda verdict: judgements.backoff(verdict, expected, (off, off), match, proxy))

    def assert_honours_retry_after(self, match: str | None = None, *, proxy: str | None = None) -> None:
        """After a reply with `Retry-After` no call to the same came too early."""
        self._judge(lambda verdict: judgements.honours_retry_after(verdict, match, proxy))

    def assert_recovers(self, within: float | None = None, *, proxy: str | None = None) -> None:
        """After every fault a call was answered, within so many seconds, and every breaker closed again."""
        limit = None if within is None else _ns(within)
        self._judge(lambda verdict: judgements.recovers(verdict, limit, proxy))

    def assert_no_leaked_connections(self, allowed: int = 0, *, proxy: str | None = None) -> None:
        """No connection is open now, or was when its proxy ended, but so many as a pool may keep."""
        self._judge(lambda verdict: judgements.no_leaked_connections(verdict, allowed, proxy))

    def assert_at_most_once(self, pattern: str | None = None, *, proxy: str | None = None) -> None:
        """No write that the server may have carried out, unheard by its client, was sent again.

        What is rolled back, reads, and what says itself that it may come twice (`ON CONFLICT`, `Idempotency-Key`) is none.
        """
        self._judge(lambda verdict: judgements.at_most_once(verdict, pattern, proxy))

    def assert_no_truncated_stream_accepted(
        self, *, noticed: int = 0, resumed: bool = False, proxy: str | None = None
    ) -> None:
        """No reply that was cut short was taken for whole: its end looked like one, and nobody asked again.

        `noticed` is how many the test saw its client refuse; with `resumed` every one must have been asked for again.
        """
        self._judge(lambda verdict: judgements.no_truncated_stream_accepted(verdict, noticed, resumed, proxy))

    def assert_no_hang(self, limit: float, match: str | None = None, *, proxy: str | None = None) -> None:
        """No call took longer than so many seconds, nor waits so long already."""
        self._judge(lambda verdict: judgements.no_hang(verdict, _ns(limit), match, proxy))

    def _judge(self, judgement: Callable[[Verdict], Complaint | None]) -> None:
        wrong = judgement(self.verdict())
        elapsed_ns = wall.stopwatch()
        while wrong and elapsed_ns() < self._patience_ns:
            wall.pause_ns(LOOK_NS)
            wrong = judgement(self.verdict())
        if wrong:
            raise complained(wrong)


def complained(wrong: Complaint) -> AssertionError:
    """The error of a complaint."""
    error = AssertionError(wrong.said)
    error.__dict__["complaint"] = wrong.kind  # not a class of its own: tests and reports know the plain one
    return error


def _after(seen: Seen) -> dict[str, int]:
    """What each proxy had decided by now: those of a run count together."""
    return dict.fromkeys(seen.protocols, seen.number)


def _pauses(base: float, factor: float, cap: float | None) -> list[int]:
    """Each from the one before it: nothing is waited for longer than `PAUSE_S_MAX`, so later ones are as long."""
    found, pause = [], base
    for _ in range(STEPS_MAX):
        pause = min(pause, PAUSE_S_MAX)
        found.append(_ns(pause if cap is None else min(pause, cap)))
        pause *= factor
    return found


def _ns(duration_s: float) -> int:
    return round(duration_s * 1e9)
