"""A small shop, as a user of fozzy may have one: what the scenarios beside it call."""

from __future__ import annotations

from dataclasses import dataclass

_stock = {"tea": 3, "cake": 1}


class OutOfStock(LookupError):
    """There is not enough of something."""


@dataclass
class Order:
    """What somebody ordered."""

    name: str
    count: int


def parse(line: str) -> Order:
    """An order as it is written: `2 tea`."""
    count, name = line.split()
    return Order(name, int(count))


def take(name: str, count: int = 1) -> int:
    """Take something out of stock; how much is left."""
    left = _stock.get(name, 0) - count
    if left < 0:
        raise OutOfStock(f"{name}: {-left} missing")
    _stock[name] = left
    return left


def digest(data: bytes) -> bytes:
    """Bytes in, bytes out."""
    return data[::-1]


def die(code: int) -> None:
    """End the whole interpreter."""
    import os

    os._exit(code)


def wait(seconds: float) -> None:
    """Take long."""
    import time

    time.sleep(seconds)
