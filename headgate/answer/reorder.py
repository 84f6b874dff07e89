"""The built-in re-ranker: passages in the order of the search → in the order of what their best sentence says.

    score = w1 * search + w2 * first + w3 * sentence        the features of `Passing`, divided by the sum of the weights: 0 to 1

The vector of a passage is a mean over all that it says; that of one sentence is not, and was made when the index was built. Nothing is
embedded and no word is looked at, so that it costs next to nothing. `headgate.evaluate.calibrate` fits the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from headgate.models.passages import unit_cosines
from headgate.records import Hit, OrderModel

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Passing:
    """What speaks for a passage, each 0 to 1."""

    search: float  # its score in the search, as a share of the best one's
    first: float  # 1 / its place in the search, from 1
    sentence: float  # nearest sentence, from the farthest of all passages (0) to the nearest (1), times the share of vectors in its language


FEATURES = tuple(field.name for field in fields(Passing))
#: Fitted on the answerable questions of the sample's `evals/calibration.jsonl`, 40 passages each (benchmarks/RESULTS.md).
PACKAGED = OrderModel(weights=asdict(Passing(search=5.58, first=1.39, sentence=10.6)))


def features(hits: Sequence[Hit], vector: npt.NDArray[np.float32], shares: Mapping[str, float], *, share: float) -> Floats:
    """(n, features) of passages in the order of the search.

    Args:
        vector: of the question, (d,) float32, unit length.
        shares: language → how much vectors count against words, 0 to 1: a model that does not know a language has no say in it.
        share: of languages that `shares` lacks.
    """
    if not hits:
        return np.zeros((0, len(FEATURES)))
    search = np.array([hit.score for hit in hits])
    nearest = np.array([float(unit_cosines(hit.unit_vectors, vector).max(initial=-1.0)) for hit in hits])
    spread = nearest.max() - nearest.min()
    sentence = (nearest - nearest.min()) / spread if spread > 0 else np.zeros(len(hits))
    counts = np.array([shares.get(hit.language, share) for hit in hits])
    return np.stack([search / (search.max() or 1.0), 1 / np.arange(1, len(hits) + 1), sentence * counts], axis=1)


def reorder(hits: Sequence[Hit], values: Floats, model: OrderModel) -> list[Hit]:
    """Best first; `reranked` is the new score, 0 to 1. Equal scores keep the order of the search.

    Args:
        values: `features` of `hits`.
    """
    weights = np.array([model.weights[name] for name in FEATURES])
    scores = values @ weights / weights.sum()
    order = np.argsort(-scores, kind="stable")
    return [replace(hits[place], reranked=float(scores[place])) for place in order]
