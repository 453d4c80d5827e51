"""Failures by the names that people have for them: `with inject_llm_failure("rate_limit"): …`.

They are toxics of the service's proxy, and what a client makes of one is its own error. Words of a schedule say when:
`inject_redis_failure("timeout", first=2)`. To add one: a line in a table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fozzy.chaos.tcp.handle import InForce
from fozzy.errors import UsageError, suggestion
from fozzy.pytest_plugin.proxies import ChaosProxy


class Kind(NamedTuple):
    """A toxic, and its attributes."""

    toxic: str
    words: dict[str, Any] = {}


ANY = {
    "refused": Kind("down"),
    "connection_error": Kind("down"),
    "reset": Kind("reset_peer"),
    "timeout": Kind("timeout"),
}
REDIS = {
    **ANY,
    "lost_reply": Kind("drop_reply"),
    "loading": Kind("resp_error", {"code": "LOADING"}),
    "out_of_memory": Kind("resp_error", {"code": "OOM"}),
    "read_only": Kind("resp_error", {"code": "READONLY"}),
}
POSTGRES = {
    **ANY,
    "lost_commit": Kind("pg_drop_commit_reply"),
    "too_many_connections": Kind("pg_error", {"sqlstate": "53300"}),
    "serialization_failure": Kind("pg_error", {"sqlstate": "40001"}),
    "deadlock": Kind("pg_error", {"sqlstate": "40P01"}),
    "shutdown": Kind("pg_error", {"sqlstate": "57P01"}),
}
LLM = {
    **ANY,
    "rate_limit": Kind("http_status", {"status": 429}),
    "api_error": Kind("http_status", {"status": 500}),
    "unavailable": Kind("http_status", {"status": 503}),
    "overloaded": Kind("http_status", {"status": 529}),
    "invalid_request": Kind("http_status", {"status": 400}),
    "unauthorized": Kind("http_status", {"status": 401}),
    "malformed": Kind("http_malformed"),
}


class Injector:
    """What `inject_redis_failure` and its like are. `proxy` is where clients connect."""

    def __init__(self, proxy: ChaosProxy, kinds: dict[str, Kind]) -> None:
        self.proxy = proxy
        self._kinds = kinds

    def __call__(self, failure: str, /, **words: Any) -> InForce:
        """A failure for the time of a block, `with` or `async with`. *Errors*: `UsageError` for one there is not."""
        if failure not in self._kinds:
            hint = suggestion(failure, self._kinds) or f"there are {', '.join(self._kinds)}"
            raise UsageError(
                "chaos.unknown_failure", f'there is no failure "{failure}" of {self.proxy.name}', hint=hint
            )
        kind = self._kinds[failure]
        return self.proxy.toxic(kind.toxic, **{**kind.words, **words})
