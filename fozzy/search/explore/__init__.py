"""Runs one scenario many times under other schedules and seeds: plans, campaigns, counts, resuming."""
