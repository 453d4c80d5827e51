"""The words of `fozzy proxy tcp` and what reads them name the same flags."""

from __future__ import annotations

import pytest

from fozzy.chaos.files.flags import Value, flag_name
from fozzy.chaos.tcp.flags import TCP_FLAGS
from fozzy.cli.command import Opt, words_of
from fozzy.cli.commands.proxy_tcp import Tcp
from fozzy.cli.proxy_tcp_flags import TcpFlags
from fozzy.cli.words import parse

COMMON = {"config", "cwd", "json", "det", "strict", "quiet", "verbose", "color", "events"}


def test_every_flag_is_read_and_every_reader_has_its_flag() -> None:
    """No flag is taken and forgotten, none can be read and not be given."""
    assert {word.field for word in words_of(Tcp)} - COMMON == set(TCP_FLAGS)


@pytest.mark.parametrize("field", TCP_FLAGS)
def test_a_flag_is_spelled_as_its_field(field: str) -> None:
    """In help as in the variable's name."""
    (word,) = [word for word in words_of(TcpFlags) if word.field == field]
    assert isinstance(word.note, Opt) and word.note.flags == (flag_name(field),)
    assert word.is_many == TCP_FLAGS[field].many


def test_what_was_given_comes_as_texts_under_its_name() -> None:
    """Texts, numbers and repeated flags, and nothing that was not given."""
    command = parse(["proxy", "tcp", "--seed", "7", "--upstream", "a:1", "--toxic", "latency", "--toxic", "reset_peer"])
    assert isinstance(command, Tcp)
    assert command.given() == {
        "seed": [Value("7", "--seed")],
        "upstream": [Value("a:1", "--upstream")],
        "toxic": [Value("latency", "--toxic"), Value("reset_peer", "--toxic")],
    }
