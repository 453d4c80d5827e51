"""Runs resilience tests in a pytest of their own and says what came of them."""
