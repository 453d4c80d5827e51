from __future__ import annotations

import pytest

from fozzy.core.wires import Connected, Flowed, Spoken, Struck
from fozzy.report.pretty import record_line
from fozzy.report.text import plain
from fozzy.report.wire import wire_text
from tests.chaos.tcp.wired import APPLIED, BYPASSED, connection, message


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (message(2, bytes=1), "#2 connection 1  upstream request 2  GET 2  1 byte"),
        (message(2, about="", whole=False), "#2 connection 1  upstream request 2  0 bytes  its end was not seen"),
        (
            message(2, struck=[APPLIED, BYPASSED], delay_ns=20_000_000),
            "#2 connection 1  upstream request 2  GET 2  0 bytes  late  late bypassed: never_came  delay 20ms",
        ),
        (
            connection(client="127.0.0.1:5"),
            "#1 connection 1  127.0.0.1:5  upstream 10 bytes fin  downstream 15 of 20 bytes  ended by client",
        ),
        (
            connection(
                struck=[Struck("cut", "limit_data", True, said="cut at 15")],
                upstream=Flowed(1, 1),
                downstream=Flowed(2, 2, 1, "fin", "rst"),
                by="",
                notes=["odd"],
            ),
            "#1 connection 1  upstream 1 byte  downstream 2 bytes fin given as rst  cut: cut at 15  ended by nobody  odd",
        ),
    ],
)
def test_a_line_says_what_it_was(record: Connected | Spoken, text: str) -> None:
    """What passed, what struck it, how it ended; what is as one expects is left out."""
    assert wire_text(record) == text


def test_long_texts_are_cut_and_lines_are_one() -> None:
    """A statement of any length, with ends of lines in it, is one line of a bounded width."""
    shown = plain(record_line(4, message(2, about="SELECT\n" * 100)))
    assert "\n" not in shown and len(shown) < 400 and shown.endswith("kv") and "…" in shown
    assert plain(record_line(4, connection())).startswith("     4       0ms  conn     #1")
