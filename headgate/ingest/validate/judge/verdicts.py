"""Rows + suite → which rows fail which expectation, by Great Expectations.

An expectation is row-wise: its verdict depends on the looked-at columns of the row alone. So verdicts are kept, and only rows that
were not seen before under the same suite are judged:

    cache/validation/<suite digest>.json      row digest → positions of the failing entries

It is the only judge, and is asked when there is a row that it has not judged yet (engine.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from headgate.errors import NotFoundError
from headgate.ingest.validate.judge import engine
from headgate.ingest.validate.judge.expectations import Expectation, Suite
from headgate.storage import Store
from headgate.storage.layout import VERDICT_CACHE

#: Raised when the meaning of a stored verdict changes.
_FORMAT = 2
#: Rows validated at once; bounds memory.
_BATCH = 20_000
#: Verdicts of earlier rows that are kept beside those of this run, so that going back and forth between revisions stays cheap.
_SPARE = 50_000

Row = Mapping[str, Any]


class Judge:
    """Judges rows under one suite, with the verdicts of earlier runs. Opened by `open_judge`; `close` keeps what was learnt."""

    def __init__(self, store: Store | None, suite: Suite, known: dict[str, list[int]]) -> None:
        self.suite = suite
        self.validated = 0  # rows that Great Expectations was asked about
        self._store = store
        self._known = known
        self._used: dict[str, list[int]] = {}
        self._columns = suite.columns
        self._learnt = False

    def judge(self, rows: Sequence[Row]) -> list[tuple[Expectation, ...]]:
        """For each row the expectations that it fails, in the suite's order.

        Raises:
            SettingsError, ValidationFailed: as `engine.ask`.
        """
        keys = [self._key(row) for row in rows]
        unseen = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._known}
        self._ask(list(unseen.items()))
        self.validated += len(unseen)
        for key in keys:
            self._used[key] = self._known[key]
        return [tuple(self.suite.entries[position] for position in self._known[key]) for key in keys]

    def rehearse(self, rows: Callable[[], Sequence[Row]]) -> None:
        """Let Great Expectations judge made-up rows under a suite that it has not seen yet, so that a suite that can't be evaluated is told
        before it is needed."""
        if not self._known and self._store is not None:
            self._ask([(self._key(row), row) for row in rows()])

    def close(self) -> None:
        """Write the verdicts if there are new ones."""
        if not self._learnt or self._store is None:
            return
        spare = {key: failing for key, failing in self._known.items() if key not in self._used}
        while len(spare) > _SPARE:
            del spare[next(iter(spare))]
        content = {"format": _FORMAT, "verdicts": spare | self._used}
        self._store.put(_cache_key(self.suite), orjson.dumps(content))

    def _ask(self, unseen: Sequence[tuple[str, Row]]) -> None:
        for start in range(0, len(unseen), _BATCH):
            batch = unseen[start : start + _BATCH]
            for (key, _), failing in zip(batch, engine.ask(self.suite, [row for _, row in batch]), strict=True):
                self._known[key] = failing
            self._learnt = True

    def _key(self, row: Row) -> str:
        content = orjson.dumps([row[column] for column in self._columns], default=str)
        return blake2b(content, digest_size=12).hexdigest()


def open_judge(store: Store | None, suite: Suite) -> Judge:
    """A judge that knows the verdicts kept in the store; without a store every row is validated."""
    if store is not None:
        try:
            content = orjson.loads(store.get(_cache_key(suite)))
            if content["format"] == _FORMAT:
                return Judge(store, suite, content["verdicts"])
        except (NotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
            pass  # nothing kept, or it can't be read: everything is validated again
    return Judge(store, suite, {})


def _cache_key(suite: Suite) -> str:
    return VERDICT_CACHE.key(suite.digest[:32])
