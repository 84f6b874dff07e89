"""Texts → vectors. One text per inference, so that a vector depends on its text alone, never on what else was in the batch.

Without padding this is also the fastest way on a CPU (about twice the rate of padded batches of 16; see benchmarks/RESULTS.md).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from headgate.errors import ModelError

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
TokenCounter = Callable[[str], int]


class Embedder(Protocol):
    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """(n, d) float32, unit length, row i for text i."""


@cache
def _engine() -> Any:
    """The one OpenVINO core of this process. A second one's CPU plugin frees the signal stack that the first gave to a thread, and the
    next signal (Ctrl-C) is a segmentation fault."""
    import openvino

    return openvino.Core()


class OpenVinoEmbedder:
    """The exported model on OpenVINO's CPU engine.

    Args:
        onnx: bytes of model.onnx.
        tokenizer: bytes of tokenizer.json.
        max_tokens: longer input is cut there, special tokens included.
        precision: "f32", or "bf16" (falls back to f32 where the CPU lacks it).
        threads: 0 = all cores.
        streams: inferences at the same time; the number does not change a vector.
    """

    def __init__(
        self, onnx: bytes, tokenizer: bytes, *, max_tokens: int, precision: str = "f32", threads: int = 0, streams: int = 1
    ) -> None:
        import openvino

        core = _engine()
        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        options = {
            "INFERENCE_PRECISION_HINT": precision,
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": threads or (os.cpu_count() or 1),
        }
        self._compiled = core.compile_model(core.read_model(model=onnx), "CPU", options)
        self._queue = openvino.AsyncInferQueue(self._compiled, streams)
        self._lock = threading.Lock()
        self.dimensions = (
            int(self._compiled.output(0).partial_shape[1].get_length())
            if self._compiled.output(0).partial_shape[1].is_static
            else 0
        )

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """See `Embedder`.

        Raises:
            ModelError: the engine returned a vector that is not finite and of unit length.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors: list[Vectors | None] = [None] * len(texts)
        encodings = self._tokenizer.encode_batch(list(texts))

        def keep(request: Any, position: int) -> None:
            vectors[position] = request.get_output_tensor(0).data[0].copy()

        with self._lock:
            self._queue.set_callback(keep)
            for position, encoding in enumerate(encodings):
                ids = np.array([encoding.ids], dtype=np.int64)
                self._queue.start_async({0: ids, 1: np.ones_like(ids)}, position)
                if progress and position % 32 == 0:
                    progress(position, len(texts))
            self._queue.wait_all()
        if progress:
            progress(len(texts), len(texts))
        result = np.stack([vector for vector in vectors if vector is not None]).astype(np.float32, copy=False)
        lengths = np.linalg.norm(result, axis=1)
        if len(result) != len(texts) or not np.isfinite(result).all() or np.abs(lengths - 1).max() > 1e-2:
            raise ModelError("the embedding model returned a vector that is not finite and of unit length")
        return result


def open_embedder(folder: Path, *, max_tokens: int, precision: str, threads: int = 0, streams: int = 1) -> OpenVinoEmbedder:
    """The embedder of an exported model's folder; see `OpenVinoEmbedder`."""
    onnx, tokenizer = (folder / "model.onnx").read_bytes(), (folder / "tokenizer.json").read_bytes()
    return OpenVinoEmbedder(onnx, tokenizer, max_tokens=max_tokens, precision=precision, threads=threads, streams=streams)


def token_counter(settings: Any) -> TokenCounter:
    """Counts tokens as the configured embedding model does, its special tokens included."""
    from headgate.index.model import locate_source

    tokenizer = Tokenizer.from_file(str(locate_source(settings) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def count(text: str) -> int:
        return len(tokenizer.encode(text).ids)

    return count
