"""What a fault makes of an answer, foreseen without a wire: the bytes that a client is sent.

None where that depends on more than the fault and the true answer: time, pace, how the body was sliced, who left.
"""

from __future__ import annotations

from fozzy.core.exchange import Answered, Exchange
from fozzy.faults.http.bodies import cut_at, damaged, spoiled
from fozzy.faults.http.decision import Action, Cut, Damage, EndStream, Give, Hold, LoseEvent, Override, SpoilEvent
from fozzy.faults.http.events import Kind, Splitter, kind_of

DAMAGED_BYTES_MAX = 8 << 20  # of a longer body only the beginning is damaged


def foreseen(action: Action | None, exchange: Exchange) -> tuple[int, bytes] | None:
    """Status and body that the client of this exchange is sent, where they can be told."""
    answer = exchange.answer
    if isinstance(action, Hold):
        action = action.then
    if isinstance(action, Give):
        return action.status, b"" if exchange.request.method == "HEAD" else action.body
    if answer is None or exchange.request.method == "HEAD" or answer.bytes != len(answer.body.data()):
        return None
    body, kind = answer.body.data(), kind_of(_header(answer, "content-type"))
    match action:
        case Override() if action.status >= 200 and action.status not in (204, 304):
            return action.status, body if action.body is None else action.body
        case Cut() if kind is None and _header(answer, "content-length"):
            return answer.status, body[: cut_at(action.draw, len(body))]
        case Damage() if kind is None and len(body) <= DAMAGED_BYTES_MAX:
            return 200, damaged(action.how, action.base, body)
        case Damage() | LoseEvent() | SpoilEvent() | EndStream() if kind is not None:
            return answer.status, _streamed(action, kind, body)
        case _:
            return None


def _header(answer: Answered, name: str) -> str:
    return next((value for each, value in answer.headers if each.lower() == name), "")


def _streamed(action: Damage | LoseEvent | SpoilEvent | EndStream, kind: Kind, body: bytes) -> bytes:
    splitter = Splitter(kind)
    pieces, passed, sent = [*splitter.feed(body), *splitter.end()], 0, []
    for piece in pieces:
        if isinstance(action, EndStream):
            if passed >= action.after_events:
                break
        elif piece.is_event and passed + 1 == action.event:
            how = action.how if isinstance(action, Damage) else "invalid-json"
            changed = b"" if isinstance(action, LoseEvent) else spoiled(kind, how, action.base, piece.raw)
            piece = piece._replace(raw=changed)
        passed += piece.is_event
        sent.append(piece.raw)
    return b"".join(sent)
