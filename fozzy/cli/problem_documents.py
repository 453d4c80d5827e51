"""Problems and errors as JSON: the same in every document."""

from __future__ import annotations

from typing import Literal

from fozzy.core.outcome import Camel
from fozzy.errors import Where


class ProblemBody(Camel, frozen=True, kw_only=True):
    """One problem."""

    code: str
    message: str
    hint: str | None = None
    where: Where | None = None


class ErrorBody(Camel, frozen=True, kw_only=True):
    """What went wrong first."""

    code: str
    message: str
    hint: str | None = None
    where: Where | None = None


class ErrorDocument(Camel, frozen=True, kw_only=True):
    """A command that could not do its work."""

    schema_version: int
    command: str
    status: Literal["error"]
    error: ErrorBody
    problems: list[ProblemBody]
