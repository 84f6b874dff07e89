"""One question answered: admitted, leased a bundle, streamed, logged durably, and only then said to be finished.

    Desk.admit(question) ─► Exchange ─ next_event() ─► Piece, Piece, … ─► Finished | Failed
         │ busy, not ready: an error before anything is sent      │
         └ the answering runs in a task of its own                └ abandon(): the client left; the upstream call is cancelled and the
                                                                    interaction is logged as not completed

`Finished` comes after the log's fsync, so a client that has seen the end of an answer has a logged answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from headgate.errors import BusyError, HeadgateError, NotReadyError, StorageError
from headgate.interactions.log import InteractionLog, new_interaction_id
from headgate.records import Answer, Interaction, Question, Release
from headgate.serve.live import Lease, LiveBundle
from headgate.serve.metrics import Outcome, ServiceMetrics
from headgate.settings import ServeSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The whole answer, durably logged."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer ended without an end: the model failed, or the log could not be written (`unlogged`)."""

    message: str
    unlogged: bool = False


Event = Piece | Finished | Failed


class Exchange:
    """An admitted question. Its events may be read once."""

    def __init__(self, question: Question, release: Release, *, route: str, started: float) -> None:
        self.interaction_id = new_interaction_id()
        self.question = question
        self.release = release
        self.route = route
        self.asked_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.started = started  # time.monotonic() when the question came in
        self.text = ""  # what was said so far
        self.abandoned = False
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def next_event(self) -> Event:
        """Pieces, then exactly one Finished or Failed."""
        return await self._events.get()

    def abandon(self) -> None:
        """Nobody waits for the answer any more: stop it. An answer that has ended stays as it is."""
        self.abandoned = True
        if self._task is not None:
            self._task.cancel()

    def attach(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def put(self, event: Event) -> None:
        self._events.put_nowait(event)


class Desk:
    """Admits questions up to a limit and answers them on the bundle in service."""

    def __init__(self, live: LiveBundle, log: InteractionLog, metrics: ServiceMetrics, settings: ServeSettings) -> None:
        self._live = live
        self._interactions = log
        self._metrics = metrics
        self._settings = settings
        self._places = asyncio.Semaphore(settings.max_concurrent)
        self._tasks: set[asyncio.Task[None]] = set()
        self.log_problem = ""

    async def admit(self, question: Question, *, route: str) -> Exchange:
        """Start answering.

        Raises:
            NotReadyError: no bundle is open.
            BusyError: no place came free in time.
        """
        started = time.monotonic()
        if reason := self._live.why_not_ready:
            raise NotReadyError(reason)
        self._metrics.waiting(1)
        try:
            async with asyncio.timeout(self._settings.queue_timeout_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise BusyError(
                f"{self._settings.max_concurrent} questions are being answered and none ended within {self._settings.queue_timeout_seconds:g} s; try again"
            ) from None
        finally:
            self._metrics.waiting(-1)
        held = ExitStack()
        held.callback(self._places.release)
        try:
            lease = held.enter_context(self._live.lease())
        except NotReadyError:
            held.close()
            raise
        self._metrics.in_flight(1)
        held.callback(self._metrics.in_flight, -1)
        exchange = Exchange(question, lease.release, route=route, started=started)
        task = asyncio.create_task(self._answer(exchange, lease))
        exchange.attach(task)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._settle(done, exchange, held))
        return exchange

    @property
    def log_not_sent(self) -> str:
        """Why logged interactions wait on this machine, "" when they don't."""
        return self._interactions.not_sent

    async def close(self) -> None:
        """Stop what still runs; each is logged as not completed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _settle(self, task: asyncio.Task[None], exchange: Exchange, held: ExitStack) -> None:
        """Give back the place and the bundle. A task that was cancelled before it began, or broke, still ends its exchange."""
        held.close()
        self._tasks.discard(task)
        if task.cancelled():
            self._metrics.ended(exchange.route, "abandoned")
            exchange.put(Failed("the service is stopping"))
        elif (error := task.exception()) is not None:
            logger.error("interaction %s: internal error", exchange.interaction_id, exc_info=error)
            self._metrics.ended(exchange.route, "failed")
            exchange.put(Failed("internal error; the service's log has the details"))

    async def _answer(self, exchange: Exchange, lease: Lease) -> None:
        answer: Answer | None = None
        outcome: Outcome = "failed"
        error = message = ""
        try:
            async with aclosing(lease.answerer.stream(exchange.question)) as tokens:  # type: ignore[type-var]
                async for token in tokens:
                    if token.text:
                        if not exchange.text:
                            self._metrics.first_piece(exchange.route, seconds=time.monotonic() - exchange.started)
                        exchange.text += token.text
                        exchange.put(Piece(token.text))
                    answer = token.answer or answer
            if answer is None:
                error = message = "the model ended without an answer"
        except asyncio.CancelledError:
            outcome, error = "abandoned", "the client went away" if exchange.abandoned else "the service was stopped"
            message = error
        except Exception as failure:
            logger.exception("interaction %s failed", exchange.interaction_id)
            error = f"{type(failure).__name__}: {failure}"
            message = str(failure) if isinstance(failure, HeadgateError) else "internal error; the service's log has the details"
        if answer is not None and not error:
            await self._finish(exchange, answer)
        else:
            await self._give_up(exchange, outcome, error=error, message=message)

    async def _finish(self, exchange: Exchange, answer: Answer) -> None:
        interaction = self._interaction(exchange, answer)
        if problem := await self._append(interaction):
            self._metrics.ended(exchange.route, "unlogged")
            exchange.put(Failed(problem, unlogged=True))
            return
        self._metrics.answered(exchange.route, answer, seconds=time.monotonic() - exchange.started)
        exchange.put(Finished(interaction))

    async def _give_up(self, exchange: Exchange, outcome: Outcome, *, error: str, message: str) -> None:
        partial = Answer(text=exchange.text, refused=False, bundle_id=exchange.release.bundle_id)
        await self._append(self._interaction(exchange, partial, error=error))
        self._metrics.ended(exchange.route, outcome)
        exchange.put(Failed(message))

    async def _append(self, interaction: Interaction) -> str:
        """Log durably, off the event loop and to the end even when this task is cancelled meanwhile. Returns what went wrong, or ""."""
        writing = asyncio.ensure_future(asyncio.to_thread(self._interactions.append, interaction))
        while not writing.done():
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                continue
            except StorageError:
                break
        failure = writing.exception()
        self._metrics.logged(ok=failure is None)
        self.log_problem = str(failure) if failure is not None else ""
        if failure is not None:
            logger.error("interaction %s could not be logged", interaction.interaction_id, exc_info=failure)
        return self.log_problem

    def _interaction(self, exchange: Exchange, answer: Answer, *, error: str = "") -> Interaction:
        return Interaction(
            interaction_id=exchange.interaction_id,
            asked_at=exchange.asked_at,
            question=exchange.question,
            answer=answer,
            track=exchange.release.track,
            release=exchange.release.release,
            completed=not error,
            error=error,
            labels={"via": exchange.route},
        )
