"""What was withdrawn, by whom and why."""

from __future__ import annotations

from typing import Literal

from headgate.records.base import Record


class Withdrawal(Record):
    """One line of the list of withdrawals. It only grows: taking one back is a line too."""

    number: int  # from 1, without a gap
    kind: Literal["withdraw", "undo"]
    corpus: str  # corpus.name
    target: str  # a corpus path, or a pattern over corpus paths
    documents: tuple[str, ...] = ()  # paths that it stands for, the names that the documents had before included
    digests: tuple[str, ...] = ()  # SHA-256 of the source bytes of these documents, as far as the store knows them
    texts: tuple[str, ...] = ()  # digests of their texts, likewise
    erase: bool = False  # everything that the store holds of them is to go for good
    undoes: int = 0  # number of the withdrawal that is taken back
    by: str
    reason: str
    at: str  # ISO 8601, UTC
