"""Gate: runs things and gives a verdict."""
