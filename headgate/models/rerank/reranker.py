"""What a re-ranking model promises, and what a bundle says of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field

from headgate.errors import ModelError
from headgate.records import Record
from headgate.records.names import ObjectDigest

Scores = npt.NDArray[np.float32]


class Reranker(Protocol):
    """A model that reads a question together with a passage; may be used from any thread."""

    def score(self, question: str, passages: Sequence[str]) -> Scores:
        """(n,) float32, 0 to 1, higher is better; row i for passage i. Raises ClosedError once it is closed."""

    def close(self) -> None:
        """Let go of the model. May be called again."""


class RerankerModel(Record):
    """What a bundle says of its re-ranking model. `files` maps file name to SHA-256."""

    engine: Literal["cross-encoder", "litellm"]
    name: str
    passages: int  # how many of the first are read
    max_tokens: int = 0  # of question and passage together, special tokens included; 0 = the provider's business
    weights_digest: str = ""
    files: dict[str, ObjectDigest] = Field(default_factory=dict)
    api_base: str = ""
    timeout_seconds: float = 10.0
    retries: int = 1


def checked_scores(scores: npt.ArrayLike, passages: int, name: str) -> Scores:
    """One finite score a passage.

    Raises:
        ModelError: there is another number of them, or one is no number.
    """
    try:
        array = np.asarray(scores, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ModelError(f"re-ranking model {name!r} replied with something that is not numbers") from error
    if array.shape != (passages,) or not np.isfinite(array).all():
        raise ModelError(f"re-ranking model {name!r} was asked about {passages} passages and gave {array.size} usable scores")
    return array
