"""A scenario's text in YAML loses its secrets, and is still YAML that means the rest of what it did."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.limits import DEPTH_MAX
from fozzy.core.redact import REDACTED, Redactor
from fozzy.core.yaml.nodes import load_yaml


def source(text: str) -> str:
    """The text as a trace carries it; once more changes nothing."""
    redactor = Redactor()
    redactor.learn(load_yaml(text, DEPTH_MAX))
    made = redactor.source(text, "yaml")
    assert redactor.source(made, "yaml") == made
    return made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("password: pw # c\n", f'password: "{REDACTED}" # c\n'),
        ("password: 1234\n", f'password: "{REDACTED}"\n'),
        ("{password: pw, a: 1}\n", f'{{password: "{REDACTED}", a: 1}}\n'),
        ("password: 'p''w'\na: 1\n", f'password: "{REDACTED}"\na: 1\n'),
        ("password: |\n  p\n  w\na: 1\n", f'password: "{REDACTED}"\na: 1\n'),
        ("password: p\n  w\na: 1\n", f'password: "{REDACTED}"\na: 1\n'),
        ("password: ${x}\ntoken: true\nsecret:\n", "password: ${x}\ntoken: true\nsecret:\n"),
        ("base: &p pw\npassword: *p\n", f'base: &p "{REDACTED}"\npassword: *p\n'),
        ("password: {a: p, b: [q, ~]}\n", f'password: {{a: "{REDACTED}", b: ["{REDACTED}", ~]}}\n'),
        ("args: [--password, pw, --token=t]\n", f'args: [--password, "{REDACTED}", "--token={REDACTED}"]\n'),
        ("url: https://u:pw@host/\n", f'url: "https://u:{REDACTED}@host/"\n'),
        ("password: hunter22\nsay: it is hunter22\n# hunter22\n",
         f'password: "{REDACTED}"\nsay: "it is {REDACTED}"\n# {REDACTED}\n'),
        ('password: hunter22\nsay: "\\x68unter22"\nhunter22: 1\n',
         f'password: "{REDACTED}"\nsay: "{REDACTED}"\n"{REDACTED}": 1\n'),
        ("a: 1\nb: [x, y]\n", "a: 1\nb: [x, y]\n"),
    ],
)  # fmt: skip
def test_what_is_secret_is_replaced_where_it_stands(text: str, made: str) -> None:
    """By its name, by its value, in every style; what only refers, truth and nothing stay."""
    assert source(text) == made
    load_yaml(made, DEPTH_MAX)


def test_where_a_secret_will_be_found_is_none() -> None:
    """What a step says it keeps is spared, as in other forms."""
    redactor = Redactor()
    redactor.spare(["$.token"])
    assert redactor.source("save: {token: $.token}\n", "yaml") == "save: {token: $.token}\n"


def test_what_is_no_yaml_only_loses_what_is_known() -> None:
    """A text that cannot be read is not lost, and its known secrets are."""
    redactor = Redactor()
    redactor.learn({"password": "hunter22"})
    assert redactor.source("a: [hunter22\n", "yaml") == f"a: [{REDACTED}\n"


@given(st.dictionaries(st.sampled_from(["a", "password", "c"]), st.text(min_size=8), min_size=1))
def test_no_secret_is_left(value: Any) -> None:
    """However a dumper writes it, the secret is gone and everything else is there."""
    import yaml

    text = yaml.safe_dump(value, width=20)
    before = load_yaml(text, DEPTH_MAX)
    secret = before.get("password")
    made = source(text)
    after = load_yaml(made, DEPTH_MAX)
    assert after.keys() == before.keys()
    if isinstance(secret, str) and secret.strip():
        assert after["password"] == REDACTED
    for name in before.keys() - {"password"}:
        assert after[name] == before[name] or REDACTED in after[name]
