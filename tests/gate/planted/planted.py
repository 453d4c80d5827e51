"""Functions that are not deterministic, each in one way, and one that is."""

from __future__ import annotations

import os
import random as chance
import threading
import time


def clock() -> float:
    return time.time()


def random() -> float:
    return chance.random()


def address() -> int:
    return id(object())


def hash_order() -> list[str]:
    return list({f"word {number}" for number in range(50)})


def entropy() -> str:
    return os.urandom(8).hex()


def threads() -> list[int]:
    """Which of two threads was quicker, over and over: it is never twice the same."""
    said: list[int] = []
    stop = threading.Event()

    def say(who: int) -> None:
        while not stop.is_set() and len(said) < 200_000:
            said.append(who)

    both = [threading.Thread(target=say, args=(who,)) for who in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    changes = [index for index, (a, b) in enumerate(zip(said, said[1:], strict=False)) if a != b]
    return changes[:20]


def file_order() -> list[str]:
    folder = os.path.join(os.path.dirname(__file__), "scenarios")
    return [name for name in os.listdir(folder) if name.startswith("call")]


def process_id() -> int:
    return os.getpid()


def environment() -> str | None:
    return os.environ.get("USER")


def folder() -> str:
    return os.getcwd()


def calm() -> list[int]:
    time.time()
    return sorted({3, 1, 2})
