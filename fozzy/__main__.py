"""The program. What needs nothing else is answered before anything else is imported."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run this process's command line and end it."""
    if not _quick(sys.argv[1:]):
        from fozzy.cli.main import entry

        entry()


def _quick(words: list[str]) -> bool:
    """Answer `version` and `schema`, plainly asked, within the time a bare interpreter needs."""
    if words in (["version"], ["--version"]):
        from fozzy.version import VERSION

        print(f"fozzy {VERSION}")
        return True
    if words[:1] == ["schema"] and (len(words) == 1 or (len(words) == 3 and words[1] == "--for")):
        name = words[2].replace(" ", "-") if len(words) == 3 else "scenario"
        path = os.path.join(os.path.dirname(__file__), "cli", "schemas", f"{name}.json")
        if os.sep not in name and os.path.isfile(path):
            with open(path, encoding="utf-8") as stream:
                sys.stdout.write(stream.read())
            return True
    return False


if __name__ == "__main__":
    main()
