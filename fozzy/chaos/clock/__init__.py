"""Virtual time in front of real services: one clock that the loops of a test and its proxies share."""
