"""Dictionaries of AFL and libFuzzer: their words, and lines that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.errors import InputError
from fozzy.search.fuzz.dictionary import BYTES_MAX, parse_dictionary, read_dictionary


def test_words_of_every_form() -> None:
    """With a name, without one, with a level, escaped, empty; comments and empty lines are none."""
    data = b'# magic\n\nheader="\\x89PNG"\n"plain"\r\nlevel@2="a\\"b\\\\c"\n  spaced = "x y"  \nempty=""\nhash="#"\n'
    assert parse_dictionary(data) == [b"\x89PNG", b"plain", b'a"b\\c', b"x y", b"", b"#"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"word", "line 2 is not of the form"),
        (b'"open', "line 2 is not of the form"),
        (b'a="\\xZZ"', "line 2: \\x needs two hexadecimal digits"),
        (b'a="\\x8"', "line 2: \\x needs two hexadecimal digits"),
        (b'a="\\n"', "line 2: a backslash stands before"),
        (b'a="\\"', "line 2: a backslash stands before"),
    ],
)
def test_a_line_that_is_none_is_named(line: bytes, said: str) -> None:
    """By its number, and by what is wrong."""
    with pytest.raises(ValueError, match="line 2") as raised:
        parse_dictionary(b'good="word"\n' + line)
    assert said in str(raised.value)


def test_a_file(tmp_path: Path) -> None:
    """A file is read; one that is missing, bad or too large is the user's mistake and is named."""
    file = tmp_path / "d.txt"
    file.write_bytes(b'"a"')
    assert read_dictionary(str(file)) == [b"a"]
    for data, said in ((b"a", "line 1"), (b"#" * (BYTES_MAX + 1), "more than")):
        file.write_bytes(data)
        with pytest.raises(InputError) as raised:
            read_dictionary(str(file))
        assert raised.value.code == "fuzz.bad_dictionary"
        assert said in str(raised.value.message)
        assert raised.value.where is not None and raised.value.where.file == str(file)
    with pytest.raises(InputError, match="cannot read"):
        read_dictionary(str(tmp_path / "none.txt"))
    with pytest.raises(InputError, match="cannot read"):
        read_dictionary(str(tmp_path))
