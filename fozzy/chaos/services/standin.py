"""Stand-ins for services that one cannot run, each a program of its own that may be killed, frozen and started again."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fozzy
from fozzy import wall
from fozzy.chaos.services.service import Service
from fozzy.chaos.services.standins.events import listed
from fozzy.chaos.services.standins.http import HEALTH
from fozzy.chaos.services.standins.state import Asked, State


class StandIn(Service):
    """What all stand-ins have. `requests` is what it was asked, also while it is dead."""

    kind = ""
    protocol = "http"
    path = ""  # behind the address, in its URL

    def __init__(self) -> None:
        module = "fozzy.chaos.services.standins"
        root = str(Path(fozzy.__file__).parent.parent)
        known = wall.environment("PYTHONPATH")
        super().__init__(
            [sys.executable, "-m", module, self.kind, "{port}"],
            name=self.name,
            ready=HEALTH,
            url=f"http://127.0.0.1:{{port}}{self.path}",
            env={"PYTHONPATH": os.pathsep.join([root, *([known] if known else [])])},
        )

    @property
    def state(self) -> State:
        """Its files."""
        return State(self.folder)

    @property
    def requests(self) -> list[Asked]:
        """What it was asked, in the order in which it came."""
        return self.state.asked()

    def clear(self) -> None:
        """As new: it was asked nothing, and says what it says by itself."""
        self.start()
        self.state.clear()


class LlmServer(StandIn):
    """A language model that OpenAI's and Anthropic's clients speak to. It says what it heard, or what `says` told it."""

    kind = "llm"
    name = "llm_server"

    def openai_url(self, port: int | None = None) -> str:
        """`base_url` of OpenAI's clients, at its own port or a proxy's."""
        return f"{self.url_at(port or self.port)}/v1"

    def anthropic_url(self, port: int | None = None) -> str:
        """`base_url` of Anthropic's clients, at its own port or a proxy's."""
        return self.url_at(port or self.port)

    def says(self, text: str) -> None:
        """Every answer from now on is this text."""
        self.state.say(text=text)


class EmbeddingServer(StandIn):
    """Embeddings for the clients of Voyage and OpenAI: equal texts have equal vectors."""

    kind = "embeddings"
    name = "embedding_server"
    path = "/v1"


class HttpServer(StandIn):
    """A server that answers every request with what it was asked; `/status/503` with that status."""

    kind = "echo"
    name = "http_server"


class SseServer(StandIn):
    """A stream of events at `/events` that goes on after a client's `Last-Event-ID`; five of them where none are given."""

    kind = "sse"
    name = "sse_server"
    path = "/events"

    @property
    def events(self) -> list[Any]:
        """The data of all events."""
        return listed(self.state.said())

    @events.setter
    def events(self, events: Sequence[Any]) -> None:
        self.state.say(events=list(events))

    def publish(self, data: Any) -> None:
        """One more event, which streams that are open get too, where they go on."""
        self.state.say(events=[*self.events, data])

    def says(self, **words: Any) -> None:
        """How it streams: `crlf=True`, `retry_ms=1000`, `goes_on=True` for streams that do not end by themselves."""
        self.state.say(**words)
