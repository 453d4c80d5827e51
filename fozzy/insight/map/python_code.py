"""Python, by its own `ast`: functions with qualified names, the names they use with imports resolved, their shape."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections import deque

from fozzy.insight.map.signals import signals_of
from fozzy.insight.map.units import BRANCH, FAILURE, Code, Point, Scope

_TODO = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_SQL = re.compile(r"(?:SELECT\b.{1,150}?\bFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\b", re.DOTALL)
_BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.IfExp,
    ast.ExceptHandler,
    ast.comprehension,
    ast.match_case,
    ast.Assert,
)
# Written as tuples: a union with | would be made anew for each of millions of nodes.
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_NAMES = (ast.Name, ast.Attribute)
_PLACED = (ast.expr, ast.pattern)
_NOT_CODE = frozenset(("annotation", "returns", "type_comment", "ctx"))
_BROAD = {"Exception", "BaseException"}
_TEXT_CHARS_MAX = 10_000  # of a text that is looked through for SQL


def decode(data: bytes) -> str:
    """The text of a file, by its own coding mark. *Errors*: `UnicodeDecodeError`, `SyntaxError`, `LookupError`."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def parse(text: str) -> Code:
    """*Errors*: `SyntaxError`, also for what is nested deeper than the parser goes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes, which are the file's own affair
            tree = ast.parse(text)
    except (RecursionError, MemoryError) as error:
        raise SyntaxError("it is nested too deep") from error
    except ValueError as error:  # half a character
        raise SyntaxError(str(error)) from error
    return _Walk(tree, text).code()


class _Walk:
    """One walk over a tree, without recursion."""

    def __init__(self, tree: ast.Module, text: str) -> None:
        self.tree = tree
        self.text = text
        self.scopes: list[Scope] = []
        self.points: list[Point] = []
        self.modules: dict[str, str] = {}  # what names of imports stand for

    def code(self) -> Code:
        """All that a map needs of the file."""
        waiting: deque[tuple[ast.AST, str]] = deque([(self.tree, "")])
        while waiting:  # level by level, so that imports come before the functions that use them
            node, prefix = waiting.popleft()
            waiting += self._look(node, prefix)
        lines = self.text.split("\n")
        todos = [
            Point(number, "todo")
            for number, line in enumerate(lines, 1)
            if "#" in line and _TODO.search(line, line.index("#"))
        ]
        return Code(sorted(self.scopes, key=lambda each: (each.line, -each.end)), self.points + todos, len(lines))

    def _look(self, node: ast.AST, prefix: str) -> list[tuple[ast.AST, str]]:
        if isinstance(node, _IMPORTS):
            self._import(node)
            return []
        if isinstance(node, _FUNCTIONS):
            self._function(node, prefix)
            return _inside(node, f"{prefix}{node.name}.")
        if isinstance(node, ast.ClassDef):
            return _inside(node, f"{prefix}{node.name}.")
        if isinstance(node, _NAMES):
            return self._name(node, prefix)
        self._shape(node)
        return [(child, prefix) for child in _children(node)]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str) -> None:
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        end = node.end_lineno or node.lineno
        name = f"{prefix}{node.name}"
        self.scopes.append(Scope(name, first, _body(node), end))
        self._say(node.lineno, *signals_of(node.name))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        base = f"{node.module}." if isinstance(node, ast.ImportFrom) and node.module else ""
        for alias in node.names:
            if alias.asname or base:
                self.modules[alias.asname or alias.name] = f"{base}{alias.name}"

    def _name(self, node: ast.Name | ast.Attribute, prefix: str) -> list[tuple[ast.AST, str]]:
        """A dotted name as a whole; what it begins with, when that is no name, is looked at next."""
        parts: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            parts.append(self.modules.get(inner.id, inner.id))
        self._say(getattr(node, "end_lineno", None) or 1, *signals_of(".".join(reversed(parts))))
        return [] if isinstance(inner, ast.Name) else [(inner, prefix)]

    def _shape(self, node: ast.AST) -> None:
        line = getattr(node, "lineno", 0)
        if isinstance(node, _BRANCHES):
            line = line or _line_of(node)
            self._say(
                line, BRANCH, *(["broad except"] if isinstance(node, ast.ExceptHandler) and _is_broad(node) else ())
            )
        elif isinstance(node, ast.BoolOp):
            self._say(line, *[BRANCH] * (len(node.values) - 1))
        elif isinstance(node, ast.Raise):
            self._say(line, FAILURE)
        elif isinstance(node, ast.arg) or isinstance(node, ast.keyword) and node.arg:
            self._say(line, *signals_of(node.arg))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 10:
            self._say(line, *(["database"] if _SQL.search(node.value[:_TEXT_CHARS_MAX]) else ()))

    def _say(self, line: int, *what: str) -> None:
        self.points += [Point(line, each) for each in what]


def _children(node: ast.AST) -> list[ast.AST]:
    """What stands in a node, but for annotations: a type is not used by being named."""
    found: list[ast.AST] = []
    for field in node._fields:
        value = None if field in _NOT_CODE else getattr(node, field, None)
        if isinstance(value, list):
            found += [each for each in value if isinstance(each, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def _inside(node: ast.AST, prefix: str) -> list[tuple[ast.AST, str]]:
    return [(child, prefix) for child in _children(node)]


def _body(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The first line that only runs when the function is called, past its end when there is none.

    Whatever stands in the lines of the signature runs when the module is imported, and a docstring never.
    """
    signature = [*ast.walk(node.args), *([node.returns] if node.returns else ())]
    last = max([node.lineno, *(getattr(each, "end_lineno", None) or 0 for each in signature)])
    body = node.body
    is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    if is_docstring and len(body) == 1:
        return (node.end_lineno or last) + 1
    first = body[1] if is_docstring else body[0]
    marks: list[ast.expr] = getattr(first, "decorator_list", [])
    return max(min([first.lineno, *(each.lineno for each in marks)]), last + 1)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it catches everything and does not raise it again."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    catches_all = handler.type is None or any(isinstance(each, ast.Name) and each.id in _BROAD for each in kinds)
    return catches_all and not any(isinstance(each, ast.Raise) and each.exc is None for each in handler.body)


def _line_of(node: ast.AST) -> int:
    """The line of a node that has none itself: that of the first inside it."""
    return next((int(each.lineno) for each in ast.walk(node) if isinstance(each, _PLACED)), 1)
