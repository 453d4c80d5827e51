"""The checks, one module each: `doctor`, `ci`, `gate` and `full` are lists of them."""
