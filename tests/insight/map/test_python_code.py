"""Python by its syntax tree."""

from __future__ import annotations

import pytest

from fozzy.insight.map.python_code import decode, parse
from fozzy.insight.map.units import Unit, units_of


def units(text: str) -> dict[str, Unit]:
    """The units of a text, by name."""
    return {each.name: each for each in units_of("a.py", "Python", parse(text), ())}


def signals(text: str, name: str = "f") -> dict[str, int]:
    """What is counted in a function."""
    return dict(units(text)[name].counts)


def test_functions_have_qualified_names_and_ranges() -> None:
    """Methods, nested functions and classes in functions; decorators belong to what they decorate."""
    text = """\
class A:
    @property
    def f(self):
        '''Doc.'''
        def g():
            return 1
        return g
    class B:
        async def h(self): return 2
"""
    found = {name: (each.line, each.body, each.end) for name, each in units(text).items()}
    assert found == {"A.f": (2, 5, 7), "A.f.g": (5, 6, 6), "A.B.h": (9, 10, 9)}


def test_lines_of_a_signature_are_no_body() -> None:
    """Defaults run when the module is imported, so their lines prove nothing; nor does a docstring."""
    found = units("def f(\n    a=1,\n    b=2,\n): return a\n\n\ndef g():\n    '''Doc.'''\n")
    assert (found["f"].body, found["f"].end) == (4, 4)
    assert found["g"].body > found["g"].end


def test_names_of_imports_are_resolved() -> None:
    """A name is what it was imported as."""
    assert signals("from subprocess import run as go\ndef f():\n    go('x')\n") == {"processes": 1}
    assert signals("import time as t\ndef f():\n    t.time()\n") == {"clock": 1}
    assert signals("def f():\n    t.other()\n") == {}


def test_annotations_use_nothing() -> None:
    """A type is not used by being named."""
    assert signals("def f(a: Lock) -> Thread:\n    b: Cache = a\n    return b\n") == {}


def test_failures_branches_and_broad_handlers() -> None:
    """Raises, branches, and handlers that swallow everything; one that raises again swallows nothing."""
    text = """\
def f(a, b):
    try:
        if a and b or a:
            raise ValueError
        return [x for x in a if x]
    except (KeyError, Exception):
        pass
    try:
        pass
    except BaseException:
        raise
    match a:
        case 1:
            pass
"""
    assert signals(text) == {"branch": 7, "failure": 2, "broad except": 1}


def test_sql_in_texts_and_things_to_do() -> None:
    """A statement in a text is a database; a mark in a comment is a thing to do, in a text it is not."""
    assert signals('def f(c):\n    c("SELECT a\\nFROM b")  # TODO: more\n    return "TODO"\n') == {
        "database": 1,
        "todo": 1,
    }


@pytest.mark.parametrize("text", ["def f(:\n", "x = " + "(" * 5000 + ")" * 5000, "\ud800"])
def test_what_is_no_python(text: str) -> None:
    """Broken code, code nested too deep and half characters are all the same error."""
    with pytest.raises(SyntaxError):
        parse(text)


def test_deep_but_legal_code_is_read() -> None:
    """A long chain is walked without recursion."""
    assert signals("def f(a):\n    return a" + ".b" * 300 + " + 1" * 200 + "\n") == {}


def test_a_file_says_its_coding() -> None:
    """The mark at its top is heeded; without it a file is UTF-8."""
    assert decode("# coding: latin-1\ns = 'é'\n".encode("latin-1")).endswith("'é'\n")
    with pytest.raises((UnicodeDecodeError, SyntaxError)):
        decode(b"s = '\xe9'\n")
    with pytest.raises(SyntaxError):
        decode(b"# coding: no-such-coding\n")


def test_warnings_of_a_file_are_its_own() -> None:
    """An invalid escape in somebody's code is not told to our user."""
    assert "f" in units("def f():\n    return '\\d'\n")
