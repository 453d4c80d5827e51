"""What a function takes: values of the types it names, whatever becomes of an input; and lossless inputs."""

# ruff: noqa: UP006, UP007, UP037, UP045 - what users write

from __future__ import annotations

import enum
import math
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Dict, List, Literal, NewType, Optional, Union  # noqa: UP035

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.search.fuzz.mutate import Means
from fozzy.search.fuzz.parameters import BytesShape, Unsupported, shape_of, written
from fozzy.search.fuzz.rng import Rng


class Colour(enum.Enum):
    RED = "red"


HINTS: list[Any] = [
    bytes, bytearray, str, int, float, bool, None, Any, object, list, dict,
    list[int], list[bytearray], List[str], List, Sequence[float], Sequence, typing.Sequence, typing.Sequence[bool],
    dict[str, int], Dict[str, bytes], Dict, dict[str, list[Optional[bytes]]],
    Optional[int], Union[int, str], int | float | None, bool | int, list[int] | list[str], bytes | list[bytes],
    dict[str, int] | list[dict[str, str]], Literal["a", 1, None], Literal[b"x", True], Literal["a"] | int,
    Annotated[int, []], list[list[list[int]]], Literal[1] | str | float,
]  # fmt: skip
WORDS = [b"word", b"12", b"-7", b"\xff", b"18446744073709551616", "½".encode()]
HARD = [
    [float("nan")], [float("inf"), float("-inf")], [-0.0, 0.0, 5e-324, 1e308, 0.1], [2**63, -(2**63) - 1, 2**64, 10**100, 2**20000],
    [b"", b"\0\xff", "\ud800", "a\udfffb", "\0", "€😀"], [{"$bytes": "x"}, {"$int": 1}, {"": {"$dict": []}}], [None, True, False],
]  # fmt: skip


def fits(hint: Any, value: Any) -> bool:
    """Whether a value satisfies an annotation, told by itself."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint in (Any, object):
        return True
    if hint is None:
        return value is None
    if origin is Annotated:
        return fits(inside[0], value)
    if origin is Literal:
        return any(type(each) is type(value) and each == value for each in inside)
    if origin is Union or type(hint).__name__ == "UnionType":
        return any(fits(None if each is type(None) else each, value) for each in inside)
    if origin is dict or hint in (dict, Dict):
        return type(value) is dict and all(
            type(key) is str and (not inside or fits(inside[1], item)) for key, item in value.items()
        )
    if origin is not None or hint is list or getattr(hint, "__name__", "") == "Sequence":
        return type(value) is list and all(not inside or fits(inside[0], item) for item in value)
    return type(value) is hint


def takes(*hints: Any) -> Callable[..., None]:
    """A function of such parameters."""

    def function(*args: Any) -> None:
        """Nothing."""

    names = [f"p{index}" for index in range(len(hints))]
    made: dict[str, Any] = {}
    exec(f"def f({', '.join(names)}): pass", made)
    made["f"].__annotations__ = dict(zip(names, hints, strict=True))
    return made["f"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_values_are_of_their_type_after_any_number_of_mutations(hint: Any) -> None:
    """The first input and all that follow from it give arguments that satisfy the annotation, and not always the same."""
    shape = shape_of(takes(hint, int))
    seen = set()
    for walk in range(5):
        data = shape.first[0]
        for step in range(300):
            first, second = shape.arguments(data)
            assert fits(hint, first) and type(second) is int
            assert data == shape.first[0] or written([first, second]) == data or isinstance(shape, BytesShape)
            seen.add(repr(first))
            corpus = [b"[1]", b"\xff", b'["a","b"]', data]
            data = shape.mutate(data, Rng(walk << 20 | step), Means(WORDS, corpus, 400))
            assert len(data) <= 400
    count = len(typing.get_args(hint)) if typing.get_origin(hint) is Literal else 2 if hint is bool else 20
    assert hint is None or len(seen) >= count


@given(
    st.binary(max_size=60)
    | st.sampled_from([b"[1]", b'[{"$int":1}]', b'[{"$float":[]}]', b'[{"$dict":[[[],1]]}]', b"[" * 5000])
)
def test_any_bytes_are_arguments(data: bytes) -> None:
    """What is no list of arguments of these types stands for the plainest ones."""
    for hint in (int, list[str], bytes | None, Literal["a"], dict[str, float]):
        (value,) = shape_of(takes(hint)).arguments(data)
        assert fits(hint, value)


@pytest.mark.parametrize("values", HARD, ids=range(len(HARD)))
def test_what_is_written_is_read_the_same(values: list[Any]) -> None:
    """Floats that are no numbers, zeros with a sign, large numbers, bytes and halves of characters are not lost."""
    (read,) = shape_of(takes(list)).arguments(written([values]))
    shown = [[hex(each) if type(each) is int else repr(each) for each in both] for both in (read, values)]
    assert shown[0] == shown[1]
    assert [type(each) for each in read] == [type(each) for each in values]


@given(
    st.lists(
        st.floats() | st.integers() | st.binary() | st.text(st.characters()) | st.booleans() | st.none(), max_size=6
    )
)
def test_any_values_are_written_and_read_the_same(values: list[Any]) -> None:
    """The same for whatever values there are."""
    (read,) = shape_of(takes(list)).arguments(written([values]))
    same = [
        one is other or one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))
        for one, other in zip(values, read, strict=True)
    ]
    assert all(same) and [type(each) for each in read] == [type(each) for each in values]


def test_mutation_is_a_function_of_what_it_is_given() -> None:
    """The same input, generator and means give the same bytes."""
    shape = shape_of(takes(list[int | str], dict[str, float], Any))
    for state in range(200):
        made = [shape.mutate(b'[[1,"a"],{"k":0.5},null]', Rng(state), Means(WORDS, [], 400)) for _ in range(2)]
        assert made[0] == made[1]


def plain(data):  # type: ignore[no-untyped-def]
    """A function without types."""


def gap(a: int, b=3, c: str = ""):  # type: ignore[no-untyped-def]
    """What stands behind a parameter that is left out cannot be given by its place."""


def texts(a: "int", b: "list[str]" = []) -> None:  # noqa: B006, UP037
    """Types as texts."""


def keyword(a: int, *, b: int) -> None:
    """One that must be named."""


def untyped(a: int, b) -> None:  # type: ignore[no-untyped-def]
    """One without a type."""


def wrong(a: "nowhere.Thing") -> None:  # type: ignore[name-defined]  # noqa: F821
    """A type that is nowhere."""


def torn(a: "1 +") -> None:  # type: ignore[valid-type]  # noqa: F722
    """A type that is no Python."""


def many(*args: int) -> None:
    """Nothing that must be given."""


def test_what_a_function_takes_is_told() -> None:
    """Names and types as people write them; a lone parameter without a type, or of bytes, takes the input itself."""
    assert isinstance(shape_of(plain), BytesShape) and isinstance(shape_of(takes(bytes)), BytesShape)
    assert shape_of(plain).arguments(b"\xff") == [b"\xff"]
    assert shape_of(gap).words == "a: int" and shape_of(texts).words == "a: int, b: list[str]"
    assert shape_of(takes(int | None, Literal["x"])).words == "p0: int | none, p1: literal['x']"


UserId = NewType("UserId", int)


@pytest.mark.parametrize(
    "function",
    [
        keyword,
        untyped,
        wrong,
        torn,
        many,
        takes(),
        *map(takes, (complex, set, set[int], tuple[int, ...], dict[int, str])),
    ]
    + [takes(each) for each in (Literal[Colour.RED], Callable[[], int], UserId, list[complex], int | complex)],
    ids=lambda each: each.__name__ + str(each.__annotations__),
)
def test_what_cannot_be_made_is_refused(function: Callable[..., Any]) -> None:
    """Types whose values cannot be made, and parameters that cannot be given, are named."""
    with pytest.raises(Unsupported, match="parameter|it takes nothing"):
        shape_of(function)


def test_a_value_that_has_grown_too_large_is_left_as_it_is() -> None:
    """Values deeper or larger than can be written are not written."""
    shape = shape_of(takes(Any))
    deep = written([[[]]])
    for state in range(4000):
        deep = shape.mutate(deep, Rng(state), Means([b"x" * 1000], [], 1 << 22))
    assert shape.arguments(deep) is not None and len(deep) <= 1 << 22
