"""Trying again: bounded, with pauses that grow and differ, never after the deadline, and only where it may help."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from tenacity import TryAgain

from headgate.errors import AlertFailed, AlertRefused, ParseFailure, SourceFault
from headgate.process.retry import (
    PASSING_STATUSES,
    Retries,
    of_alert,
    of_object_store,
    of_provider,
    of_source,
    of_worker,
)


def failing(times: int, **fault: Any) -> tuple[list[int], Callable[[], str]]:
    """What was called how often, and a request that fails so many times."""
    calls: list[int] = []

    def request() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise SourceFault("unavailable", "y", **{"transient": True, **fault})
        return "done"

    return calls, request


def test_pauses_are_drawn_from_a_bound_that_doubles() -> None:
    for _ in range(20):
        pauses: list[float] = []
        calls, request = failing(6)
        assert Retries(11, 2.0, longest_pause=30.0, sleep=pauses.append).call(request, of_source) == "done"
        assert len(calls) == 7
        assert all(0 <= pause <= min(2.0 * 2**number, 30.0) for number, pause in enumerate(pauses))
        assert len(set(pauses)) == 6


def test_pauses_can_have_a_least() -> None:
    pauses: list[float] = []
    _, request = failing(4)
    Retries(5, 1.0, least=0.5, sleep=pauses.append, chance=random.Random(3).uniform).call(request, of_source)
    assert all(0.5 * 2**number <= pause <= 2**number for number, pause in enumerate(pauses))


def test_a_server_says_how_long_to_wait() -> None:
    pauses: list[float] = []
    _, request = failing(1, retry_after=77.0)
    Retries(4, 0.001, sleep=pauses.append).call(request, of_source)
    assert pauses == [77.0]


@pytest.mark.parametrize(("tries", "deadline", "calls"), [(1, 1e9, 1), (3, 1e9, 3), (100, 0.0, 1)])
def test_tries_end_with_the_last_error(tries: int, deadline: float, calls: int) -> None:
    made, request = failing(1000)
    with pytest.raises(SourceFault, match="unavailable"):
        Retries(tries, 1.0, deadline=deadline, sleep=lambda _seconds: None).call(request, of_source)
    assert len(made) == calls


def test_no_try_begins_after_the_deadline() -> None:
    now = 100.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    made, request = failing(1000)
    with pytest.raises(SourceFault):
        Retries(100, 4.0, deadline=10.0, sleep=sleep, clock=lambda: now, chance=lambda _, high: high).call(request, of_source)
    assert (len(made), now) == (2, 104.0)  # the next pause, of 8 s, would end after it


def test_a_wait_that_a_server_asks_for_ends_at_the_deadline_too() -> None:
    made, request = failing(1000, retry_after=600.0)
    with pytest.raises(SourceFault):
        Retries(5, 1.0, deadline=120.0, sleep=lambda _seconds: None).call(request, of_source)
    assert len(made) == 1


def test_what_does_not_pass_is_tried_once() -> None:
    made, request = failing(1000, transient=False)
    with pytest.raises(SourceFault):
        Retries(6, 1.0, sleep=lambda _seconds: None).call(request, of_source)
    assert len(made) == 1


def test_coroutines_are_tried_again_too() -> None:
    pauses: list[float] = []
    made, request = failing(2)

    async def asked() -> str:
        return request()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    assert asyncio.run(Retries(3, 1.0).call_async(asked, of_source, sleep=sleep)) == "done"
    assert (len(made), len(pauses)) == (3, 2)


def test_rounds_go_on_while_another_is_wanted_and_one_can_be_left() -> None:
    pauses: list[float] = []
    retries = Retries(5, 1.0, sleep=pauses.append)
    seen = []
    for attempt in retries.rounds():
        seen.append(attempt.retry_state.attempt_number)
        with attempt:
            if len(seen) < 3:
                raise TryAgain
    assert (seen, len(pauses)) == ([1, 2, 3], 2)

    def left() -> Any:
        for _ in retries.rounds():
            yield 1

    generator = left()
    next(generator)
    generator.close()


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("status code: 503 Slow down", True),
        ("status code: 409 <Code>ConditionalRequestConflict</Code>", True),
        ("status code: 400 <Code>RequestTimeout</Code>", True),
        ("status code: 400 <Code>InvalidRequest</Code>", False),
        ("status code: 501 <Code>NotImplemented</Code>", False),
        ("status code: 403 <Code>AccessDenied</Code>", False),
        ("error sending request: connection refused", True),
        ("the credential provider found nothing", False),
    ],
)
def test_a_bucket_that_was_busy_is_told_from_one_that_refuses(text: str, passes: bool) -> None:
    assert of_object_store(OSError(text)) == passes
    assert not of_object_store(FileNotFoundError("no such key"))


def test_a_provider_that_was_busy_is_told_from_one_that_refuses() -> None:
    from litellm import exceptions

    details = {"llm_provider": "p", "model": "m"}
    busy = [
        exceptions.Timeout("m", **details),
        exceptions.RateLimitError("m", **details),
        exceptions.InternalServerError("m", **details),
        exceptions.BadGatewayError("m", **details),
        exceptions.ServiceUnavailableError("m", **details),
    ]
    refused = [
        exceptions.AuthenticationError("m", **details),
        exceptions.BadRequestError("m", **details),
        exceptions.NotFoundError("m", **details),
        ValueError("m"),
    ]
    assert [of_provider(error) for error in (*busy, *refused)] == [True] * 5 + [False] * 4


def test_the_other_edges_say_so_themselves() -> None:
    assert of_alert(AlertFailed("x"))
    assert not of_alert(AlertRefused("x"))
    assert of_worker(ParseFailure("a.md", "worker_died", "x"))
    assert not of_worker(ParseFailure("a.md", "malformed", "x"))
    assert {408, 429, 500, 503} <= PASSING_STATUSES
    assert not {200, 304, 400, 401, 403, 404, 501, 505} & PASSING_STATUSES
