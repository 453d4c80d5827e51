"""A stand-in as a program: `python -m fozzy.chaos.services.standins KIND PORT`, in the folder that has its state."""

from __future__ import annotations

import sys
from pathlib import Path

from fozzy.chaos.services.standins import chat, echo, embeddings, events, messages
from fozzy.chaos.services.standins.http import Answers, serve
from fozzy.chaos.services.standins.state import State

MODELS: Answers = {**chat.ANSWERS, **messages.ANSWERS, **embeddings.ANSWERS}
KINDS: dict[str, Answers] = {"llm": MODELS, "embeddings": MODELS, "sse": events.ANSWERS, "echo": echo.ANSWERS}


def main() -> None:
    """Serve until somebody ends it."""
    kind, port = sys.argv[1:3]
    serve(int(port), KINDS[kind], State(Path.cwd()))


if __name__ == "__main__":
    main()
