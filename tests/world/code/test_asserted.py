"""What a bare assert compared is told by its words and plain values, and none of the user's code runs for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.world.code import asserted
from fozzy.world.code.places import Places, described

SHOP = """\
class Cart:
    def __init__(self, items=(), **more):
        self.items = list(items)
        self.__dict__.update(more)

    @property
    def price(self):
        raise ZeroDivisionError

    def __len__(self):
        raise ZeroDivisionError

    def __getitem__(self, key):
        raise ZeroDivisionError

    def __eq__(self, other):
        return False

    __hash__ = None


class Proxy:
    @property
    def __dict__(self):
        raise ZeroDivisionError


class Decided:
    def __init__(self):
        self.__dict__["total"] = 1

    @property
    def total(self):
        return 2


class Asked(Cart):
    def __getattribute__(self, name):
        raise ZeroDivisionError


class Key:
    def __hash__(self):
        return hash("a")

    def __eq__(self, other):
        raise ZeroDivisionError


class Loud(dict):
    def __getitem__(self, key):
        raise ZeroDivisionError


def check(box, cart, n, loud=Loud()):
    {}
"""
CART = {"items": [1, 2], "total": 3}
BOX = {"total": 1, 3: [1], "cart": None}
# An assert that fails, and what is told of it.
TOLD = {
    'assert box["total"] == 2': 'box["total"] == 2, where box["total"] = 1',
    "assert cart.total == len(cart.items)": "cart.total == len(cart.items), where cart.total = 3, len(cart.items) = 2",
    "assert (box[3] ==\n        [2])": "box[3] == [2], where box[3] = [1]",
    "assert n": "n, where n = 0",
    "assert n == 1 and cart.price": "n == 1 and cart.price, where n = 0",
    "assert max(cart.items) < n": "max(cart.items) < n, where cart.items = [1, 2], n = 0",
    "assert box == 1": "box == 1, where box = {'total': 1, 3: [1], 'cart': None}",
    "assert n, (lambda: '')()": "n, where n = 0",
    "assert 1 > 2 or n == (7,)": "1 > 2 or n == (7,), where n = 0",
    "len = max; assert len(cart.items) == n": "len(cart.items) == n, where cart.items = [1, 2], n = 0",
    # nothing of it is plain, or it could only be had by running something
    "assert cart == 1": "",
    "assert cart is None": "",
    "assert isinstance(cart, int)": "",
    "assert any(x > 9 for x in cart.items)": "",
    "assert {1, 2} == set()": "",
    "assert loud is None": "",
    "own = Proxy(); assert n and own.total": "n and own.total, where n = 0",
    "own = Decided(); assert own.total == 3": "",
    "own = object.__new__(Asked); assert n and own.total": "n and own.total, where n = 0",
    "own = {Key(): 1}; assert n and own['a']": "n and own['a'], where n = 0",
    "own = {Key(): 1}; assert own == 3": "",
    "class Own:\n        __slots__ = 'total',\n    own = Own(); own.total = 1; assert own.total == 3": "",
    "import math; assert math.pi == 3": "math.pi == 3, where math.pi = 3.141592653589793",
    "raise AssertionError": "",
    "raise AssertionError('mine')": "mine",
    "assert n, 'mine'": "mine",
}


def failing(folder: Path, body: str, cart: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What is told of an assert of the user's that fails."""
    path = folder / "shop.py"
    path.write_text(SHOP.format(body), encoding="utf-8")
    names: dict[str, Any] = {"__name__": "shop"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    try:
        names["check"](**{"box": BOX, "cart": names["Cart"](**(cart or CART)), "n": 0, **more})
    except AssertionError as error:
        return described(error, Places([str(folder)], str(folder)))
    raise LookupError("it holds")


@pytest.mark.parametrize("body", TOLD)
def test_what_was_compared_is_told(body: str, tmp_path: Path) -> None:
    """Names, keys, attributes and lengths; who gives a message of his own keeps it."""
    assert failing(tmp_path, body)["message"] == TOLD[body]


def test_it_is_bounded(tmp_path: Path) -> None:
    """Long words and values, many items, deep ones, and whole numbers of too many digits."""
    long = failing(tmp_path, "assert n == 0", n="x" * 10**6)["message"]
    assert long.startswith("n == 0, where n = 'xxx") and len(long) < 120
    assert len(failing(tmp_path, f"assert n == {'n + ' * 500} 1")["message"]) < 300
    assert failing(tmp_path, f"assert n == {'n + ' * 1500} 1")["message"] == ""
    wide = failing(tmp_path, f"assert not [{', '.join(f'box[{n}]' for n in range(20))}]", box=list(range(20)))[
        "message"
    ]
    assert "box[7] = 7" in wide and "box[8] = 8" not in wide
    many = failing(tmp_path, "assert n == 0", n=list(range(10**5)))["message"]
    assert many.startswith("n == 0, where n = [0, 1, 2") and many.endswith("…")
    deep: Any = []
    for _ in range(50):
        deep = [deep]
    assert failing(tmp_path, "assert n == 0", n=deep)["message"] == ""
    assert failing(tmp_path, "assert n == 0", n=10 ** (sys.get_int_max_str_digits() + 1))["message"] == ""


def test_a_file_that_is_another_now_tells_nothing_wrong(tmp_path: Path) -> None:
    """One that is gone, was emptied, or cannot be understood; one that was written anew is read anew."""
    path = tmp_path / "shop.py"
    for text in (None, "", "def check(:\n"):
        names: dict[str, Any] = {}
        path.write_text(SHOP.format("assert n"), encoding="utf-8")
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
        path.unlink() if text is None else path.write_text(text)
        with pytest.raises(AssertionError) as caught:
            names["check"](None, None, 0)
        asserted._kept.clear()
        assert described(caught.value, Places([str(tmp_path)], str(tmp_path)))["message"] == ""
    assert failing(tmp_path, "assert n == 1")["message"] == "n == 1, where n = 0"
    assert failing(tmp_path, "assert n == 2")["message"] == "n == 2, where n = 0"


def test_files_that_are_alike_are_told_apart(tmp_path: Path) -> None:
    """What is known of one that cannot be read is not said of another with the same lines."""
    for name, text, said in (("a", "", ""), ("b", None, "n, where n = 0")):
        folder = tmp_path / name
        folder.mkdir()
        path = folder / "shop.py"
        names: dict[str, Any] = {"__name__": "shop"}
        exec(compile("def check(n):\n    assert n\n", str(path), "exec"), names)
        path.write_text("def check(n):\n    assert n\n" if text is None else text, encoding="utf-8")
        with pytest.raises(AssertionError) as caught:
            names["check"](0)
        assert described(caught.value, Places([str(folder)], str(folder)))["message"] == said


def test_an_assert_of_somebody_else_is_not_ours_to_tell(tmp_path: Path) -> None:
    """Only the user's own files are looked into."""
    with pytest.raises(AssertionError) as caught:
        failing(tmp_path, "assert n == 0", n=1)
        raise AssertionError
    assert described(caught.value, Places([str(tmp_path)], str(tmp_path)))["message"] == ""


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda each: (
        st.lists(each, max_size=3) | st.tuples(each, each) | st.dictionaries(st.text(max_size=3), each, max_size=3)
    ),
    max_leaves=6,
)


@given(PLAIN)
def test_values_are_written_as_python_writes_them(value: Any) -> None:
    """Whatever is plain, as far as there is room."""
    try:
        shown = asserted._shown(value, asserted.DEPTH_MAX)
    except asserted._Unknown:
        return
    if len(repr(value)) < asserted.VALUE_CHARS_MAX:
        assert shown == repr(value)
