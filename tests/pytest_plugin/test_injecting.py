"""Failures by name come to the client as what they are called."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fozzy.errors import InputError, UsageError
from fozzy.pytest_plugin.injecting import LLM, POSTGRES, REDIS

STATUSES = {"rate_limit": 429, "api_error": 500, "unavailable": 503, "overloaded": 529, "invalid_request": 400}


@pytest.mark.chaos(seed=7)
@pytest.mark.parametrize("failure", [*STATUSES, "refused", "reset", "timeout"])
def test_each_failure_of_a_model(inject_llm_failure: Any, failure: str, virtual_time: Any) -> None:
    """A status is a status; a server that is not there, resets or says nothing is what httpx calls it."""
    with httpx.Client(timeout=10, trust_env=False) as client, inject_llm_failure(failure) as fault:
        if failure in STATUSES:
            assert client.post(inject_llm_failure.proxy.url, json={}).status_code == STATUSES[failure]
        else:
            error = {"refused": httpx.ConnectError, "timeout": httpx.ReadTimeout, "reset": httpx.ReadError}[failure]
            with pytest.raises(error):
                client.post(inject_llm_failure.proxy.url, json={})
            assert virtual_time.now == (10 if failure == "timeout" else 0)
    assert fault.applied == 1


@pytest.mark.chaos(seed=7)
def test_each_name_is_a_toxic_that_can_be(
    inject_llm_failure: Any, inject_redis_failure: Any, inject_postgres_failure: Any
) -> None:
    """Every line of the tables is put in force and taken away; a word of a schedule goes with it."""
    kinds = ((inject_llm_failure, LLM), (inject_redis_failure, REDIS), (inject_postgres_failure, POSTGRES))
    for inject, failures in kinds:
        for failure in failures:
            toxic = inject(failure)._toxic
            assert inject.proxy.add(toxic)
            inject.proxy.remove(toxic.called)
            inject.proxy._declared.all.clear()
    assert inject_redis_failure("lost_reply", match="INCR", first=2)._toxic.first == 2
    with pytest.raises(UsageError, match='no failure "rate_limits".*'):
        inject_llm_failure("rate_limits")
    with pytest.raises(InputError):
        inject_llm_failure("rate_limit", nothing=1)
    for inject, _ in kinds:
        inject.proxy._declared.made.clear()
