"""PostgreSQL, protocol 3: requests and their replies, simple and extended queries, COPY, notifications.

Rule 1: a request is one statement: a simple query, or the messages of an extended one up to its Execute, with the Sync or
Flush behind it. So the statements of a pipeline are requests of their own, and each has its reply.
Rule 2: a statement that is only prepared is about `PREPARE …`, one that is only described about `DESCRIBE …`.
Rule 3: what answers nothing, and what nobody answers, is a push: a notification, the data of COPY, Terminate.
"""

from __future__ import annotations

import re
from collections import deque
from struct import Struct

from fozzy.faults.tcp.frames.base import Lost, Narrator, shown
from fozzy.faults.tcp.frames.pg_frontend import (
    FRONTEND,
    MESSAGE_BYTES_MAX,
    Frame,
    Names,
    frame,
    is_prepared_only,
    opening,
)
from fozzy.faults.tcp.frames.stepping import Stepping
from fozzy.faults.tcp.message import Cut, Item, Message
from fozzy.faults.tcp.plan import Stream

BACKEND = frozenset("RKSZENATtDCIn123sGHWdcVv")
_STEPS = {"P": "1", "B": "2", "D": "T", "C": "3", "E": "C", "S": "Z", "Q": "Z", "F": "Z"}
_SAME = {"n": "T", "I": "C", "s": "C"}  # other ways to end a step
_ROWS = frozenset(b"Dd")  # of a query, of COPY; they end nothing
_SIZE = Struct(">I")
_UNMUTED = frozenset("ENSAZ")
_AUTH_ASKS = frozenset({2, 3, 5, 6, 7, 8, 9, 10, 11})
_PUSHES = {"N": "notice", "S": "ParameterStatus", "E": "error"}

CODE_BYTES_MAX = 400  # so far into an error its code is looked for
_CODE = re.compile(rb"(?:\A|\0)C([0-9A-Z]{5})\0")


class Asked:
    """What a request still waits for. `steps` are the letters of what the server says at the end of each part."""

    def __init__(self, steps: str = "", *, is_closed: bool = True, kind: str = "") -> None:
        self.steps = deque(steps)
        self.is_closed = is_closed  # no more of the request comes
        self.kind = kind  # `encryption`, `startup`, or a query
        self.is_synced = steps == "Z"  # it ends with ReadyForQuery
        self.is_run = False  # its Execute came
        self.is_copying = False
        self.is_muted = False  # the server got something else, which only fails


class Postgres(Stepping):
    """Cuts both streams."""

    def __init__(self, narrator: Narrator) -> None:
        super().__init__(narrator)
        self._left: dict[Stream, int] = {"upstream": 0, "downstream": 0}  # bytes of the message under way
        self._closes = False  # the client's message under way ends its request
        self._letter = ""  # of the server's message under way
        self._auth = 0  # what it asks for
        self._code = ""  # of an error of the server, where its message under way is one
        self._in_session = False
        self._is_encrypted = False
        self._names = Names()
        self._asked: dict[int, Asked] = {}  # by the request's ordinal
        self._series: Message | None = None  # an extended request that is not closed
        self._copy: Message | None = None
        self._reply: Message | None = None
        self._is_skipping = False  # after an error, up to the next Sync

    def answer(self, request: Message, data: bytes, then: Cut | None = None) -> None:
        """With an end it goes at once: what was asked before may wait for a Sync that is not sent on any more."""
        self._asked.pop(request.ordinal, None)
        if then is not None and not self.is_amid:
            while self.waiting and self.waiting[0] is not request:
                self._asked.pop(self.waiting.popleft().ordinal, None)
        super().answer(request, data, then)

    def instead(self, request: Message, reply: bytes | None = None) -> None:
        """What the server gets only fails: the client hears the error, and nothing of the steps to it."""
        asked = self._asked.get(request.ordinal)
        if asked is not None:
            asked.is_muted = True

    def saying(self, data: bytes) -> str:
        return code_of(data[5:]) if data.startswith(b"E") else ""

    # requests

    def _up(self, data: bytes, at: int, found: list[Item]) -> int | None:
        """The rest of a message, or as much of it as is there."""
        if not self._left["upstream"] and not self._fronted(data, at):
            return None
        message = self.under_way["upstream"]
        assert message is not None
        end = min(at + self._left["upstream"], len(data))
        self._left["upstream"] -= end - at
        is_whole = not self._left["upstream"]
        found.append(self.chunk(message, data[at:end], is_last=is_whole and self._closes))
        if is_whole:
            self.under_way["upstream"] = None
        return end

    def _fronted(self, data: bytes, at: int) -> bool:
        """A message of the client begins; false while too little is there."""
        if self._is_encrypted or "downstream" in self.opaque:
            raise Lost(self.lost)
        if not self._in_session:
            return self._opened(data, at)
        head = frame(data, at, FRONTEND)
        if head is None:
            return False
        about = self._names.about(data, at, head)
        if about is None:
            return False
        self._closes = True
        message = self._extended(head, about, data, at) if head.letter in "PBDCE" else self._plain(head, about)
        if message is None:
            return False
        self.under_way["upstream"], self._left["upstream"] = message, head.size
        return True

    def _opened(self, data: bytes, at: int) -> bool:
        head = opening(data, at)
        if head is None:
            return False
        self._in_session = self._closes = True
        if head.kind == "encryption":
            self._in_session = False
        message = self._push(head.about) if head.kind == "cancel" else self._ask(head.about, Asked("Z", kind=head.kind))
        self.under_way["upstream"], self._left["upstream"] = message, head.size
        return True

    def _ask(self, about: str, asked: Asked) -> Message:
        request = self.narrator.begin("upstream", "request", about)
        request.state = asked.kind
        self.waiting.append(request)
        self._asked[request.ordinal] = asked
        return request

    def _push(self, about: str) -> Message:
        return self.narrator.begin("upstream", "push", about)

    def _plain(self, head: Frame, about: str) -> Message:
        """A message that is not of an extended query, but for its end."""
        letter = head.letter
        if letter in "SH":
            return self._synced(letter)
        if letter in "dcf":
            copy = self._copy or self._push("COPY data")
            self._closes = letter != "d"
            self._copy = None if self._closes else copy
            return copy
        self._close_series()
        if letter == "X":
            return self._push("Terminate")
        if letter == "p":
            return self._ask("password", Asked("Z", kind="startup"))
        return self._ask("FunctionCall" if letter == "F" else about, Asked("Z"))

    def _extended(self, head: Frame, about: str, data: bytes, at: int) -> Message | None:
        """A message of an extended query; none while it is not known whether it will be run."""
        asked = None if self._series is None else self._asked.get(self._series.ordinal)
        if self._series is None or asked is None or asked.is_run:
            is_only = head.letter in "PD" and is_prepared_only(data, at)
            if is_only is None:
                return None
            words = {"P": "PREPARE", "D": "DESCRIBE"} if is_only else {"C": "CLOSE"}
            self._close_series()
            asked = Asked(is_closed=False)
            self._series = self._ask(f"{words.get(head.letter, '')} {about}".strip(), asked)
        asked.steps.append(_STEPS[head.letter])
        asked.is_run = head.letter in "EC"
        self._closes = False
        return self._series

    def _synced(self, letter: str) -> Message:
        """A Sync or a Flush: it belongs to what was asked before it."""
        series, self._series = self._series, None
        if self._is_copying():
            return self._push("Sync" if letter == "S" else "Flush")
        asked = None if series is None else self._asked.get(series.ordinal)
        if series is None or asked is None:
            return self._ask("Sync", Asked("Z")) if letter == "S" else self._push("Flush")
        asked.is_closed = True
        if letter == "S":
            asked.steps.append("Z")
            asked.is_synced = True
        return series

    def _close_series(self) -> None:
        series, self._series = self._series, None
        if series is None:
            return
        self.narrator.end(series)
        if series.ordinal in self._asked:
            self._asked[series.ordinal].is_closed = True

    def _is_copying(self) -> bool:
        asked = self._next()
        return asked is not None and asked.is_copying

    def _next(self) -> Asked | None:
        """What the oldest request waits for."""
        return self._asked.get(self.waiting[0].ordinal) if self.waiting else None

    # replies

    def _down(self, data: bytes, at: int, found: list[Item]) -> int | None:
        """The rest of a message, or as much of it as is there."""
        if not self._left["downstream"]:
            end = self._rows(data, at, found)
            if end > at:
                return end
            if self._settles():
                return at
            if not self._backed(data, at):
                return None
        message = self.under_way["downstream"]
        end = min(at + self._left["downstream"], len(data))
        self._left["downstream"] -= end - at
        is_whole = not self._left["downstream"]
        asked = self._next()
        is_reply = message is None or message.of == "reply"
        is_over = is_whole and (not is_reply or asked is None or self._is_over(asked))
        if message is not None:
            found.append(self.chunk(message, data[at:end], is_last=is_over))
        if is_whole:
            self.under_way["downstream"] = None
            self._went_by(is_reply, is_over)
        return end

    def _rows(self, data: bytes, at: int, found: list[Item]) -> int:
        """Whole rows within a reply, many at once; returns where they end."""
        end, size = at, len(data)
        if self._reply is None or data[at] not in _ROWS:
            return at
        while end + 5 <= size and data[end] in _ROWS:
            row_bytes: int = _SIZE.unpack_from(data, end + 1)[0]
            if not 4 <= row_bytes <= MESSAGE_BYTES_MAX or end + row_bytes >= size:
                break
            end += row_bytes + 1
        if end > at:
            found.append(self.chunk(self._reply, data[at:end]))
        return end

    def _backed(self, data: bytes, at: int) -> bool:
        """A message of the server begins; false while too little is there."""
        if self._is_encrypted:
            raise Lost("encrypted")
        asked = self._next()
        head: Frame | None = Frame(chr(data[at]), 1)
        if asked is None or asked.kind != "encryption" or data[at] not in b"SGN":
            head = frame(data, at, BACKEND)
        about = "" if head is None else self._about(data, at, head)
        if head is None or about is None:
            return False
        if head.letter == "W":
            raise Lost("replication")
        self._letter, self._left["downstream"] = head.letter, head.size
        self.under_way["downstream"] = self._message_of(head.letter, about, asked)
        self.is_amid = True
        return True

    def _message_of(self, letter: str, about: str, asked: Asked | None) -> Message | None:
        """What a message of the server belongs to; none where the client does not get it."""
        if asked is None or (letter == "A" and self._reply is None):
            return self.narrator.begin("downstream", "push", about)
        if asked.is_muted and letter not in _UNMUTED:
            return None
        if self._reply is None:
            self._reply = self.narrator.begin("downstream", "reply", "", self.waiting[0])
        self._reply.said = self._reply.said or self._code
        return self._reply

    def _about(self, data: bytes, at: int, head: Frame) -> str | None:
        """What a push is about; none while too little is there."""
        body = data[at + 5 : at + head.size]
        is_whole = len(data) - at >= head.size
        self._code = code_of(body) if head.letter == "E" else ""
        if head.letter == "E" and not self._code and not is_whole and len(body) < CODE_BYTES_MAX:
            return None
        if head.letter == "R":
            self._auth = int.from_bytes(body[:4], "big")
            return None if len(body) < 4 and not is_whole else ""
        if head.letter == "A":
            end = body.find(b"\0", 4)
            return None if end < 0 and not is_whole else f"NOTIFY {shown(body[4:end])}"
        return _PUSHES.get(head.letter, "")

    def _is_over(self, asked: Asked) -> bool:
        """Whether the reply is whole with the message that has just come."""
        letter = self._letter
        if asked.kind == "encryption":
            self._is_encrypted = letter in "SG"
            self.lost = "encrypted" if self._is_encrypted else ""
            return True
        if asked.kind == "startup":
            return letter in "ZE" or (letter == "R" and self._auth in _AUTH_ASKS)
        if letter == "E":
            asked.steps = deque("Z" if asked.is_synced else "")
            self._is_skipping = not asked.is_synced
        elif letter == "Z":
            asked.steps.clear()
        elif letter == "G":
            asked.is_copying = True
        elif asked.steps and not asked.is_muted and _SAME.get(letter, letter) == asked.steps[0]:
            asked.steps.popleft()
        return asked.is_closed and not asked.steps

    def _went_by(self, is_reply: bool, is_over: bool) -> None:
        """A message of the server is whole."""
        if is_reply and is_over:
            self._replied()
        self.is_amid = self._reply is not None

    def _replied(self) -> None:
        self._reply, self.is_amid = None, False
        self._asked.pop(self.waiting[0].ordinal, None)
        if self._letter == "Z":
            self._is_skipping = False
        self.replied()

    def _settles(self) -> bool:
        """Whether a request was closed after its reply had come, or is one that the server skips: it is over."""
        asked = self._next()
        if asked is None or not asked.is_closed:
            return False
        if self._reply is not None and not asked.steps:
            self.narrator.end(self._reply)
            self._replied()
            return True
        if self._reply is None and self._is_skipping and not asked.is_synced:
            self._asked.pop(self.waiting.popleft().ordinal, None)
            return True
        return False


def code_of(error: bytes) -> str:
    """The SQLSTATE in the body of an error."""
    found = _CODE.search(error, 0, CODE_BYTES_MAX)
    return "" if found is None else found[1].decode()
