from __future__ import annotations

import gzip
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.blob import Blob
from fozzy.core.exchange import Answered, Asked, Exchange, Headers
from fozzy.core.redact import REDACTED, Redactor
from fozzy.core.redact_exchange import OPAQUE_MARK, REQUEST_MARK, ExchangeCleaner

SECRET = "s3cr3t-91c2f7"


def exchange(
    target: str = "/v1/chat",
    headers: Headers | None = None,
    body: bytes = b"",
    answer: bytes = b"",
    answer_headers: Headers | None = None,
    chunks: list[tuple[int, int]] | None = None,
) -> Exchange:
    """A request and its answer."""
    return Exchange(
        t=9,
        at="",
        number=1,
        arrived=1,
        key="00" * 8,
        occurrence=1,
        source="proxy",
        request=Asked("POST", target, headers or [("host", "x")], Blob.of(body), len(body), "d" * 64),
        answer=Answered(200, "OK", answer_headers or [], Blob.of(answer), len(answer), chunks or []),
    )


def cleaner(*names: str) -> ExchangeCleaner:
    """A cleaner as a recorder has it."""
    return ExchangeCleaner(Redactor(names, 1000, references=False))


def told(cleaned: Exchange) -> str:
    """All that a trace would say of it."""
    return msgspec.json.encode(cleaned).decode()


@pytest.mark.parametrize(
    "given_exchange",
    [
        exchange(headers=[("Authorization", f"Bearer {SECRET}")]),
        exchange(target=f"/v1?api_key={SECRET}&x=1"),
        exchange(body=json.dumps({"user": {"password": SECRET}}).encode()),
        exchange(body=f"user=a&password={SECRET}".encode()),
        exchange(answer=b'data: {"access_token": "' + SECRET.encode() + b'"}\n\n'),
        exchange(answer_headers=[("set-cookie", f"sid={SECRET}; Path=/")]),
        exchange(headers=[("x-api-key", SECRET)], body=f"what is {SECRET}?".encode()),
        exchange(headers=[("x-api-key", "${" + SECRET)]),
        exchange(body=b"\xff\xfe password=" + SECRET.encode()),
        exchange(body=json.dumps({"q": json.dumps({"token": SECRET})}).encode()),
        exchange(body=b'{"\\u0074oken": "' + SECRET.encode() + b'"}'),
        exchange(target=f"http://me:{SECRET}@host/"),
    ],
)
def test_a_secret_is_taken_out(given_exchange: Exchange) -> None:
    """Wherever a secret stands under a secret name, or where its value stands again, it is replaced."""
    assert SECRET in told(given_exchange) or given_exchange.request.body.base64
    cleaned = cleaner().clean(given_exchange)
    assert SECRET not in told(cleaned)
    assert SECRET.encode() not in cleaned.request.body.data()
    assert REDACTED.encode() in msgspec.json.encode(cleaned) or cleaned.request.body.base64


def test_what_holds_no_secret_is_the_same_object() -> None:
    """An exchange without a secret costs no copy, though it counts tokens."""
    plain = exchange(body=b'{"max_tokens": 5}', answer=b'{"usage": {"prompt_tokens": 3}}')
    assert cleaner().clean(plain) is plain


def test_only_a_body_that_changed_is_marked() -> None:
    """Notes say which body is not the true one; the true size and digest stay."""
    dirty = exchange(headers=[("x-api-key", SECRET)], body=b'{"password": "abcdefgh"}', answer=b"fine")
    cleaned = cleaner().clean(dirty)
    assert cleaned.notes == [REQUEST_MARK]
    assert cleaned.request.bytes == dirty.request.bytes
    assert cleaned.request.digest == dirty.request.digest
    assert cleaned.answer is not None and cleaned.answer.body.data() == b"fine"


def test_a_value_learned_in_an_answer_is_found_in_later_requests() -> None:
    """What a login answers is a secret in the URL of the next request, whatever its name is there."""
    ours = cleaner()
    ours.clean(exchange(answer=json.dumps({"token": SECRET}).encode()))
    assert SECRET not in told(ours.clean(exchange(target=f"/items?q={SECRET}")))


def test_chunks_fit_the_body_that_is_kept() -> None:
    """The pieces a stream came in add up to the kept body, and those without a secret are as they were."""
    pieces = [b"data: one\n\n", b'data: {"token": "abcdefgh"}\n\n', b"data: [DONE]\n\n"]
    dirty = exchange(answer=b"".join(pieces), chunks=[(i * 10, len(piece)) for i, piece in enumerate(pieces)])
    cleaned = cleaner().clean(dirty).answer
    assert cleaned is not None
    assert [at for at, _ in cleaned.chunks] == [0, 10, 20]
    assert [size for _, size in cleaned.chunks] == [11, 31, 14]
    assert sum(size for _, size in cleaned.chunks) == len(cleaned.body.data())


def test_a_packed_body_is_looked_into() -> None:
    """A secret in a gzip body is taken out, and the body is still gzip; without one it stays byte for byte."""
    packed = gzip.compress(json.dumps({"token": SECRET, "a": 1}).encode())
    headers = [("Content-Encoding", "gzip")]
    cleaned = cleaner().clean(exchange(answer=packed, answer_headers=headers, chunks=[(0, 5), (1, len(packed) - 5)]))
    assert cleaned.answer is not None
    assert json.loads(gzip.decompress(cleaned.answer.body.data())) == {"token": REDACTED, "a": 1}
    assert sum(size for _, size in cleaned.answer.chunks) == len(cleaned.answer.body.data())
    harmless = exchange(answer=gzip.compress(b"nothing here"), answer_headers=headers)
    assert cleaner().clean(harmless) is harmless


def test_a_body_that_cannot_be_looked_into_says_so() -> None:
    """A body in a coding nobody here reads is kept and noted."""
    opaque = exchange(answer=b"\x8b\x02\x80\xff", answer_headers=[("content-encoding", "br")])
    assert cleaner().clean(opaque).notes == [f"{OPAQUE_MARK}br"]


def test_a_packed_body_that_is_cut_is_cleaned_all_the_same() -> None:
    """Half a gzip body may hold the secret already."""
    packed = gzip.compress(b'{"token": "' + SECRET.encode() + b'"}' + bytes(range(256)) * 50)
    cut = exchange(answer=packed[:-9], answer_headers=[("content-encoding", "gzip")])
    cleaned = cleaner().clean(cut).answer
    assert cleaned is not None
    assert SECRET.encode() not in gzip.decompress(cleaned.body.data())


def test_names_of_the_configuration_count() -> None:
    """A name the user calls secret is one, however the field of the record is called."""
    ours = cleaner("body", "pin")
    cleaned = ours.clean(exchange(body=b'{"pin": 123456, "body": "abcdefgh", "c": 1}'))
    assert json.loads(cleaned.request.body.text) == {"pin": REDACTED, "body": REDACTED, "c": 1}


NAMES = st.sampled_from(["authorization", "X-Api-Key", "cookie", "password", "accessToken", "note", "max_tokens", "q"])
VALUES = st.one_of(st.just(SECRET), st.sampled_from(["Bearer " + SECRET, "a b", "tokens", "12", "é" + SECRET]))
TREES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(VALUES, st.integers(), st.booleans()),
    lambda inner: st.one_of(st.dictionaries(NAMES, inner, max_size=3), st.lists(inner, max_size=3)),
    max_leaves=6,
)
BODIES = st.one_of(
    TREES.map(lambda tree: json.dumps(tree).encode()),
    TREES.map(lambda tree: json.dumps({"again": json.dumps(tree)}, ensure_ascii=False).encode()),
    st.tuples(NAMES, VALUES).map(lambda pair: f"{pair[0]}={pair[1]}&x=1".encode()),
    st.binary(max_size=30),
)
HEADERS = st.lists(st.tuples(NAMES, VALUES.filter(str.isascii)), max_size=3)
EXCHANGES = st.builds(
    exchange,
    target=st.tuples(NAMES, VALUES).map(lambda pair: f"/p?{pair[0]}={pair[1].replace(' ', '+')}"),
    headers=HEADERS,
    body=BODIES,
    answer=BODIES,
    answer_headers=HEADERS,
)


@settings(max_examples=300, deadline=None)
@given(EXCHANGES)
def test_no_secret_survives_and_cleaning_again_changes_nothing(dirty: Exchange) -> None:
    """Once its value was under a secret name, it is nowhere in what is kept; what was cleaned is clean."""
    ours = cleaner()
    ours.clean(exchange(headers=[("authorization", SECRET)]))
    once = ours.clean(dirty)
    assert SECRET not in told(once)
    assert SECRET.encode() not in once.request.body.data()
    assert ours.clean(once) == once


@settings(max_examples=300, deadline=None)
@given(EXCHANGES)
def test_the_quick_look_misses_nothing(dirty: Exchange) -> None:
    """What is said to be harmless is left alone by a thorough cleaning, which learns nothing from it either."""
    redactor = Redactor((), 1000, references=False)
    for text in (dirty.request.body.text, dirty.request.target):
        if redactor.is_harmless(text):
            assert redactor.clean(text) == text
            assert redactor.values == set()


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, max_size=30))
def test_the_memory_for_values_is_bounded(values: list[str]) -> None:
    """The oldest value goes when there are too many, and the newest is always known."""
    redactor = Redactor((), 8, references=False)
    for index, value in enumerate(values):
        redactor.learn({"password": f"{value}-value-{index}"})
        assert f"{value}-value-{index}" in redactor.values
        assert len(redactor.values) <= 8
