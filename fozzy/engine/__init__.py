"""Runs scenarios: one, a suite of them, or one again from its recording."""
