"""What a chaos proxy is told: chaos files, flags, environment; each mistake is found and named before a port is opened."""
