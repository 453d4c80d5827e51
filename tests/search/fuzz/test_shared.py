"""The memory a child shares: read as it is, whatever was written to it, and never left behind."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from fozzy.search.fuzz.shared import BEAT, NONSENSE, NOT_BEGUN, Shared


@pytest.fixture(autouse=True)
def clean(nothing_left: Path) -> Path:
    """No file stays."""
    return nothing_left


def test_a_beat_is_read_back() -> None:
    """The number and the input that were written last."""
    shared = Shared(64)
    with open(shared.path, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 64)
    assert shared.read() == (NOT_BEGUN, b"")
    memory[BEAT.size : BEAT.size + 3] = b"abc"
    BEAT.pack_into(memory, 0, 7, 3)
    assert shared.read() == (7, b"abc") and shared.number() == 7
    shared.close()


def test_nobody_finds_it_once_it_is_mapped(nothing_left: Path) -> None:
    """Its name is gone then, and it is read as before; to close it twice does no harm."""
    shared = Shared(64)
    path = shared.path
    shared.hide()
    assert not os.path.exists(path) and shared.number() == NOT_BEGUN and list(nothing_left.iterdir()) == []
    shared.close()
    shared.close()


@pytest.mark.parametrize("length", [-1, 5, 1 << 30])
def test_a_length_that_is_not_true_is_no_error(length: int) -> None:
    """No more is read than there is."""
    shared = Shared(64)
    with open(shared.path, "r+b") as file:
        file.write(BEAT.pack(3, length) + b"x" * 100)
    number, data = shared.read()
    assert number == 3 and len(data) <= 64 - BEAT.size
    shared.close()


def test_a_file_that_was_cut_is_nonsense() -> None:
    """Where a map would end the process that reads it, there is no number."""
    shared = Shared(64)
    os.truncate(shared.path, 0)
    assert shared.read() == (NONSENSE, b"")
    shared.close()
