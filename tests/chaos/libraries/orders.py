"""Retry, breaker and limit of time in all six orders around calls of a server that is silent: what each comes to.

`test_the_order_of_layers_decides` measures it; the page about libraries shows it.
"""

from __future__ import annotations

from collections.abc import Iterator

Came = list[tuple[float, str]]  # how long each of seven calls took, and its error

_FAST = [(0.0, "CircuitBreakerError")]
_EACH_TWO = [*[(2.0, "TimeoutError")] * 4, (2.0, "CircuitBreakerError"), *_FAST * 2]
ORDERS: dict[str, tuple[int, Came]] = {  # the outermost first; how many requests went out
    "rbt": (5, [(9.0, "TimeoutError"), (5.0, "CircuitBreakerError"), *_FAST * 5]),
    "rtb": (5, [(9.0, "TimeoutError"), (5.0, "CircuitBreakerError"), *_FAST * 5]),
    "brt": (15, [*[(9.0, "TimeoutError")] * 4, (9.0, "CircuitBreakerError"), *_FAST * 2]),
    "btr": (5, _EACH_TWO),
    "trb": (5, _EACH_TWO),
    "tbr": (5, _EACH_TWO),
}
_WORDS = {"r": "retry", "b": "breaker", "t": "limit"}


def lines() -> Iterator[str]:
    """The section of the page."""
    yield from (
        "## Three layers in six orders",
        "",
        "tenacity with three attempts, pybreaker with a threshold of 5, and a limit of 2 s from asyncio, the outermost first, around",
        "seven calls of a server that says nothing. Retries do not try again what the breaker refuses.",
        "",
        "| order | requests | the calls |",
        "|---|---|---|",
    )
    for order, (requests, came) in ORDERS.items():
        yield f"| {', '.join(_WORDS[letter] for letter in order)} | {requests} | {'; '.join(_said(came))} |"


def _said(came: Came) -> Iterator[str]:
    for each in dict.fromkeys(came):
        took, error = each
        when = f"after {took:g} s" if took else "at once"
        yield f"{came.count(each)} × `{error}` {when}"
