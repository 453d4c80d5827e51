"""Where time went, as tables: by step, by capability, by function. Totals of a table never count a moment twice."""

from __future__ import annotations

from typing import Literal, NamedTuple

from fozzy.insight.profile.spans import Span

By = Literal["real", "virtual"]


class Row(NamedTuple):
    """One line of a table. *Units*: nanoseconds; `own` leaves out what stands in a line of its own."""

    name: str
    at: str
    times: int
    virtual_ns: int
    own_virtual_ns: int
    real_ns: int
    own_real_ns: int

    def by(self, by: By) -> int:
        """What the table is sorted by."""
        return self.own_real_ns if by == "real" else self.own_virtual_ns


class Top(NamedTuple):
    """The tables, each sorted, the most first."""

    steps: list[Row]
    capabilities: list[Row]
    functions: list[Row]


def top(root: Span, by: By) -> Top:
    """The tables of a run. A repeated step is one line, and so is a function wherever it is called."""
    steps: dict[tuple[str, str], Row] = {}
    capabilities: dict[tuple[str, str], Row] = {}
    functions: dict[tuple[str, str], Row] = {}
    for span, repeated in _outermost(root):
        if span.kind == "step":
            own = step_own(span)
            row = Row(span.label, span.at, 1, span.virtual_ns, own[0], span.real_ns, own[1])
            _add(steps, (span.at, span.name), row)
        if span.kind == "function":
            whole_ns = 0 if repeated else span.real_ns  # a function inside itself is counted once
            _add(functions, (span.name, span.at), Row(span.name, span.at, span.calls, 0, 0, whole_ns, span.own_real_ns))
        if span.kind in ("step", "ask", "function"):
            own = (span.own_virtual_ns, span.own_real_ns)
            _add(capabilities, (span.capability, ""), Row(span.capability, "", 1, own[0], own[0], own[1], own[1]))
    tables = (steps, capabilities, functions)
    return Top(*(sorted(table.values(), key=lambda row: (-row.by(by), row.name, row.at)) for table in tables))


def step_own(span: Span) -> tuple[int, int]:
    """The virtual and the real time of a step without its nested steps; questions and functions are its own."""
    inner = [each for each in span.inside if each.kind != "step"]
    virtual_ns = min(span.virtual_ns, span.own_virtual_ns + sum(each.virtual_ns for each in inner))
    return virtual_ns, span.own_real_ns + sum(each.real_ns for each in inner)


def _add(table: dict[tuple[str, str], Row], key: tuple[str, str], row: Row) -> None:
    before = table.get(key)
    table[key] = (
        row if before is None else Row(row.name, row.at, *(a + b for a, b in zip(before[2:], row[2:], strict=True)))
    )


def _outermost(root: Span) -> list[tuple[Span, bool]]:
    """Every span, and whether it is a function that stands inside itself."""
    found: list[tuple[Span, bool]] = []
    waiting: list[tuple[Span, frozenset[tuple[str, str]]]] = [(root, frozenset())]
    while waiting:
        span, around = waiting.pop()
        key = (span.name, span.at)
        is_function = span.kind == "function"
        found.append((span, is_function and key in around))
        inner = around | {key} if is_function else around
        waiting += [(each, inner) for each in reversed(span.inside)]
    return found
