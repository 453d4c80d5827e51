"""A change of a file is noticed once, whatever it is; what is not watched any more is forgotten."""

from __future__ import annotations

import os
from pathlib import Path

from fozzy.engine.stamps import GONE, Stamps, stamp


def test_each_kind_of_change_is_told_once(tmp_path: Path) -> None:
    """Another time, another size, another file of the same name, one that is gone, one that is new, and a folder's."""
    names = ["time", "size", "other", "gone", "new", "same"]
    files = {name: tmp_path / name for name in names}
    for name in names:
        if name != "new":
            files[name].write_text("text")
            os.utime(files[name], ns=(10**18, 10**18))
    stamps = Stamps()
    stamps.watch([str(tmp_path), *map(str, files.values())])
    assert stamps.changed() == set()
    os.utime(files["time"], ns=(10**18, 10**18 + 1))
    files["size"].write_text("texts")
    os.utime(files["size"], ns=(10**18, 10**18))
    (tmp_path / "beside").write_text("text")
    os.utime(tmp_path / "beside", ns=(10**18, 10**18))
    (tmp_path / "beside").replace(files["other"])
    files["gone"].unlink()
    files["new"].write_text("")
    os.utime(tmp_path, ns=(10**18, 10**18))
    assert stamps.changed() == {str(files[name]) for name in names if name != "same"} | {str(tmp_path)}
    assert stamps.changed() == set()


def test_what_is_watched_goes_on_being_compared(tmp_path: Path) -> None:
    """To watch more hides no change of what was watched before; what is settled, and what is left out, is no change."""
    kept, settled, left = (tmp_path / name for name in ("kept", "settled", "left"))
    stamps = Stamps()
    stamps.watch(map(str, (kept, settled, left)))
    for each in (kept, settled, left):
        each.write_text("text")
    stamps.watch(map(str, (kept, settled, tmp_path / "more")))
    stamps.settle(map(str, (settled, left)))
    assert stamps.changed() == {str(kept)}


def test_a_name_that_no_file_can_have_is_gone() -> None:
    """It is nothing to fail over."""
    assert stamp("a\0b") == stamp("/nowhere/at/all") == GONE
