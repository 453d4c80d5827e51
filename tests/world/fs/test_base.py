"""Paths never lead out of the run's root."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.world.fs.base import path_problem


@pytest.mark.parametrize(
    "path", ["a", "a/b", "./a", "a//b", ".hidden", "a.b/..c", "ü/ß", "a b", "...", "a\\..\\b", "-"]
)
def test_an_ordinary_path_is_usable(path: str) -> None:
    """Relative paths without `..` are usable, however they are spelled."""
    assert path_problem(path) is None


@pytest.mark.parametrize("path", ["", "/", "/a", "//a", ".", "./", "..", "../a", "a/..", "a/../b", "a/../../b", "a\0b"])
def test_a_path_that_leads_out_is_denied(path: str) -> None:
    """Absolute paths, `..` anywhere, nothing at all and NUL are denied, and the message names the path."""
    problem = path_problem(path)
    assert problem is not None and problem.kind == "denied" and repr(path) in problem.message


@given(st.lists(st.sampled_from(["a", "..", ".", "", "/", "b"]), max_size=6).map("/".join))
def test_what_is_usable_stays_below(path: str) -> None:
    """Whatever is usable lies below the root when it is joined to it."""
    if path_problem(path) is None:
        assert os.path.normpath(os.path.join("/root/x", path)).startswith("/root/x/")
