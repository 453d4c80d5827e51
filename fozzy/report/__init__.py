"""A finished run as text. To add a format: a module with `render(summary) -> str`, and a line in `FORMATS`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from fozzy.core.summary import Summary

FORMATS = {
    "pretty": "fozzy.report.pretty",
    "json": "fozzy.report.json_document",
    "junit": "fozzy.report.junit",
    "github": "fozzy.report.github",
    "html": "fozzy.report.html",
    "tap": "fozzy.report.tap",
    "markdown": "fozzy.report.markdown",
}


def renderer(name: str) -> Callable[[Summary], str]:
    """The renderer of a format; its module is imported only now."""
    render: Callable[[Summary], str] = import_module(FORMATS[name]).render
    return render
