"""A document's name → all that it stands for in this store: the names it had before, copies of it, and the digests of its bytes and text.

Found in the records of ingests, so that it can be done where nothing of the pipeline is installed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from headgate.errors import NotFoundError
from headgate.records import FileOutcome, IngestResult
from headgate.retention.references import read_record
from headgate.sources.patterns import matches
from headgate.storage import Store
from headgate.storage.layout import INGESTS
from headgate.withdrawals.ledger import is_pattern

#: What says nothing of a document: the bytes, and the text, of an empty one.
_NOTHING = frozenset({sha256(b"").hexdigest(), sha256(b"").hexdigest()[:32], ""})


@dataclass(frozen=True, slots=True)
class Meant:
    """What a target stands for; empty for a pattern that matches nothing yet."""

    documents: frozenset[str]
    digests: frozenset[str]  # SHA-256 of bytes
    texts: frozenset[str]  # digests of texts


def documents_of(store: Store, corpus: str, target: str) -> Meant:
    """Everything that a path or a pattern stands for.

    Raises:
        NotFoundError: no ingest of the corpus knows the path.
        IntegrityError: the record of an ingest can't be read.
    """
    outcomes = list(_outcomes(store, corpus))
    known = {outcome.path for outcome in outcomes}
    if is_pattern(target) and target not in known:
        names = {path for path in known if matches(path, target)}
    elif target in known:
        names = {target}
    else:
        close = ", ".join(map(repr, difflib.get_close_matches(target, sorted(known), n=3)))
        raise NotFoundError(
            f"no ingest of corpus {corpus!r} in this store knows {target!r}"
            + (f"; did you mean {close}?" if close else "")
            + "; a pattern such as 'drafts/**' may be given before anything matches it"
        )
    digests: set[str] = set()
    texts: set[str] = set()
    while True:
        before = len(names), len(digests), len(texts)
        for outcome in outcomes:
            same = (
                outcome.digest in digests or outcome.text_digest in texts or (outcome.moved_from and outcome.moved_from in names)
            )
            if same:
                names.add(outcome.path)
            if outcome.path in names:
                digests |= {outcome.digest} - _NOTHING
                texts |= {outcome.text_digest} - _NOTHING
                names |= {outcome.moved_from} - {""}
        if before == (len(names), len(digests), len(texts)):
            return Meant(frozenset(names), frozenset(digests), frozenset(texts))


def _outcomes(store: Store, corpus: str) -> Iterable[FileOutcome]:
    for key in store.list(INGESTS.prefix()):
        if INGESTS.parse(key) is not None:
            result: IngestResult = read_record(store, INGESTS, key)
            if result.corpus in (corpus, ""):
                yield from result.outcomes
