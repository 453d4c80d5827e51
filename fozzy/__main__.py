"""The program. What needs nothing else is answered before anything else is imported."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run this process's command line and end it."""
    if not _quick(sys.argv[1:]):
        import gc

        _hold_signals()
        _hold_descriptors()

        gc.disable()  # importing makes no garbage; `entry` turns it on again before a command works
        _import_msgspec()
        from fozzy.cli.main import entry

        entry()


def _hold_signals() -> None:
    """Ctrl-C is heard as soon as there is somebody to answer it, and ends no import with a bare traceback."""
    import _signal  # type: ignore[import-not-found]  # `signal` would take time to make its names

    if hasattr(_signal, "pthread_sigmask"):
        _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGINT, _signal.SIGTERM))


def _hold_descriptors() -> None:
    """Where stdout or stderr is closed nothing else takes its number: a pipe there would get what programs say."""
    for number in (1, 2):
        try:
            os.fstat(number)
        except OSError:
            nobody = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nobody, number)
            if nobody != number:
                os.close(nobody)


def _import_msgspec() -> None:
    """Import msgspec without typing_extensions, from which it takes only what Python has had since 3.11.

    msgspec falls back to `typing` by itself when it is missing; with it come `inspect` and `ast`, ten milliseconds.
    """
    if "typing_extensions" not in sys.modules:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
        try:
            import msgspec  # noqa: F401
        finally:
            del sys.modules["typing_extensions"]


def _quick(words: list[str]) -> bool:
    """Answer `version`, `schema`, help and completion, plainly asked, within the time a bare interpreter needs."""
    if not words or words[-1] in ("--help", "-h"):
        return _print(os.path.join("help", "-".join(["fozzy", *words[:-1]]) + ".txt"))
    if words in (["version"], ["--version"]):
        from fozzy.version import VERSION

        return _say(f"fozzy {VERSION}\n")
    if words[:1] == ["__complete"]:
        from fozzy.complete import reply

        _say(reply(words[1:]))
        return True
    if words[:1] == ["schema"] and (len(words) == 1 or (len(words) == 3 and words[1] == "--for")):
        name = words[2].replace(" ", "-") if len(words) == 3 else "scenario"
        return _print(os.path.join("schemas", f"{name}.json"))
    return False


def _print(name: str) -> bool:
    """Print a generated file, if there is one of that name."""
    path = os.path.join(os.path.dirname(__file__), "cli", name)
    if ".." in name or name.count(os.sep) != 1 or not os.path.isfile(path):
        return False
    with open(path, encoding="utf-8") as stream:
        return _say(stream.read())


def _say(text: str) -> bool:
    """Whether it could be written; where it could not, the command itself finds that out again and says so."""
    try:
        if sys.stdout is not None:  # it may be closed
            sys.stdout.write(text)
            sys.stdout.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
