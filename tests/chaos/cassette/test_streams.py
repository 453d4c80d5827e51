from __future__ import annotations

import pytest

from fozzy.chaos.cassette.streams import has_ended
from tests.chaos.cassette.door import answer

SSE, NDJSON = [("Content-Type", "text/event-stream; charset=utf-8")], [("content-type", "application/x-ndjson")]


@pytest.mark.parametrize(
    ("body", "headers", "ended"),
    [
        (b"data: a\n\ndata: [DONE]\n\n", SSE, True),
        (b"data: a\r\n\r\ndata: [DONE]\r\n\r\n", SSE, True),
        (b"event: message_stop\ndata: {}\n\n", SSE, True),
        (b'data: {"type": "response.completed"}\n\n', SSE, True),
        (b"data: a\n\ndata: [DONE]\n", SSE, False),
        (b"data: [DONE]\n\ndata: more\n\n", SSE, False),
        (b"data: [DONE]\n\ndata: mo", SSE, False),
        (b"data: a\n\n", SSE, False),
        (b"", SSE, False),
        (b'{"a": 1}\n{"done": true}\n', NDJSON, True),
        (b'{"a": 1}\n{"done": true}', NDJSON, False),
        (b'{"done": false}\n', NDJSON, False),
        (b"data: [DONE]\n\n", [], False),
    ],
)
def test_a_stream_has_ended_with_its_last_event(body: bytes, headers: list[tuple[str, str]], ended: bool) -> None:
    """Only a whole terminal event at the very end of a stream says that nothing is missing."""
    assert has_ended(answer(body, headers=headers)) is ended
