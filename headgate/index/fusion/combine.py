"""Words and vectors of candidates → one score: convex combination of the two, Bruch, Gai & Ingber 2023, https://arxiv.org/abs/2210.11934."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]


def fuse(words: Scores, cosines: Scores, shares: Scores | float) -> Scores:
    """Score of each candidate, 0 to 1: `shares` of its cosine, from the farthest candidate (0) to the nearest (1), the rest of its BM25.

    Args:
        words: (n,) BM25, 0 upwards; taken over the best of them.
        cosines: (n,), -1 to 1.
        shares: of the vectors, 0 to 1; (n,), or one for all.
    """
    best = words.max()
    spread = cosines.max() - cosines.min()
    by_words = words / best if best > 0 else np.zeros_like(words)
    by_meaning = (cosines - cosines.min()) / spread if spread > 0 else np.ones_like(cosines)
    fused: Scores = shares * by_meaning + (1 - shares) * by_words
    return fused
