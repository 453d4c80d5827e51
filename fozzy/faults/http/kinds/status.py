"""Status: an answer in upstream's place with one of several codes, by weight, or with the next of a sequence."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import msgspec

from fozzy.core.exchange import Headers
from fozzy.faults.http.decision import Give
from fozzy.faults.http.dice import Dice
from fozzy.faults.http.kinds.base import JSON, Act, gives
from fozzy.faults.http.match import Facts
from fozzy.faults.http.plan import Status, Weighted

TEXT = ("content-type", "text/plain; charset=utf-8")
BODILESS = (204, 304)


def act(fault: Status) -> Act:
    """One draw where there are several codes."""
    headers = list(fault.headers.items())
    if fault.sequence:
        return lambda dice, facts: _given(fault.sequence[dice.nth], fault.body, headers, facts)
    weighted = [each if isinstance(each, Weighted) else Weighted(code=each) for each in fault.codes]
    codes = [each.code for each in weighted]
    ends = list(accumulate(each.weight for each in weighted))

    def answer(dice: Dice, facts: Facts) -> Give:
        at = 0 if len(codes) == 1 else bisect_right(ends, dice.among("status.code", 0, ends[-1] - 1))
        return _given(codes[at], fault.body, headers, facts)

    return answer


def _given(code: int, body: str | None, headers: Headers, facts: Facts) -> Give:
    if code in BODILESS:
        return Give(code, headers, b"")
    if body is None:
        return gives(code, "chaos_status", f"a fault answers {code}", headers)
    text = body.replace("{status}", str(code)).replace("{method}", facts.seen.method).replace("{path}", facts.path)
    if any(name.lower() == "content-type" for name, _ in headers):
        return Give(code, headers, text.encode("utf-8", "surrogateescape"))
    return Give(code, [_type_of(text), *headers], text.encode("utf-8", "surrogateescape"))


def _type_of(text: str) -> tuple[str, str]:
    try:
        msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return TEXT
    return JSON
