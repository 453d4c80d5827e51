"""`fozzy completion`: a script that teaches a shell to complete fozzy's command lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec

from fozzy.cli.command import Arg, Command
from fozzy.cli.console import Console
from fozzy.cli.documents import CompletionDocument
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit

FOLDER = Path(__file__).parent.parent / "completions"


class Completion(Command, frozen=True, kw_only=True):
    """Print a script that completes commands, options, files and runs in a shell.

    For bash: source <(fozzy completion bash). For zsh, after compinit: source <(fozzy completion zsh). For fish:
    fozzy completion fish | source. To keep it, put that line into the shell's start file.
    """

    name: ClassVar[str] = "completion"
    shell: Annotated[Literal["bash", "zsh", "fish"], Arg("bash, zsh or fish.", "SHELL")]

    def call(self, console: Console) -> Exit:
        script = (FOLDER / f"fozzy.{self.shell}").read_text(encoding="utf-8")
        if console.json:
            document = CompletionDocument(
                schema_version=SCHEMA_VERSION, command="completion", status="pass", shell=self.shell, script=script
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        else:
            console.raw(script)
        return Exit.PASS
