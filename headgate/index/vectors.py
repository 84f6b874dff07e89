"""Passages → vectors for a table, each computed once in the life of a machine.

    passages by digest ─► vector cache? ─known───────────────────────────────┐
                            └─unknown─► blocks, shortest first ─► engine ─► cache ─► vectors by digest, block by block

Every block is in the cache before it is handed on: a run that is killed goes on where it was. The engine is opened only when something
is unknown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from headgate.models.embedder import Embedder, Vectors, checked
from headgate.models.files import EmbeddingModel, model_files
from headgate.models.open import open_embedder
from headgate.models.passages import EmbeddedPassage, Passage, embed_passages
from headgate.models.vector_cache import VectorCache
from headgate.process.memory import return_large_buffers
from headgate.records import EmbeddingUsage
from headgate.settings import EmbeddingSettings
from headgate.storage.layout import VECTOR_CACHE

#: Texts embedded between two writes of the cache: at most these are lost by a kill. Large enough that few batches are not full.
BLOCK = 512
#: Known vectors handed on at once.
_KNOWN_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class EmbeddingProgress:
    """How far embedding is. `done` and `total` count the texts that had to be embedded, `known` those that did not."""

    done: int
    total: int
    rate: float  # texts a second since the start; 0.0 before the first block
    seconds_left: float | None  # None before the first block
    known: int


class VectorSource:
    """Vectors of one model, from the cache or computed. Build with `open_vectors`, use in a `with` block.

    Args:
        open_engine: called once, when the first text is unknown.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        model: EmbeddingModel,
        cache: VectorCache,
        open_engine: Callable[[], Embedder],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self.embedded = 0  # texts computed by this object
        self.reused = 0  # texts found in the cache
        self._cache = cache
        self._open_engine = open_engine
        self._engine: Embedder | None = None
        self._clock = clock

    def __enter__(self) -> VectorSource:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def usage(self) -> EmbeddingUsage:
        """Requests, tokens and price of a provider; nothing for engines on this machine."""
        usage: EmbeddingUsage = getattr(self._engine, "usage", EmbeddingUsage())
        return usage

    def vectors(
        self, passages: Mapping[str, Passage], progress: Callable[[EmbeddingProgress], None] | None = None
    ) -> Iterator[dict[str, EmbeddedPassage]]:
        """Vectors of all `passages` (text digest → passage), each digest exactly once, in no particular order.

        Args:
            progress: told once at the start and after every block.

        Yields:
            Vectors by text digest.

        Raises:
            ModelError: the engine failed, or a text is longer than the model takes; nothing is cut.
        """
        digests = list(passages)
        unknown: list[str] = []
        known = 0
        for start in range(0, len(digests), _KNOWN_BLOCK):
            part = digests[start : start + _KNOWN_BLOCK]
            found = self._cache.get(part)
            unknown += [digest for digest in part if digest not in found]
            known += len(found)
            if found:
                yield found
        self.reused += known
        lengths = {digest: len(passages[digest].whole) for digest in unknown}
        if all(passages[digest].quoted == passages[digest].text for digest in unknown):
            unknown.sort(key=lambda digest: (lengths[digest], digest))  # else neighbours stay together, whose windows share units
        yield from self._compute(passages, lengths, unknown, known, progress)

    def passing(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 of texts that are rows of no table. Nothing of them is kept: whoever erases a document need not know of them."""
        if self._engine is None:
            self._engine = self._open_engine()
        return checked(self._engine.embed(texts), len(texts), self.model.dimensions)

    def _compute(
        self,
        passages: Mapping[str, Passage],
        lengths: Mapping[str, int],
        unknown: list[str],
        known: int,
        progress: Callable[[EmbeddingProgress], None] | None,
    ) -> Iterator[dict[str, EmbeddedPassage]]:
        if progress:
            progress(EmbeddingProgress(0, len(unknown), 0.0, None, known))
        seconds = 0.0
        costs = sum(lengths.values())
        paid = 0
        for start in range(0, len(unknown), BLOCK):
            block = unknown[start : start + BLOCK]
            began = self._clock()
            if self._engine is None:
                self._engine = self._open_engine()
            vectors = dict(zip(block, embed_passages(self._engine, [passages[digest] for digest in block]), strict=True))
            checked(np.stack([embedded.vector for embedded in vectors.values()]), len(block), self.model.dimensions)
            self._cache.put(vectors)
            seconds += self._clock() - began
            self.embedded += len(block)
            paid += sum(lengths[digest] for digest in block)
            if progress:
                done = start + len(block)
                rate = done / seconds if seconds else 0.0
                # Short texts come first and go faster, so time left is told from characters, not from texts.
                left = seconds * (costs - paid) / paid if paid else 0.0
                progress(EmbeddingProgress(done, len(unknown), rate, left, known))
            yield vectors

    def close(self) -> None:
        """Bring the cache below its bound and let go of it and of the engine."""
        self._cache.close()
        if self._engine is not None:
            self._engine.close()


def open_vectors(local_root: Path, settings: EmbeddingSettings, model: EmbeddingModel, folder: Path) -> VectorSource:
    """The source of `model`'s vectors, with the cache of this machine.

    Args:
        local_root: folder for what stays on this machine.
        folder: where the model's files are, as `ensure_model` gave it.
    """

    def open_engine() -> Embedder:
        return_large_buffers()
        return open_embedder(model, model_files(model, folder), threads=settings.threads, streams=0, too_long="refuse")

    return VectorSource(model, open_cache(local_root, settings, model), open_engine)


def open_cache(local_root: Path, settings: EmbeddingSettings, model: EmbeddingModel) -> VectorCache:
    """The cache of `model`'s vectors on this machine."""
    limit = int(settings.cache_gib * 2**30)
    return VectorCache(local_root / VECTOR_CACHE.prefix(), model.digest, model.dimensions, limit=limit)
