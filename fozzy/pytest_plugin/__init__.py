"""Resilience tests with pytest: real clients before real services, faults on the wire, virtual time."""
