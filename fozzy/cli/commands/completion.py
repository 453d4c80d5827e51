"""`fozzy completion`: a script that teaches a shell to complete fozzy's command lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal, cast, get_args

import msgspec

from fozzy import wall
from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.documents import CompletionDocument
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.report.text import Line, Span, gutter, line, one_line, quoted
from fozzy.trace.store import write_whole

Shell = Literal["bash", "zsh", "fish"]
FOLDER = Path(__file__).parent.parent / "completions"


# Where each shell looks by itself, below a folder that a variable names or else one of the home.
PLACES = {
    "bash": ("XDG_DATA_HOME", ".local/share", "bash-completion/completions/fozzy"),
    "fish": ("XDG_CONFIG_HOME", ".config", "fish/completions/fozzy.fish"),
    "zsh": ("ZDOTDIR", "", ".zfunc/_fozzy"),
}
OURS = "# Completion of fozzy for"
# What a shell's own file needs where it does not look there by itself.
NEEDED = {
    "bash": ("for a bash without bash-completion, ~/.bashrc needs, once:", "source {file}"),
    "zsh": (
        "for zsh to look there, ~/.zshrc needs, once:",
        "fpath=({folder} $fpath)",
        "autoload -Uz compinit && compinit",
    ),
}


class Completion(Command, frozen=True, kw_only=True):
    """Print a script that completes commands, options, files and runs in a shell.

    For bash: source <(fozzy completion bash). For zsh, after compinit: source <(fozzy completion zsh). For fish:
    fozzy completion fish | source. --install writes it where the shell looks by itself; fozzy --install-completion is
    the same. The shell is that of the variable SHELL when not given.
    """

    name: ClassVar[str] = "completion"
    shell: Annotated[Shell | None, Arg("bash, zsh or fish.", "SHELL")] = None
    install: Annotated[bool, Opt(("--install",), "Write it where the shell looks by itself.")] = False

    def call(self, console: Console) -> Exit:
        shell = self.shell or _own_shell()
        script = (FOLDER / f"fozzy.{shell}").read_text(encoding="utf-8")
        written = _install(shell, script) if self.install else None
        if console.json:
            document = CompletionDocument(
                schema_version=SCHEMA_VERSION,
                command="completion",
                status="pass",
                shell=shell,
                script=script,
                written=written.as_posix() if written else None,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        elif written is None:
            console.raw(script)
        else:
            console.answer(_said(shell, written))
        return Exit.PASS


def _own_shell() -> Shell:
    """The shell of who calls. *Errors*: `UsageError` where it is not known, or has no script."""
    name = (wall.environment("SHELL") or "").rpartition("/")[2]
    for known in get_args(Shell):
        if name == known:
            return cast(Shell, known)
    message = f"there is no completion for {name}" if name else "which shell it is for is not known"
    raise UsageError("usage.bad_value", message, hint="fozzy completion bash, or zsh, or fish")


def _install(shell: str, script: str) -> Path:
    """Write the script to its place. *Errors*: `UsageError` where a file of somebody else's is, or none can be."""
    variable, below_home, name = PLACES[shell]
    above = wall.environment(variable)
    path = (Path(above) if above else Path.home() / below_home) / name
    try:
        if path.exists() and OURS not in path.read_text(encoding="utf-8", errors="replace"):
            hint = f"fozzy completion {shell} prints it, to be put elsewhere"
            raise UsageError("usage.completion", f"{path} is there and not from fozzy", hint=hint)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, script.encode())
    except OSError as error:
        hint = f"fozzy completion {shell} prints it, to be put elsewhere"
        raise UsageError("usage.completion", f"cannot write {path}: {error.strerror}", hint=hint) from error
    return path


def _said(shell: str, path: Path) -> list[Line]:
    lines = [line(gutter("wrote"), one_line(str(path)))]
    if shell != "zsh":
        lines.append(line("  new shells complete fozzy"))
    first, *needed = NEEDED.get(shell, ("",))
    lines += [line(f"  {first}")] if first else []
    names = {"file": quoted(str(path)), "folder": quoted(str(path.parent))}
    return [*lines, *(line("    ", Span(each.format(**names), "code")) for each in needed)]
