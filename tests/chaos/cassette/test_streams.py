from __future__ import annotations

import pytest

from fozzy.chaos.cassette.streams import last_event_end
from tests.chaos.cassette.door import answer

SSE, NDJSON = [("Content-Type", "text/event-stream; charset=utf-8")], [("content-type", "application/x-ndjson")]


@pytest.mark.parametrize(
    ("body", "headers", "end"),
    [
        (b"data: a\n\ndata: [DONE]\n\n", SSE, 23),
        (b"data: a\r\n\r\ndata: [DONE]\r\n\r\n", SSE, 27),
        (b"event: message_stop\ndata: {}\n\n", SSE, 30),
        (b'data: {"type": "response.completed"}\n\n', SSE, 38),
        (b"data: a\n\ndata: [DONE]\n", SSE, None),
        (b"data: [DONE]\n\ndata: more\n\n", SSE, 14),
        (b"data: [DONE]\n\ndata: mo", SSE, 14),
        (b"data: a\n\n", SSE, None),
        (b"", SSE, None),
        (b'{"a": 1}\n{"done": true}\n', NDJSON, 24),
        (b'{"a": 1}\n{"done": true}', NDJSON, None),
        (b'{"done": false}\n', NDJSON, None),
        (b"data: [DONE]\n\n", [], None),
    ],
)
def test_a_stream_has_ended_with_its_last_event(body: bytes, headers: list[tuple[str, str]], end: int | None) -> None:
    """Only a whole terminal event says that nothing is missing, and where it ends is known."""
    assert last_event_end(answer(body, headers=headers)) == end
