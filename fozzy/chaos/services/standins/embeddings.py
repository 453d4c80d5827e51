"""Embeddings as the clients of OpenAI and Voyage ask for them, and Voyage's ranking of documents.

A vector follows from the text alone, so equal texts have equal ones; nothing else is meant by it.
"""

from __future__ import annotations

import base64
import math
import struct
from typing import Any

from blake3 import blake3

from fozzy.chaos.services.standins.http import Answer, Answers, Request, json_answer
from fozzy.chaos.services.standins.words import tokens

SIZE = 64  # numbers of a vector, where nobody says how many
SIZE_MAX = 4096


def embeddings(request: Request) -> Answer:
    """`POST /embeddings`."""
    asked = request.document()
    given = asked["input"]
    texts = [given] if isinstance(given, str) else [str(each) for each in given]
    data = [_embedding(asked, at, text) for at, text in enumerate(texts)]
    total = sum(map(tokens, texts))
    usage = {"prompt_tokens": total, "total_tokens": total}
    return json_answer({"object": "list", "data": data, "model": asked["model"], "usage": usage})


def rerank(request: Request) -> Answer:
    """`POST /rerank`: the more words a document shares with the query, the better."""
    asked = request.document()
    query, texts = asked["query"], asked["documents"]
    scored = sorted(((-_score(query, text), at) for at, text in enumerate(texts)))[: asked.get("top_k")]
    data = [{"index": at, "relevance_score": -score} for score, at in scored]
    usage = {"total_tokens": sum(map(tokens, [query, *texts]))}
    return json_answer({"object": "list", "data": data, "model": asked["model"], "usage": usage})


def vector_of(text: str, size: int = SIZE) -> list[float]:
    """The vector of a text, of length 1."""
    raw = blake3(text.encode()).digest(length=2 * size)
    numbers = [each / 32768 for each in struct.unpack(f"<{size}h", raw)]
    length = math.sqrt(sum(each * each for each in numbers)) or 1.0
    return [each / length for each in numbers]


def _embedding(asked: dict[str, Any], at: int, text: str) -> dict[str, Any]:
    size = int(asked.get("dimensions") or asked.get("output_dimension") or SIZE)
    if not 0 < size <= SIZE_MAX:
        raise ValueError(f"a vector has from 1 to {SIZE_MAX} numbers")
    vector: list[float] | str = vector_of(text, size)
    if asked.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode()
    return {"object": "embedding", "index": at, "embedding": vector}


def _score(query: str, text: str) -> float:
    wanted = set(query.lower().split())
    return len(wanted & set(text.lower().split())) / (len(wanted) or 1)


ANSWERS: Answers = {"/embeddings": embeddings, "/rerank": rerank}
