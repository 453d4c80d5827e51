"""Voyage's and OpenAI's published clients speak to the stand-in."""

from __future__ import annotations

import math

import openai
import pytest

from fozzy.chaos.services.standin import EmbeddingServer
from fozzy.chaos.services.standins.embeddings import SIZE, vector_of

TEXTS = ["red fox", "blue", "red fox"]


@pytest.fixture
def voyage(embedding_server: EmbeddingServer) -> object:
    """Its client; importing it takes long and warns."""
    voyageai = pytest.importorskip("voyageai")
    return voyageai.Client(api_key="key", base_url=embedding_server.url, max_retries=0)


@pytest.mark.filterwarnings("ignore")
def test_voyage(voyage: object) -> None:
    """Vectors by text, of the wanted size, and what they cost; documents in the order of what they share."""
    made = voyage.embed(TEXTS, model="voyage-3", output_dimension=32)  # type: ignore[attr-defined]
    assert made.total_tokens == 5
    assert made.embeddings[0] == made.embeddings[2] != made.embeddings[1]
    assert {len(each) for each in made.embeddings} == {32}
    ranked = voyage.rerank("red fox", ["blue", "a red fox", "red"], model="rerank-2")  # type: ignore[attr-defined]
    assert [each.index for each in ranked.results] == [1, 2, 0]


def test_openai(embedding_server: EmbeddingServer) -> None:
    """It asks for base64 by itself and gets the same numbers."""
    with openai.OpenAI(base_url=embedding_server.url, api_key="key", max_retries=0) as client:
        short, plain = (
            client.embeddings.create(model="m", input=TEXTS, **more) for more in ({}, {"encoding_format": "float"})
        )
        assert len(short.data) == 3
        for one, other in zip(short.data, plain.data, strict=True):
            assert all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(one.embedding, other.embedding, strict=True))
        with pytest.raises(openai.BadRequestError, match="from 1 to"):
            client.embeddings.create(model="m", input="a", dimensions=10**6)


def test_vectors_have_length_one() -> None:
    """Each has as many numbers as were asked for."""
    for size in (1, SIZE, 1024):
        vector = vector_of("é", size)
        assert len(vector) == size
        assert math.isclose(sum(each * each for each in vector), 1.0)
