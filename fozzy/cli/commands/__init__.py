"""The commands, one file each, and the one list of them.

To add a command: a module here with a `Command` struct (its fields are its words, its docstring is its help), and a
line in `COMMANDS`. Help, parsing, schema and reference pages follow from the struct.
"""

from __future__ import annotations

from importlib import import_module

from fozzy.cli.command import Command

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init:Init", "Write a configuration and a first scenario."),
    "validate": ("validate:Validate", "Check scenario files and show every problem with its place."),
    "fmt": ("fmt:Fmt", "Format scenario files: order of keys, indentation, line breaks."),
    "test": ("test:Test", "Run scenarios, suites and kept traces, and give one verdict."),
    "run": ("run:Run", "Run one scenario and record it."),
    "replay": ("replay:Replay", "Run a recorded trace again without the outside world."),
    "shrink": ("shrink:Shrink", "Make a failing run as small as it goes while it fails for the same reason."),
    "fuzz": ("fuzz:Fuzz", "Throw inputs at a scenario, a Python function or a program until something breaks."),
    "trace verify": ("trace:Verify", "Say what of a trace can be trusted."),
    "trace recover": ("trace:Recover", "Seal what a killed run left as an incomplete trace."),
    "trace show": ("trace:Show", "Print the records of a trace."),
    "trace diff": ("trace:Diff", "Show where two traces part."),
    "report show": ("report:Show", "Show a recorded run in any format."),
    "artifacts prune": ("artifacts:Prune", "Remove old runs from the store."),
    "corpus list": ("corpus:List", "Show corpora, or the entries of one."),
    "corpus add": ("corpus:Add", "Keep inputs in a corpus."),
    "corpus minimize": (
        "corpus_minimize:Minimize",
        "Keep as few entries as reach all that the corpus reaches.",
    ),
    "corpus export": ("corpus:Export", "Write a corpus into one archive."),
    "corpus import": ("corpus:Import", "Take the entries of an archive into a corpus."),
    "doctor": ("doctor:Doctor", "Look for what is wrong around, and for what is not deterministic."),
    "ci": ("ci:Ci", "Say what a trace is worth: verify, replay, artifacts, flakiness, speed."),
    "gate": ("gate:Gate", "Make the strict checks on what changed, or on what a scope names."),
    "full": ("full:Full", "Make every check on everything."),
    "explain": ("explain:Explain", "Explain an error code or the title of a finding."),
    "schema": ("schema:Schema", "Print a JSON Schema: of scenarios, the config, or a command's document."),
    "completion": ("completion:Completion", "Print a script that completes command lines in a shell."),
    "env": ("env:Env", "Show every setting and where it came from."),
    "version": ("version:Version", "Print the version."),
}

# The first words of names of two words, with the help of each group.
GROUPS: dict[str, str] = {name.split()[0]: "" for name in COMMANDS if " " in name}
GROUPS |= {"trace": "Look at traces.", "report": "Look at recorded runs.", "artifacts": "Look after what runs leave."}
GROUPS["corpus"] = "Look after corpora: folders of inputs."


def command_class(name: str) -> type[Command]:
    """The struct of a command; its module is imported only now."""
    module, _, kind = COMMANDS[name][0].partition(":")
    found: type[Command] = getattr(import_module(f"fozzy.cli.commands.{module}"), kind)
    return found
