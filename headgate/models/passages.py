"""What an index embeds of a passage: the text that is searched, and the units that an answer may quote of it.

    Passage(context, text, units) ──► EmbeddedPassage(vector of context and text, one vector a unit)

An engine that gives the vectors of tokens pools those of each unit, so that units cost nothing beside the passage and keep what they mean
in it. Where it does not, or where the units are of a window around the text, each unit is embedded after the context, each text once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from headgate.models.embedder import Embedder, Vectors

#: Units of int8 vectors: `bytes` of n x d numbers, row after row. Only their direction means something.
UnitVectors = bytes
Span = tuple[int, int]
_LARGEST = 127


@dataclass(frozen=True, slots=True)
class Passage:
    """`units` are spans of `quoted`, which is `text` itself unless a window is handed to answers in its place."""

    context: str
    text: str
    quoted: str
    units: tuple[Span, ...]

    @property
    def whole(self) -> str:
        """What is searched: the context, then the text."""
        return f"{self.context}\n{self.text}" if self.context else self.text

    @property
    def unit_texts(self) -> list[str]:
        """Each unit as it is embedded when it is embedded alone."""
        before = f"{self.context}\n" if self.context else ""
        return [f"{before}{self.quoted[start:end]}" for start, end in self.units]

    @property
    def spans(self) -> list[Span]:
        """The units as spans of `whole`."""
        shift = len(self.whole) - len(self.text)
        return [(start + shift, end + shift) for start, end in self.units]


@dataclass(frozen=True, slots=True)
class EmbeddedPassage:
    vector: Vectors  # (d,) float32, unit length
    units: UnitVectors


@runtime_checkable
class PoolingEmbedder(Protocol):
    """An engine that embeds a text and parts of it in one pass."""

    @property
    def pools(self) -> bool:
        """Whether the model at hand gives what that needs."""

    def embed_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Span]]) -> tuple[Vectors, list[Vectors]]:
        """As `Embedder.embed`, and for each text the vectors of its parts, (number of parts, d) float32, unit length."""


def embed_passages(engine: Embedder, passages: Sequence[Passage]) -> list[EmbeddedPassage]:
    """Vectors of passages and their units.

    Raises:
        ModelError: as `Embedder.embed`.
    """
    pooled = isinstance(engine, PoolingEmbedder) and engine.pools
    apart = [passage for passage in passages if not pooled or passage.quoted != passage.text]
    texts = list(dict.fromkeys(passage.whole for passage in apart))
    known = dict(zip(texts, engine.embed(texts), strict=True)) if texts else {}
    texts = list(dict.fromkeys(text for passage in apart for text in passage.unit_texts if text not in known))
    known |= zip(texts, engine.embed(texts, cut=True), strict=True) if texts else {}
    together = [passage for passage in passages if pooled and passage.quoted == passage.text]
    vectors: dict[int, EmbeddedPassage] = {}
    if together and isinstance(engine, PoolingEmbedder):
        wholes, parts = engine.embed_parts([passage.whole for passage in together], [passage.spans for passage in together])
        for passage, whole, units in zip(together, wholes, parts, strict=True):
            vectors[id(passage)] = EmbeddedPassage(whole, to_int8(units))
    for passage in apart:
        units = np.array([known[text] for text in passage.unit_texts], dtype=np.float32)
        vectors[id(passage)] = EmbeddedPassage(known[passage.whole], to_int8(units))
    return [vectors[id(passage)] for passage in passages]


def to_int8(units: npt.NDArray[np.float32]) -> UnitVectors:
    """(n, d) vectors in n x d bytes: each divided by its largest number. The cosine with a float32 vector changes by 0.001 at most."""
    if not len(units):
        return b""
    largest = np.abs(units).max(axis=1, keepdims=True)
    return bytes(np.rint(units * (_LARGEST / largest)).astype(np.int8).tobytes())


def unit_cosines(units: UnitVectors, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n,) cosines of unit vectors with `vector`, (d,) float32 of unit length; -1 to 1."""
    matrix = np.frombuffer(units, dtype=np.int8).reshape(-1, len(vector)).astype(np.float32)
    cosines: npt.NDArray[np.float32] = (matrix @ vector) / np.linalg.norm(matrix, axis=1)
    return cosines
