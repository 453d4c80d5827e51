"""On, off, and as it was at the start."""

from __future__ import annotations

from fozzy.chaos.api.answers import InForce
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.chaos.api.reading import Nothing
from fozzy.faults.http import control


def enable(controls: Controls, asked: Asked) -> InForce:
    """Turn chaos on."""
    return controls.change(control.enable(controls.state), "enabled")


def disable(controls: Controls, asked: Asked) -> InForce:
    """Turn chaos off."""
    return controls.change(control.disable(controls.state), "disabled")


def reset(controls: Controls, asked: Asked) -> InForce:
    """As it was at the start."""
    return controls.reset()


def _post(name: str, does: str, run: object) -> Operation:
    return Operation(
        method="POST",
        path=f"/fozzy/{name}",
        name=name,
        does=does,
        run=run,  # type: ignore[arg-type]
        takes=Nothing,
        is_optional=True,
        gives=InForce,
    )


OPERATIONS = [
    _post("enable", "Turn chaos on, as it is configured, from the next request on.", enable),
    _post("disable", "Turn all chaos off; what is configured stays.", disable),
    _post(
        "reset",
        "Put the plan of the start in force, empty the journal, and set the numbers of `/fozzy/stats` and the peak of load "
        "to 0. Prometheus' counters, the end of the run, and the numbers of requests and of their occurrences go on.",
        reset,
    ),
]
