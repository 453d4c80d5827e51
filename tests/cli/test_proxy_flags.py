"""The words of `fozzy proxy http` and what reads them name the same flags."""

from __future__ import annotations

import pytest

from fozzy.chaos.files.flags import FLAGS, Value, flag_name
from fozzy.chaos.files.older import OLDER
from fozzy.cli.command import Opt, words_of
from fozzy.cli.commands.proxy_http import Http
from fozzy.cli.proxy_flags import AllFlags
from fozzy.cli.words import parse

COMMON = {"config", "cwd", "json", "det", "strict", "quiet", "verbose", "color", "events"}


def test_every_flag_is_read_and_every_reader_has_its_flag() -> None:
    """No flag is taken and forgotten, none can be read and not be given."""
    fields = {word.field for word in words_of(Http)} - COMMON
    assert fields == {*FLAGS, *OLDER}


@pytest.mark.parametrize("word", words_of(AllFlags), ids=lambda word: word.field)
def test_a_flag_is_spelled_as_its_field(word: object) -> None:
    """`latency_range` is `--latency-range`, in help as in the variable's name."""
    note, field = word.note, word.field  # type: ignore[attr-defined]
    if field not in COMMON:
        assert isinstance(note, Opt)
        assert note.flags == (flag_name(field),)
        assert word.is_flag == (field in FLAGS and FLAGS[field].switch)  # type: ignore[attr-defined]
        assert word.is_many == (field in FLAGS and FLAGS[field].many)  # type: ignore[attr-defined]


def test_what_was_given_comes_as_texts_under_its_name() -> None:
    """Texts, numbers, switches and repeated flags, and nothing that was not given."""
    words = "proxy http --seed 7 --drop 5% --exclusive --rate-limit 5/s --rate-limit client:1/s --chaos-latency-ms 5"
    command = parse(words.split())
    assert isinstance(command, Http)
    assert command.given() == {
        "seed": [Value("7", "--seed")],
        "drop": [Value("5%", "--drop")],
        "exclusive": [Value("true", "--exclusive")],
        "rate_limit": [Value("5/s", "--rate-limit"), Value("client:1/s", "--rate-limit")],
        "chaos_latency_ms": [Value("5", "--chaos-latency-ms")],
    }


@pytest.mark.parametrize(
    ("words", "chaos"),
    [
        ("proxy http --chaos", ""),
        ("proxy http --chaos --chaos-scenario slow_backend", ""),
        ("proxy http --chaos a.toml --drop 1", "a.toml"),
        ("proxy http --chaos=a.toml", "a.toml"),
        ("--json proxy http --chaos", ""),
        ("proxy http --drop 1", None),
    ],
)
def test_chaos_alone_is_mockforges_and_chaos_with_a_file_is_ours(words: str, chaos: str | None) -> None:
    """Before another option, or at the end, `--chaos` names no file; the next word is one otherwise."""
    command = parse(words.split())
    assert isinstance(command, Http)
    assert command.chaos == chaos
