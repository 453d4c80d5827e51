"""What a program should not use: it says what differs between processes, so that a test can see that they do differ."""

from __future__ import annotations

from typing import Any


class Plain:
    """Its instances are hashed by where they lie."""


async def main(node: Any) -> None:
    """Say the order of a set of words, and of a set of objects."""
    print("words", *{"one", "two", "three", "four", "five", "six"})
    kept = [Plain() for _ in range(50)]
    print("objects", *[kept.index(each) for each in set(kept)])
