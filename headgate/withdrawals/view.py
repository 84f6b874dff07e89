"""What is withdrawn, as whoever answers sees it: looked at again when more than a second has passed.

    look ─► unchanged: what is known   ─► changed: read anew   ─► can't be read: the last known list, for a minute; then nothing is answered

A list that can't be read at the start gives no view: a bundle is not opened then.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from headgate.errors import HeadgateError, IntegrityError, StorageError
from headgate.storage import Store
from headgate.withdrawals.ledger import Withdrawn, history, latest_number, withdrawn

#: A withdrawal holds after this long, seconds.
FRESH_SECONDS = 1.0
#: How long the last known list serves while the list can't be read, seconds: a store that is away for a moment stops nobody.
TRUST_SECONDS = 60.0
logger = logging.getLogger(__name__)


class WithdrawalView:
    """The withdrawals of one corpus in one store. Safe for several threads.

    Raises:
        IntegrityError, StorageError: the list can't be read.
    """

    def __init__(
        self, store: Store, corpus: str, *, fresh_seconds: float = FRESH_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._corpus = corpus
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._number = -1
        self._known = Withdrawn()
        self._problem = ""
        self._trusted = True
        self._looked_at = self._read_at = clock()
        self._look()

    @property
    def problem(self) -> str:
        """Why the list could not be read at the last look; "" when it could."""
        return self._problem

    @property
    def trusted(self) -> bool:
        """Whether answers may rest on the list: it was read, or a store that is away keeps it from being read for less than
        `TRUST_SECONDS`. A list that is damaged is not trusted, although the last one that was read holds as long."""
        return self._trusted

    async def current(self) -> Withdrawn:
        """What is withdrawn, at most `fresh_seconds` old; without a thread where nothing has to be looked at.

        Raises:
            IntegrityError: the list can't be read, and could not for `TRUST_SECONDS`.
        """
        if self._clock() - self._looked_at < self._fresh_seconds:
            return self._known
        return await asyncio.to_thread(self.refresh)

    def refresh(self) -> Withdrawn:
        """Look now. Raises as `current` does."""
        with self._lock:
            try:
                self._look()
                self._problem, self._trusted = "", True
            except (HeadgateError, OSError) as error:
                if not self._problem:
                    logger.error("withdrawals can't be read, the last known list holds for %g s: %s", TRUST_SECONDS, error)
                self._problem = f"the list of withdrawals can't be read: {error}"
                self._looked_at = self._clock()
                over = self._looked_at - self._read_at > TRUST_SECONDS
                self._trusted = not over and isinstance(error, StorageError | OSError)
                if over:
                    raise IntegrityError(f"{self._problem}; nothing is answered until it can be") from error
            return self._known

    def _look(self) -> None:
        moment = self._clock()
        newest = latest_number(self._store)
        if newest < self._number:
            raise IntegrityError(
                f"the list of withdrawals ends at {newest}, number {self._number} is gone; restore it from a backup"
            )
        if newest != self._number:
            self._known = withdrawn(history(self._store), self._corpus)
            self._number = newest
        self._looked_at = self._read_at = moment
