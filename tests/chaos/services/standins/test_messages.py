"""Anthropic's published client speaks to the stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import anthropic
import pytest

from fozzy.chaos.services.standin import LlmServer

ASKED: list[anthropic.types.MessageParam] = [{"role": "user", "content": "hi there"}]
SAID = "You said: hi there"


@pytest.fixture
def client(llm_server: LlmServer) -> Iterator[anthropic.Anthropic]:
    """A client that tries once."""
    with anthropic.Anthropic(base_url=llm_server.anthropic_url(), api_key="key", max_retries=0) as made:
        yield made


def test_messages(client: anthropic.Anthropic) -> None:
    """A whole answer, and its cost before and after."""
    made = client.messages.create(model="m", max_tokens=9, messages=ASKED)
    assert [each.text for each in made.content if each.type == "text"] == [SAID]
    assert (made.stop_reason, made.usage.input_tokens, made.usage.output_tokens) == ("end_turn", 2, 4)
    assert client.messages.count_tokens(model="m", messages=ASKED).input_tokens == 2


def test_a_stream_of_messages(client: anthropic.Anthropic, llm_server: LlmServer) -> None:
    """The client puts the stream together, word by word."""
    llm_server.says("One two  three\n")
    with client.messages.stream(model="m", max_tokens=9, messages=ASKED) as stream:
        assert list(stream.text_stream) == ["One", " two", "  three", "\n"]
        assert stream.get_final_message().stop_reason == "end_turn"


def test_what_cannot_be_read(client: anthropic.Anthropic) -> None:
    """It is the client's own error."""
    with pytest.raises(anthropic.BadRequestError, match="no list"):
        client.messages.create(model="m", max_tokens=9, messages="hi")  # type: ignore[arg-type]
