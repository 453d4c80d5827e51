"""Real HTTP: each question is asked once, and answered on the host loop when nobody recorded the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.core.choice import Choices
from fozzy.core.limits import Limits
from fozzy.world.host_loop import HostLoop
from fozzy.world.http.base import BurstAnswers, HttpAnswer, HttpBurst, HttpRequest

if TYPE_CHECKING:
    from fozzy.world.http.host_tasks import Client


class HostHttp:
    """Sends real requests; redirects are answers, proxies of the environment are not used.

    *Limits*: the time a call has left, `body_bytes_max`. *Errors*: none; what goes wrong is part of the answer.
    *Closes*: with the loop.
    """

    def __init__(self, choices: Choices, loop: HostLoop, limits: Limits) -> None:
        self._choices = choices
        self._loop = loop
        self._limits = limits
        self._made: Client | None = None

    def send(self, request: HttpRequest) -> HttpAnswer:
        """The answer, whole or with its failure."""

        def live(budget_ns: int) -> tuple[HttpAnswer, int]:
            client = self._client()
            own_ns = request.timeout_ms * 10**6 or budget_ns
            return self._loop.call(lambda: client.exchange(request, min(own_ns, budget_ns)))

        return self._choices.ask("http.send", request, live, HttpAnswer)

    def burst(self, request: HttpBurst) -> BurstAnswers:
        """Every answer, whole or with its failure, as it came; they are one question."""

        def live(budget_ns: int) -> tuple[BurstAnswers, int]:
            client = self._client()
            return self._loop.call(lambda: client.burst(request, budget_ns))

        return self._choices.ask("http.burst", request, live, BurstAnswers)

    def _client(self) -> Client:
        """Made by the first request nobody recorded an answer to, because it imports httpx."""
        if self._made is None:
            from fozzy.world.http.host_tasks import Client

            self._made = Client(self._limits)
            self._loop.at_close(self._made.aclose)
        return self._made
