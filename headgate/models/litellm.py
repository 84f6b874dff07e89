"""Embedding models of any provider through litellm: batched requests, a deadline, bounded retries, every reply checked, cost counted.

Keys stay in the provider's own environment variables. When the provider stays down, the call fails with `ModelError`: a build keeps what
it has embedded so far in the vector cache, a question gets an error, never an answer from fewer passages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from headgate.errors import ClosedError, ModelError, SettingsError
from headgate.models.embedder import Vectors
from headgate.models.files import EmbeddingModel
from headgate.models.tokens import TokenCounter
from headgate.process import retry
from headgate.process.retry import Retries
from headgate.records import EmbeddingUsage
from headgate.records.progress import Progress
from headgate.settings import EmbeddingSettings

#: What a model is asked to find out its dimensions.
_PROBE = "How do I get a refund?"


class RemoteEmbedder:
    """An `Embedder` that asks a provider. Build once, use from any thread."""

    def __init__(self, model: EmbeddingModel) -> None:
        self._litellm, self._failure = packages()
        self._model = model
        self.dimensions = model.dimensions
        self.usage = EmbeddingUsage()
        self._closed = False

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None, cut: bool = False) -> Vectors:  # noqa: ARG002
        """See `Embedder`. Vectors are scaled to unit length. What becomes of a text that is too long is the provider's business.

        Raises:
            ModelError: every try failed, the deadline passed, or the reply is not one finite vector of the right length for each text.
        """
        if self._closed:
            raise ClosedError("the embedding model was closed; open its bundle again")
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), self._model.batch):
            batch = list(texts[start : start + self._model.batch])
            vectors[start : start + len(batch)] = self._ask(batch)
            if progress:
                progress(start + len(batch), len(texts))
        return vectors

    def close(self) -> None:
        """See `Embedder`. Nothing is held here: connections are litellm's, which all models of a process share."""
        self._closed = True

    def _ask(self, texts: list[str]) -> Vectors:
        model = self._model
        reply = ask_provider(
            lambda seconds: self._call(texts, seconds),
            what=f"embedding model {model.name!r}",
            section="embedding",
            seconds=model.timeout_seconds,
            retries=model.retries,
            failure=self._failure,
            after="run again later: what was embedded is kept",
        )
        vectors = _vectors(reply, len(texts), model)
        self.usage = self.usage.plus(*self._price(reply))
        return vectors

    def _call(self, texts: list[str], timeout: float) -> Any:
        asked = {"dimensions": self._model.requested_dimensions} if self._model.requested_dimensions else {}
        return self._litellm.embedding(
            model=self._model.name,
            input=texts,
            api_base=self._model.api_base or None,
            timeout=timeout,
            max_retries=0,
            num_retries=0,
            **asked,
        )

    def _price(self, reply: Any) -> tuple[int, float | None]:
        usage = getattr(reply, "usage", None)
        tokens = int(getattr(usage, "prompt_tokens", 0) or 0)
        try:
            cost = self._litellm.completion_cost(completion_response=reply, model=self._model.name, call_type="embedding")
        except Exception:  # noqa: BLE001 - litellm raises bare Exception for a model it has no price for
            return tokens, None
        return tokens, float(cost)


def describe_remote(wanted: EmbeddingSettings) -> dict[str, int]:
    """`dimensions`, found by asking once, and `max_tokens` of the model that `wanted` names.

    Raises:
        SettingsError: the reply has other dimensions than asked for, or the longest input is not known.
        ModelError: the provider does not answer.
    """
    limit = remote_token_limit(wanted)
    model = EmbeddingModel(
        engine="litellm",
        name=wanted.model,
        dimensions=wanted.dimensions,
        max_tokens=limit,
        precision="provider",
        weights_digest="",
        files={},
        api_base=wanted.api_base,
        requested_dimensions=wanted.dimensions,
        timeout_seconds=wanted.timeout_seconds,
        retries=wanted.retries,
    )
    if wanted.dimensions:
        RemoteEmbedder(model).embed([_PROBE])
        return {"dimensions": wanted.dimensions, "max_tokens": limit}
    return {"dimensions": RemoteEmbedder(model)._ask([_PROBE]).shape[1], "max_tokens": limit}


def remote_token_limit(wanted: EmbeddingSettings) -> int:
    """The longest text the model takes, tokens: `embedding.max_tokens`, else what litellm knows."""
    if wanted.max_tokens:
        return wanted.max_tokens
    litellm, _ = packages()
    known = litellm.model_cost.get(wanted.model) or litellm.model_cost.get(wanted.model.split("/", 1)[-1]) or {}
    limit = known.get("max_input_tokens") or known.get("max_tokens")
    if not limit:
        raise SettingsError(
            f"litellm does not know how much text embedding.model {wanted.model!r} takes: set embedding.max_tokens, and embedding.tokenizer "
            "to the model's tokenizer.json so that chunks are measured by it"
        )
    return int(limit)


def remote_token_counter(name: str) -> TokenCounter:
    """litellm's count, which is exact for OpenAI's models alone; 2 are added for special tokens."""
    litellm, _ = packages()

    def count(text: str) -> int:
        return 2 + int(litellm.token_counter(model=name, text=text)) if text else 2

    return count


def ask_provider(
    call: Callable[[float], Any],
    *,
    what: str,
    section: str,
    seconds: float,
    retries: int,
    failure: type[Exception],
    after: str = "",
) -> Any:
    """The reply of a provider, tried again within a deadline.

    Args:
        call: one try; takes the seconds that are left.
        what: the model, for messages.
        section: of the settings that name it.
        seconds: for all tries together.
        retries: further tries.
        failure: what litellm's exceptions derive from.
        after: what to know or do when it stays down.

    Raises:
        ModelError: every try failed, or the provider refused the call.
    """
    tried, deadline = 0, time.monotonic() + seconds

    def once() -> Any:
        nonlocal tried
        tried += 1
        return call(max(0.001, deadline - time.monotonic()))

    try:
        return Retries(tries=retries + 1, first_pause=retry.PROVIDER_PAUSE, deadline=seconds).call(once, retry.of_provider)
    except failure as error:
        if retry.of_provider(error):
            told = f"{what} failed {tried} time(s) within {seconds:g} s, last with {type(error).__name__}"
            raise ModelError(f"{told}; {after}" if after else told) from error
        raise ModelError(
            f"{what} refused the call: {type(error).__name__}; check {section}.model, its key and {section}.api_base"
        ) from error


def packages() -> tuple[Any, type[Exception]]:
    import litellm
    import openai  # litellm's exceptions derive from its

    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True
    litellm.DEFAULT_MAX_RETRIES = 0  # litellm 1.106 takes `max_retries=0` of an embedding call for "not given"; retries are ours
    return litellm, openai.OpenAIError


def _vectors(reply: Any, texts: int, model: EmbeddingModel) -> Vectors:
    """(texts, d) float32 of unit length; d is checked where `model.dimensions` is known."""
    entries = [entry if isinstance(entry, dict) else vars(entry) for entry in getattr(reply, "data", None) or ()]
    if sorted(int(entry.get("index", -1)) for entry in entries) != list(range(texts)):
        raise ModelError(f"embedding model {model.name!r} was asked for {texts} vectors and replied with {len(entries)}")
    rows = [entry["embedding"] for entry in sorted(entries, key=lambda entry: int(entry["index"]))]
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or (model.dimensions and lengths != {model.dimensions}):
        expected = f", expected {model.dimensions}" if model.dimensions else ""
        raise ModelError(
            f"embedding model {model.name!r} replied with vectors of {', '.join(map(str, sorted(lengths)))} numbers{expected}: "
            "another model answers there, or embedding.dimensions is wrong"
        )
    try:
        vectors = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ModelError(f"embedding model {model.name!r} replied with something that is not numbers") from error
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not norms.all():
        raise ModelError(f"embedding model {model.name!r} replied with a vector that is zero or not finite")
    return np.asarray(vectors / norms, dtype=np.float32)
