"""Latency: how long a request waits before anything else happens. One draw for the amount, one for the jitter.

A draw of 0 is the shortest wait. No function of a machine's mathematics library takes part, so that every machine gets
the same nanoseconds: the logarithm is a series of ours, and the normal distribution is Wichura's AS 241 on top of it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import frexp, sqrt

from fozzy.core.choice import CHANCES
from fozzy.core.duration import parse_ns
from fozzy.core.exchange import Roll
from fozzy.faults.http.dice import Dice
from fozzy.faults.http.plan import Latency

Amount = Callable[[int, str, list[Roll]], int]  # where draws start, whose they are, where they are recorded
Plain = Callable[[Dice], int]

MEANS_MAX = 20  # of an exponential wait
DEVIATIONS_MAX = 8.3  # of a normal one: the least and the highest draw are that far away
DISTRIBUTIONS = ("fixed", "uniform", "normal", "exponential", "one_of")
_LN2 = 0.6931471805599453


def amount(latency: Latency) -> Amount:
    """How to draw one wait, jitter included, in nanoseconds."""
    plain, jitter = _plain(latency), latency.jitter or 0.0
    if not jitter:
        return lambda base, origin, rolls: plain(Dice(base, origin, rolls))

    def drawn(base: int, origin: str, rolls: list[Roll]) -> int:
        dice = Dice(base, origin, rolls)
        middle = plain(dice)
        spread = int(middle * jitter)
        return dice.among("latency.jitter", middle - spread, middle + spread) if spread else middle

    return drawn


def _plain(latency: Latency) -> Plain:
    if latency.fixed is not None:
        fixed = parse_ns(latency.fixed)
        return lambda _: fixed
    if latency.uniform is not None:
        low, high = (parse_ns(text) for text in latency.uniform)
        return lambda dice: dice.among("latency.amount", low, high)
    if latency.normal is not None:
        mean, deviation = (parse_ns(text) for text in latency.normal)
        return lambda dice: max(0, int(mean + deviation * normal(dice.draw("latency.amount"))))
    if latency.exponential is not None:
        each = parse_ns(latency.exponential)
        return lambda dice: int(each * min(MEANS_MAX, exponential(dice.draw("latency.amount"))))
    several = [parse_ns(text) for text in latency.one_of or ["0ns"]]
    return lambda dice: several[dice.among("latency.amount", 0, len(several) - 1)]


def longest_ns(latency: Latency) -> int:
    """The longest wait it can draw."""
    ends = [0]
    if latency.fixed is not None:
        ends.append(parse_ns(latency.fixed))
    ends += [parse_ns(text) for text in (*(latency.uniform or ()), *(latency.one_of or ()))]
    if latency.normal is not None:
        mean, deviation = (parse_ns(text) for text in latency.normal)
        ends.append(int(mean + DEVIATIONS_MAX * deviation))
    if latency.exponential is not None:
        ends.append(MEANS_MAX * parse_ns(latency.exponential))
    return int(max(ends) * (1 + (latency.jitter or 0)))


def exponential(value: int) -> float:
    """A wait in means, of a draw: the inverse of the distribution."""
    return -ln((CHANCES - value) / CHANCES)


def ln(number: float) -> float:
    """The natural logarithm, by additions, multiplications and divisions alone."""
    part, power = frexp(number)
    if part < 0.7071067811865476:
        part, power = part * 2, power - 1
    way = (part - 1) / (part + 1)
    square, total = way * way, 0.0
    for odd in range(25, 0, -2):
        total = total * square + 1 / odd
    return 2 * way * total + power * _LN2


_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_NEAR = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip


def normal(value: int) -> float:
    """A distance from the mean in deviations, of a draw. M. J. Wichura, algorithm AS 241, 1988."""
    share = (2 * value + 1) / (2 * CHANCES)
    off = share - 0.5
    if abs(off) <= 0.425:
        return off * _ratio(_CENTRE, 0.180625 - off * off)
    tail = (2 * value + 1 if off < 0 else 2 * (CHANCES - value) - 1) / (2 * CHANCES)
    far = sqrt(-ln(tail))
    found = _ratio(_NEAR, far - 1.6) if far <= 5 else _ratio(_FAR, far - 5)
    return -found if off < 0 else found


def _ratio(pair: tuple[tuple[float, ...], tuple[float, ...]], at: float) -> float:
    above = below = 0.0
    for numerator, denominator in zip(*pair, strict=True):
        above, below = above * at + numerator, below * at + denominator
    return above / below
