"""What a run may use. Every loop, buffer and host call takes its bound from here."""

from typing import Annotated

import msgspec
from msgspec import Meta

KIB = 1024
MIB = 1024 * KIB

Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of one run; a scenario's `limits` and the config's `[limits]` set single fields.

    They stand in a trace's header whole, so that a replay has the limits of its recording whatever the defaults are.
    """

    call_ms_max: Positive = 30_000  # one host call; the run's timeout bounds it further
    output_bytes_max: Positive = 4 * MIB  # a process's stdout, and its stderr
    body_bytes_max: Positive = 4 * MIB  # an HTTP answer's body
    file_bytes_max: Positive = 16 * MIB  # one file read or written
    code_bytes_max: Positive = 1024 * MIB  # memory of a run's user code, besides what its interpreter holds
    process_bytes_max: Count = 0  # addresses of each process of a host program, where the system bounds them; 0: any
    stop_grace_ms: Count = 5_000  # between asking a background process to end and ending it
    kill_grace_ms: Count = 100  # the same for what is cut off at a limit, a timeout or the end of the run


SCENARIO_BYTES_MAX = 32 * MIB  # 100,000 steps are about 5 MB
DEPTH_MAX = 128  # nesting of a scenario or of a value; parsers above it may exhaust the stack
RECORD_BYTES_MAX = 64 * MIB  # one line of a trace: two bodies at their limits, as base64, with room
