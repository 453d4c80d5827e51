"""Counts the lines and words of files: the program under test in several scenarios.

Usage: python3 wordcount.py FILE... It ends with 2 when a file does not exist.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(names: list[str]) -> int:
    lines = words = 0
    for name in names:
        try:
            text = Path(name).read_text(encoding="utf-8")
        except FileNotFoundError:
            print(f"wordcount: there is no file {name}", file=sys.stderr)
            return 2
        lines += len(text.splitlines())
        words += len(text.split())
    print(f"{lines} lines, {words} words")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
