"""What a program says in one life is told from what it said in lives before."""

from __future__ import annotations

import re
from pathlib import Path

from fozzy.chaos.services.said import LINES, Said, last_lines


def test_it_begins_where_the_file_ended(tmp_path: Path) -> None:
    """What stood there before is not its own, what is added is, also when the file is gone by then."""
    path = tmp_path / "log"
    path.write_text("old\n", encoding="utf-8")
    said = Said(path)
    assert said.text == ""
    with path.open("a", encoding="utf-8") as file:
        file.write("new\n")
    assert said.text == "new\n"
    path.unlink()
    assert said.text == "new\n"


def test_a_file_may_come_later(tmp_path: Path) -> None:
    """Nothing is said where there is none; letters that are half written are read when they are whole."""
    path = tmp_path / "log"
    said = Said(path)
    assert said.text == ""
    with path.open("wb") as file:
        for byte in "gr\u00fc\u00df \U0001f43b \u00e9".encode():
            file.write(bytes([byte]))
            file.flush()
            assert "\ufffd" not in said.text
        file.write(b"\xff")
    assert said.text == "gr\u00fc\u00df \U0001f43b \u00e9\ufffd"


def test_a_pattern_is_looked_for_in_this_life_alone(tmp_path: Path) -> None:
    """Not in what was said before; over several lines and pieces; and once found it stays so."""
    path = tmp_path / "log"
    path.write_text("it is open\n", encoding="utf-8")
    said, is_open, is_last = Said(path), re.compile(r"is\s+open"), re.compile(r"is\n\Z")
    assert not said.has(is_open)
    with path.open("a", encoding="utf-8") as file:
        file.write("it is\n")
        file.flush()
        assert (said.has(is_open), said.has(is_last)) == (False, True)
        file.write("open")
    assert said.has(is_open)
    assert said.has(is_last)


def test_each_byte_is_read_once(tmp_path: Path) -> None:
    """Nobody reads it all again at each look: what was read stays as it was read."""
    path = tmp_path / "log"
    said = Said(path)
    path.write_text("one\n", encoding="utf-8")
    assert said.text == "one\n"
    path.write_text("ONE\ntwo\n", encoding="utf-8")
    assert said.text == "one\ntwo\n"


def test_an_error_shows_its_last_lines() -> None:
    """So many at most, and that there are none."""
    assert last_lines(" \n") == "it said nothing"
    assert last_lines("one\ntwo\n") == "one\ntwo"
    many = [str(number) for number in range(LINES + 5)]
    assert last_lines("\n".join(many)).splitlines() == many[5:]
