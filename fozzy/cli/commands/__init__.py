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
    "shrink": ("shrink:Shrink", "Make a failing run smaller while it fails for the same reason."),
    "fuzz": ("fuzz:Fuzz", "Throw inputs at code or a scenario until something breaks."),
    "explore": ("explore:Explore", "Run a scenario under many orders and seeds until one of them fails."),
    "trace verify": ("trace:Verify", "Say what of a trace can be trusted."),
    "trace recover": ("trace:Recover", "Seal what a killed run left as an incomplete trace."),
    "trace show": ("trace:Show", "Print the records of a trace."),
    "trace diff": ("trace:Diff", "Show where two traces part."),
    "report show": ("report:Show", "Show a recorded run in any format."),
    "report query": ("report_query:Query", "Ask a recorded run by JSONPath."),
    "report flaky": ("report_flaky:Flaky", "Tell which scenarios end differently over several runs."),
    "artifacts ls": ("artifacts:Ls", "Show the runs in the store, or the files of one."),
    "artifacts export": ("artifacts_pack:Export", "Write the files of a run into a folder or a zip archive."),
    "artifacts pack": ("artifacts_pack:Pack", "Write a run into one file that carries it elsewhere."),
    "artifacts unpack": ("artifacts_pack:Unpack", "Take a pack into the store."),
    "artifacts bundle": ("artifacts_bundle:Bundle", "Write all that a bug report needs into one archive."),
    "artifacts diff": (
        "artifacts_diff:Diff",
        "Show how two runs differ: how they went, where they part, what they kept.",
    ),
    "profile top": ("profile:Top", "Show where time went: by step, by capability, by function of yours."),
    "profile flame": ("profile_files:Flame", "Make a flame graph of a recorded run."),
    "profile timeline": ("profile_files:Timeline", "Make a page that shows a recorded run over time."),
    "profile export": ("profile_files:Export", "Export a recorded run for another profiler."),
    "profile diff": ("profile_words:Diff", "Say what changed between two runs, and whether it is more than noise."),
    "profile explain": (
        "profile_words:Explain",
        "Say in a few sentences where the time of a run went and what to look at.",
    ),
    "profile doctor": (
        "profile_words:Doctor",
        "Say what a run lacks to be profiled well, with the command that mends it.",
    ),
    "memory top": ("memory:Top", "Show who allocated and what was never freed."),
    "memory graph": ("memory:Graph", "Draw the modelled heap of a run over its time."),
    "memory diff": ("memory:Diff", "Say what two runs hold differently, step by step and line by line."),
    "artifacts prune": ("artifacts:Prune", "Remove old runs from the store."),
    "corpus list": ("corpus:List", "Show corpora, or the entries of one."),
    "corpus add": ("corpus:Add", "Keep inputs in a corpus."),
    "corpus minimize": (
        "corpus_minimize:Minimize",
        "Keep as few entries as reach all that the corpus reaches.",
    ),
    "corpus export": ("corpus:Export", "Write a corpus into one archive."),
    "corpus import": ("corpus:Import", "Take the entries of an archive into a corpus."),
    "map hotspots": ("map:Hotspots", "Show the riskiest functions, and which a recorded run has touched."),
    "map services": ("map:Services", "Show the parts of the tree, how risky each is and what it talks to."),
    "map suites": ("map:Suites", "Show which scenarios touch which hotspots, and which nothing touches."),
    "doctor": ("doctor:Doctor", "Look for what is wrong around, or not deterministic."),
    "ci": ("ci:Ci", "Say what a trace is worth: verify, replay, flakiness, speed."),
    "gate": ("gate:Gate", "Make the strict checks on what changed, or on a scope."),
    "full": ("full:Full", "Make every check on everything."),
    "proxy http": ("proxy_http:Http", "Stand before an HTTP service, let faults onto the wire, record and replay."),
    "proxy tcp": ("proxy_tcp:Tcp", "Stand before TCP services and let toxics onto the wire, as Toxiproxy does."),
    "proxy scenarios": ("proxy_scenarios:Scenarios", "Show the chaos scenarios there are, and what each does."),
    "proxy status": ("proxy_control:Status", "Show what a running proxy does and has done."),
    "proxy start": ("proxy_control:Start", "Start a scenario in a running proxy."),
    "proxy stop": ("proxy_control:Stop", "Stop a scenario in a running proxy, or all of them."),
    "proxy journal": ("proxy_journal:Journal", "Show the requests that went through a running proxy."),
    "chaos run": ("chaos_run:Run", "Run resilience tests in a pytest of their own and give one verdict."),
    "explain": ("explain:Explain", "Explain an error code or the title of a finding."),
    "schema": ("schema:Schema", "Print a JSON Schema: of scenarios, the config, a document."),
    "completion": ("completion:Completion", "Print a script that completes command lines in a shell."),
    "env": ("env:Env", "Show every setting and where it came from, and which optional parts are there."),
    "version": ("version:Version", "Print the version."),
}

# The first words of names of two words, with the help of each group.
GROUPS: dict[str, str] = {name.split()[0]: "" for name in COMMANDS if " " in name}
GROUPS |= {"trace": "Look at traces.", "report": "Look at recorded runs.", "artifacts": "Look after what runs leave."}
GROUPS["memory"] = "See what a recorded run held."
GROUPS["profile"] = "See where time goes in a recorded run."
GROUPS["map"] = "Say which code is risky, and which of it recorded runs touched."
GROUPS["proxy"] = "Let faults onto the wire."
GROUPS["chaos"] = "Test how programs bear faults."
GROUPS["corpus"] = "Look after corpora: folders of inputs."

# Flags with a value that may stand without one: before another option, or at the end.
BARE: dict[str, tuple[str, ...]] = {"proxy http": ("--chaos",)}


def command_class(name: str) -> type[Command]:
    """The struct of a command; its module is imported only now."""
    module, _, kind = COMMANDS[name][0].partition(":")
    found: type[Command] = getattr(import_module(f"fozzy.cli.commands.{module}"), kind)
    return found
