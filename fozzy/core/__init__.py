"""What a run is: its choices, its clock, what it says, how it ends. Pure: no I/O, no machine clock, no randomness of its own."""
