"""Redis: commands and their replies, RESP2 and RESP3, inline commands, pushes of subscriptions, MONITOR and tracking.

Rule 1: replies answer commands in order. Pushes answer none: a message of a channel, an invalidation, a monitored command.
Rule 2: all confirmations of one SUBSCRIBE are one reply to it, so a reply is whole when the command was carried out.
Rule 3: a command that has no reply (`CLIENT REPLY OFF`, `REPLCONF ACK`, an empty line) is a push too: nobody waits for it.
"""

from __future__ import annotations

from fozzy.faults.tcp.frames.base import Lost, Narrator, shown
from fozzy.faults.tcp.frames.redis_command import Command, command
from fozzy.faults.tcp.frames.resp import Scanner, head, number, word
from fozzy.faults.tcp.frames.stepping import Stepping
from fozzy.faults.tcp.message import Cut, Item, Message

CHANNEL_BYTES_MAX = 200
CODE_CHARS_MAX = 40
CHANNELS_MAX = 65536  # that are remembered of one connection
_SUBSCRIBES = frozenset(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"])
_MESSAGES = frozenset(["MESSAGE", "PMESSAGE", "SMESSAGE"])
_SPECIAL = frozenset([*_SUBSCRIBES, "MONITOR", "RESET", "SYNC", "PSYNC"])
_REPLICATION = frozenset(["SYNC", "PSYNC"])


class Asked:
    """A command whose reply is more than one value, or changes what comes after it."""

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.left = count - 1 if name in _SUBSCRIBES else 1  # values that are still to come; 0 is not known yet


class Redis(Stepping):
    """Cuts both streams."""

    def __init__(self, narrator: Narrator) -> None:
        super().__init__(narrator)
        self._is_inline = False
        self._requests = Scanner()
        self._open: Message | None = None  # a reply that has more values
        self._replies = Scanner()
        self._failing: Message | None = None  # an error whose code is not there whole
        self._asked: dict[int, Asked] = {}  # by the request's ordinal
        self._swaps: dict[int, bytes] = {}  # what the client gets instead of the reply, by the request's ordinal
        self._channels: dict[tuple[str, bytes], None] = {}
        self._is_monitoring = False
        self._is_in_multi = False
        self._is_resp3 = False  # as HELLO asked for it
        self._is_silent = False  # CLIENT REPLY OFF
        self._is_skipping = False  # CLIENT REPLY SKIP
        self._replicates = False

    def answer(self, request: Message, data: bytes, then: Cut | None = None) -> None:
        self._asked.pop(request.ordinal, None)
        super().answer(request, data, then)

    def instead(self, request: Message, reply: bytes | None = None) -> None:
        if reply is not None and request in self.waiting:
            self._swaps[request.ordinal] = reply

    def saying(self, data: bytes) -> str:
        return code_of(data.decode("latin-1").split(" ", 1)[0]) if data.startswith(b"-") else ""

    # commands

    def _up(self, data: bytes, at: int, found: list[Item]) -> int | None:
        """The rest of a command, or as much of it as is there."""
        request = self.under_way["upstream"]
        if request is None:
            if self._replicates or "downstream" in self.opaque:
                raise Lost("replication" if self._replicates else self.lost)
            known = command(data, at)
            if known is None:
                return None
            request = self.under_way["upstream"] = self._begin(known)
        end, is_last = self._command_end(data, at)
        found.append(self.chunk(request, data[at:end], is_last=is_last))
        if is_last:
            self.under_way["upstream"] = None
        return end

    def _command_end(self, data: bytes, at: int) -> tuple[int, bool]:
        if self._is_inline:
            return data.index(b"\n", at) + 1, True
        return self._requests.scan(data, at)

    def _begin(self, known: Command) -> Message:
        is_answered = self._is_answered(known)
        request = self.narrator.begin("upstream", "request" if is_answered else "push", known.about)
        self._is_inline = known.is_inline
        self._follow(known.name, request)
        if is_answered:
            self.waiting.append(request)
            if known.name in _SPECIAL and "multi" not in request.state:
                self._asked[request.ordinal] = Asked(known.name, known.size)
        self._replicates = known.name in _REPLICATION
        return request

    def _follow(self, name: str, request: Message) -> None:
        """What MULTI begins, EXEC, DISCARD and RESET end."""
        if name == "HELLO":
            self._is_resp3 = request.about == "HELLO 3" or (self._is_resp3 and request.about == "HELLO")
        request.state = f"{'multi ' if self._is_in_multi else ''}{'resp3' if self._is_resp3 else ''}".strip()
        if name in ("MULTI", "EXEC", "DISCARD", "RESET"):
            self._is_in_multi = name == "MULTI"

    def _is_answered(self, known: Command) -> bool:
        if known.size == 0:
            return False
        about = known.about.upper()
        if about.startswith("CLIENT REPLY "):
            self._is_skipping = about.endswith(" SKIP")
            self._is_silent = about.endswith(" OFF") or (self._is_skipping and self._is_silent)
            return about.endswith(" ON")
        if self._is_skipping:
            self._is_skipping = False
            return False
        if about == "RESET":
            self._is_silent = self._is_resp3 = False
        return not self._is_silent and about != "REPLCONF ACK"

    # replies

    def _down(self, data: bytes, at: int, found: list[Item]) -> int | None:
        """The rest of a value, or as much of it as is there."""
        value = self.under_way["downstream"]
        if value is None:
            was_open = self._open
            value = self._begun(data, at)
            if value is None:
                return None if self._open is was_open else at
            self.under_way["downstream"], self.is_amid = value, True
            self._failing = value if data[at] == 0x2D else None  # -
        end, is_ended = self._replies.scan(data, at)
        if value is self._failing:
            self._spell(value, data[at:end])
        is_whole = is_ended and self._is_whole(value)
        self._relay(value, data[at:end], is_whole, found)
        if is_ended:
            self.under_way["downstream"] = None
            self._open = None if is_whole else value
        if is_whole:
            self._over(value)
        return end

    def _spell(self, value: Message, data: bytes) -> None:
        """The first word of an error, however it was cut into reads."""
        word, blank, _ = data.decode("latin-1").partition(" ")
        value.said += word
        if blank or "\n" in word:
            value.said, self._failing = code_of(value.said), None

    def _relay(self, value: Message, data: bytes, is_whole: bool, found: list[Item]) -> None:
        request = value.request
        if request is not None and request.ordinal in self._swaps:
            data = self._swaps.pop(request.ordinal) if is_whole else b""
        if data:
            found.append(self.chunk(value, data, is_last=is_whole))

    def _over(self, value: Message) -> None:
        self.is_amid = False
        if value.request is not None:
            self.replied()

    def _is_whole(self, value: Message) -> bool:
        """Whether the value that ended was the last of its message."""
        request = value.request
        asked = None if request is None else self._asked.get(request.ordinal)
        if request is None or asked is None:
            return True
        asked.left -= 1
        if asked.left > 0:
            return False
        del self._asked[request.ordinal]
        return True

    def _begun(self, data: bytes, at: int) -> Message | None:
        """The message of a value that begins; none while too little is there, or when it ended the one that was open."""
        if "encrypted" in self.lost:
            raise Lost(self.lost)
        first = data[at]
        if first == 0x3E or (first == 0x2A and (self._channels or self._asked)):  # > *
            told = _told(data, at)
            return None if told is None else self._of_channel(first, *told)
        if first == 0x2B and self._is_monitoring:  # +
            following = data[at + 1 : at + 2]
            if not following or following.isdigit():
                return self.narrator.begin("downstream", "push", "MONITOR") if following else None
        return self._plain(first)

    def _of_channel(self, first: int, kind: str, channel: bytes) -> Message | None:
        asked = self._asked.get(self.waiting[0].ordinal) if self.waiting else None
        if asked is not None and asked.name == kind and kind in _SUBSCRIBES:
            self._confirmed(asked, channel)
            return self._open or self.narrator.begin("downstream", "reply", "", self.waiting[0])
        if first == 0x3E or kind in _MESSAGES or (kind in _SUBSCRIBES and self._channels):
            if self._closes():
                return None
            return self.narrator.begin("downstream", "push", f"{kind.lower()} {shown(channel)}".strip())
        return self._plain(first)

    def _confirmed(self, asked: Asked, channel: bytes) -> None:
        """Keep which channels there are: an UNSUBSCRIBE of all is confirmed once for each."""
        family = asked.name.replace("UNSUBSCRIBE", "SUBSCRIBE")
        if asked.left == 0:
            asked.left = max(1, sum(each[0] == family for each in self._channels))
        if asked.name == family and len(self._channels) < CHANNELS_MAX:
            self._channels[family, channel] = None
        elif asked.name != family:
            self._channels.pop((family, channel), None)

    def _plain(self, first: int) -> Message | None:
        """A reply to the oldest command, or something that nobody asked for."""
        if self._closes():
            return None
        if not self.waiting:
            return self.narrator.begin("downstream", "push", "")
        request = self.waiting[0]
        asked = self._asked.get(request.ordinal)
        if asked is not None:
            asked.left = 1
            if first != 0x2D:  # -
                self._become(asked.name)
        return self.narrator.begin("downstream", "reply", "", request)

    def _become(self, name: str) -> None:
        if name in _REPLICATION:
            raise Lost("replication")
        self._is_monitoring = name == "MONITOR"
        self._channels.clear()

    def _closes(self) -> bool:
        """Whether there was a reply of several values, which has fewer of them than was thought: it is over."""
        value, self._open = self._open, None
        if value is not None:
            self.narrator.end(value)
            self._over(value)
        return value is not None


def code_of(word: str) -> str:
    """The code of an error from its first word, as `LOADING` of `-LOADING`."""
    return shown(word[1:].encode("latin-1"))[:CODE_CHARS_MAX]


def _told(data: bytes, at: int) -> tuple[str, bytes] | None:
    """The kind of a push, and its channel; none while they are not there."""
    line = head(data, at)
    if line is None:
        return None
    count, start = number(line[0]), line[1]
    kind = word(data, start, CHANNEL_BYTES_MAX) if count > 0 else None
    if count <= 0:
        return "", b""
    if kind is None:
        return None
    channel = word(data, kind.end, CHANNEL_BYTES_MAX) if count > 1 else None
    if count > 1 and channel is None and kind.text.upper().decode("latin-1") in _SUBSCRIBES | _MESSAGES:
        return None
    return kind.text.decode("latin-1").upper(), b"" if channel is None else channel.text
