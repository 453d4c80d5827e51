"""What runs beside a test in the simulator: nothing. The test itself is called on the machine of this program."""


def idle() -> None:
    """The machine of the test is up."""
