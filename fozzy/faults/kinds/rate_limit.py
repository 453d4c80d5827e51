"""Rate limit: too many requests."""

from __future__ import annotations

from fozzy.faults.actions import Action, Reply
from fozzy.faults.kinds.base import Dice, Kind, json_reply


class RateLimit(Kind, frozen=True, kw_only=True, tag="rate_limit"):
    """Answers 429 with `Retry-After`; the world is not asked."""

    retry_after_s: int = 1

    def act(self, dice: Dice) -> Action:
        del dice
        headers = [("retry-after", str(self.retry_after_s))]
        return Reply(json_reply(429, "chaos_ratelimit", "a fault limits the rate", headers))
