"""`fozzy version`: answered before anything else is imported when it is asked plainly; see `fozzy/__main__.py`."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from fozzy.cli.command import Command
from fozzy.cli.console import Console
from fozzy.cli.documents import VersionDocument
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit
from fozzy.report.text import line
from fozzy.version import VERSION


class Version(Command, frozen=True, kw_only=True):
    """Print the version."""

    name: ClassVar[str] = "version"

    def call(self, console: Console) -> Exit:
        console.answer([line(f"fozzy {VERSION}")])
        if console.json:
            made = VersionDocument(schema_version=SCHEMA_VERSION, command="version", status="pass", version=VERSION)
            console.raw(msgspec.json.encode(made).decode() + "\n")
        return Exit.PASS
