"""The bundle in service: follows the ledger, opens a new release beside the old one, swaps, closes the old one after its last answer.

ledger ─poll─► release 7 ─open (a thread)─► swap ─► new questions lease release 7
                    │                        └────► answers that began on release 6 end on it; then it is closed
                    └─ can't be opened: release 6 stays, the problem is shown, tried again later
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from headgate.bundle import Answering, OpenBundle
from headgate.errors import HeadgateError, IntegrityError, NotReadyError
from headgate.records import Record, Release
from headgate.release.ledger import current_release, latest_number
from headgate.storage import Store
from headgate.withdrawals.view import WithdrawalView

logger = logging.getLogger(__name__)
#: Longest wait before a release that could not be opened is tried again, seconds.
_LONGEST_RETRY = 60.0


class Problem(Record):
    """A release that could not be put in service, or a ledger that could not be read (then `release` is 0)."""

    release: int
    bundle_id: str
    error: str
    since: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to use a bundle until the end of one answer."""

    answerer: Answering
    release: Release


class _Opened:
    """An open bundle and how many answers use it."""

    def __init__(self, answerer: Answering, bundle_id: str) -> None:
        self.answerer = answerer
        self.bundle_id = bundle_id
        self.users = 0
        self.retired = False


class LiveBundle:
    """Holds the bundle in force of one track. `refresh` runs in threads, `lease` anywhere.

    Args:
        on_swap: called after each swap with the release now in service.
        on_failure: called each time a release can't be put in service.
    """

    def __init__(
        self,
        store: Store,
        track: str,
        opener: OpenBundle,
        *,
        poll_seconds: float,
        on_swap: Callable[[Release], None] = lambda _: None,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._track = track
        self._opener = opener
        self._poll_seconds = poll_seconds
        self._on_swap = on_swap
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._release: Release | None = None
        self._problem: Problem | None = None
        self._looked = False
        self._withdrawals: WithdrawalView | None = None
        self._withdrawal_problem = ""
        self._withdrawals_trusted = True
        self._retry_at = 0.0
        self._retry_wait = poll_seconds
        self._open_count = 0

    @property
    def release(self) -> Release | None:
        """The release in service, None before the first."""
        return self._release

    @property
    def problem(self) -> Problem | None:
        """What keeps the newest release out of service, None when nothing does."""
        return self._problem

    @property
    def withdrawal_problem(self) -> str:
        """Why the list of withdrawals can't be read, "" when it can. Answers rest on the last known list for a minute; then there are none."""
        return self._withdrawal_problem

    @property
    def withdrawals_trusted(self) -> bool:
        """Whether answers may rest on what is known to be withdrawn; not when the list is damaged, or was out of reach for a minute."""
        return self._withdrawals_trusted

    @property
    def open_bundles(self) -> int:
        """Bundles held open: 1, or more while answers end on an earlier one."""
        return self._open_count

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """The bundle in service, kept open until the block ends.

        Raises:
            NotReadyError: there is none.
        """
        with self._lock:
            opened, release = self._opened, self._release
            if opened is None or release is None:
                raise NotReadyError(self.why_not_ready or "the service is stopping")
            opened.users += 1
        try:
            yield Lease(answerer=opened.answerer, release=release)
        finally:
            with self._lock:
                opened.users -= 1
                last = opened.retired and not opened.users
            if last:
                self._close(opened)

    async def follow(self) -> None:
        """Look at the ledger now and every `poll_seconds`, until cancelled."""
        while True:
            await asyncio.to_thread(self.refresh)
            await asyncio.sleep(self._poll_seconds)

    def refresh(self) -> None:
        """Bring the newest release into service. Whatever goes wrong is logged and shown; the bundle in service stays."""
        self._look_at_withdrawals()
        release: Release | None = None
        try:
            newest = latest_number(self._store, self._track)
            if self._problem is not None and self._problem.release == newest and time.monotonic() < self._retry_at:
                return
            serving = self._release.release if self._release else 0
            if newest < serving:
                raise IntegrityError(
                    f"the ledger of track {self._track!r} ends at {newest}, release {serving} is gone; restore it"
                )
            if newest > serving:
                release = current_release(self._store, self._track)
                if release is not None:
                    self._put_in_service(release)
            self._problem = None
            self._retry_wait = self._poll_seconds
            if newest == 0 and not self._looked:
                logger.warning(
                    "nothing was promoted to track %r yet; run `headgate promote`, the service picks it up", self._track
                )
        except Exception as error:
            self._note_problem(release, error)
            logger.error(
                "release %s can't be put in service, %s: %s",
                release.release if release else "(ledger)",
                "the bundle in service stays" if self._release else "so nothing is in service",
                error,
                exc_info=None if isinstance(error, HeadgateError) else error,
            )
        self._looked = True

    def _look_at_withdrawals(self) -> None:
        """Only to show whether they can be read: every opened bundle looks at them itself, before each answer."""
        try:
            if self._withdrawals is None:
                self._withdrawals = WithdrawalView(self._store, "")
            self._withdrawals.refresh()
            self._withdrawal_problem, self._withdrawals_trusted = self._withdrawals.problem, self._withdrawals.trusted
        except (HeadgateError, OSError) as error:
            self._withdrawal_problem, self._withdrawals_trusted = f"the list of withdrawals can't be read: {error}", False

    def close(self) -> None:
        """Take the bundle out of service; it is closed when its last answer has ended."""
        with self._lock:
            opened, self._opened, self._release = self._opened, None, None
        if opened is not None:
            self._retire(opened)

    def _put_in_service(self, release: Release) -> None:
        old = self._opened
        if old is not None and old.bundle_id == release.bundle_id:
            with self._lock:
                self._release = release
        else:
            new = _Opened(self._opener(self._store, release.bundle_id), release.bundle_id)
            with self._lock:
                self._open_count += 1
                self._opened, self._release = new, release
            if old is not None:
                self._retire(old)
        logger.info("in service: release %d, bundle %s (%s)", release.release, release.bundle_id, release.kind)
        self._on_swap(release)

    def _retire(self, opened: _Opened) -> None:
        with self._lock:
            opened.retired = True
            unused = not opened.users
        if unused:
            self._close(opened)

    def _close(self, opened: _Opened) -> None:
        with self._lock:
            self._open_count -= 1
        opened.answerer.close()
        logger.info("closed: bundle %s", opened.bundle_id)

    def _note_problem(self, release: Release | None, error: Exception) -> None:
        number = release.release if release else 0
        known = self._problem
        since = known.since if known is not None and known.release == number else datetime.now(UTC).isoformat(timespec="seconds")
        self._problem = Problem(
            release=number, bundle_id=release.bundle_id if release else "", error=f"{type(error).__name__}: {error}", since=since
        )
        self._retry_at = time.monotonic() + self._retry_wait
        self._retry_wait = min(self._retry_wait * 2, _LONGEST_RETRY)
        self._on_failure()

    @property
    def why_not_ready(self) -> str:
        """What keeps questions from being answered and what to do; "" when nothing does."""
        if self._release is not None:
            return ""
        if self._problem is not None:
            what = f"release {self._problem.release}" if self._problem.release else f"the ledger of track {self._track!r}"
            return f"{what} can't be put in service: {self._problem.error}"
        if not self._looked:
            return "the bundle in force is being opened; try again in a moment"
        return f"nothing was promoted to track {self._track!r} yet; run `headgate promote` and the service picks it up"
