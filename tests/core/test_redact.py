from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.redact import REDACTED, Redactor

SECRET = "s3cr3t-91c2f7"

SECRET_NAMES = [
    "Authorization",
    "authorization",
    "AUTHORIZATION",
    "Proxy-Authorization",
    "Cookie",
    "set-cookie",
    "Set-Cookie",
    "setCookie",
    "X-Api-Key",
    "x_api_key",
    "apiKey",
    "api.key",
    "APIKEY",
    "accessToken",
    "access_token",
    "X-Auth-Token",
    "refresh-token",
    "DB_PASSWORD",
    "dbPassword",
    "DBPassword",
    "CSRFToken",
    "JWTSecret",
    "password",
    "passwd",
    "passphrase",
    "clientSecret",
    "JWT_SECRET",
    "credentials",
    "awsCredential",
    "sshPrivateKey",
    "private-key",
    "--token",
]
PLAIN_NAMES = ["name", "tokenizer", "secretary", "passwordless", "keyboard", "max_tokens_left", "cookies_enabled", ""]


def text_of(tree: Any) -> str:
    return json.dumps(tree, ensure_ascii=False)


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_what_stands_under_a_secret_name_is_replaced(name: str) -> None:
    """Every spelling of a secret name hides its value: as a member, a header pair, and in text."""
    forms: list[Any] = [
        {name: SECRET},
        {"deep": [{"er": {name: SECRET}}]},
        {name: [SECRET, {"more": SECRET}]},
        [[name, SECRET]],
        {"headers": [("accept", "*/*"), (name, SECRET)]},
        {"key": name, "value": SECRET},
        {"name": name, "value": SECRET},
        {"body": json.dumps({"user": "ada", name: SECRET})},
        {"body": json.dumps({"user": "ada", name: SECRET}, indent=2)},
        [name, SECRET],
    ]
    for form in forms:
        assert SECRET not in text_of(Redactor().clean(form)), form


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_other_names_hide_nothing(name: str) -> None:
    """A name that only resembles a secret one leaves its value alone."""
    form = {"a": {name: SECRET}, "b": [[name, SECRET]], "c": {"key": name, "value": SECRET}}
    assert Redactor().clean(form) == form


def test_more_names_come_from_the_configuration() -> None:
    """The names under `redact` count as the built-in ones do, in all their spellings."""
    redactor = Redactor(["session-id"])
    for name in ("session_id", "sessionId", "X-Session-Id", "USER_SESSION_ID"):
        assert redactor.clean({name: "short"}) == {name: REDACTED}
    assert redactor.clean({"session": "short"}) == {"session": "short"}


@pytest.mark.parametrize(
    "text",
    [
        f"user=ada&password={SECRET}&remember=1",
        f"/login?password={SECRET}",
        f"/login?a=b&access_token={SECRET}#top",
        f"https://example.org/?api_key={SECRET}",
        f"password={SECRET}; path=/",
        f"DB_PASSWORD={SECRET}\nHOME=/root\n",
        f'export DB_PASSWORD="{SECRET}"\n',
        f'{{"token":"{SECRET}"}}',
        f'log line: {{"a": 1, "client_secret" : "{SECRET}"}} sent',
    ],
)
def test_secrets_inside_a_text_are_replaced_and_learned(text: str) -> None:
    """JSON inside a body, forms, queries and assignments give their secrets away by name; afterwards by value."""
    redactor = Redactor()
    cleaned = redactor.clean(text)
    assert SECRET not in cleaned
    assert REDACTED in cleaned
    assert redactor.clean({"echo": f"you said {SECRET}, did you"}) == {"echo": f"you said {REDACTED}, did you"}


def test_the_rest_of_a_text_stays_as_it_was() -> None:
    """Only the value is replaced: what a step would parse can still be parsed."""
    redactor = Redactor()
    assert redactor.clean("user=ada&password=abcdefgh&x=1") == f"user=ada&password={REDACTED}&x=1"
    body = json.dumps({"user": "ada", "token": 'quo"ted \\ back', "n": [1, 2]})
    assert json.loads(redactor.clean(body)) == {"user": "ada", "token": REDACTED, "n": [1, 2]}


@pytest.mark.parametrize(
    "value",
    [
        "plain-secret",
        'with "quotes" inside',
        "back\\slash\\es",
        "ünïcödé-geheim",
        'ü "both" \\ ',
        "line\nbreak-in-it",
        "tab\there-it-is",
        "a.b*c+d?(e)[f]",
    ],
)
def test_a_learned_value_is_found_in_every_writing(value: str) -> None:
    """Once seen under a secret name, a value is replaced as text and as JSON text, whichever way that is escaped."""
    redactor = Redactor()
    redactor.learn({"password": value})
    for written in (value, json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert redactor.text(f"<{written}>") in (f"<{REDACTED}>", f'<"{REDACTED}">')


@pytest.mark.parametrize("value", ["plain-secret", 'with "quotes" inside', "ünïcödé-geheim", "sla/sh/es-in"])
def test_a_value_in_a_json_body_is_learned_as_it_is_meant(value: str) -> None:
    """What a body holds in escapes is found again where it stands without."""
    for body in (json.dumps({"token": value}), json.dumps({"token": value}).replace("/", "\\/")):
        redactor = Redactor()
        assert redactor.clean([body, f"it is {value}."])[1] == f"it is {REDACTED}."


def test_the_credential_of_a_scheme_and_the_value_of_a_cookie_are_secrets_by_themselves() -> None:
    """`Bearer X` makes X a secret, `sid=X; Path=/` too, but neither the scheme nor the attributes."""
    redactor = Redactor()
    redactor.learn([["Authorization", "Bearer abcdef123456"], ["set-cookie", "sid=cookie-77; Path=/account; HttpOnly"]])
    assert redactor.text("abcdef123456") == REDACTED
    assert redactor.text("cookie-77") == REDACTED
    assert redactor.text("Bearer /account HttpOnly") == "Bearer /account HttpOnly"


def test_short_values_are_hidden_by_name_and_not_by_value() -> None:
    """Less than six characters turn up by accident: they are replaced under their name alone."""
    redactor = Redactor()
    assert redactor.clean({"password": "abc", "other": "abc"}) == {"password": REDACTED, "other": "abc"}
    assert redactor.clean({"password": "abcdef", "other": "-abcdef-"}) == {
        "password": REDACTED,
        "other": f"-{REDACTED}-",
    }


def test_a_secret_inside_a_longer_one_leaves_no_rest() -> None:
    """The longest learned value wins, so that no end of one stays behind."""
    redactor = Redactor()
    redactor.learn([{"token": "abcdef"}, {"password": "abcdef-and-more"}])
    assert redactor.text("x abcdef-and-more y abcdef z") == f"x {REDACTED} y {REDACTED} z"


@pytest.mark.parametrize("value", [12345678, 1234.5678, [12345678], {"pin": 12345678}])
def test_numbers_under_a_secret_name_are_replaced(value: Any) -> None:
    """A secret need not be a text."""
    assert "1234" not in text_of(Redactor().clean({"password": value}))


@pytest.mark.parametrize("value", [12345678, -12345678, 1234.5678, 0])
def test_numbers_under_a_secret_name_are_replaced_in_a_text(value: float) -> None:
    """In a body, also one inside a scenario's text, they become a text, so that it is still JSON."""
    body = json.dumps({"password": value, "user": "ada", "n": 12})
    cleaned = {"password": REDACTED, "user": "ada", "n": 12}
    assert json.loads(Redactor().clean(body)) == cleaned
    source = json.dumps({"steps": [{"body": body, "token": value}]})
    again = json.loads(Redactor().source(source))["steps"][0]
    assert (json.loads(again["body"]), again["token"]) == (cleaned, REDACTED)
    assert Redactor().source(f"vars = {{ pin = 1, api_token = {value} }}\npassword = {value}\n") == (
        f'vars = {{ pin = 1, api_token = "{REDACTED}" }}\npassword = "{REDACTED}"\n'
    )


@pytest.mark.parametrize("body", [{"Authorization": ["Bearer " + SECRET]}, {"data": json.dumps({"token": SECRET})}])
def test_a_body_is_read_as_what_it_is(body: Any) -> None:
    """Secrets inside lists and inside JSON within JSON are found where no pattern would see them."""
    assert SECRET not in Redactor().clean(json.dumps(body))


def test_the_mark_itself_is_no_secret() -> None:
    """A secret that is part of the mark would make cleaning endless: it is hidden by name alone."""
    redactor = Redactor()
    once = redactor.clean({"password": "redact", "token": SECRET, "note": f"redact {SECRET}"})
    assert once == {"password": REDACTED, "token": REDACTED, "note": f"redact {REDACTED}"}
    assert redactor.clean(once) == once


def test_a_password_called_password_spoils_nothing() -> None:
    """A value that is itself a secret name is hidden by name alone, or every key of that name would go."""
    redactor = Redactor()
    assert redactor.clean({"password": "password", "key": "password", "value": "password"}) == {
        "password": REDACTED,
        "key": "password",
        "value": REDACTED,
    }
    assert redactor.source('{"vars": {"secret": "secret"}, "a": "${secret}"}') == (
        f'{{"vars": {{"secret": "{REDACTED}"}}, "a": "${{secret}}"}}'
    )


def test_a_secret_is_found_in_a_url_and_a_form() -> None:
    """A value goes over the wire percent-encoded; that is replaced too."""
    redactor = Redactor()
    redactor.learn({"password": "p@ss wörd/1"})
    assert redactor.clean({"url": "/a?q=p%40ss%20w%C3%B6rd%2F1", "body": "q=p%40ss+w%C3%B6rd%2F1"}) == {
        "url": f"/a?q={REDACTED}",
        "body": f"q={REDACTED}",
    }
    assert Redactor().clean(["password=p%40ssword1", "p@ssword1"]) == [f"password={REDACTED}", REDACTED]


@pytest.mark.parametrize("depth", [500, 100_000])
def test_deep_nesting_in_a_body_is_no_danger(depth: int) -> None:
    """A body may be nested deeper than any parser goes; what is seen by name is still replaced."""
    body = '{"a":' * depth + f'{{"token":"{SECRET}"}}' + "}" * depth
    assert SECRET not in Redactor().clean(body)


def test_truth_values_and_nothing_stay() -> None:
    """They tell no secret, and a step may look at them."""
    form = {"token": None, "password": True, "secret": False}
    assert Redactor().clean(form) == form
    assert Redactor().clean(json.dumps(form)) == json.dumps(form)


@pytest.mark.parametrize(
    "tree",
    [
        {"Authorization": "Bearer ${token}"},
        {"password": "${env.DB_PASSWORD}"},
        [["x-api-key", "${key}"]],
        {"key": "password", "value": "${other}"},
        "user=ada&password=${pw}",
        '{"token": "${token}"}',
    ],
)
def test_references_stay(tree: Any) -> None:
    """`${…}` is not the secret itself: without it a scenario could not be replayed."""
    redactor = Redactor()
    assert redactor.clean(tree) == tree
    assert redactor.values == set()


def test_a_secret_as_a_key_is_replaced() -> None:
    """A learned value is hidden also where it names something."""
    redactor = Redactor()
    redactor.learn({"token": SECRET})
    assert redactor.clean({"sessions": {SECRET: 1}}) == {"sessions": {REDACTED: 1}}


JSON_SOURCE = """{
  "version": 1, "name": "login",
  "vars": {"password": "hunter22222", "short_token": "abc"},
  "steps": [
    {"type": "set_kv", "key": "k", "value": "hunter22222"},
    {"type": "http_request", "method": "POST", "path": "/", "headers": {"Authorization": "Bearer abcdef123456"},
     "body": "{\\"token\\": \\"hunter22222\\"}"},
    {"type": "http_request", "method": "GET", "path": "/", "headers": {"X-Api-Key": "${key}"}}
  ]
}
"""
TOML_SOURCE = """version = 1
name = "login"
vars = {password = "hunter22222", short_token = "abc"}

[[steps]]
type = "set_kv"
key = 'k'
value = 'hunter22222'

[[steps]]
type = "http_request"
method = "POST"
path = "/"
body = '''{"token": "hunter22222"}'''
[steps.headers]
Authorization = "Bearer abcdef123456"
"X-Api-Key" = "${key}"
"""


@pytest.mark.parametrize("source", [JSON_SOURCE, TOML_SOURCE])
def test_a_scenario_text_loses_its_secrets_and_nothing_else(source: str) -> None:
    """In both notations secrets go by name and by value; lines, keys and references stay where they are."""
    redactor = Redactor()
    redactor.learn({"password": "hunter22222", "headers": {"Authorization": "Bearer abcdef123456"}})
    cleaned = redactor.source(source)
    for secret in ("hunter22222", "abcdef123456", '"abc"'):
        assert secret not in cleaned
    assert "${key}" in cleaned
    assert len(cleaned.split("\n")) == len(source.split("\n"))
    assert cleaned.count(REDACTED) == 5
    assert redactor.source(cleaned) == cleaned


@pytest.mark.parametrize("written", ["sl\\/ash-secret", "sl\\u002Fash-secret", "sl\\u002fash-secret", "sl/ash-secret"])
def test_escapes_in_a_scenario_hide_no_secret(written: str) -> None:
    """A file may write a secret's characters as escapes of its own choice; they are found all the same."""
    source = f'{{"steps": [{{"key": "password", "value": "{written}"}}, {{"value": "is {written}"}}]}}'
    redactor = Redactor()
    redactor.learn(json.loads(source))
    cleaned = redactor.source(source)
    assert json.loads(cleaned)["steps"] == [{"key": "password", "value": REDACTED}, {"value": f"is {REDACTED}"}]


NAMES = st.sampled_from(["a", "body", "Authorization", "token", "DB_PASSWORD", "key", "value", "name", "x-api-key"])
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            SECRET,
            f"token={SECRET}",
            f'{{"password": "{SECRET}"}}',
            "${name}",
            f"Bearer {SECRET}",
            "password=${x}",
            REDACTED,
            f"{REDACTED}{SECRET}",
            "a=b; sid=abcdefgh",
            '"token": "',
        ]
    ),
)
TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(NAMES, inner, max_size=4),
        st.tuples(NAMES, TEXTS).map(list),
    ),
    max_leaves=12,
)


@given(TREES)
def test_cleaning_twice_changes_nothing(tree: Any) -> None:
    """What is clean stays as it is: for the same redactor, and for one that reads it back from a trace."""
    redactor = Redactor()
    once = redactor.clean(tree)
    assert redactor.clean(once) == once
    assert Redactor().clean(once) == once


@given(TREES, TREES)
def test_no_secret_survives(before: Any, after: Any) -> None:
    """After a value stood under a secret name it stands nowhere any more, however it was nested."""
    redactor = Redactor()
    cleaned = redactor.clean([before, {"password": SECRET}, after])
    assert SECRET not in text_of(cleaned)


def test_the_memory_for_names_is_bounded() -> None:
    """Names come from answers too: a million of them are not all remembered, and are judged all the same."""
    redactor = Redactor()
    for number in range(6000):
        assert not redactor.is_secret(f"name_{number}")
    assert len(redactor._known) <= 4096
    assert redactor.is_secret("brand_new_password")


def test_a_large_text_is_cleaned_in_time() -> None:
    """A body at its limit does not stall a run, also when it is full of what almost looks like a member."""
    redactor = Redactor()
    redactor.learn({"token": SECRET})
    for piece in ('"a": "', '"' * 10, "a=", '{"x":"y"},', 'token="', "\\" * 7 + '"'):
        cleaned = redactor.clean(piece * (200_000 // len(piece)) + f" {SECRET}")
        assert isinstance(cleaned, str) and SECRET not in cleaned


def test_a_path_to_a_secret_is_none() -> None:
    """What is spared only says where a secret will be found: it stays, written in either notation; a real one does not."""
    redactor = Redactor()
    redactor.spare(["$.token", "headers.set-cookie"])
    redactor.learn({"save": {"token": "$.token"}, "headers": {"authorization": SECRET}})
    for text in ('{"save": {"token": "$.token"}}', 'save = { cookie = "headers.set-cookie" }'):
        assert redactor.source(text) == text
    assert redactor.source('{"token": "other"}') == '{"token": "<redacted>"}'
    assert SECRET not in redactor.source(f"x {SECRET}")


def test_the_name_of_a_type_is_no_secret() -> None:
    """A matcher that asks for the type of a secret does not make the type's name one."""
    redactor = Redactor()
    redactor.learn({"expect_json": {"token": {"$type": "string"}, "password": {"$regex": SECRET}}})
    assert redactor.values == {SECRET}
