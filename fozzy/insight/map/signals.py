"""The signals of risk, and what each weighs. One table; docs/reference/map.md is made of it by hand.

A signal takes its weight, in percent, of what is left to 100: two of 30 make 51. So risk is 0 to 99, more signals are
never less risk, and no single one decides. Names are split into words (`retryCharge` has `retry` and `charge`).
To add a signal: a line in `WORDS` with its words, two words in a row as `json~loads`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from fozzy.insight.map.model import Signal
from fozzy.insight.map.units import BRANCH, FAILURE, Unit

# signal: weight, words of names that show it
WORDS: dict[str, tuple[int, str]] = {
    "retry": (35, "retry retries retried retrying backoff attempt attempts tenacity reconnect redeliver redelivery"),
    "http": (30, "http https httpx requests urllib urlopen aiohttp axios webhook websocket xhr"),
    "database": (
        30,
        "sql sqlite sqlite3 psycopg psycopg2 asyncpg sqlalchemy cursor transaction transactions rollback"
        " queryset mongo mongodb postgres mysql prisma knex sequelize jdbc db database",
    ),
    "money": (
        35,
        "money price prices pricing charge charges charged refund refunds payment payments pay paid payout invoice"
        " invoices amount amounts currency tax taxes discount discounts billing ledger wallet balance cents checkout",
    ),
    "concurrency": (
        35,
        "thread threads threading lock locks rlock mutex semaphore asyncio concurrent multiprocessing atomic"
        " synchronized deadlock executor gather lease goroutine worker workers queue queues",
    ),
    "clock": (
        20,
        "clock now utcnow datetime timestamp timestamps deadline timeout timeouts ttl expiry expires expired monotonic"
        " sleep elapsed timer timedelta set~interval time~time",
    ),
    "randomness": (20, "random randint rand rng uuid uuid4 shuffle nonce entropy urandom jitter secrets"),
    "cache": (20, "cache caches cached caching memoize memo lru evict eviction invalidate redis memcached"),
    "filesystem": (
        20,
        "fs fsync mkdir makedirs unlink rmtree rmdir shutil pathlib tempfile chmod symlink os~remove os~rename"
        " os~replace read~file write~file append~file read~text write~text read~bytes write~bytes file~open",
    ),
    "processes": (
        30,
        "subprocess popen spawn fork waitpid killpg child~process os~system os~kill command~new exec~command"
        " process~builder exec~sync exec~file",
    ),
    "parsing": (
        15,
        "parse parser parsing parsed tokenize tokenizer deserialize unmarshal decode unpack yaml xml csv json~loads",
    ),
    "broad except": (25, ""),  # catches everything; seen by the shape of the code
    "todo": (10, ""),  # a comment says that something is left to do
}
EXACT = {
    "fetch": "http",
    "window.fetch": "http",
    "open": "filesystem",
    "io.open": "filesystem",
    "os.open": "filesystem",
}

# Measured signals: weight of each unit, what is free, and the most they can weigh.
COMPLEXITY = (2, 5, 40)  # for each branch over five
LENGTH = (1, 40, 20)  # for each ten lines over forty
FAILURES = (6, 0, 30)  # for each raise, throw or returned error
CHURN = (3, 0, 30)  # for each commit of the last year that changed the file

_BY_WORD = {word.replace("~", " "): name for name, (_, words) in WORDS.items() for word in words.split()}
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+[0-9]*|[0-9]+")


@lru_cache(maxsize=1 << 16)
def signals_of(name: str) -> tuple[str, ...]:
    """The signals a dotted name shows, in the order of the table."""
    parts = [part.lower() for part in _PART.findall(name)]
    pairs = (f"{first} {second}" for first, second in zip(parts, parts[1:], strict=False))
    found = {_BY_WORD[word] for word in (*parts, *pairs) if word in _BY_WORD}
    if name in EXACT:
        found.add(EXACT[name])
    return tuple(each for each in WORDS if each in found)


def weigh(unit: Unit, commits: int) -> list[Signal]:
    """Every signal of a unit with its weight, the heaviest first."""
    counts = dict(unit.counts)
    found = [Signal(name=name, weight=WORDS[name][0], count=counts[name]) for name in WORDS if counts.get(name)]
    branches, failures, lines = counts.get(BRANCH, 0), counts.get(FAILURE, 0), unit.end - unit.line + 1
    measured = [
        ("complexity", branches + 1, _measure(COMPLEXITY, branches)),
        ("failure paths", failures, _measure(FAILURES, failures)),
        ("length", lines, min(LENGTH[2], max(0, lines - LENGTH[1]) // 10 * LENGTH[0])),
    ]
    if found or any(weight for _, _, weight in measured):  # a file that changes makes only risky code riskier
        measured.append(("churn", commits, _measure(CHURN, commits)))
    found += [Signal(name=name, weight=weight, count=count) for name, count, weight in measured if weight]
    return sorted(found, key=lambda each: -each.weight)


def _measure(scale: tuple[int, int, int], number: int) -> int:
    each, free, most = scale
    return min(most, max(0, number - free) * each)


def risk_of(why: Iterable[Signal]) -> int:
    """0 to 99: what the signals take of 100, one after the other. Whole numbers, so that it is the same everywhere."""
    left = 10**6
    for signal in why:
        left = left * (100 - signal.weight) // 100
    return 100 - -(-left // 10**4)
