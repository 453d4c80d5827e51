"""Where user code stands, without a word of whose machine it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fozzy.world.code.places import FRAMES_MAX, MESSAGE_CHARS_MAX, NOWHERE, Places, Spot, described


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places([str(tmp_path / "scenarios"), str(tmp_path)], str(tmp_path))


def test_files_are_called_by_their_path_in_the_project(places: Places, tmp_path: Path) -> None:
    """Files below the folders of a run are the user's; the library's, installed ones and ours are not."""
    assert places.shown(str(tmp_path / "scenarios" / "shop" / "a.py")) == "scenarios/shop/a.py"
    assert places.shown(str(tmp_path / ".venv/lib/python3.11/site-packages/x.py")) == ""
    assert places.shown(json.__file__) == ""
    assert places.shown(f"{tmp_path}-other/a.py") == ""
    assert places.shown("<string>") == ""
    assert Places([os.sep], os.sep).shown(json.__file__) == ""


def test_a_file_outside_the_project_is_called_by_the_scenarios_folder(tmp_path: Path) -> None:
    """A scenario that lies elsewhere has its modules beside it."""
    assert Places([str(tmp_path / "there")], str(tmp_path / "here")).shown(str(tmp_path / "there/a.py")) == "a.py"


def test_a_text_holds_no_address_no_folder_and_no_end(places: Places, tmp_path: Path) -> None:
    """Addresses, the run's own folders and halves of characters go; short numbers stay; it is bounded."""
    said = places.clean(f"<A at 0x7f00deadbeef> in {tmp_path}/a.py, 0x1f \udc80")
    assert said == "<A at 0x…> in a.py, 0x1f \\udc80"
    assert len(places.clean("x" * 10**6)) == MESSAGE_CHARS_MAX


def load(path: Path, text: str) -> dict[str, object]:
    """What a file defines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    defined: dict[str, object] = {"__name__": path.stem}
    exec(compile(text, str(path), "exec"), defined)
    return defined


def test_an_exception_is_told_by_the_innermost_line_of_the_users(places: Places, tmp_path: Path) -> None:
    """Not the library's line that raised it, but the user's that led there; with the classes it is one of."""
    text = "import json\nclass A:\n    def parse(self, text):\n        return json.loads(text)\ndef run():\n    A().parse('{')\n"
    defined = load(tmp_path / "shop" / "a.py", text)
    with pytest.raises(json.JSONDecodeError) as caught:
        defined["run"]()  # type: ignore[operator]
    told = described(caught.value, places)
    assert (told["type"], told["name"]) == ("json.decoder.JSONDecodeError", "JSONDecodeError")
    assert (told["at"], told["function"]) == ("shop/a.py:4", "A.parse")
    assert told["traceback"] == ["shop/a.py:6 in run", "shop/a.py:4 in A.parse"]
    assert {"JSONDecodeError", "json.decoder.JSONDecodeError", "ValueError", "Exception"} <= set(told["kinds"])
    assert str(tmp_path) not in json.dumps(told)


def test_a_long_way_down_is_bounded(places: Places, tmp_path: Path) -> None:
    """Endless recursion is told by its innermost lines."""
    defined = load(tmp_path / "a.py", "def down():\n    down()\n")
    with pytest.raises(RecursionError) as caught:
        defined["down"]()  # type: ignore[operator]
    assert described(caught.value, places)["traceback"] == ["a.py:2 in down"] * FRAMES_MAX


def test_a_file_that_is_no_python_is_told_by_its_line(places: Places, tmp_path: Path) -> None:
    """A syntax error stands where it stands in the file, not where it was imported."""
    with pytest.raises(SyntaxError) as caught:
        load(tmp_path / "a.py", "x = 1\ny = = 2\n")
    assert described(caught.value, places)["at"] == "a.py:2"


def test_an_exception_that_cannot_be_told_is_told_by_its_type(places: Places) -> None:
    """A broken `__str__` hides nothing else."""

    class Broken(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    told = described(Broken(), places)
    assert (told["name"], told["message"], told["at"]) == ("Broken", "", "")


def test_a_dying_interpreter_is_told_by_the_users_line(places: Places, tmp_path: Path) -> None:
    """The first line below the heading that is the user's."""
    said = [
        "noise",
        "Fatal Python error: Aborted",
        "",
        "Current thread 0x00007f (most recent call first):",
        f'  File "{json.__file__}", line 3 in loads',
        f'  File "{tmp_path}/a.py", line 7 in outer',
    ]
    assert places.fault(said) == Spot("a.py:7", "outer")
    assert places.fault(said[:3]) == NOWHERE
