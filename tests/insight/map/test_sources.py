"""The files of a tree: found in order, never through links, nothing dropped without a word."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fozzy.insight.map import sources
from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.sources import Listing, list_sources, read_source

PLAIN = {"b.py": "x", "a/z.ts": "x", "a/a b\nc.go": "x", "README.md": "x"}


def listed(root: Path) -> tuple[list[str], Listing, Doubts]:
    """The names that are found, and all the rest."""
    doubts = Doubts()
    listing = list_sources(root, doubts)
    return [name for name, _ in listing.paths], listing, doubts


def test_code_is_found_in_order(tree: Callable[..., Path]) -> None:
    """Sorted by path, whatever order the disk has; names with spaces and line ends are names."""
    names, listing, doubts = listed(tree(PLAIN))
    assert names == ["a/a b\nc.go", "a/z.ts", "b.py"]
    assert not listing.by_git and not doubts.degraded().reasons


def test_rules_without_git(tree: Callable[..., Path]) -> None:
    """Hidden folders, packages, virtual environments by any name and build output are left out."""
    rest = dict.fromkeys((".hidden/a.py", "node_modules/a.js", "own/lib/a.py", "own/pyvenv.cfg", "dist/a.js"), "x")
    assert listed(tree({**PLAIN, **rest}))[0] == ["a/a b\nc.go", "a/z.ts", "b.py"]


def test_git_says_what_is_ignored(tree: Callable[..., Path], git: Callable[..., str]) -> None:
    """What git ignores is left out, what is new and not ignored is in; a name that was deleted is not there."""
    root = tree({**PLAIN, ".gitignore": "b.py\n", "dist/kept.js": "x", "gone.py": "x"})
    git("init", "-q")
    git("add", ".")
    (root / "gone.py").unlink()
    names, listing, doubts = listed(root)
    assert listing.by_git and names == ["a/a b\nc.go", "a/z.ts", "dist/kept.js"]
    assert not doubts.degraded().reasons


def test_an_ignored_folder_is_mapped_when_it_is_asked_for(tree: Callable[..., Path], git: Callable[..., str]) -> None:
    """Where git lists nothing, the rules say what there is."""
    root = tree({".gitignore": "lib\n", "lib/a.py": "x"})
    git("init", "-q")
    names, listing, _ = listed(root / "lib")
    assert names == ["a.py"] and not listing.by_git


def test_a_repository_in_a_repository(tree: Callable[..., Path], git: Callable[..., str]) -> None:
    """git names it as one; it is asked for its own files."""
    root = tree({"a.py": "x", "inner/b.py": "x", "inner/.gitignore": "c.py\n", "inner/c.py": "x"})
    git("init", "-q")
    git("init", "-q", "inner")
    assert listed(root)[0] == ["a.py", "inner/b.py"]


def test_links_are_no_second_file(tree: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """A loop of folders is not walked; a link inside the tree is counted, one out of it is read."""
    root = tree(PLAIN)
    outside = tmp_path_factory.mktemp("outside") / "o.py"
    outside.write_text("x")
    (root / "loop").symlink_to(root)
    (root / "same.py").symlink_to("b.py")
    (root / "other.py").symlink_to(outside)
    names, listing, _ = listed(root)
    assert names == ["a/a b\nc.go", "a/z.ts", "b.py", "other.py"]
    assert listing.left_out == {"links": 1}


def test_tests_and_declarations_are_counted(tree: Callable[..., Path]) -> None:
    """They hold no code under test; how many there are is said."""
    assert listed(tree({"tests/a.py": "x", "a.d.ts": "x", "b.pyi": "x"}))[1].left_out == {"tests": 1, "declarations": 2}


def test_more_files_than_the_bound(tree: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file over the bound is named."""
    monkeypatch.setattr(sources, "FILES_MAX", 2)
    names, _, doubts = listed(tree(PLAIN))
    assert len(names) == 2
    assert [(each.reason, each.path) for each in doubts.degraded().reasons] == [("dropped", "b.py")]


def test_what_is_no_regular_file_is_never_opened(tree: Callable[..., Path]) -> None:
    """A pipe would wait for ever, a folder is no text, a link may lead nowhere or in a circle."""
    root = tree({"folder.py/x": "x"})
    os.mkfifo(root / "pipe.py")
    (root / "gone.py").symlink_to("nowhere")
    (root / "circle.py").symlink_to("circle.py")
    for name in ("folder.py", "pipe.py", "gone.py", "circle.py"):
        with pytest.raises(OSError):
            read_source(root, name)


def test_a_folder_that_cannot_be_read(tree: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in doubt, and the rest is found."""
    root = tree({"a/b.py": "x", "c.py": "x"})
    scandir = os.scandir

    def refused(path: str) -> object:
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    names, _, doubts = listed(root)
    assert names == ["c.py"]
    assert [(each.reason, each.path) for each in doubts.degraded().reasons] == [("unreadable", "a")]


def test_no_git_at_all(tree: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git is not installed, the rules say what there is."""
    monkeypatch.setattr(sources, "_GIT", ("no-such-git",))
    assert listed(tree(PLAIN))[0] == ["a/a b\nc.go", "a/z.ts", "b.py"]


def test_a_git_that_says_too_much_is_not_believed(
    tree: Callable[..., Path], git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a list is none."""
    monkeypatch.setattr(sources, "LIST_BYTES_MAX", 3)
    git("init", "-q")
    assert not listed(tree(PLAIN))[1].by_git
