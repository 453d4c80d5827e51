"""Secrets in free text."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.redact import REDACTED, Redactor
from fozzy.core.redact_text import AROUND_CHARS, Finder

SECRET = "s3cr3t-91c2f7"


@pytest.mark.parametrize(
    "text",
    [
        f"curl -H 'Authorization: Bearer {SECRET}' https://example.org",
        f'curl -H "Authorization: Bearer {SECRET}" https://example.org',
        f"> authorization: Basic {SECRET}\r\n> accept: */*",
        f"Set-Cookie: sid={SECRET}; Path=/",
        f"X-Api-Key: {SECRET}",
        f"password: {SECRET}\nuser: ada",
        f"mysql --password {SECRET} --user ada",
        f"mysql --password '{SECRET}' db",
        f'mysql --password "{SECRET}" db',
        f"tool --token={SECRET} --verbose",
        f"tool --api-key\t{SECRET}",
        f"{{'user': 'ada', 'password': '{SECRET}'}}",
        f"{{'token': \"{SECRET}\"}}",
        f"DB_PASSWORD='{SECRET}' run",
        f"password = '{SECRET}'",
        f"connect(host='h', password='{SECRET}')",
        f"postgres://ada:{SECRET}@db.example.org:5432/shop",
        f"see http://ada:{SECRET}@127.0.0.1/x and go on",
        f"PASSWORD2={SECRET}",
        f"XAPIKey={SECRET}",
        f'{{"tokens": "{SECRET}"}}',
        f'{{"token": "{SECRET}',
    ],
)
def test_free_text_gives_its_secrets_away(text: str) -> None:
    """Headers, options, single quotes, assignments and URLs: the secret goes there, and then everywhere."""
    redactor = Redactor()
    cleaned = redactor.clean(text)
    assert SECRET not in cleaned and REDACTED in cleaned
    assert redactor.clean(cleaned) == cleaned == Redactor().clean(cleaned)
    assert redactor.clean(f"echo {SECRET}") == f"echo {REDACTED}"


@pytest.mark.parametrize(
    "name", ["PASSWORD2", "XAPIKey", "tokens", "passwords", "db_passwords", "api_keys", "secret_3"]
)
def test_more_names_are_secret(name: str) -> None:
    """Numbers, plurals and a leading X do not hide a name."""
    assert Redactor().clean({name: "abc"}) == {name: REDACTED}


@pytest.mark.parametrize(
    "args",
    [
        ["--password", SECRET],
        ["-v", "--password", SECRET, "--user", "ada"],
        [f"--token={SECRET}", "x"],
        ["-H", f"Authorization: Bearer {SECRET}", "url"],
        ["--header", f"X-Api-Key: {SECRET}", "url"],
    ],
)
def test_arguments_give_their_secrets_away(args: list[str]) -> None:
    """In a list of arguments an option's value stands in itself or in the next one."""
    redactor = Redactor()
    cleaned = redactor.clean({"cmd": "tool", "args": args})
    assert SECRET not in json.dumps(cleaned) and len(cleaned["args"]) == len(args)
    assert redactor.clean(SECRET) == REDACTED
    assert Redactor().clean(cleaned) == cleaned


@pytest.mark.parametrize("secret", ["abc", "Bearer abc", "three words here", SECRET, "a,b;c", "x=y&z"])
@pytest.mark.parametrize("option", ["--password {}", "Authorization: {}", "--token={}", "http://u:{}@h/"])
def test_what_is_made_of_clean_parts_is_clean(option: str, secret: str) -> None:
    """A command line is the same whether it was made of the true arguments or, on replay, of the clean ones."""
    redactor = Redactor()
    args = ["-v", *(option.split(" ", 1) if option.startswith("--password") else [option]), "--end"]
    true = [arg.format(secret) for arg in args]
    clean = redactor.clean(true)
    assert redactor.clean(" ".join(true)) == redactor.clean(" ".join(clean)) == Redactor().clean(" ".join(clean))


def test_an_argument_is_one_secret_with_all_its_words() -> None:
    """Spaces in an argument do not end it."""
    assert Redactor().clean(["--token=two words", "--password", "two words"]) == [
        f"--token={REDACTED}",
        "--password",
        REDACTED,
    ]


def test_short_secrets_go_by_name() -> None:
    """A text too short to be looked for everywhere goes where its name stands, also in a scenario's file."""
    redactor = Redactor()
    assert redactor.clean(["--password", "abc", "abc"]) == ["--password", REDACTED, "abc"]
    assert redactor.clean("login --password abc") == f"login --password {REDACTED}"
    assert redactor.clean("http://u:abc@h/") == f"http://u:{REDACTED}@h/"
    assert redactor.source('{"args": ["--password", "abc"]}') == f'{{"args": ["--password", "{REDACTED}"]}}'
    assert redactor.source('{"path": "http://u:abc@h/"}') == f'{{"path": "http://u:{REDACTED}@h/"}}'


@pytest.mark.parametrize(
    "text",
    [
        "the token is spent",
        "unexpected token: here it is",
        "usage: tool --password PASSWORD, --token <token>",
        "tool --token --verbose",
        "max_tokens=4096",
        "http://example.org:8080/a@b",
        "ssh://git@example.org/x",
        "Authorization: ${header}",
        "--password ${password}",
        "http://u:${password}@h",
        "secretary: Ada",
        "tokenizer='fast'",
    ],
)
def test_prose_and_references_stay(text: str) -> None:
    """What only resembles a secret is left alone, or at least never looked for elsewhere."""
    redactor = Redactor()
    cleaned = redactor.clean(text)
    assert redactor.values == set()
    assert cleaned == text or "PASSWORD" in text


def test_a_word_of_prose_is_not_looked_for() -> None:
    """`password: required` hides the word there, and nowhere else."""
    redactor = Redactor()
    assert redactor.clean(["password: required", "a name is required"])[1] == "a name is required"


def test_names_with_spaces_are_found_in_json() -> None:
    """A configured name may hold any characters; in a body it is found as a member."""
    redactor = Redactor(["card number"])
    assert SECRET not in redactor.clean(f'{{"card number": "{SECRET}"}}')


PIECES = st.sampled_from(
    [
        "token",
        "password",
        "Authorization",
        ": ",
        "=",
        " ",
        '"',
        "'",
        "--",
        "\n",
        "://",
        "@",
        ":",
        ",",
        SECRET,
        REDACTED,
        "x",
        "\\",
        "{",
        "İ",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """Whatever a text is made of, what is clean stays as it is."""
    redactor = Redactor()
    once = redactor.clean(text)
    assert redactor.clean(once) == once


ROW = {"id": 12345, "name": "some name of it", "tags": ["a", "b"], "url": "https://example.org/a?b=c&d=e"}
MANY = 4 * 1024 * 1024


@pytest.mark.parametrize(
    "piece",
    [
        json.dumps(ROW) + ",",
        "token",
        "token=",
        "'token ",
        "--token ",
        "a://",
        "://u:p@",
        "Authorization: Bearer abcdef\n",
        '{"token": "same-secret"},',
    ],
)
def test_a_body_at_its_limit_is_quick(piece: str) -> None:
    """Four megabytes of an ordinary body, and one of what looks like nothing but secrets, take seconds at the most."""
    body: Any = "[" + piece * (MANY // len(piece) // (1 if "name of it" in piece else 4)) + "0]"
    began = time.process_time()
    Redactor().clean({"body": body})
    assert time.process_time() - began < 3


def test_what_is_remembered_of_surroundings_is_never_of_others() -> None:
    """A name is told by all of its letters, however its neighbourhood looks elsewhere."""
    finder = Finder(["token"], lambda name: name.lower().rpartition("_")[2] == "token")
    padding = "x" * (AROUND_CHARS - 2)
    texts = {
        '{"total_tokens": 5}': False,
        '{"total_token": 5}': True,
        "token": True,
        "tokens": False,
        f"{padding} token {padding}": True,
        f"{padding}xxtokens{padding}": False,
        f"{padding}_token {padding}": True,
        f"{padding}xxxxxxxxx_token {padding}": True,
        f"{padding}xxxxxxxxxtoken {padding}": False,
    }
    for _ in range(2):
        for text, is_named in texts.items():
            assert finder.names_one(f"  {text}  ") is is_named, text
            assert finder.names_one(text) is is_named, text
