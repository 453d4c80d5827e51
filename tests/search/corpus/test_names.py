"""Names of corpora and entries: safe everywhere, and no two targets share one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from fozzy.search.corpus.names import SLUG_CHARS_MAX, folder_of, names_of, slug
from fozzy.trace.entry_names import NAME_BYTES_MAX, flaw_of, same_name


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("py:shop.orders:parse", "py-shop.orders-parse"),
        ("cmd:jq", "cmd-jq"),
        ("scenario:pay.fozzy.json", "scenario-pay.fozzy.json"),
        ("scenario:scenarios/pay.fozzy.json", "scenario-scenarios-pay.fozzy.json~"),
        ("cmd:./my tool --x", "cmd-.-my-tool-x~"),
        ("cmd:..", "cmd-..~"),
        ("py:straße:ä", "py-stra-e-~"),
    ],
)
def test_a_target_has_a_readable_name(target: str, name: str) -> None:
    """What is plain stays as it is; where something was replaced, eight digits of a hash stand at the end."""
    made = slug(target)
    assert made == name if "~" not in name else re.fullmatch(re.escape(name) + "[0-9a-f]{8}", made)


@given(st.lists(st.text() | st.from_regex(r"[a.:/\-~ A]{0,8}", fullmatch=True), min_size=2, max_size=2, unique=True))
def test_no_two_targets_share_a_name(words: list[str]) -> None:
    """A name is short, has safe characters only, is never hidden, and belongs to one target."""
    one, other = (slug(f"cmd:{word}") for word in words)
    assert one != other
    assert re.fullmatch(r"cmd[A-Za-z0-9_.~-]*", one) and len(one) <= SLUG_CHARS_MAX


def test_a_long_target_is_cut_and_told_apart() -> None:
    """Two long targets with one beginning have different names of bounded length."""
    one, other = slug("py:" + "a" * 300), slug("py:" + "a" * 301)
    assert len(one) == len(other) == SLUG_CHARS_MAX and one != other


def test_a_word_is_a_target_or_a_path() -> None:
    """Only `py:`, `cmd:` and `scenario:` name a target's own folder."""
    base = Path("base")
    assert folder_of(base, "py:a:b") == base / "corpus" / "py-a-b"
    assert folder_of(base, "seeds/py:a") == Path("seeds/py:a")


def test_an_input_is_named_by_its_content() -> None:
    """The first sixteen digits of the hash of its content, and more of them where those are taken."""
    digest = blake3(b"x").hexdigest()
    assert list(names_of(b"x")) == [digest[:16], digest[:32], digest]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is empty"),
        ("/etc/passwd", "absolute"),
        ("C:\\x", "backslash"),
        ("C:x", "drive"),
        ("c:/x", "drive"),
        ("a\\b", "backslash"),
        ("..", ".."),
        ("../x", ".."),
        ("a/../../x", ".."),
        ("a//b", "empty"),
        ("a/./b", "empty"),
        (".", "empty"),
        ("a/", "folder's"),
        ("a/b", "folder of its own"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x1b[2Jb", "control"),
        ("a\x9bb", "control"),
        ("a\u2028b", "control"),
        ("\udcff", "control"),
        (".hidden", "hidden"),
        ("a" * (NAME_BYTES_MAX + 1), "longer"),
        ("ä" * (NAME_BYTES_MAX // 2 + 1), "longer"),
    ],
)
def test_names_an_archive_must_not_bring(name: str, said: str) -> None:
    """Each is refused for the reason a person would give."""
    assert said in flaw_of(name)


@pytest.mark.parametrize("name", ["a", "a b", "id:000000,time:0,orig:seed", "ä", "a..b", "x" * NAME_BYTES_MAX, "~"])
def test_names_an_archive_may_bring(name: str) -> None:
    """Plain names of files pass, those other fuzzers give among them."""
    assert flaw_of(name) == ""


@given(st.text(max_size=20) | st.from_regex(r"[./\\:a\0]{1,6}", fullmatch=True))
def test_what_passes_stays_in_the_folder(name: str) -> None:
    """A name without a flaw is one component directly below the folder, and nothing hidden."""
    if not flaw_of(name):
        joined = os.path.normpath(os.path.join("/corpus", name))
        assert os.path.dirname(joined) == "/corpus" and os.path.basename(joined) == name
        assert not name.startswith(".")


@pytest.mark.parametrize(("one", "other"), [("Seed", "sEED"), ("ä", "a\u0308"), ("STRASSE", "straße")])
def test_names_some_systems_take_for_one(one: str, other: str) -> None:
    """Case and composed accents do not tell names apart."""
    assert same_name(one) == same_name(other) != same_name("x")
