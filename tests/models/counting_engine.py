"""A stand-in for an embedding engine, importable without LanceDB so that test processes start fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from headgate.errors import ModelError
from headgate.models.files import EmbeddingModel
from headgate.models.passages import Passage
from headgate.storage import sha256_hex

DIMENSIONS = 8
MODEL = EmbeddingModel(name="fake", dimensions=DIMENSIONS, max_tokens=99, precision="f32", weights_digest="0" * 64, files={})


class CountingEngine:
    """Vectors from the texts' digests; remembers what it was asked."""

    def __init__(self, *, fail_after: int = 10**9) -> None:
        self.asked: list[str] = []
        self.closed = False
        self._fail_after = fail_after

    def embed(self, texts: Sequence[str], *, progress: Callable[[int, int], None] | None = None, cut: bool = False) -> np.ndarray:
        if len(self.asked) >= self._fail_after:
            raise ModelError("the engine broke")
        self.asked += texts
        seeds = [int(sha256_hex(text.encode())[:8], 16) for text in texts]
        rows = np.stack([np.random.default_rng(seed).normal(size=DIMENSIONS) for seed in seeds]).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def close(self) -> None:
        self.closed = True


def passages_of(texts: Mapping[str, str]) -> dict[str, Passage]:
    """Passages that hand nothing to answers."""
    return {digest: Passage(context="", text=text, quoted=text, units=()) for digest, text in texts.items()}


def texts_of(count: int) -> dict[str, str]:
    return {sha256_hex(text.encode()): text for text in (f"text {number} {'word ' * (number % 7)}" for number in range(count))}
