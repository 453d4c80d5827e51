"""Says which code is risky and which of it a recorded run has touched."""
