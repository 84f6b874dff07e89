"""When a parser is ended, on a clock of the test's own: `share` is what it gets of a processor, by the second."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headgate.ingest.sandbox.time_limit import PATIENCE, TimeLimit

SECONDS = 60.0


def ended(share: Callable[[float], float], *, told: bool = True) -> tuple[str, float]:
    """Why a process of this share is ended, and at what wall time in seconds."""
    now = used = 0.0

    def seen(_pid: int) -> float | None:
        return used if told else None

    limit = TimeLimit(1, SECONDS, before=seen, used=seen, clock=lambda: now)
    while not (why := limit.passed()):
        now += 0.5
        used += 0.5 * share(now)
        assert now < 100 * SECONDS, "it is never ended"
    return why, now


@pytest.mark.parametrize(("share", "wall"), [(1.0, 60), (0.5, 120), (0.1, 600), (2.0, 60)])
def test_only_its_own_processor_time_ends_a_parser_that_computes(share: float, wall: float) -> None:
    why, now = ended(lambda _: share)
    assert why == "used"
    assert wall <= now <= wall + 0.25 * SECONDS


def test_one_that_waits_is_ended_after_the_same_time_on_the_wall() -> None:
    assert ended(lambda _: 0.0) == ("hangs", SECONDS)
    why, now = ended(lambda now: 0.5 if now <= 50 else 0.0)
    assert why == "hangs"
    assert SECONDS < now <= 3 * SECONDS


def test_one_that_computes_now_and_then_is_ended_in_the_end() -> None:
    why, now = ended(lambda _: 0.02)
    assert why == "endless"
    assert PATIENCE * SECONDS <= now <= (PATIENCE + 1) * SECONDS


def test_where_the_system_does_not_tell_wall_time_counts() -> None:
    assert ended(lambda _: 0.5, told=False) == ("used", SECONDS)
