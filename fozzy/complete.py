"""Shell completion: what may stand at the end of a command line. Answered by a bare interpreter, like `fozzy version`.

The scripts of `fozzy completion` call `fozzy __complete SHELL -- words…`, the last word being the one under the cursor.
Commands, options and choices come from a generated file, runs from a listing of the store, files from the disk.
Whatever goes wrong here gives no candidates: a completion that complains is worse than none.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # `typing`, `re` and `json` cost more than all that is done here
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = os.path.join(os.path.dirname(__file__), "cli", "help", "completion.txt")
CANDIDATES_MAX = 1000
PARENTS_MAX = 64
ALIASES = ("latest", "last-fail", "last-pass")
SCENARIOS = (".fozzy.json", ".fozzy.toml", ".fozzy.yaml", ".fozzy.yml")
TRACES = (".fozzy", ".partial")
CONFIGS = ("fozzy.toml", "fozzy.yaml", "fozzy.yml")


class Taken:
    """What a place or an option takes: a kind of thing, or one of several words. Nothing for a flag."""

    def __init__(self, kind: str = "", choices: str = "", said: str = "", many: str = "") -> None:
        self.kind = kind
        self.choices = choices.split()
        self.said = said
        self.many = bool(many)


class Known:
    """A command."""

    def __init__(self, said: str) -> None:
        self.said = said
        self.places: list[Taken] = []
        self.options: dict[str, Taken] = {}


def reply(words: list[str]) -> str:
    """The answer to `__complete SHELL -- words…`: a candidate a line, with a description where the shell shows it."""
    try:
        shell, line = words[0], words[2:] or [""]
        found = [each for each in _candidates(line) if each[0].startswith(line[-1])]
    except (OSError, ValueError, KeyError, IndexError):
        return ""
    tell = shell in ("zsh", "fish")
    lines = (f"{value}\t{said}" if tell and said else value for value, said in found[:CANDIDATES_MAX])
    return "".join(f"{line}\n" for line in lines if line.isprintable() or "\t" in line)


def _candidates(line: list[str]) -> Iterator[tuple[str, str]]:
    with open(DATA, encoding="utf-8") as stream:
        return _Line(_read(stream.read()), line).candidates()


def _read(text: str) -> dict[str, Known]:
    """The generated file: a line for a command, those of its places and options below it. "" has what all share."""
    commands: dict[str, Known] = {}
    known = Known("")
    for line in text.splitlines():
        sort, name, *rest = line.split("\t")
        if sort == "command":
            known = commands[name] = Known(*rest)
        elif sort == "place":
            known.places.append(Taken(*rest))
        else:
            known.options[name] = Taken(*rest)
    return commands


class _Line:
    """The words of a command line that is being written, the last of them not yet whole."""

    def __init__(self, commands: dict[str, Known], line: list[str]) -> None:
        self._options = commands.pop("").options
        self._commands = commands
        self._word = line[-1]
        self._name = ""
        self._places: list[str] = []
        self._waiting: Taken | None = None  # the option whose value comes next
        self._only_places = False
        self._cwd = self._config = ""
        for word in line[:-1]:
            self._take(word)

    def candidates(self) -> Iterator[tuple[str, str]]:
        """What may stand at the end, each with what it is."""
        if self._waiting is not None:
            return self._values(self._waiting, self._word, "")
        flag, equals, value = self._word.partition("=")
        if self._word.startswith("-") and not self._only_places:
            if equals:
                return self._values(self._options.get(flag, Taken()), value, f"{flag}=")
            return ((name, option.said) for name, option in self._options.items())
        if self._name not in self._commands:
            return self._names()
        places = self._commands[self._name].places
        if len(self._places) < len(places):
            return self._values(places[len(self._places)], self._word, "")
        return self._values(places[-1] if places and places[-1].many else Taken(), self._word, "")

    def _take(self, word: str) -> None:
        """A word before the last."""
        if self._waiting is not None:
            self._remember(self._waiting, word)
            self._waiting = None
        elif word == "--":
            self._only_places = True
        elif word.startswith("-") and word != "-" and not self._only_places:
            flag, equals, value = word.partition("=")
            option = self._options.get(flag, Taken())
            if option.kind and equals:
                self._remember(option, value)
            elif option.kind:
                self._waiting = option
        elif self._name in self._commands:
            self._places.append(word)
        else:
            self._name = f"{self._name} {word}".strip()
            if self._name in self._commands:
                self._options = {**self._commands[self._name].options, **self._options}

    def _remember(self, option: Taken, value: str) -> None:
        if option.kind == "cwd":
            self._cwd = value
        elif option.kind == "config":
            self._config = value

    def _names(self) -> Iterator[tuple[str, str]]:
        """The commands, or those of a group whose name is written."""
        before = f"{self._name} " if self._name else ""
        seen: dict[str, str] = {}
        for name, command in self._commands.items():
            if name.startswith(before):
                first, _, rest = name.removeprefix(before).partition(" ")
                seen.setdefault(first, "" if rest else command.said)
        return iter(seen.items())

    def _values(self, taken: Taken, word: str, before: str) -> Iterator[tuple[str, str]]:
        """What an option or a place takes."""
        kinds: dict[str, Callable[[], Iterator[str]]] = {
            "test": lambda: _paths(self._cwd, word, (*SCENARIOS, ".fozzy")),
            "scenario": lambda: _paths(self._cwd, word, SCENARIOS),
            "run": lambda: self._runs(word),
            "partial": lambda: _paths(self._cwd, word, TRACES),
            "file": lambda: _paths(self._cwd, word, ("",)),
            "config": lambda: _paths(self._cwd, word, (".toml", ".yaml", ".yml")),
            "zip": lambda: _paths(self._cwd, word, (".zip",)),
            "folder": lambda: _paths(self._cwd, word, ()),
            "cwd": lambda: _paths("", word, ()),
        }
        yield from ((before + choice, "") for choice in taken.choices)
        if taken.kind in kinds:
            yield from ((before + each, "") for each in kinds[taken.kind]())

    def _runs(self, word: str) -> Iterator[str]:
        """Runs of the store, the traces of one run, and trace files."""
        folder = os.path.join(_base_dir(self._cwd, self._config), "runs")
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        yield from (f"@{alias}" for alias in ALIASES if alias in names)
        runs = [name for name in names if len(name) == 8 and set(name) <= set("0123456789abcdef")]
        yield from runs
        start, slash, _ = word.partition("/")
        meant = [run for run in runs if slash and start and run.startswith(start)]
        if len(meant) == 1:
            traces = (name.removesuffix(".fozzy") for name in os.listdir(os.path.join(folder, meant[0])))
            yield from (f"{start}/{number}" for number in sorted(filter(str.isdecimal, traces), key=int))
        yield from _paths(self._cwd, word, TRACES)


def _paths(cwd: str, word: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Folders, and files with one of these endings, that a word may become."""
    folder, name = os.path.split(word)
    try:
        with os.scandir(os.path.join(cwd, os.path.expanduser(folder)) or ".") as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError:
        return
    for each, is_folder in found:
        if each.startswith(".") and not name.startswith("."):
            continue
        if is_folder:
            yield f"{os.path.join(folder, each)}/"
        elif suffixes and each.endswith(suffixes):
            yield os.path.join(folder, each)


def _base_dir(cwd: str, config: str) -> str:
    """Where runs are kept, as the configuration's text says it."""
    chosen = config or os.environ.get("FOZZY_CONFIG", "")
    file = os.path.join(cwd, chosen) if chosen else _nearest(os.path.abspath(cwd or "."))
    told = os.environ.get("FOZZY_BASE_DIR") or _setting(file)
    return os.path.join(os.path.dirname(file) if file else cwd, told or ".fozzy")


def _setting(file: str) -> str:
    """What a configuration says is the base_dir; empty when it says nothing."""
    if not os.path.isfile(file):
        return ""
    is_yaml = file.endswith((".yaml", ".yml"))
    with open(file, encoding="utf-8") as stream:
        for line in stream:
            name, _, value = line.partition(":" if is_yaml else "=")
            if is_yaml and line[:1].isspace():  # a setting of a table
                continue
            if line.startswith("["):
                break
            if name.strip() == "base_dir":
                return value.partition("#")[0].strip().strip("\"'")
    return ""


def _nearest(folder: str) -> str:
    """The nearest configuration upward, to the repository's root."""
    for _ in range(PARENTS_MAX):
        for name in CONFIGS:
            if os.path.isfile(os.path.join(folder, name)):
                return os.path.join(folder, name)
        if os.path.exists(os.path.join(folder, ".git")) or os.path.dirname(folder) == folder:
            break
        folder = os.path.dirname(folder)
    return ""
