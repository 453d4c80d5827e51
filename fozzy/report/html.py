"""A self-contained page: readable without JavaScript, printable, and nothing in it loads anything.

Rule 1: everything a run says goes through `html_text`, which bounds and escapes it.
Rule 2: the page's own policy forbids every request and every script but the one written here, named by its hash.
Rule 3: same summary, same bytes.
Scenarios and failures are in `html_cases`, the look in `html.css`, the one enhancement in `html.js`.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from fozzy.core.summary import Divergence, Member, Summary
from fozzy.report.cases import cases, commands, ending, is_suite
from fozzy.report.html_cases import ENDINGS, again, failures, scenarios, steps
from fozzy.report.html_text import code, path, text, time
from fozzy.report.text import STATUS_WORDS, count, duration, size
from fozzy.version import VERSION

WARNINGS_MAX = 100
_WORDS = {"fail": "failed", "timeout": "timed out", "crash": "crashed", "error": "could not run", "pass": "passed"}
_VERDICT_ROLES = {"SAME": "pass", "FIXED": "pass", "CHANGED": "fail", "DRIFT": "fail", "INCOMPLETE": "warn"}


def render(summary: Summary) -> str:
    """The whole page."""
    found = cases(summary)
    failed = [case for case in found if not case.passed]
    word, role, told = _headline(summary, found)
    parts = [
        head(f"{word} {told}"),
        f'<body class="verdict-{role}">',
        f'<a class="skip" href="#{"failures" if failed else "main"}">Skip to {"the failures" if failed else "the scenarios"}</a>',
        _header(summary, found, (word, told)),
        '<main id="main">',
        *_warnings(summary.warnings),
        *_replay(summary.replay),
        *(scenarios(found) if is_suite(summary) else _quiet_end(found)),
        *failures(failed, is_suite(summary)),
        "</main>",
        f"<footer>Report by fozzy {VERSION}, of a summary in format {summary.schema_version}.</footer>",
        f'<p id="said" class="unseen" role="status"></p>\n<script>{own("html.js")}</script>\n</body>\n</html>\n',
    ]
    return "\n".join(parts)


def own(name: str) -> str:
    """A file of ours that becomes part of the page."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def head(title: str) -> str:
    style, script = own("html.css"), own("html.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="fozzy {VERSION}">\n<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="data:,">\n<title>{text(title)} · fozzy</title>\n<style>{style}</style>\n</head>'
    )


# The head of the page


def _headline(summary: Summary, found: Sequence[Member]) -> tuple[str, str, str]:
    """The verdict's word, its role, and what it is said of."""
    if is_suite(summary):
        if not found:
            return "NOTHING RAN", "warn", "no scenario was chosen"
        word, role = STATUS_WORDS[summary.status]
        return word, role, _counted(found)
    name = found[0].name
    if summary.replay is not None:
        return summary.replay.verdict, _VERDICT_ROLES[summary.replay.verdict], name
    word, role = STATUS_WORDS[ending(found[0])]
    return word, role, name


def _counted(found: Sequence[Member]) -> str:
    bad = sum(not case.passed for case in found)
    if bad:
        return f"{bad:,} of {count(len(found), 'scenario')} did not pass"
    return f"all {len(found):,} scenarios passed" if len(found) > 1 else "1 scenario passed"


def _told(summary: Summary, found: Sequence[Member]) -> str:
    """All endings in numbers."""
    many = Counter(ending(case) for case in found)
    said = [f"{many[status]:,} {_WORDS[status]}" for status in ENDINGS if many[status]]
    skipped = summary.tests.skipped if summary.tests else 0
    return ", ".join([*said, *([f"{skipped:,} left out"] if skipped else [])])


def _header(summary: Summary, found: Sequence[Member], headline: tuple[str, str]) -> str:
    word, told = headline
    facts = [f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(summary, found) if value]
    return "\n".join(
        [
            "<header>",
            f'<p class="made">fozzy {text(summary.command)}</p>',
            f'<h1><span class="word">{text(word)}</span> <bdi>{path(told)}</bdi></h1>',
            *([f'<p class="told">{_told(summary, found)}</p>', *_bar(found)] if is_suite(summary) else []),
            '<dl class="facts">',
            *facts,
            "</dl>",
            "</header>",
        ]
    )


def _facts(summary: Summary, found: Sequence[Member]) -> list[tuple[str, str]]:
    identity, heap = summary.identity, summary.memory
    said = f"{heap.in_use_bytes and size(heap.in_use_bytes) or 'nothing'} in use" if heap else ""
    return [
        ("Steps", "" if is_suite(summary) else steps(msgspec.structs.replace(found[0], replay=None))),
        ("Nodes", f"{summary.nodes:,}" if summary.nodes else ""),
        ("Seed", code(str(identity.seed))),
        ("Run", code(identity.run_id)),
        ("Started", time(summary.started_at)),
        ("Took", duration(summary.duration_ms * 10**6)),
        ("Scenario time", "" if is_suite(summary) else duration(summary.duration_ns)),
        ("Heap at the end", f"{said}, {size(heap.peak_bytes)} at most" if heap else ""),
        ("Trace", code(identity.trace_path or "")),
        ("Kept in", code(identity.artifacts_dir or "")),
        ("fozzy", VERSION),
    ]


def _bar(found: Sequence[Member]) -> list[str]:
    """How many passed and did not, as a bar; the facts say it in numbers."""
    good = sum(case.passed for case in found)
    if not found:
        return []
    bad = len(found) - good
    return [
        f'<svg class="bar" viewBox="0 0 {len(found)} 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="is-fail" width="{bad}" height="1"/><rect class="is-pass" x="{bad}" width="{good}" height="1"/></svg>'
    ]


def _warnings(warnings: Sequence[str]) -> list[str]:
    if not warnings:
        return []
    rest = len(warnings) - WARNINGS_MAX
    said = [*(text(warning) for warning in warnings[:WARNINGS_MAX]), *([f"{rest:,} more"] if rest > 0 else [])]
    items = "".join(f"<li>{each}</li>" for each in said)
    return [
        f'<section class="warnings" aria-labelledby="warnings"><h2 id="warnings">Warnings</h2><ul>{items}</ul></section>'
    ]


def _replay(replay: Divergence | None) -> list[str]:
    """What a replay of one trace came to."""
    if replay is None:
        return []
    said = [
        ("Records compared", f"{replay.records:,}"),
        ("Parted at record", "" if replay.record is None else f"#{replay.record}"),
        ("Likely cause", text(replay.cause or "")),
        ("Recorded", code(replay.recorded or "")),
        ("Now", code(replay.now or "")),
    ]
    facts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in said if value)
    return [
        f'<section aria-labelledby="replay"><h2 id="replay">Replay</h2><dl class="facts sides">{facts}</dl></section>'
    ]


def _quiet_end(found: Sequence[Member]) -> list[str]:
    """What a single run that found nothing has to say."""
    if not found[0].passed:
        return []
    return ['<section aria-labelledby="end"><h2 id="end">Nothing found</h2>', *again(commands(found[0])), "</section>"]
