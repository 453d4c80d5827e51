"""OpenAI's published client speaks to the stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from fozzy.chaos.services.standin import LlmServer

ASKED: list[openai.types.chat.ChatCompletionMessageParam] = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": [{"type": "text", "text": "hi there"}]},
]
SAID = "You said: hi there"


@pytest.fixture
def client(llm_server: LlmServer) -> Iterator[openai.OpenAI]:
    """A client that tries once."""
    with openai.OpenAI(base_url=llm_server.openai_url(), api_key="key", max_retries=0) as made:
        yield made


def test_completions(client: openai.OpenAI) -> None:
    """A whole answer, and its cost."""
    made = client.chat.completions.create(model="m", messages=ASKED)
    assert (made.model, made.choices[0].message.content, made.choices[0].finish_reason) == ("m", SAID, "stop")
    assert made.usage is not None
    assert made.usage.total_tokens == 6


def test_a_stream_of_completions(client: openai.OpenAI) -> None:
    """Word by word, with the cost at the end where that is asked for."""
    chunks = list(
        client.chat.completions.create(model="m", messages=ASKED, stream=True, stream_options={"include_usage": True})
    )
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == SAID
    assert chunks[-1].usage is not None
    assert len(chunks) == 6


def test_responses(client: openai.OpenAI) -> None:
    """Plain and as a stream, which the client puts together itself."""
    assert client.responses.create(model="m", input="hi there").output_text == SAID
    with client.responses.stream(model="m", input="hi there") as stream:
        deltas = [each.delta for each in stream if each.type == "response.output_text.delta"]
        assert stream.get_final_response().output_text == SAID
    assert "".join(deltas) == SAID


def test_models_and_what_is_not_there(client: openai.OpenAI) -> None:
    """There is a list of models; what there is not, and what cannot be read, are its own errors."""
    assert [each.id for each in client.models.list()] == ["stand-in"]
    with pytest.raises(openai.NotFoundError, match="there is no /v1/files"):
        client.files.list()
    with pytest.raises(openai.BadRequestError, match="no list"):
        client.chat.completions.create(model="m", messages="hi")  # type: ignore[call-overload]
