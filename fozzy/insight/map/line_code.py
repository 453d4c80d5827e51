"""Code read by its lines: the names, branches and failures in a text. For languages without a parser also where
functions begin, by the words languages begin them with; each is taken to end where the next one begins."""

from __future__ import annotations

import re

from fozzy.insight.map.languages import HASH_COMMENTS
from fozzy.insight.map.signals import signals_of
from fozzy.insight.map.units import BRANCH, FAILURE, Code, Point, Scope

_NAME = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]*)*")
_JOINT = re.compile(r"::|->|\?\.")
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_SQL = re.compile(r"(?:SELECT\b.{1,150}?\bFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\b")
_BRANCH = re.compile(r"\b(?:if|elif|elsif|for|foreach|while|case|catch|when|unless|rescue|loop)\b|&&|\|\||\?\?|\?(?= )")
_FAILURE = re.compile(
    r"\b(?:throw|raise|panic!?|fatalError|die|abort|exit)\b|\breturn\b.{0,200}\b(?:err|Err|errors\.New|fmt\.Errorf)\b"
    r"|\bErr\(|\.unwrap\(\)|\.expect\(|Promise\.reject|\breject\("
)
_BROAD = re.compile(
    r"\bcatch\s*(?:\(\s*\w*\s*\)\s*)?\{\s*\}|\bcatch\s*\(\s*(?:final\s+)?(?:Exception|Throwable|\.\.\.)"
    r"|\bcatch\s*\(\s*_\s*\)|\brecover\(\)|\brescue\s*(?:=>|$|Exception)|\bexcept\s*:",
    re.MULTILINE,
)
_GO = re.compile(r"^\s*go\s+[\w.]+|<-|\bselect\s*\{|\bchan\s")
_FUNCTION = re.compile(
    r"^\s*(?!(?:return|new|else|case|throw|goto|await|typedef)\b)(?:(?:export|default|public|private|protected|internal|static|async|override|pub(?:\([^)]*\))?|unsafe|const"
    r"|final|virtual|inline|open|suspend|local|abstract)\s+)*"
    r"(?:(?:def|defp|func|fn|fun|function|sub)\s+(?:\([^)]*\)\s*)?(?:self\.)?(?P<named>[A-Za-z_$][\w$.]*[?!]?)"
    r"|(?:const|let|var)\s+(?P<arrow>[A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?(?:\([^)]*\)|[\w$]+)\s*=>"
    r"|(?P<shell>[A-Za-z_]\w*)\s*\(\)\s*\{"
    r"|[A-Za-z_][\w<>\[\],:*&?\s]*[\s*&](?P<typed>[A-Za-z_~][\w:]*)\s*\([^;={}]*\)\s*(?:const\s*)?(?:throws [\w., ]+)?\{)"
)
_KEYWORDS = {"if", "for", "while", "switch", "catch", "return", "else", "new", "do", "function", "when", "match"}
# A text or comment that is never closed ends with its line or the file: so no pattern looks at anything twice.
_TEXT = r"\"(?:\\.|[^\"\\\n])*+(?:\"|(?=\n)|\Z)|'(?:\\.|[^'\\\n]){0,100}+'"
_HASH = re.compile(rf"#[^\n]*|{_TEXT}", re.DOTALL)
_SLASH = re.compile(rf"//[^\n]*|/\*(?:.*?\*/|.*)|{_TEXT}", re.DOTALL)
_SIGNATURE_CHARS_MAX = 300  # of a line that begins a function
LINE_CHARS_MAX = 2000  # of a line; a longer one is data


def parse(language: str, text: str) -> Code:
    """Functions by the words that begin them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = cleaned_text(language, text)
    lines = cleaned.split("\n")
    begins = [(number, name) for number, line in enumerate(lines, 1) if (name := _function(line))]
    ends = [number - 1 for number, _ in begins[1:]] + [len(lines)]
    scopes = [Scope(name, line, line, end) for (line, name), end in zip(begins, ends, strict=False)]
    return Code(scopes, points(language, text, cleaned), len(lines))


def cleaned_text(language: str, text: str) -> str:
    """A text without what its comments and strings say; every line stays where it is."""
    pattern = _HASH if language in HASH_COMMENTS else _SLASH
    return pattern.sub(lambda match: "\n" * match[0].count("\n"), text)


def points(language: str, text: str, cleaned: str) -> list[Point]:
    """What the lines show. `cleaned` is the text without comments and strings."""
    found: list[Point] = []
    for number, line in enumerate(cleaned.split("\n"), 1):
        if line and not line.isspace():
            found += [Point(number, what) for what in _of_line(language, line[:LINE_CHARS_MAX])]
    for what, pattern, within in (("todo", _TODO, text), ("database", _SQL, text), ("broad except", _BROAD, cleaned)):
        for match in pattern.finditer(within):
            found.append(Point(within.count("\n", 0, match.start()) + 1, what))
    return found


def _of_line(language: str, line: str) -> list[str]:
    found = [BRANCH] * len(_BRANCH.findall(line)) + [FAILURE] * bool(_FAILURE.search(line))
    for name in _NAME.findall(line):
        found += signals_of(_JOINT.sub(".", name))
    if language == "Go" and _GO.search(line):
        found.append("concurrency")
    return found


def _function(line: str) -> str:
    """The name of the function a line begins, empty when it begins none."""
    match = _FUNCTION.match(line[:_SIGNATURE_CHARS_MAX])
    name = next((each for each in match.groups() if each), "") if match else ""
    return "" if name in _KEYWORDS else name
