"""A package that counts, as drivers count their statements: all machines of a process share it."""

numbers = [0]


def next_number() -> int:
    """One more than the last."""
    numbers[0] += 1
    return numbers[0]
