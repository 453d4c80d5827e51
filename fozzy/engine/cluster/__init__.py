"""Runs a distributed scenario: its steps against a simulated cluster, here or beside the user's code."""
