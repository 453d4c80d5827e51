"""What can go wrong when the world is asked; part of an answer, so that it is recorded and replayed like any other."""

from typing import Any, Literal, NoReturn

import msgspec

from fozzy.core.outcome import FindingKind, StepFailed

FailureKind = Literal[
    "timeout",  # no answer in time
    "limit",  # cut off at a byte limit while streaming
    "not_found",  # no such program, file or folder
    "dns",  # the host's name cannot be resolved
    "refused",  # nobody listens
    "tls",  # no secure connection: a certificate nobody vouches for, or a peer that does not speak TLS
    "reset",  # the connection was torn down, or ended before the answer began
    "short_body",  # the connection ended in the middle of the body
    "denied",  # the system or our own rules forbid it
    "protocol",  # the answer makes no sense
    "died",  # a background process ended before it was ready
    "unscripted",  # no rule answers this
    "io",  # any other error of the system
]

_FINDING_KIND: dict[str, FindingKind] = {
    "timeout": "hang",
    "limit": "limit",
    "unscripted": "assertion",
}


class Failure(msgspec.Struct, frozen=True):
    """Why there is no whole answer, in words for people."""

    kind: FailureKind
    message: str


def over_limit(what: str, limit: str, bytes_max: int, seen: int) -> Failure:
    """The failure of what is larger than a limit: how much was seen, the limit, and how to raise it."""
    how = f"raise it with limits.{limit} in the scenario or {limit} under [limits] in fozzy.toml"
    return Failure("limit", f"{what} more than {limit}, {bytes_max} bytes; {seen} were seen; {how}")


def fail_with(capability: str, failure: Failure, details: Any = None) -> NoReturn:
    """Turn a failed answer into a finding titled `<capability>_<kind>`."""
    kind = _FINDING_KIND.get(failure.kind, "target_behavior")
    raise StepFailed(f"{capability}_{failure.kind}", failure.message, kind, details=details)
