"""TypeScript, JavaScript, Go, Rust and Java by tree-sitter, where it is installed: `pip install 'fozzy[map]'`.

A grammar finds functions, classes, comments and strings, by a query that runs in C. Names, branches and failures are
then found in the lines that are left, as in languages without a parser.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from fozzy.insight.map.line_code import points
from fozzy.insight.map.units import Code, Scope

# language: module, function of the module, query
_SCRIPT = """
(function_declaration name: (_) @name) @function
(generator_function_declaration name: (_) @name) @function
(method_definition name: (_) @name) @function
(variable_declarator name: (_) @name value: [(arrow_function) (function_expression)]) @function
(assignment_expression left: (_) @name right: [(arrow_function) (function_expression)]) @function
(pair key: (_) @name value: [(arrow_function) (function_expression)]) @function
(call_expression
  function: (member_expression) @name
  arguments: (arguments . (string) @route [(arrow_function) (function_expression)])) @function
(class_declaration name: (_) @name) @scope
(comment) @blank
(string_fragment) @blank
(regex_pattern) @blank
"""
_TYPED = "(public_field_definition name: (_) @name value: [(arrow_function) (function_expression)]) @function"
_UNTYPED = "(field_definition property: (_) @name value: [(arrow_function) (function_expression)]) @function"
_GO = """
(function_declaration name: (_) @name) @function
(method_declaration receiver: (parameter_list (parameter_declaration type: (_) @receiver)) name: (_) @name) @function
(comment) @blank
(interpreted_string_literal) @blank
(raw_string_literal) @blank
"""
_RUST = """
(function_item name: (_) @name) @function
(impl_item type: (_) @name) @scope
(trait_item name: (_) @name) @scope
(mod_item name: (_) @name) @scope
(line_comment) @blank
(block_comment) @blank
(string_content) @blank
"""
_JAVA = """
(method_declaration name: (_) @name) @function
(constructor_declaration name: (_) @name) @function
(class_declaration name: (_) @name) @scope
(interface_declaration name: (_) @name) @scope
(enum_declaration name: (_) @name) @scope
(record_declaration name: (_) @name) @scope
(line_comment) @blank
(block_comment) @blank
(string_literal) @blank
"""
_GRAMMARS = {
    "TypeScript": ("tree_sitter_typescript", "language_typescript", _SCRIPT + _TYPED),
    "TSX": ("tree_sitter_typescript", "language_tsx", _SCRIPT + _TYPED),
    "JavaScript": ("tree_sitter_javascript", "language", _SCRIPT + _UNTYPED),
    "Go": ("tree_sitter_go", "language", _GO),
    "Rust": ("tree_sitter_rust", "language", _RUST),
    "Java": ("tree_sitter_java", "language", _JAVA),
}
DEPTH_MAX = 2_000  # far deeper than people write
_BRACKET = re.compile(r"[()\[\]{}]")
_RUN = re.compile(rf"(?:[-!~+*&<]\s*+){{{DEPTH_MAX}}}|\b(\w++)\s++(?:\1\s++){{{DEPTH_MAX}}}")
_NAME_CHARS_MAX = 80  # of what a computed name is written as


class Parsed(NamedTuple):
    """What a grammar made of a file. `broken_line` is the first line it did not understand, 0 when it did all."""

    code: Code
    broken_line: int


class _Found(NamedTuple):
    """A function or class: its bytes and its lines."""

    name: str
    start: int
    end: int
    line: int
    end_line: int
    is_function: bool


class _Grammar(NamedTuple):
    parser: Any
    query: Any
    cursor: Any


def parse(language: str, data: bytes, text: str) -> Parsed | None:
    """None when there is no parser for the language, or it is not installed.

    *Errors*: `SyntaxError` for what is nested so deep that a query over it would take minutes.
    """
    grammar = _grammar(language)
    if grammar is None:
        return None
    if _is_deep(text):
        raise SyntaxError("it is nested too deep")
    data = text.encode("utf-8")
    root = grammar.parser.parse(data).root_node
    scopes: list[_Found] = []
    blanks: list[tuple[int, int]] = []
    for _, found in grammar.cursor(grammar.query).matches(root):
        if "blank" in found:
            blanks += [(node.start_byte, node.end_byte) for node in found["blank"]]
        else:
            node = (found.get("function") or found["scope"])[0]
            lines = node.start_point[0] + 1, node.end_point[0] + 1
            scopes.append(_Found(_name(found), node.start_byte, node.end_byte, *lines, "function" in found))
    shown = points(language, text, _blanked(data, blanks))
    return Parsed(Code(_qualified(scopes), shown, data.count(b"\n") + 1), _broken(root))


@cache
def _grammar(language: str) -> _Grammar | None:
    if language not in _GRAMMARS:
        return None
    module, function, query = _GRAMMARS[language]
    try:
        library: Any = import_module("tree_sitter")
        made = library.Language(getattr(import_module(module), function)())
        return _Grammar(library.Parser(made), library.Query(made, query), library.QueryCursor)
    except (ImportError, AttributeError):  # the latter: one too old
        return None


def _is_deep(text: str) -> bool:
    """Whether brackets or signs are nested in thousands: a query costs the square of the depth, and cannot be stopped."""
    if _RUN.search(text):
        return True
    depth = 0
    for bracket in _BRACKET.findall(text) if sum(map(text.count, "([{")) > DEPTH_MAX else ():
        depth += 1 if bracket in "([{" else -1
        if depth > DEPTH_MAX:
            return True
    return False


def _name(found: dict[str, list[Any]]) -> str:
    """What a function is called: a route's handler by its registration, a Go method with its receiver."""
    name = _text(found["name"][0])
    if "route" in found:
        return f"{name}({_text(found['route'][0])})"
    if "receiver" in found:
        return f"{_text(found['receiver'][0]).lstrip('*')}.{name}"
    return name


def _text(node: Any) -> str:
    text = node.text.decode("utf-8", "replace")
    return " ".join(text.split())[:_NAME_CHARS_MAX]


def _qualified(found: list[_Found]) -> list[Scope]:
    """Functions with the names of what they stand in before their own."""
    scopes: list[Scope] = []
    around: list[tuple[str, int]] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        while around and around[-1][1] <= each.start:
            around.pop()
        qualified = ".".join([*(name for name, _ in around), each.name])
        around.append((each.name, each.end))
        if each.is_function:
            scopes.append(Scope(qualified, each.line, each.line, each.end_line))
    return scopes


def _blanked(data: bytes, blanks: list[tuple[int, int]]) -> str:
    """The text without these parts; every line stays where it is."""
    parts: list[bytes] = []
    at = 0
    for start, end in sorted(blanks):
        if start >= at:
            parts += [data[at:start], b"\n" * data.count(b"\n", start, end)]
            at = end
    return b"".join([*parts, data[at:]]).decode("utf-8", "replace")


def _broken(root: Any) -> int:
    """The first line that is no code to the grammar."""
    if not root.has_error:
        return 0
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            return int(node.start_point[0]) + 1
        waiting += [each for each in reversed(node.children) if each.has_error or each.is_missing]
    return 1
