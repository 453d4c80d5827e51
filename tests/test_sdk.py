"""The generated part of the TypeScript SDK: what the program has, it has, and writes as the program reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from docs import sdk_types
from docs.sdk_types import WITHOUT, comment, kind_of, member, method, module, sdk_words
from fozzy.cli.command import Arg, Command, Word, members, words_of
from fozzy.cli.commands import COMMANDS, command_class
from fozzy.cli.words import parse
from fozzy.version import VERSION

SDK = Path(__file__).parent.parent / "sdk-ts"
GENERATED = (SDK / "src" / "generated" / "commands.ts").read_text(encoding="utf-8")


def table(name: str) -> dict[str, list[str]]:
    """The options of a command as the SDK writes them."""
    own = re.search(rf"^  {method(name)}: {{\n.*?options: {{\n(.*?)^    }},", GENERATED, re.S | re.M)
    common = re.search(r"^export const COMMON = {\n(.*?)^}", GENERATED, re.S | re.M)
    assert own and common
    lines = re.findall(r"^ +(\w+): (\[.*\]),$", common[1] + own[1], re.M)
    return {key: json.loads(spelled) for key, spelled in lines}


def sample(word: Word) -> Any:
    """A value an option may have."""
    kinds = [kind for kind in members(word.kind) if kind is not type(None)]
    literal = [each for kind in kinds for each in get_args(kind) if isinstance(each, str)]
    if word.is_many:
        return ["-a b=c"]
    return literal[0] if literal and str not in kinds else 7 if int in kinds or float in kinds else "-x=$y"


@pytest.mark.parametrize("name", COMMANDS)
def test_what_the_sdk_writes_the_program_reads(name: str) -> None:
    """Every option of a command, written as the SDK does, arrives under its name with its value; none is left out."""
    kind = command_class(name)
    spelled = table(name)
    options = [word for word in sdk_words(name) if not isinstance(word.note, Arg)]
    left_out = {word.field for word in words_of(kind)} - {word.field for word in sdk_words(name)}
    assert left_out == ({*WITHOUT[""], *WITHOUT.get(name, ())} & {word.field for word in words_of(kind)})
    assert {member(word) for word in options} <= set(spelled)
    places = ["place"] * sum(isinstance(word.note, Arg) and word.required for word in words_of(kind))
    places = ["bash"] if name == "completion" else places
    for word in options:
        how, flag, *off = spelled[member(word)]
        value = True if word.is_flag else sample(word)
        one = value[0] if word.is_many else value
        written = [flag] if how == "flag" else [f"{flag}={one}"] if flag.startswith("--") else [flag, str(one)]
        needed = [f"{each.note.flags[0]}=x" for each in options if each.required and each is not word]
        command = parse([*name.split(), "--json", "--color=never", *written, *needed, "--", *places])
        assert getattr(command, word.field) == value, word.field
        if off:
            assert getattr(parse([*name.split(), off[0], *needed, "--", *places]), word.field) is False


def test_what_is_left_out_is_there_to_leave_out() -> None:
    """Each option without a place beside --json is one the command has, and each exception names a command."""
    for name, fields in WITHOUT.items():
        known = {word.field for word in words_of(command_class(name) if name else Command)} | {"events"}
        assert set(fields) <= known, name
    assert {*WITHOUT, *sdk_types.NEEDED, *sdk_types.RUNNING} <= {"", *COMMANDS}


def test_the_package_has_the_version_of_the_program_and_a_lock_without_addresses() -> None:
    """A document's form goes with the release; and whoever installs does so from a registry of their own."""
    package = json.loads((SDK / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((SDK / "package-lock.json").read_text(encoding="utf-8"))
    assert package["version"] == lock["version"] == lock["packages"][""]["version"] == VERSION
    assert not package.get("dependencies")
    locked = [each for path, each in lock["packages"].items() if path]
    assert locked and all("resolved" not in each and each["integrity"] for each in locked)
    assert (SDK / "LICENSE").read_bytes() == (SDK.parent / "LICENSE").read_bytes()


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({}, "unknown"),
        ({"type": "integer", "minimum": 0}, "number"),
        ({"enum": ["a", 1, None]}, '"a" | 1 | null'),
        ({"const": "a"}, '"a"'),
        ({"type": ["string", "null"]}, "string | null"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"anyOf": [{"type": "integer"}, {}]}, "unknown"),
        ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/A"}]}}, "(string | A)[]"),
        ({"type": "array"}, "unknown[]"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}, "[string, number]"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Record<string, string>"),
        ({"type": "object", "properties": {"$a-b": {"type": "null"}}}, '{\n  "$a-b"?: null;\n}'),
    ],
)
def test_a_schema_is_a_type(schema: dict[str, Any], kind: str) -> None:
    """Each form of schema has its form of type."""
    assert kind_of(schema, {}) == kind


def test_one_name_is_one_thing_and_comments_stay_comments() -> None:
    """Two schemas that mean something else by one name are refused; a text cannot end the comment it stands in."""
    with pytest.raises(AssertionError, match="A is two different things"):
        module([{"$defs": {"A": {"type": "string"}}}, {"$defs": {"A": {"type": "null"}}}])
    assert comment("ends */ here\n\nlater") == "/**\n * ends *\\/ here\n *\n * later\n */\n"
    assert comment("") == ""
