from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.resized import resized

TEXT = st.text('ab<>"r', max_size=12)


def test_a_piece_without_a_secret_keeps_its_size() -> None:
    """What was kept is split where it was split; the piece with the secret has the size of its stand-in."""
    before, after = b'data: 1\n{"token":"abcdefgh"}\ndata: 2\n', b'data: 1\n{"token":"<redacted>"}\ndata: 2\n'
    assert resized([(1, 8), (2, 21), (3, 8)], before, after) == [(1, 8), (2, 23), (3, 8)]


def test_a_stand_in_is_never_split() -> None:
    """A secret that came in two pieces is in the first of them."""
    before, after = b"x=abcdefgh&y", b"x=<redacted>&y"
    assert resized([(1, 5), (2, 7)], before, after) == [(1, 12), (2, 2)]


def test_what_was_packed_again_is_split_in_proportion() -> None:
    """A body that has nothing in common with what it was keeps its pieces, in the same proportions."""
    assert resized([(1, 50), (2, 50)], b"q" * 100, b"w" * 10) == [(1, 5), (2, 5)]


@given(st.lists(TEXT, min_size=1, max_size=4), st.lists(st.integers(0, 9), min_size=1, max_size=9), st.data())
def test_sizes_add_up(kept: list[str], sizes: list[int], data: st.DataObject) -> None:
    """However a body was cut and cleaned, no size is negative and all sizes together are the body that is kept."""
    secrets = [data.draw(st.text('sx}"', min_size=1, max_size=8)) for _ in kept[1:]]
    before = kept[0] + "".join(secret + piece for secret, piece in zip(secrets, kept[1:], strict=True))
    after = "<redacted>".join(kept)
    chunks = [(index, size) for index, size in enumerate(sizes)]
    moved = resized(chunks, before.encode(), after.encode())
    assert [at for at, _ in moved] == [at for at, _ in chunks]
    assert sum(size for _, size in moved) == len(after)
    assert all(size >= 0 for _, size in moved)
