"""Faults on a TCP connection: toxics, their schedules, the framing of protocols. It is pure: bytes and times in and out."""
