"""Redaction: secrets never reach a trace, a report, a log or a screen.

Rule 1: by name first. What stands under a secret name (`authorization`, `accessToken`, `DB_PASSWORD`, …) is replaced.
Rule 2: then by value. Once a text of six or more characters was seen under a secret name, it is replaced wherever
it turns up, however it is escaped; but not when it is itself such a name, as the password "password".
Rule 3: steps see true values; only what is written or compared is cleaned. Cleaning twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import msgspec

from fozzy.core.forms import Form
from fozzy.core.redact_forms import (
    ManyValues,
    in_escapes,
    longest_first,
    plain_name,
    spellings,
    writings,
)
from fozzy.core.redact_text import Finder, Hit, userinfo

REDACTED = "<redacted>"
TYPE_MATCHER = "$type"  # in expected JSON it names a type, which tells no secret
VALUE_CHARS_MIN = 6  # shorter texts turn up by accident
VALUES_MANY = 500  # a pattern tries them one by one
VALUE_CHARS_MAX = 64 * 1024  # no key is longer; to look for more everywhere would only take time

NAMES = (
    "authorization",
    "proxy_authorization",
    "cookie",
    "set_cookie",
    "api_key",
    "apikey",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "credentials",
    "private_key",
)

_JSON_MEMBER = re.compile(r'("([^"\\]{1,64})"\s*[:=]\s*")((?:[^"\\]|\\.)*)(")')
_JSON_ARGUMENT = re.compile(r'("(--?[\w.-]{1,64})"\s*,\s*")((?:[^"\\-]|\\.)(?:[^"\\]|\\.)*)(")')
_TOML_MEMBER = re.compile(r'(?m)((?:^|[{,\s])([\w-]{1,64})\s*=\s*")((?:[^"\\]|\\.)*)(")')
# A number under a quoted name, the quotes themselves perhaps escaped: a body inside a scenario's text.
_JSON_NUMBER = re.compile(r'((?<!\\)(\\{0,7})"([^"\\]{1,64})\2"\s*:\s*)(-?\d[\d.eE+-]*)')
_TOML_NUMBER = re.compile(r"(?m)((?:^|[{,\s])()([\w-]{1,64})\s*=\s*)([+-]?\d[\w.+-]*)")
_SCHEME = re.compile(r"([A-Za-z]+) (\S+)")
_COOKIE_ATTRIBUTES = {"path", "domain", "expires", "max-age", "samesite"}


class Redactor:
    """Knows the secret names of a run and learns its secret values.

    `${…}` refers to a secret and is none; without `references`, as on the wire, it is a text like any other.
    *Limits*: learned values live as long as the run; with `values_max` the oldest are forgotten beyond that many.
    """

    def __init__(self, names: Iterable[str] = (), values_max: int | None = None, references: bool = True) -> None:
        self.names = list(names)  # besides the usual ones
        self.forgotten = 0  # values beyond `values_max`, which are no longer looked for
        self._values_max = values_max
        self._reference = "${" if references else None
        self._order: dict[str, None] = {}  # the values in the order they were learned, where the oldest go
        self._names = {plain_name(name) for name in (*NAMES, *self.names)}
        self._finder = Finder(self._names, self.is_secret)
        self._has_odd_names = any(not re.fullmatch(r"[\w.-]*", name) for name in self._names)
        self._known: dict[str, bool] = {}
        self.values: set[str] = set()
        self._spared: set[str] = set()
        self._pattern: re.Pattern[str] | ManyValues | None = None

    @property
    def learned(self) -> int:
        """How many values it has learned; it only grows."""
        return len(self.values) + self.forgotten

    def is_secret(self, name: str) -> bool:
        """Whether what stands under `name` is a secret: the name itself, or its last words, are in the list."""
        known = self._known.get(name)
        if known is None:
            known = any(self._is_named(plain) for plain in spellings(name))
            if len(self._known) < 4096:  # names come from answers too; the memory for them is bounded
                self._known[name] = known
        return known

    def _is_named(self, plain: str) -> bool:
        return any(plain == secret or plain.endswith("_" + secret) for secret in self._names)

    def spare(self, texts: Iterable[str]) -> None:
        """Leave these texts alone under secret names too: they only say where a secret will be found."""
        for text in texts:
            self._spared.update(writings(text))

    def learn(self, tree: Any) -> None:
        """Remember every secret value in `tree`, a value of builtin types."""
        before = self.learned
        for text in dict.fromkeys(self._secrets(tree)):
            self._learn_text(text)
        if self.learned == before:
            return
        if len(self.values) > VALUES_MANY:
            self._pattern = ManyValues(self.values, VALUE_CHARS_MIN)
        else:
            self._pattern = re.compile("|".join(map(re.escape, longest_first(self.values))))

    def clean(self, tree: Any) -> Any:
        """`tree` without its secrets, having learned them; tuples become lists, as they are in a trace."""
        self.learn(tree)
        return self._clean(tree)

    def text(self, text: str) -> str:
        """`text` with every learned value replaced."""
        return text if self._pattern is None else self._pattern.sub(REDACTED, text)

    def is_harmless(self, text: str) -> bool:
        """Whether a text surely holds no secret: `clean` would learn nothing of it and change nothing. False where
        only that can tell. It costs a search for a dozen words, and one for each learned value."""
        if self._has_odd_names or "\\u" in text or ("://" in text and "@" in text) or self._finder.names_one(text):
            return False
        return not any(value in text for value in self.values)

    def source(self, text: str, form: Form = "json") -> str:
        """The text of a scenario file without its secrets; values that only refer (`${…}`) stay."""
        if form == "yaml":
            from fozzy.core.redact_yaml import without_secrets  # few scenarios are

            with suppress(ValueError):  # what was cleaned before, and is no YAML any more
                text = without_secrets(text, self._clean, self._hide_written)
            return self.text(text)
        text = self._without(text, userinfo(text))
        text = self._by_name(text, (_JSON_MEMBER, _TOML_MEMBER, _JSON_ARGUMENT))
        text = self._numbers(text, (_JSON_NUMBER, _TOML_NUMBER))
        if self.values and ("\\u" in text or "\\/" in text):
            text = re.sub("|".join(map(in_escapes, longest_first(self.values))), REDACTED, text)
        return self.text(text)

    def _secrets(self, tree: Any) -> Iterator[str]:
        if isinstance(tree, str):
            yield from self._secrets_in_text(tree)
        elif isinstance(tree, dict):
            for name, value in _named(tree):
                yield from _texts(value) if self.is_secret(name) else self._secrets(value)
        elif isinstance(tree, list | tuple):
            yield from (tree[index][at:] for index, at in self._arguments(tree))
            for item in tree:
                if _is_pair(item) and self.is_secret(item[0]):
                    yield from _texts(item[1])
                else:
                    yield from self._secrets(item)

    def _secrets_in_text(self, text: str) -> Iterator[str]:
        """What a body, a query or a log line gives away, also as it is meant where it is written with escapes."""
        for hit in self._finder.hits(text):
            if hit.sure and hit.value is not None:
                yield hit.value
                yield hit.value.partition("#")[0]  # a query ends where the fragment begins
        if self._has_odd_names:
            yield from (match[3] for match in _JSON_MEMBER.finditer(text) if self.is_secret(match[2]))
        if text.lstrip()[:1] in ("{", "[") and ("\\u" in text or self._finder.may_hold(text)):
            with suppress(msgspec.MsgspecError, ValueError, RecursionError):
                yield from self._secrets(msgspec.json.decode(text))

    def _arguments(self, items: Sequence[Any]) -> list[tuple[int, int]]:
        """Which items are the value of an option, from where: `["--password", "…"]`, `["--password=…"]`."""
        found = []
        for index, (option, value) in enumerate(pairwise([*items, None])):
            if isinstance(option, str) and option[:1] == "-":
                name, equals, _ = option.partition("=")
                if not self.is_secret(name):
                    continue
                if equals:
                    found.append((index, len(name) + 1))
                elif isinstance(value, str) and value[:1] != "-":
                    found.append((index + 1, 0))
        return found

    def _numbers(self, text: str, patterns: tuple[re.Pattern[str], ...]) -> str:
        def hide(match: re.Match[str]) -> str:
            return f'{match[1]}{match[2]}"{REDACTED}{match[2]}"' if self.is_secret(match[3]) else match[0]

        for pattern in patterns:
            text = pattern.sub(hide, text)
        return text

    def _learn_text(self, text: str) -> None:
        if text in self._spared or len(text) > VALUE_CHARS_MAX:
            return
        for part in _secret_parts(text):
            if self._can_be_hidden(part) and plain_name(part) not in self._names:
                for each in writings(part):
                    if self._can_be_hidden(each):
                        self._keep(each)

    def _refers(self, text: str) -> bool:
        return self._reference is not None and self._reference in text

    def _can_be_hidden(self, value: str) -> bool:
        """Whether a text may be replaced wherever it turns up: it is long enough, no reference, and not our own mark."""
        is_long = VALUE_CHARS_MIN <= len(value) <= VALUE_CHARS_MAX
        return is_long and not self._refers(value) and value not in REDACTED

    def _hide(self, value: Any) -> Any:
        """A secret's stand-in. Truth values and nothing tell no secret, and a reference is not the secret itself."""
        if value is None or isinstance(value, bool) or (isinstance(value, str) and self._refers(value)):
            return value
        return REDACTED

    def _hide_written(self, value: Any) -> Any:
        """As `_hide`, of a value in a scenario's text."""
        return value if isinstance(value, str) and value in self._spared else self._hide(value)

    def _keep(self, value: str) -> None:
        self.values.add(value)
        if self._values_max is None:
            return
        self._order.pop(value, None)  # what is seen again is not the oldest
        self._order[value] = None
        if len(self._order) > self._values_max:
            oldest = next(iter(self._order))
            del self._order[oldest]
            self.values.discard(oldest)
            self.forgotten += 1

    def _clean(self, tree: Any) -> Any:
        if isinstance(tree, str):
            if self._has_odd_names:
                tree = self._numbers(self._by_name(tree, (_JSON_MEMBER,)), (_JSON_NUMBER,))
            tree = self.text(tree)  # first: a value may be more than what stands after its name in a text
            return self._without(tree, self._finder.hits(tree))
        if isinstance(tree, dict):
            secret = {name for name, _ in _named(tree) if self.is_secret(name)}
            pair = _pair_name(tree) in secret
            return {
                self.text(key): self._hide(value) if key in secret or (pair and key == "value") else self._clean(value)
                for key, value in tree.items()
            }
        if isinstance(tree, list | tuple):
            if _is_pair(tree) and self.is_secret(tree[0]):
                return [tree[0], self._hide(tree[1])]
            cleaned = [self._clean(item) for item in tree]
            for index, at in self._arguments(tree):
                cleaned[index] = tree[index][:at] + self._hide(tree[index][at:])
            return cleaned
        return tree

    def _without(self, text: str, hits: Iterable[Hit]) -> str:
        """A text without what was found in it."""
        pieces, done = [], 0
        for hit in hits:
            if hit.value is None or not (self._refers(hit.value) or hit.value in self._spared):
                pieces += [text[done : hit.start], f"{hit.quote}{REDACTED}{hit.quote}"]
                done = hit.end
        return "".join(pieces) + text[done:] if pieces else text

    def _by_name(self, text: str, patterns: tuple[re.Pattern[str], ...]) -> str:
        def hide(match: re.Match[str]) -> str:
            if not self.is_secret(match[2]) or self._refers(match[3]) or match[3] in self._spared:
                return match[0]
            return match[1] + REDACTED + match[4]

        for pattern in patterns:
            text = pattern.sub(hide, text)
        return text


def _secret_parts(text: str) -> Iterator[str]:
    """The whole text, the credential after an authorization scheme, the values of cookies."""
    yield text
    scheme = _SCHEME.fullmatch(text)
    if scheme:
        yield scheme[2]
    for piece in text.split(";"):
        name, equals, value = piece.strip().partition("=")
        if equals and name.lower() not in _COOKIE_ATTRIBUTES:
            yield value


def _pair_name(tree: dict[str, Any]) -> str | None:
    """The name in `{"name": …, "value": …}`, the form of a saved value or an environment variable."""
    if "value" not in tree:
        return None
    name = tree.get("key", tree.get("name"))
    return name if isinstance(name, str) else None


def _named(tree: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from tree.items()
    name = _pair_name(tree)
    if name is not None:
        yield name, tree["value"]


def _is_pair(item: Any) -> bool:
    return isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != TYPE_MATCHER:
                yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
