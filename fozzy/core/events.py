"""Records: everything a run says, in order. The trace, the live view and the reports are readers of this one stream.

Rule 1: a record holds nothing that differs between two runs of the same inputs.
Rule 2: `t` is the scenario's clock in nanoseconds; `at` is the path of the step, as `steps[3].steps[0]`.
Rule 3: a record's number is its position in the stream; whoever writes it adds it.
To add a record: add a struct with its own tag here and to `Record`; raise the trace's format version.
"""

from typing import Any

import msgspec

from fozzy.core.exchange import Exchange
from fozzy.core.wires import Connected, Spoken


class Draw(msgspec.Struct, frozen=True, gc=False, tag="draw", tag_field="kind"):
    """A bounded integer was chosen: `low` <= `value` <= `high`."""

    t: int
    at: str
    label: str
    low: int
    high: int
    value: int


class Ask(msgspec.Struct, frozen=True, tag="ask", tag_field="kind"):
    """The outside world was asked; `took` is the host time it needed, in nanoseconds."""

    t: int
    at: str
    label: str
    request: Any
    answer: Any
    took: int


class Step(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag="step", tag_field="kind"):
    """A step ended; `hash` is of the step as written, `took` is scenario time, `failed` tells why it failed."""

    t: int
    at: str
    type: str
    hash: str
    took: int = 0
    note: str = ""
    failed: str = ""


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag="event", tag_field="kind"):
    """The scenario itself says something (`trace_event`)."""

    t: int
    at: str
    name: str
    fields: dict[str, Any] = {}


class Found(msgspec.Struct, frozen=True, omit_defaults=True, tag="finding", tag_field="kind"):
    """The run found something; `finding` is its kind, `title` its stable name, `status` what it makes of the run."""

    t: int
    at: str
    finding: str
    title: str
    message: str
    status: str = "fail"
    field: str = ""
    label: str = ""
    details: Any = None
    around: list[str] = []  # which attempt, round or branch it happened in, innermost first


class Net(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag="net", tag_field="kind"):
    """Something arrived over a simulated network: `what` came over which `link`, how many `bytes` of which `digest`."""

    t: int
    at: str
    what: str
    link: str
    bytes: int = 0
    digest: int = 0  # crc32 of what arrived: the evidence has every byte


Record = Draw | Ask | Step | Event | Found | Net | Exchange | Connected | Spoken
