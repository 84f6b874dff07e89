"""Work in a thread that is never left behind: whoever is cancelled while it runs goes on when it has ended.

`asyncio.to_thread` lets the caller go at once and the thread run on, so that a place is given away while its work still uses the processor.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
MOST_THREADS = min(32, (os.cpu_count() or 1) + 4)
#: Beside asyncio's own threads, so that questions that wait for each other keep nobody from writing the log or looking at the ledger.
_THREADS = ThreadPoolExecutor(max_workers=MOST_THREADS, thread_name_prefix="headgate-answer")


async def in_thread(function: Callable[..., T], *arguments: object) -> T:
    """What `function(*arguments)` returns, computed in a thread.

    Raises:
        asyncio.CancelledError: this task was cancelled, and the function has ended or will never begin.
    """
    work = _THREADS.submit(function, *arguments)
    waiting = asyncio.wrap_future(work)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        if not work.cancel():
            while not waiting.done():
                with suppress(asyncio.CancelledError):  # told again; it is cancelled already
                    await asyncio.wait({waiting})
            waiting.exception()  # nobody else asks for it
        raise
