"""`refuse` lets nobody in, at once or by silence; who is in stays."""

from __future__ import annotations

import pytest

from fozzy.errors import InputError
from tests.faults.tcp.wiring import Wire, toxic


def test_refused_or_unheard() -> None:
    """The port is closed, or silent; a connection that is open goes on."""
    for how, mode in (("rst", "closed"), ("silent", "silent")):
        wire = Wire()
        wire.change(toxic("refuse", how=how), at_ns=5)
        wire.send("upstream", b"abc", 6)
        assert wire.engine.gate("p", 6).mode == mode and wire.got == [(6, "upstream", b"abc")]


def test_single_connections() -> None:
    """Every second connection is reset right after it was accepted."""
    wire = Wire(toxic("refuse", every=2))
    assert wire.engine.gate("p", 0).mode == "open" and wire.all() == []
    wire.connect(3)
    assert wire.all() == [(3, "downstream", "cut rst rst")] and wire.tally().applied == 1


def test_what_cannot_be() -> None:
    """Silence is for all or nobody, toxicity is of connections, and messages are not its business."""
    for said in ({"how": "silent", "every": 2}, {"toxicity": 0.5}, {"on": "message"}):
        with pytest.raises(InputError):
            Wire(toxic("refuse", **said))
