"""A model that is described → its engine and its token counter. The only place that chooses an engine, and loads it when it is chosen.

openvino                CPU, also in the thin service     headgate.models.openvino
sentence-transformers   CPU or GPU, needs PyTorch         headgate.models.torch
litellm                 any provider                      headgate.models.litellm
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tokenizers import Tokenizer

from headgate.errors import SettingsError
from headgate.models.embedder import Embedder, TooLong
from headgate.models.files import EmbeddingModel, refuse_missing
from headgate.models.rerank.reranker import Reranker, RerankerModel
from headgate.models.source import locate_source, source_token_limit
from headgate.models.tokens import TokenCounter, TokenizerCounter
from headgate.settings import ChunkSettings, EmbeddingSetup


def open_embedder(
    model: EmbeddingModel,
    files: Mapping[str, Path],
    *,
    threads: int = 0,
    streams: int = 1,
    too_long: TooLong = "cut",
) -> Embedder:
    """The engine of `model`.

    Args:
        files: where the files that `model` names lie; their digests are not looked at.

    Raises:
        SettingsError: the engine needs packages that are not installed.
        IntegrityError: a file of the model is missing.
    """
    refuse_missing(model, files)
    match model.engine:
        case "sentence-transformers":
            from headgate.models.torch import TorchEmbedder

            return TorchEmbedder(model, files, threads=threads, too_long=too_long)
        case "litellm":
            from headgate.models.litellm import RemoteEmbedder

            return RemoteEmbedder(model)
        case "openvino":
            from headgate.models.openvino import open_openvino

            return open_openvino(model, files, threads=threads, streams=streams, too_long=too_long)


def open_reranker(model: RerankerModel, files: Mapping[str, Path], *, threads: int = 0) -> Reranker:
    """The engine of a re-ranking model; `files` maps the names that it names to places."""
    if model.engine == "litellm":
        from headgate.models.rerank.remote_reranker import RemoteReranker

        return RemoteReranker(model)
    from headgate.models.rerank.cross_encoder import CrossEncoder

    return CrossEncoder(
        files["model.onnx"], files["tokenizer.json"], name=model.name, max_tokens=model.max_tokens, threads=threads
    )


def token_counter(setup: EmbeddingSetup, chunks: ChunkSettings) -> TokenCounter:
    """Counts tokens as the embedding model does, its special tokens included.

    Raises:
        SettingsError: `chunks` of the size asked for would be cut by the model.
    """
    embedding, limit = setup.embedding, token_limit(setup)
    if chunks.budget > limit:
        key = "child_tokens" if chunks.strategy == "parent_document" else "max_tokens"
        raise SettingsError(
            f"chunks.{key} is {chunks.budget}, but embedding.model {embedding.model!r} takes {limit} tokens and would cut the rest; "
            f"set it to {limit} or less"
        )
    if embedding.engine != "litellm":
        return TokenizerCounter(Tokenizer.from_file(str(locate_source(setup) / "tokenizer.json")))
    if embedding.tokenizer:
        path = (setup.project_dir / embedding.tokenizer).resolve()
        if not path.is_file():
            raise SettingsError(f"embedding.tokenizer {embedding.tokenizer!r} is no file (looked for {str(path)!r})")
        return TokenizerCounter(Tokenizer.from_file(str(path)))
    from headgate.models.litellm import remote_token_counter

    return remote_token_counter(embedding.model)


def token_limit(setup: EmbeddingSetup) -> int:
    """The longest text that the embedding model takes, tokens, special ones included.

    Raises:
        SettingsError: it is not known.
    """
    if setup.embedding.engine == "litellm":
        from headgate.models.litellm import remote_token_limit

        return remote_token_limit(setup.embedding)
    return source_token_limit(locate_source(setup))
