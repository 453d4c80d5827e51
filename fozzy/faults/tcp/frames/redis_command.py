"""The beginning of a Redis command: its name, what it is about, how many words it has.

Rule 1: no value is ever in `about`, only a name, a subcommand and what stands first: a key, a channel, a parameter. Of
`AUTH` and `HELLO` not even that, since those words are secrets.
"""

from __future__ import annotations

from typing import NamedTuple

from fozzy.faults.tcp.frames.base import ABOUT_CHARS_MAX, KNOWN_BYTES_MAX, Lost, shown
from fozzy.faults.tcp.frames.resp import LINE_BYTES_MAX, Word, head, number, word

TLS_HANDSHAKE = 0x16
_CONTAINERS = frozenset(
    [
        "ACL",
        "BITOP",
        "CLIENT",
        "CLUSTER",
        "COMMAND",
        "CONFIG",
        "DEBUG",
        "FUNCTION",
        "LATENCY",
        "MEMORY",
        "MODULE",
        "OBJECT",
        "PUBSUB",
        "SCRIPT",
        "SENTINEL",
        "SLOWLOG",
        "XGROUP",
        "XINFO",
    ]
)
_WORDS = {"AUTH": 1, "HELLO": 2}  # that may be told
_SPACES = b" \t\r\n\v\f"


class Command(NamedTuple):
    """`words` are the first of them, as far as they may be told; `size` is how many there are."""

    name: str
    about: str
    words: list[bytes]
    size: int
    is_inline: bool


def command(data: bytes, at: int) -> Command | None:
    """The command at an offset; none while too little is there. *Errors*: `Lost`."""
    if data[at] == 0x2A:  # *
        return _array(data, at, ABOUT_CHARS_MAX)
    if data[at] < 0x20 and data[at] not in _SPACES or data[at] >= 0x7F:
        is_tls = data[at] == TLS_HANDSHAKE
        raise Lost("encrypted" if is_tls else f"not_redis: a request begins with {data[at : at + 1]!r}")
    return _inline(data, at)


def spellings(about: str) -> list[str]:
    """How a message may be called by who matches it: clients send `INCRBY` for what their users call `incr`."""
    name, _, rest = about.partition(" ")
    return [about, f"{name[:-2]} {rest}"] if name in ("INCRBY", "DECRBY") else [about]


def key_of(data: bytes) -> bytes:
    """The last word that a whole command is about, which is its key where it has one."""
    found = _array(data, 0, len(data)) if data.startswith(b"*") else _inline(data, 0)
    return found.words[-1] if found is not None and len(found.words) > 1 else b""


def _array(data: bytes, at: int, chars_max: int) -> Command | None:
    found = head(data, at)
    if found is None:
        return None
    count, start = number(found[0]), found[1]
    words: list[bytes] = []
    wanted = min(count, 1)
    while len(words) < wanted and start - at <= KNOWN_BYTES_MAX:
        one = _bulk(data, start, chars_max)
        if one is None:
            return None
        words.append(one.text)
        start = one.end
        wanted = min(count, _wanted(words[0]))
    return _command(words, max(count, 0), is_inline=False)


def _bulk(data: bytes, at: int, chars_max: int) -> Word | None:
    if data[at : at + 1] not in (b"", b"$"):
        raise Lost("not_redis: a word of a command is no bulk string")
    return word(data, at, chars_max)


def _inline(data: bytes, at: int) -> Command | None:
    end = data.find(b"\n", at)
    if len(data) - at > LINE_BYTES_MAX and not 0 <= end - at <= LINE_BYTES_MAX:
        raise Lost("not_redis: a line is too long")
    if end < 0:
        return None
    words = data[at:end].split()
    return _command(words[: _wanted(words[0])] if words else [], len(words), is_inline=True)


def _wanted(name: bytes) -> int:
    known = _name(name)
    return 3 if known in _CONTAINERS else _WORDS.get(known, 2)


def _name(raw: bytes) -> str:
    return shown(raw).upper()


def _command(words: list[bytes], count: int, *, is_inline: bool) -> Command:
    if not words:
        return Command("", "", [], count, is_inline)
    name = _name(words[0])
    about = " ".join([name, *(text for text in map(shown, words[1:]) if text)])
    return Command(name, about[:ABOUT_CHARS_MAX], words, count, is_inline)
