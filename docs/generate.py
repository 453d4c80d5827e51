"""Writes everything that follows from the code: schemas, step list, reference pages. `make generate`; a test compares.

python docs/generate.py            writes the files
python docs/generate.py --check    names the stale ones and ends with 1
"""

from __future__ import annotations

import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import msgspec

from fozzy.chaos.api.openapi import document as openapi
from fozzy.cli.command import Arg, Command, Opt, words_of
from fozzy.cli.commands import COMMANDS, command_class
from fozzy.cli.documents import DOCUMENTS
from fozzy.cli.pages import FILES, heading
from fozzy.cli.pages import names as names_of_explain
from fozzy.cli.pages import pages as pages_of_explain
from fozzy.config import Memory, Retention, Settings
from fozzy.core.events import Record
from fozzy.core.forms import ENDINGS
from fozzy.core.limits import Limits
from fozzy.core.types import fields, wanted
from fozzy.dsl.cluster.fault_file import FaultFile
from fozzy.dsl.cluster.faults import Faults
from fozzy.dsl.cluster.file import Cluster
from fozzy.dsl.cluster.moments import Drawn, When
from fozzy.dsl.cluster.network import Link, Network
from fozzy.dsl.cluster.nodes import AnyNode, Node
from fozzy.dsl.cluster.spread import SpreadOf
from fozzy.dsl.format_json import format_json
from fozzy.dsl.load import load
from fozzy.dsl.scenario import FORM_KEYS, StepsFile, form_of
from fozzy.dsl.steps import step_types
from fozzy.dsl.steps.base import Duration, Step, bodies_of
from fozzy.dsl.steps.cluster import ClientOperation, ClusterSteps, Invariants, by_tag
from fozzy.errors import Exit
from fozzy.faults.http.plan import Plan
from fozzy.faults.http.predefined import PREDEFINED
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import Protocol
from fozzy.report import FORMATS
from fozzy.trace.format import Footer, Header

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "fozzy" / "cli" / "schemas"
HELP = ROOT / "fozzy" / "cli" / "help"
REFERENCE = ROOT / "docs" / "reference"
SDK = ROOT / "sdk-ts" / "src" / "generated"
FORMS = {key: form_of({key: None}) for key in FORM_KEYS}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FAMILIES = {
    "checks": "Comparing",
    "flow": "Saying, ending, time",
    "store": "Keeping values",
    "chance": "Drawing",
    "files": "Files",
    "http": "HTTP",
    "proc": "Programs",
    "call": "Functions of yours",
    "net": "The modelled network",
    "memory": "The modelled heap",
    "fault": "Faults",
    "__init__": "Blocks",
}


def schema(kinds: list[Any], title: str) -> str:
    """The JSON Schema of one of several types."""
    made, parts = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    choice = dict(made[0]) if len(made) == 1 else {"anyOf": list(made)}
    document = {"$schema": DIALECT, "title": title, **choice, "$defs": parts}
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def schemas() -> dict[Path, str]:
    """Every schema by its file."""
    made = {SCHEMAS / "config.json": schema([Settings], "fozzy.toml")}
    made[SCHEMAS / "scenario.json"] = schema(list(FORMS.values()), "a fozzy scenario")
    made[SCHEMAS / "trace.json"] = schema([Header, Record, Footer], "a line of a fozzy trace")
    for name, kinds in DOCUMENTS.items():
        made[SCHEMAS / f"{name.replace(' ', '-')}.json"] = schema(kinds, f"fozzy {name} --json")
    made[SCHEMAS / "schema.json"] = _schema_of_schemas()
    made[SCHEMAS / "faults.json"] = schema([FaultFile], "faults for a cluster")
    made[SCHEMAS / "chaos-file.json"] = schema([Plan], "a chaos file")
    made[SCHEMAS / "chaos-file-tcp.json"] = _schema_of_tcp()
    made[SCHEMAS / "steps.txt"] = _listed(step_types())
    parts = {"steps": ClusterSteps, "invariants": Invariants, "faults": Faults}
    made[SCHEMAS / "cluster.txt"] = "".join(
        f"\nIn a distributed file, {part}:\n{_listed(by_tag(union))}" for part, union in parts.items()
    )
    return made


def _listed(kinds: dict[str, Any]) -> str:
    return "".join(f"{name:<28}{_sentence(kind)}\n" for name, kind in kinds.items())


def _schema_of_schemas() -> str:
    error = json.loads(schema(DOCUMENTS["schema"], "fozzy schema --json"))
    printed = {"type": "object", "required": ["$schema", "title"]}
    document = {"$schema": DIALECT, "title": "fozzy schema --json", "$defs": error["$defs"]}
    document["anyOf"] = [
        printed,
        {key: value for key, value in error.items() if key not in ("$schema", "title", "$defs")},
    ]
    return json.dumps(document, indent=1) + "\n"


def scenario_page() -> str:
    """The reference of the scenario language."""
    lines = [
        _HEAD.format("The scenario language"),
        "It is written in JSON, TOML or [YAML](yaml.md); the name says which. A file has one of three shapes.\n",
    ]
    for key, form in FORMS.items():
        lines += [f"## A file with `{key}`\n", f"{_sentence(form)}\n", *_field_table(form)]
        lines += [_OF_CLUSTERS] if key == "distributed" else []
    lines.append("# Steps\n")
    by_family: dict[str, list[tuple[str, type[Step]]]] = {}
    for name, kind in step_types().items():
        by_family.setdefault(_family(kind), []).append((name, kind))
    for family, title in FAMILIES.items():
        lines.append(f"## {title}\n")
        for name, kind in by_family.get(family, []):
            lines += [f"### `{name}`\n", f"{_sentence(kind)}\n", *_field_table(kind), *_example(name)]
    return "\n".join(lines)


CLUSTER_PARTS: dict[str, Any] = {
    "The cluster: `distributed`": Cluster,
    "A node, where `nodes` is a table": Node,
    "`network`": Network,
    "A link: an item of `network.links`": Link,
    "A latency, where it is no plain duration": SpreadOf,
    "A drawn time": Drawn,
    "When a fault strikes, where it is no plain duration": When,
    "One of several nodes": AnyNode,
    "An operation of a workload": ClientOperation,
    "A file of faults alone": FaultFile,
}


def cluster_page() -> str:
    """The reference of what a distributed file may hold."""
    lines = [_HEAD.format("The distributed form, field by field")]
    lines.append("[A guide with an example of each part](distributed.md) is what to read first.\n")
    for title, kind in CLUSTER_PARTS.items():
        lines += [f"## {title}\n", f"{_sentence(kind)}\n", *_told_fields(kind)]
    for title, union in {"Steps": ClusterSteps, "Faults": Faults, "Invariants": Invariants}.items():
        lines.append(f"# {title}\n")
        for name, kind in by_tag(union).items():
            lines += [f"### `{name}`\n", f"{_sentence(kind)}\n", *_told_fields(kind)]
    return "\n".join(lines)


def _told_fields(kind: type[msgspec.Struct]) -> list[str]:
    """As `_field_table`, with what each field means."""
    rows = [
        f"| `{name}` | {'required' if field.required else 'optional'} | {_cell(wanted(field.type))} "
        f"| {_cell(_meaning(field.type))}{_usual(field)} |"
        for name, field in fields(kind).items()
        if name != "$schema"
    ]
    return ["| field | | is | meaning |", "|---|---|---|---|", *rows, ""] if rows else ["It has no fields.\n"]


def _usual(field: Any) -> str:
    """What a field is where it is left out, if that is a plain value."""
    is_plain = isinstance(field.default, str | int) and field.default is not msgspec.NODEFAULT
    return f" Usually `{json.dumps(field.default)}`." if is_plain and field.default != "" else ""


def _family(kind: type[Step]) -> str:
    """The family of a step: its module, without what stands behind a `_`; blocks are listed in several."""
    module = kind.__module__.rpartition(".")[2]
    return "__init__" if module in ("steps", "blocks", "include") else module.partition("_")[0]


def _example(kind: str) -> list[str]:
    """A step of this type, from the smallest scenario that has one and passes; a test says where none does."""
    if kind not in _examples():
        return []
    file, step = _examples()[kind]
    document = {"version": 1, "name": kind, "steps": [msgspec.to_builtins(step)]}
    _, _, written = format_json(json.dumps(document)).partition('"steps": [\n')
    shown = textwrap.dedent(written.rpartition("  ]\n}")[0]).rstrip()
    return [f"From `{file}`:\n", f"```json\n{shown}\n```\n"]


@cache
def _examples() -> dict[str, tuple[str, Step]]:
    """The first step of each type in the smallest passing scenario that has one, with the file it is from."""
    found: dict[str, tuple[str, Step]] = {}
    paths = [path for path in (ROOT / "scenarios").rglob("*.pass.fozzy.*") if path.name.endswith(tuple(ENDINGS))]
    for path in sorted(paths, key=lambda path: (path.stat().st_size, path)):
        file = load(path).file
        parts = (file.setup, file.steps, file.teardown) if isinstance(file, StepsFile) else ()
        for step in [step for part in parts for step in _all_steps(part or [])]:
            found.setdefault(str(step.__struct_config__.tag), (path.relative_to(ROOT).as_posix(), step))
    return found


def _all_steps(steps: list[Any]) -> Iterator[Step]:
    for step in steps:
        yield step
        for body in bodies_of(step).values():
            yield from _all_steps(body)


def commands_page() -> str:
    """The reference of the commands."""
    lines = [_HEAD.format("Commands"), "These options every command takes, before and after its name:\n"]
    lines += _option_table([word for word in words_of(Command) if isinstance(word.note, Opt)])
    common = words_of(Command)
    for name in COMMANDS:
        kind = command_class(name)
        words = [
            word for word in words_of(kind) if word not in common
        ]  # one that says something else of an option stays
        places = [f"{_place(word)}" for word in words if isinstance(word.note, Arg)]
        lines += [f"## `fozzy {' '.join([name, *places])}`\n", inspect.cleandoc(kind.__doc__ or "") + "\n"]
        lines += _option_table(words)
    return "\n".join(lines)


def config_page() -> str:
    """The reference of the configuration."""
    lines = [_HEAD.format("Configuration"), inspect.cleandoc(_module_text("fozzy.config")).partition("\n\n")[2] + "\n"]
    lines += ["| setting | is | default | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        lines.append(f"| `{field.name}` | {wanted(field.type)} | {_default(field)} | {_meaning(field.type)} |")
    lines += [
        "\n## `[memory]`\n",
        f"{_sentence(Memory)}\n",
        "| setting | is | default | meaning |",
        "|---|---|---|---|",
    ]
    for field in msgspec.structs.fields(Memory):
        lines.append(f"| `{field.name}` | {wanted(field.type)} | {_default(field)} | {_meaning(field.type)} |")
    lines += ["\n## `[limits]`\n", "| limit | default |", "|---|---|"]
    lines += [f"| `{field.name}` | {field.default:,} |" for field in msgspec.structs.fields(Limits)]
    lines += ["\n## `[retention]`\n", f"{_sentence(Retention)}\n", "| limit | default | meaning |", "|---|---|---|"]
    for field in msgspec.structs.fields(Retention):
        lines.append(f"| `{field.name}` | {field.default:,} | {_meaning(field.type)} |")
    return "\n".join(lines) + "\n"


def exits_page() -> str:
    """The exit statuses."""
    meanings = {
        "PASS": "it passed",
        "FAIL": "it failed: a finding, a replay that is CHANGED, a recorded failure that is still there",
        "USAGE": "unusable input: usage, configuration, scenario, a file that is missing or no trace; nothing ran",
        "TIMEOUT": "the run's timeout was reached",
        "CRASH": "the thing under test crashed: a process ended by a signal, a dead interpreter",
        "NOTHING": "nothing ran: no scenario was found, or the filters left none",
        "EVIDENCE": "evidence cannot be trusted: drift, a broken seal, a damaged or newer trace, an incomplete recording",
        "BUG": "a fault of fozzy's own; please report it",
        "INTERRUPTED": "Ctrl-C; what there was is sealed as incomplete",
        "TERMINATED": "SIGTERM; as for Ctrl-C",
    }
    rows = [f"| {each.value} | {meanings[each.name]} |" for each in Exit]
    worst = "130 or 143, 70, 6, 2, 4, 3, 1, 5"
    text = (
        f"When several happen in one command, the first of these wins: {worst}.\n\n"
        "`fozzy proxy http` and `fozzy proxy tcp` run until they are stopped: SIGINT and SIGTERM are their ordinary end. "
        "They end with\n0 then, with 1 where a strict run has findings, and their recordings are sealed whole. A second "
        "signal ends them at once, with the\n"
        "same status.\n"
    )
    return "\n".join([_HEAD.format("Exit statuses"), "| status | meaning |", "|---|---|", *rows, "", text])


def errors_page() -> str:
    """Every error code and finding, as `fozzy explain` tells them."""
    lines = [_HEAD.format("Errors and findings"), "`fozzy explain CODE` prints each of these offline.\n"]
    for area in FILES:
        title, said = heading(area)
        lines += [f"## {title}\n", f"{said}\n"]
        for page in pages_of_explain():
            if page.area == area:
                lines += [f"### {', '.join(f'`{name}`' for name in page.names)}\n", f"{page.meaning}\n"]
                lines += [f"**Why.** {page.why}\n", f"**What to do.** {page.do}\n"]
                lines += [f"```\n{page.sample}\n```\n"] if page.sample else []
    return "\n".join(lines)


def _page_of(module: str) -> str:
    """A page that a module beside this one makes."""
    if str(ROOT) not in sys.path:  # where this file is run and not imported
        sys.path.append(str(ROOT))
    return str(import_module(f"docs.{module}").page())


def _pages_with_screens() -> dict[Path, str]:
    """The pages that show screens which tests compare."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    made: dict[Path, str] = import_module("docs.screens").pages()
    return made


def _schema_of_tcp() -> str:
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return str(import_module("docs.chaos_tcp_page").schema())


_OF_CLUSTERS = "[What stands in it](distributed.md), with an example of each part, and [field by field](cluster.md).\n"
_HEAD = "<!-- generated by docs/generate.py: change the code, then run make generate -->\n\n# {}\n"


def _module_text(name: str) -> str:
    return sys.modules[name].__doc__ or ""


def _sentence(kind: Any) -> str:
    return inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _field_table(kind: type[msgspec.Struct]) -> list[str]:
    rows = [
        f"| `{name}` | {'required' if field.required else 'optional'} | {_cell(_wanted_of(field.type))} |"
        for name, field in fields(kind).items()
        if name != "$schema"
    ]
    return ["| field | | is |", "|---|---|---|", *rows, ""] if rows else ["It has no fields.\n"]


def _wanted_of(kind: Any) -> str:
    """What a field takes, and what its type says of it where that is more."""
    words, said = wanted(kind), _meaning(kind)
    return f"{words}. {said}" if said and said != _meaning(Duration) else words


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _option_table(words: list[Any]) -> list[str]:
    if not words:
        return []
    rows = [f"| {_spelling(word)} | {_cell(word.note.help)} |" for word in words]
    return ["| | |", "|---|---|", *rows, ""]


def _spelling(word: Any) -> str:
    if isinstance(word.note, Arg):
        return f"`{_place(word)}`"
    flags = [*word.note.flags, *([word.note.off] if word.note.off else [])]
    value = f" {word.note.metavar}" if word.note.metavar else ""
    return ", ".join(f"`{flag}{value if flag == flags[0] else ''}`" for flag in flags)


def _place(word: Any) -> str:
    name = word.note.metavar or word.field.upper()
    return name if word.required else f"[{name}]"


def _default(field: Any) -> str:
    if field.name in ("memory", "limits", "retention"):
        return "see below"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return f"`{json.dumps(value)}`"


def _meaning(kind: Any) -> str:
    said = [note.description for note in get_args(kind)[1:] if getattr(note, "description", None)]
    return str(said[-1]) if said else ""  # the outermost: what it is in this field


def completion_text() -> str:
    """What `fozzy/complete.py` reads: the commands, their places and options, as lines of parts with tabs between."""
    lines = ["command\t\t"]
    common = {word.field for word in words_of(Command)}
    lines += [_completed(word) for word in words_of(Command)]
    for name, (_, said) in COMMANDS.items():
        lines.append(f"command\t{name}\t{said}")
        lines += [_completed(word, name) for word in words_of(command_class(name)) if word.field not in common]
    return "".join(f"{line}\n" for each in lines for line in each.splitlines())


# What an option or place takes, by how its value is called in the help.
_KINDS = {
    **dict.fromkeys(("TRACE", "RUN", "A", "B", "BEFORE", "AFTER"), "run"),
    **{"FILE...": "file", "FILE.zip": "zip", "CORPUS": "folder"},
    **{"DIR": "cwd", "FILE": "file", "PATH...": "test", "SCENARIO": "scenario"},
}
_KINDS_OF_PLACES = {"validate paths": "scenario", "fmt paths": "scenario", "trace recover partial": "partial"}
_KINDS_OF_FLAGS = {"--config": "config", "--scenario": "scenario"}

# What flags of `fozzy proxy` may be; they are texts there, read with their variables by chaos/files/flags.
_CHOICES = {
    **dict.fromkeys(("scenario", "chaos_scenario"), PREDEFINED),
    "loss_as": ("408", "reset", "hang"),
    "match_body": ("exact", "subset", "substring", "regex", "any"),
    "record_collision": ("error", "overwrite", "append"),
    "source": ("fixture", "proxy", "internal"),
    "protocol": get_args(Protocol),
}
_CHOICES_OF_TCP = {"toxic": tuple(KINDS)}


def _completed(word: Any, command: str = "") -> str:
    """The lines of one place or option."""
    is_proxy = command.startswith("proxy")
    known = {**_CHOICES, **(_CHOICES_OF_TCP if command == "proxy tcp" else {})} if is_proxy else {}
    choices = " ".join(known.get(word.field) or _choices(word))
    if isinstance(word.note, Arg):
        kind = _KINDS_OF_PLACES.get(f"{command} {word.field}", _KINDS.get(word.note.metavar, "word"))
        return f"place\t\t{kind}\t{choices}\t{word.note.help}\t{'many' if word.is_many else ''}"
    kinds = {} if is_proxy and choices else _KINDS_OF_FLAGS
    kind = "" if word.is_flag else kinds.get(word.note.flags[0], _KINDS.get(word.note.metavar, "word"))
    lines = [f"option\t{flag}\t{kind}\t{choices}\t{word.note.help}" for flag in word.note.flags]
    opposite = [f"option\t{word.note.off}\t\t\tThe opposite of {word.note.flags[0]}."] if word.note.off else []
    return "\n".join([*lines, *opposite])


def _choices(word: Any) -> list[str]:
    """The words an option or place may be."""
    if word.note.metavar == "CODE":
        return names_of_explain()
    if word.field == "for_" and word.note.metavar == "NAME":
        return [path.stem for path in schemas() if path.suffix == ".json"]
    literal = [
        value for kind in (word.kind, *get_args(word.kind)) for value in get_args(kind) if isinstance(value, str)
    ]
    return list(dict.fromkeys(literal)) or (list(FORMATS) if word.note.metavar == "FORMAT" else [])


def help_texts() -> dict[Path, str]:
    """What `--help` prints, as Typer makes it at eighty columns; read at start-up instead of importing Typer."""
    from fozzy.cli.app import help_of

    groups = dict.fromkeys(name.rpartition(" ")[0] for name in COMMANDS)
    names = ["", *COMMANDS, *(group for group in groups if group)]
    made = {HELP / f"{'-'.join(['fozzy', *name.split()])}.txt": help_of(name) for name in names}
    return {**made, HELP / "completion.txt": completion_text()}


def pages() -> dict[Path, str]:
    """Every generated page by its file."""
    return {
        REFERENCE / "scenario.md": scenario_page(),
        REFERENCE / "cluster.md": cluster_page(),
        REFERENCE / "commands.md": commands_page(),
        REFERENCE / "config.md": config_page(),
        REFERENCE / "exit-codes.md": exits_page(),
        REFERENCE / "errors.md": errors_page(),
        REFERENCE / "chaos.md": _page_of("chaos_page"),
        REFERENCE / "chaos-tcp.md": _page_of("chaos_tcp_page"),
        REFERENCE / "chaos-api.md": _page_of("chaos_api_page"),
        REFERENCE / "chaos-tcp-api.md": _page_of("chaos_tcp_api_page"),
        REFERENCE / "pytest.md": _page_of("pytest_page"),
        REFERENCE / "chaos-api.json": json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n",
        **_pages_with_screens(),
    }


def sdk() -> dict[Path, str]:
    """The generated part of the TypeScript SDK."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    made: dict[Path, str] = import_module("docs.sdk_types").generated(schemas())
    return made


def everything() -> dict[Path, str]:
    """All that is generated, by its file."""
    return {**schemas(), **help_texts(), **pages(), **sdk()}


def stale() -> list[str]:
    """The generated files that are not as they should be."""
    made = everything()
    wrong = [path for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    extra = [path for folder in (SCHEMAS, HELP, SDK) for path in folder.glob("*") if path not in made]
    return [path.relative_to(ROOT).as_posix() for path in [*wrong, *extra]]


def main() -> int:
    """Write the files, or with `--check` only name the stale ones."""
    if "--check" in sys.argv[1:]:
        names = stale()
        sys.stdout.write("".join(f"stale: {name}\n" for name in names))
        return 1 if names else 0
    changes = _page_of("changelog")  # not stale before a release: each fragment would change it
    for path, text in {**everything(), ROOT / "CHANGELOG.md": changes}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
