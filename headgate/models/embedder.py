"""What an embedding engine promises, and what is checked of every engine's vectors and texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from headgate.errors import ModelError
from headgate.records.progress import Progress

Vectors = npt.NDArray[np.float32]
#: What becomes of a text over the model's limit: a question is cut, a chunk is an error.
TooLong = Literal["cut", "refuse"]
#: Largest distance of a vector's length from 1.
_UNIT_TOLERANCE = 1e-2


class Embedder(Protocol):
    """A model that is ready to embed; may be used from any thread."""

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None, cut: bool = False) -> Vectors:
        """(n, d) float32, unit length, row i for text i. Raises ClosedError once it is closed.

        Args:
            cut: cut texts over the model's limit, also where the engine was opened to refuse them.
        """

    def close(self) -> None:
        """Let go of the model, once no text is being embedded. May be called again."""


def checked(vectors: Vectors, texts: int, dimensions: int) -> Vectors:
    """`vectors` if there is one of unit length for every text.

    Raises:
        ModelError: says what is wrong with them.
    """
    if vectors.shape != (texts, dimensions):
        raise ModelError(
            f"the embedding model returned {' x '.join(map(str, vectors.shape))} numbers for {texts} texts of {dimensions} dimensions"
        )
    lengths = np.linalg.norm(vectors, axis=1)
    if texts and (not np.isfinite(lengths).all() or np.abs(lengths - 1).max() > _UNIT_TOLERANCE):
        raise ModelError("the embedding model returned a vector that is not finite and of unit length")
    return vectors


def refuse_too_long(texts: Sequence[str], tokens: Sequence[int], limit: int) -> None:
    """Nothing that is indexed is cut in silence.

    Raises:
        ModelError: names the first text over the limit.
    """
    for text, count in zip(texts, tokens, strict=True):
        if count > limit:
            raise ModelError(
                f"a text of {count} tokens is over the {limit} that the embedding model takes, and would be cut: {text[:80]!r}…; "
                "set chunks.max_tokens lower"
            )
