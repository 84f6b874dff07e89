"""What a bundle finds for the questions of a canary, remembered: what was asked of the same index in the same way is not asked again.

    question ──► remembered for this retrieval? ──yes──► chunk ids ──► texts from the table version
                                                 └─no──► the opened bundle, and remembered

The retrieval of two bundles is the same when table content, models, vocabulary, languages, fusion and retrieval settings are; prompts and the chat
model play no part. So the bundle in service is seldom asked: it was, when it was the candidate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import orjson
from pydantic import ValidationError

from headgate.answer.engine import Answerer
from headgate.bundle import Manifest, load_manifest, open_bundle
from headgate.errors import NotFoundError
from headgate.index.versions import open_version
from headgate.records import Question, Record
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import CANARY_HITS
from headgate.withdrawals.ledger import Withdrawn, read_withdrawn

#: Raised when what is remembered means something else.
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Found:
    """A hit as a canary compares it; `text` is what an answer would be given."""

    chunk_id: str
    doc_id: str
    text: str
    score: float


class _Remembered(Record):
    """Digest of a question → its hits, best first, each as chunk id, document and score."""

    format: int
    hits: dict[str, tuple[tuple[str, str, float], ...]]


def retrieval_key(manifest: Manifest) -> str:
    """SHA-256 of all that decides what a bundle finds: equal keys, equal hits."""
    fusion = [one.model_dump() for one in manifest.fusion]
    content = [search_key(manifest), manifest.table.digest, manifest.vocabulary, manifest.languages, fusion]
    return sha256_hex(orjson.dumps(content))


def search_key(manifest: Manifest) -> str:
    """SHA-256 of how a bundle searches, whatever it searches in: the part of `retrieval_key` that no document changes."""
    how = manifest.model_dump(mode="json", include={"engine", "embedding", "default_language", "retrieval"})
    return sha256_hex(orjson.dumps([_FORMAT, how], option=orjson.OPT_SORT_KEYS))


def _key(manifest: Manifest, withdrawn: Withdrawn) -> str:
    """What hits follow from: how the bundle searches, and what of it nobody may find."""
    if not withdrawn:
        return retrieval_key(manifest)
    return sha256_hex(orjson.dumps([retrieval_key(manifest), sorted(withdrawn.documents), withdrawn.patterns]))


class Finder:
    """One side of a canary. The bundle is opened at the first question that nobody remembers. Safe for several threads."""

    def __init__(self, store: Store, bundle_id: str) -> None:
        self.asked = 0  # questions put to the bundle itself
        self._store = store
        self._bundle_id = bundle_id
        self._manifest = load_manifest(store, bundle_id)
        self._key = CANARY_HITS.key(_key(self._manifest, read_withdrawn(store, self._manifest.corpus.name)))
        self._hits = dict(self._read())
        self._texts: dict[str, str] | None = None
        self._answerer: Answerer | None = None
        self._lock = Lock()

    def find(self, question: Question) -> tuple[Found, ...]:
        """The hits of a question, best first.

        Raises:
            HeadgateError: the bundle can't be opened or asked.
        """
        digest = _digest(question)
        known = self._hits.get(digest)
        if known is not None and all(chunk_id in self._text() for chunk_id, _, _ in known):
            return tuple(Found(chunk_id, doc_id, self._text()[chunk_id], score) for chunk_id, doc_id, score in known)
        hits = asyncio.run(self._open().retrieve(question)).hits
        with self._lock:
            self.asked += 1
            self._hits[digest] = tuple((hit.chunk_id, hit.doc_id, hit.score) for hit in hits)
        return tuple(Found(hit.chunk_id, hit.doc_id, hit.text, hit.score) for hit in hits)

    def close(self) -> None:
        """Remember what was asked, and let go of the bundle."""
        if self.asked:
            self._store.put(self._key, orjson.dumps(_Remembered(format=_FORMAT, hits=self._hits).model_dump()))
        if self._answerer is not None:
            self._answerer.close()

    def _open(self) -> Answerer:
        with self._lock:
            if self._answerer is None:
                self._answerer = open_bundle(self._store, self._bundle_id)
            return self._answerer

    def _text(self) -> Mapping[str, str]:
        with self._lock:
            if self._texts is None:
                self._texts = _chunk_texts(open_version(self._store, self._manifest.table))
            return self._texts

    def _read(self) -> Mapping[str, tuple[tuple[str, str, float], ...]]:
        try:
            remembered = _Remembered.model_validate_json(self._store.get(self._key))
        except (NotFoundError, ValidationError):
            return {}  # it can be made again
        return remembered.hits if remembered.format == _FORMAT else {}


def _chunk_texts(table: Any) -> dict[str, str]:
    """Chunk id → what it hands to an answer: its window, else its text."""
    texts: dict[str, str] = {}
    for batch in table.search().select(["chunk_id", "text", "window"]).limit(table.count_rows() or 1).to_batches():
        texts.update((row["chunk_id"], row["window"] or row["text"]) for row in batch.to_pylist())
    return texts


def _digest(question: Question) -> str:
    return sha256_hex(orjson.dumps(question.model_dump(), option=orjson.OPT_SORT_KEYS))
