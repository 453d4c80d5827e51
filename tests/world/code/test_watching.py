"""Watching user code: what is told of lines, functions and allocations, and that a call stays the same."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fozzy.world.code.places import Places
from fozzy.world.code.watching import DEPTH_MAX, FUNCTIONS, LINES, MEMORY, NODES_MAX, Watch, library_name

SHOP = """\
import json
import threading
KEPT = []


def total(items):
    return sum([price(item) for item in items])


def price(item):
    if item < 0:
        raise ValueError("no")
    return json.loads(str(item))


def deep(n):
    return deep(n - 1) if n else 0


def hoard(n):
    KEPT.append(bytearray(n))


def forget():
    KEPT.clear()


def beside():
    thread = threading.Thread(target=price, args=(3,))
    thread.start()
    thread.join()


def sorted_by(items):
    return sorted(items, key=lambda item: -item)
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module of the user's, below a folder of his own."""
    (tmp_path / "watchedshop.py").write_text(SHOP, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    gc.disable()  # what others left behind would end in the tree, where it has something to do at its end
    before = sys.gettrace(), threading.gettrace() if hasattr(threading, "gettrace") else None
    yield import_module("watchedshop")
    sys.settrace(before[0])
    threading.settrace(before[1])  # type: ignore[arg-type]
    sys.setprofile(None)
    gc.enable()
    sys.modules.pop("watchedshop")


def watch(shop: ModuleType, *wanted: str) -> Watch:
    """What watches the shop."""
    folder = str(Path(shop.__file__ or "").parent)
    return Watch(wanted, Places([folder], folder), [folder])


def names(functions: list[dict[str, Any]]) -> list[Any]:
    """A tree of functions as nested names with their calls."""
    return sorted([each["name"], each["calls"], names(each.get("inside", []))] for each in functions)


def test_the_tree_has_the_users_functions_and_what_they_call(shop: ModuleType) -> None:
    """Each function stands under its caller with its calls; what a library calls in turn is not told."""
    seen = watch(shop, FUNCTIONS)
    assert seen.call(shop.total, [[1, 2]]) == 3
    (total,) = seen.take()["functions"]
    assert (total["name"], total["at"]) == ("total", "watchedshop.py:6")
    flat = str(names([total]))
    assert "'price', 2" in flat and "'json.loads', 2" in flat and "decode" not in flat
    assert total["realNs"] >= sum(each["realNs"] for each in total["inside"]) > 0
    assert seen.take() == {}, "what was taken is told once"


def test_what_a_library_calls_back_is_told(shop: ModuleType) -> None:
    """A function of the user's is told wherever it is called from."""
    seen = watch(shop, FUNCTIONS)
    assert seen.call(shop.sorted_by, {"items": [1, 2, 3]}) == [3, 2, 1]
    (found,) = seen.take()["functions"]
    assert names([found]) == [["sorted_by", 1, [["sorted", 1, [["sorted_by.<locals>.<lambda>", 3, []]]]]]]


def test_an_exception_ends_every_function(shop: ModuleType) -> None:
    """What a call raises is raised, and the tree is whole."""
    seen = watch(shop, FUNCTIONS)
    with pytest.raises(ValueError, match="no"):
        seen.call(shop.total, [[1, -1]])
    (total,) = seen.take()["functions"]
    assert "'price', 2" in str(names([total]))
    assert sys.getprofile() is None


def test_the_tree_is_bounded(shop: ModuleType) -> None:
    """What is deeper than the bound counts for the function at the bound."""
    seen = watch(shop, FUNCTIONS)
    assert seen.call(shop.deep, [300]) == 0
    node, depth = seen.take()["functions"][0], 1
    while "inside" in node:
        node, depth = node["inside"][0], depth + 1
    assert depth == DEPTH_MAX < NODES_MAX


def test_lines_are_those_that_ran(shop: ModuleType) -> None:
    """A line is told once, by file and sorted; a line that did not run is not told; threads count."""
    seen = watch(shop, LINES)
    seen.call(shop.price, [1])
    assert seen.take()["lines"] == {"watchedshop.py": [11, 13]}
    seen.call(shop.price, [2])
    assert seen.take()["lines"] == {}
    with pytest.raises(ValueError):
        seen.call(shop.price, [-1])
    assert seen.take()["lines"] == {"watchedshop.py": [12]}
    seen.call(shop.beside, [])
    assert seen.take()["lines"] == {"watchedshop.py": [29, 30, 31]}


def test_allocations_of_a_call(shop: ModuleType) -> None:
    """What a call leaves behind is told by its line, and what a later one gives back is less than nothing."""
    seen = watch(shop, MEMORY)
    seen.call(shop.hoard, [100_000])
    told = seen.take()
    assert told["livingBytes"] >= 100_000 and told["peakBytes"] >= 100_000
    assert told["sites"][0]["at"] == "watchedshop.py:21" and told["sites"][0]["bytes"] >= 100_000
    seen.call(shop.forget, [])
    told = seen.take()
    assert told["livingBytes"] <= -100_000 and told["sites"][0]["bytes"] <= -100_000
    import tracemalloc

    tracemalloc.stop()


def test_names_say_nothing_about_the_machine() -> None:
    """A file of the library is told from its package on."""
    import json.decoder

    assert library_name(json.decoder.__file__) == "json/decoder.py"
    assert library_name("<frozen posixpath>") == "<frozen posixpath>"
    assert library_name("/home/me/else.py") == "else.py"
