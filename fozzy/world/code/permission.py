"""The permission to run user code: nothing that imports such code can be called without one."""

from __future__ import annotations

from collections.abc import Callable

_KEY = object()


class Permission:
    """That user code may run. `permit` alone makes one."""

    __slots__ = ()

    def __init__(self, key: object) -> None:
        assert key is _KEY, "a permission is given by `permit`"


def permit(allowed: bool, refusal: Callable[[], Exception]) -> Permission:
    """The permission, when whoever runs fozzy gave it. *Errors*: what `refusal` makes."""
    if not allowed:
        raise refusal()
    return Permission(_KEY)
