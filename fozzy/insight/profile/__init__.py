"""Where time goes in a recorded run: one tree of spans, and views of it."""
