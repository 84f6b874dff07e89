"""Re-ranking models of any provider through litellm: a deadline, bounded retries, every reply checked.

Keys stay in the provider's own environment variables. When the provider stays down, the question gets an error: an answer from passages in
another order than was evaluated would look like one that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headgate.errors import ClosedError, ModelError
from headgate.models.litellm import ask_provider, packages
from headgate.models.rerank.reranker import RerankerModel, Scores, checked_scores


class RemoteReranker:
    """A `Reranker` that asks a provider. Build once, use from any thread."""

    def __init__(self, model: RerankerModel) -> None:
        self._litellm, self._failure = packages()
        self._model = model
        self._closed = False

    def score(self, question: str, passages: Sequence[str]) -> Scores:
        """See `Reranker`. Scores are the provider's `relevance_score`, cut to 0 to 1.

        Raises:
            ModelError: every try failed, the deadline passed, or the reply has not one score for each passage.
        """
        if self._closed:
            raise ClosedError("the re-ranking model was closed; open its bundle again")
        if not passages:
            return np.zeros(0, dtype=np.float32)
        model = self._model
        reply = ask_provider(
            lambda seconds: self._call(question, passages, seconds),
            what=f"re-ranking model {model.name!r}",
            section="reranker",
            seconds=model.timeout_seconds,
            retries=model.retries,
            failure=self._failure,
        )
        return np.clip(checked_scores(_in_order(reply, len(passages), model.name), len(passages), model.name), 0.0, 1.0)

    def close(self) -> None:
        """See `Reranker`. Nothing is held here: connections are litellm's, which all models of a process share."""
        self._closed = True

    def _call(self, question: str, passages: Sequence[str], timeout: float) -> Any:
        return self._litellm.rerank(
            model=self._model.name,
            query=question,
            documents=list(passages),
            top_n=len(passages),
            return_documents=False,
            api_base=self._model.api_base or None,
            timeout=timeout,
            max_retries=0,
        )


def _in_order(reply: Any, passages: int, name: str) -> list[Any]:
    """The scores in the order of the passages; a reply lists them best first."""
    results = getattr(reply, "results", None) or []
    entries = {entry.get("index"): entry.get("relevance_score") for entry in results if isinstance(entry, dict)}
    if set(entries) != set(range(passages)) or len(results) != passages:
        raise ModelError(f"re-ranking model {name!r} was asked about {passages} passages and scored {len(entries)}")
    return [entries[position] for position in range(passages)]
