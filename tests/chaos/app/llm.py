"""A language model as the application asks it: Anthropic's or OpenAI's own client behind a breaker. Twins are below.

The clients retry by themselves, and wait as long as the server says. What is never going to be answered is no failure of the
server, so it opens no breaker.
"""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import openai

from tests.chaos.app.guard import Guard, NoGuard

RETRIES = 2
LIMIT_S = 10.0
THRESHOLD = 5
REST_S = 60.0
KEY = "sk-nobody"
MODEL = "stand-in"

OURS = (
    anthropic.BadRequestError,
    anthropic.AuthenticationError,
    openai.BadRequestError,
    openai.AuthenticationError,
)  # our own mistakes
APIError = (anthropic.APIError, openai.APIError)


class Incomplete(Exception):
    """The answer ended before it was whole."""


class Llm:
    """*Errors*: those of the client; `Unavailable` without asking. *Closes*: leaving `async with`."""

    def __init__(self, client: Any, guard: Guard | None = None) -> None:
        self.client = client
        self.guard = guard or Guard("llm", THRESHOLD, REST_S, exclude=OURS)

    async def __aenter__(self) -> Llm:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def ask(self, text: str) -> str:
        """The whole answer."""
        async with self.guard.call():
            return await said(self.client, text)

    async def ask_streaming(self, text: str) -> str:
        """The same, word by word. *Errors*: `Incomplete` where it ends before the model has said that it has ended."""
        found, is_whole = await self._streamed(text)
        if not is_whole:
            raise Incomplete(f"only {found!r}")
        return found

    async def _streamed(self, text: str) -> tuple[str, bool]:
        found, is_whole = "", False
        async with self.guard.call():
            stream = await self.client.messages.create(**_asked(text), max_tokens=100, stream=True)
            async with stream:
                async for event in stream:
                    if event.type == "content_block_delta":
                        found += event.delta.text
                    is_whole = is_whole or event.type == "message_stop"
        return found, is_whole


def anthropic_of(url: str, retries: int = RETRIES) -> anthropic.AsyncAnthropic:
    """Anthropic's client."""
    return anthropic.AsyncAnthropic(base_url=url, api_key=KEY, max_retries=retries, timeout=LIMIT_S)


def openai_of(url: str, retries: int = RETRIES) -> openai.AsyncOpenAI:
    """OpenAI's."""
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=retries, timeout=LIMIT_S)


async def said(client: Any, text: str) -> str:
    """What a model answers, by either client."""
    if isinstance(client, anthropic.AsyncAnthropic):
        message = await client.messages.create(**_asked(text), max_tokens=100)
        return str(message.content[0].text)
    answer = await client.chat.completions.create(**_asked(text))
    return str(answer.choices[0].message.content)


def _asked(text: str) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}]}


# broken twins


class HastyLlm(Llm):
    """Tries again after a second, whatever the server says, and whatever it was."""

    async def ask(self, text: str) -> str:
        for _ in range(RETRIES):
            try:
                return await said(self.client, text)
            except (anthropic.APIStatusError, openai.APIStatusError):
                await asyncio.sleep(1)
        return await said(self.client, text)


class UnguardedLlm(Llm):
    """Has no breaker."""

    def __init__(self, client: Any) -> None:
        super().__init__(client, NoGuard("llm", THRESHOLD, REST_S))


class TrustingLlm(Llm):
    """Takes what has come for the whole answer."""

    async def ask_streaming(self, text: str) -> str:
        return (await self._streamed(text))[0]
