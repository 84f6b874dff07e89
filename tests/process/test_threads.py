"""Work in a thread ends before whoever asked for it goes on, cancelled or not."""

from __future__ import annotations

import asyncio
import threading

import pytest

from headgate.process.threads import MOST_THREADS, in_thread


def test_a_result_and_an_error_come_back() -> None:
    assert asyncio.run(in_thread(lambda a, b: a + b, 1, 2)) == 3
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(lambda: 1 // 0))


@pytest.mark.parametrize("fails", [False, True])
def test_who_is_cancelled_goes_on_only_when_the_thread_has_ended(fails: bool) -> None:
    began, may_end = threading.Event(), threading.Event()
    ended: list[str] = []

    def work() -> None:
        began.set()
        may_end.wait()
        ended.append("work")
        if fails:
            raise ValueError("nobody hears this")

    async def scenario() -> None:
        task = asyncio.create_task(in_thread(work))
        await asyncio.to_thread(began.wait)
        for _ in range(3):  # once is not enough to get away, nor is again and again
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        ended.append("task")

    asyncio.run(scenario())
    assert ended == ["work", "task"]


def test_work_that_has_not_begun_never_begins_once_it_is_cancelled() -> None:
    may_end = threading.Event()
    ran: list[str] = []

    async def scenario() -> None:
        others = [asyncio.create_task(in_thread(may_end.wait)) for _ in range(MOST_THREADS)]
        waiting = asyncio.create_task(in_thread(ran.append, "late"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        may_end.set()
        await asyncio.gather(*others)

    asyncio.run(scenario())
    assert ran == []
