"""Which files are code, in which language, and which of them hold no code under test."""

from __future__ import annotations

import re

EXTENSIONS = {
    "py": "Python",
    "pyi": "Python",
    "pyw": "Python",
    **dict.fromkeys(("ts", "mts", "cts"), "TypeScript"),
    "tsx": "TSX",
    **dict.fromkeys(("js", "jsx", "mjs", "cjs"), "JavaScript"),
    "go": "Go",
    "rs": "Rust",
    "java": "Java",
    **dict.fromkeys(("c", "h"), "C"),
    **dict.fromkeys(("cc", "cpp", "cxx", "hh", "hpp"), "C++"),
    "cs": "C#",
    **dict.fromkeys(("kt", "kts"), "Kotlin"),
    "scala": "Scala",
    "swift": "Swift",
    "dart": "Dart",
    "php": "PHP",
    "rb": "Ruby",
    **dict.fromkeys(("ex", "exs"), "Elixir"),
    **dict.fromkeys(("sh", "bash"), "Shell"),
    "pl": "Perl",
    "lua": "Lua",
    "zig": "Zig",
    **dict.fromkeys(("vue", "svelte"), "Component"),
}
PARSED = ("Python", "TypeScript", "TSX", "JavaScript", "Go", "Rust", "Java")  # those with a real parser
HASH_COMMENTS = ("Python", "Ruby", "Elixir", "Shell", "Perl")

_TEST_FOLDERS = ("tests", "test", "__tests__", "testing", "spec", "specs", "testdata")
_TEST_NAME = re.compile(r"(test_.*|.*_test|.*_spec|.*\.test|.*\.spec|conftest|.+Tests?)")
_DECLARATION = re.compile(r".*(\.d\.[mc]?ts|\.pyi)")


def language_of(path: str) -> str | None:
    """The language of a file by its name, none when it is no code."""
    name = path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    return EXTENSIONS.get(extension.lower()) if dot and stem else None


def is_test(path: str) -> bool:
    """Whether a file tests others: it stands in a folder of tests, or is named as one."""
    *folders, name = path.split("/")
    return any(each in _TEST_FOLDERS for each in folders) or bool(_TEST_NAME.fullmatch(name.rpartition(".")[0]))


def is_declaration(path: str) -> bool:
    """Whether a file only declares types."""
    return bool(_DECLARATION.fullmatch(path))
