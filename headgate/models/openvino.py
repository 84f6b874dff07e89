"""Texts → vectors on OpenVINO's CPU engine, the one engine of the thin service.

    texts ─tokenize─► sort by length ─► batches of one length ─► OpenVINO ─► vectors in the order of the texts

A text is padded to the next multiple of 8 tokens and meets only texts of that very length, so its vector depends on itself alone, to the
last bit: not on what else was in the batch, nor on threads and streams (docs/decisions/0012).
"""

from __future__ import annotations

import logging
import os
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from headgate.errors import ClosedError
from headgate.models.embedder import TooLong, Vectors, checked, refuse_too_long
from headgate.models.files import EmbeddingModel
from headgate.models.passages import Span
from headgate.records.progress import Progress

#: Texts in one inference. Larger ones are no faster, and need more memory.
_BATCH = 8
#: Lengths are rounded up to this, so that 32 shapes are compiled instead of 256.
_LENGTH_STEP = 8
_MOST_STREAMS = 16

_log = logging.getLogger(__name__)


@cache
def core() -> Any:
    """The one OpenVINO core of this process. A second one's CPU plugin frees the signal stack that the first gave to a thread, and the
    next signal (Ctrl-C) is a segmentation fault."""
    import openvino

    return openvino.Core()


@cache
def cpu_has_bf16() -> bool:
    """Whether OpenVINO computes in bfloat16 here: AMX or AVX512-bf16."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def usable_precision(precision: str) -> str:
    """The arithmetic that a wanted precision means on this CPU: bf16, also beside int8, is f32 where the CPU has no bf16."""
    if precision == "f32":
        return precision
    plain = "bf16" if cpu_has_bf16() else "f32"
    if plain == "f32":
        _log.warning("embedding.precision %r: this CPU has no bfloat16, float32 is used; the bundle says so", precision)
    return f"int8/{plain}" if precision == "int8" else plain


class OpenVinoEmbedder:
    """The exported model on OpenVINO's CPU engine.

    Args:
        graph: an ONNX file, or the XML file of an OpenVINO model; its name does not matter.
        tokenizer: a tokenizer.json.
        weights: the OpenVINO model's weights; none for ONNX.
        max_tokens: the model's limit, special tokens included.
        precision: "f32" or "bf16", alone or after "int8/"; bf16 becomes f32, with a warning, where the CPU lacks it.
        threads: 0 = all cores.
        streams: inferences at the same time; 0 = one a thread, 16 at most. The number does not change a vector.
        too_long: whether a text over the limit is cut there or an error.
    """

    def __init__(
        self,
        graph: Path,
        tokenizer: Path,
        *,
        weights: Path | None = None,
        max_tokens: int,
        precision: str = "f32",
        threads: int = 0,
        streams: int = 1,
        too_long: TooLong = "cut",
    ) -> None:
        import openvino

        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        if too_long == "cut":
            self._tokenizer.enable_truncation(max_tokens)
        self._max_tokens = max_tokens
        threads = threads or os.cpu_count() or 1
        streams = min(streams or _MOST_STREAMS, threads)
        arithmetic = precision.removeprefix("int8/")
        if arithmetic == "bf16" and not cpu_has_bf16():
            _log.warning("this CPU has no bfloat16: the embedding model computes in float32, and vectors differ by up to 0.001")
            arithmetic = "f32"
        options = {
            "INFERENCE_PRECISION_HINT": arithmetic,
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": threads,
        }
        # From the file: handing over its bytes takes several times as long, and twice the memory.
        model = core().read_model(graph, weights) if weights else core().read_model(graph)
        self._compiled: Any = core().compile_model(model, "CPU", options)
        self._queue: Any = openvino.AsyncInferQueue(self._compiled, streams)
        self._lock = threading.Lock()
        self.dimensions = int(self._compiled.output(0).partial_shape[1].get_length())
        self._token_vectors = len(self._compiled.outputs) > 1

    @property
    def pools(self) -> bool:
        """Whether the graph gives the vectors of tokens; exports of before did not."""
        return self._token_vectors

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None, cut: bool = False) -> Vectors:
        """See `Embedder`.

        Raises:
            ModelError: the engine returned a vector that is not finite and of unit length, or a text is too long and may not be cut.
        """
        return self._embed(texts, None, progress, cut=cut)[0]

    def embed_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Span]]) -> tuple[Vectors, list[Vectors]]:
        """See `PoolingEmbedder`: the mean of the vectors of a part's tokens, scaled to unit length. A part without a token is its text."""
        return self._embed(texts, parts, None, cut=False)

    def _embed(
        self, texts: Sequence[str], parts: Sequence[Sequence[Span]] | None, progress: Progress | None, *, cut: bool
    ) -> tuple[Vectors, list[Vectors]]:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        pooled: list[Vectors] = [np.zeros((0, self.dimensions), dtype=np.float32) for _ in texts]
        encodings = self._tokenizer.encode_batch(list(texts))
        ids_of = [encoding.ids for encoding in encodings]
        if cut:  # the last one is the mark of the end
            ids_of = [ids if len(ids) <= self._max_tokens else [*ids[: self._max_tokens - 1], ids[-1]] for ids in ids_of]
        refuse_too_long(texts, [len(ids) for ids in ids_of], self._max_tokens)
        batches = same_length_batches([len(ids) for ids in ids_of])
        done = 0

        def keep(request: Any, positions: list[int]) -> None:
            vectors[positions] = request.get_output_tensor(0).data
            if parts is not None:
                tokens = request.get_output_tensor(1).data
                for row, position in enumerate(positions):
                    pooled[position] = pool(tokens[row], encodings[position].offsets, parts[position], vectors[position])

        with self._lock:
            if self._queue is None:
                raise ClosedError("the embedding model was closed; open its bundle again")
            self._queue.set_callback(keep)
            for length, positions in batches:
                ids = np.zeros((len(positions), length), dtype=np.int64)
                mask = np.zeros_like(ids)
                for row, position in enumerate(positions):
                    count = len(ids_of[position])
                    ids[row, :count] = ids_of[position]
                    mask[row, :count] = 1
                self._queue.start_async({0: ids, 1: mask}, positions)
                done += len(positions)
                if progress:
                    progress(done, len(texts))
            self._queue.wait_all()
        return checked(vectors, len(texts), self.dimensions), pooled

    def close(self) -> None:
        """See `Embedder`."""
        with self._lock:
            self._queue = self._compiled = None


def pool(
    tokens: npt.NDArray[np.float32], offsets: Sequence[Span], parts: Sequence[Span], whole: npt.NDArray[np.float32]
) -> Vectors:
    """Vectors of parts of a text, (number of parts, d) float32, unit length.

    Args:
        tokens: (t, d) float32, padding included.
        offsets: of each token in the text; special ones are empty.
        parts: spans of the text.
        whole: (d,), of the text; taken for a part without a token.
    """
    inside = [number for number, (start, end) in enumerate(offsets) if start < end]
    starts, ends = [offsets[number][0] for number in inside], [offsets[number][1] for number in inside]
    pooled = np.empty((len(parts), tokens.shape[1]), dtype=np.float32)
    for row, (start, end) in enumerate(parts):
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        mean = tokens[inside[first] : inside[last - 1] + 1].mean(axis=0) if first < last else whole
        pooled[row] = mean / np.linalg.norm(mean)
    return pooled


def same_length_batches(lengths: Sequence[int]) -> list[tuple[int, list[int]]]:
    """(padded length, positions) of batches whose texts all have that length once padded; short ones first."""
    padded = [max(_LENGTH_STEP, -(-length // _LENGTH_STEP) * _LENGTH_STEP) for length in lengths]
    groups: dict[int, list[int]] = {}
    for position in sorted(range(len(padded)), key=padded.__getitem__):
        groups.setdefault(padded[position], []).append(position)
    return [
        (length, positions[start : start + _BATCH])
        for length, positions in groups.items()
        for start in range(0, len(positions), _BATCH)
    ]


def open_openvino(
    model: EmbeddingModel, files: Mapping[str, Path], *, threads: int, streams: int, too_long: TooLong
) -> OpenVinoEmbedder:
    """The engine of a prepared model, float32 or int8. `files` maps the names in `model.files` to places."""
    graph = next(name for name in model.files if name.endswith((".onnx", ".xml")))
    weights = next((files[name] for name in model.files if name.endswith(".bin")), None)
    return OpenVinoEmbedder(
        files[graph],
        files["tokenizer.json"],
        weights=weights,
        max_tokens=model.max_tokens,
        precision=model.precision,
        threads=threads,
        streams=streams,
        too_long=too_long,
    )
