"""HTTP requests: answered by rules or sent for real."""
