"""Texts → vectors, behind one protocol. The engine of a model: OpenVINO here, sentence-transformers and litellm in modules of their own.

    texts ─tokenize─► sort by length ─► batches of one length ─► OpenVINO ─► vectors in the order of the texts

A text is padded to the next multiple of 8 tokens and meets only texts of that very length, so its vector depends on itself alone, to the
last bit: not on what else was in the batch, nor on threads and streams (docs/decisions/0012).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from headgate.errors import IntegrityError, ModelError
from headgate.models.model import EmbeddingModel

Vectors = npt.NDArray[np.float32]
#: Called with (texts done, texts in all).
Progress = Callable[[int, int], None]
#: What becomes of a text over the model's limit: a question is cut, a chunk is an error.
TooLong = Literal["cut", "refuse"]
#: Texts in one inference. Larger ones are no faster, and need more memory.
_BATCH = 8
#: Lengths are rounded up to this, so that 32 shapes are compiled instead of 256.
_LENGTH_STEP = 8
_MOST_STREAMS = 16
#: Largest distance of a vector's length from 1.
_UNIT_TOLERANCE = 1e-2

_log = logging.getLogger(__name__)


class Embedder(Protocol):
    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """(n, d) float32, unit length, row i for text i."""


@cache
def _engine() -> Any:
    """The one OpenVINO core of this process. A second one's CPU plugin frees the signal stack that the first gave to a thread, and the
    next signal (Ctrl-C) is a segmentation fault."""
    import openvino

    return openvino.Core()


@cache
def cpu_has_bf16() -> bool:
    """Whether OpenVINO computes in bfloat16 here: AMX or AVX512-bf16."""
    return "BF16" in _engine().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


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

        core = _engine()
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
        model = core.read_model(graph, weights) if weights else core.read_model(graph)
        self._compiled = core.compile_model(model, "CPU", options)
        self._queue = openvino.AsyncInferQueue(self._compiled, streams)
        self._lock = threading.Lock()
        self.dimensions = int(self._compiled.output(0).partial_shape[1].get_length())

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """See `Embedder`.

        Raises:
            ModelError: the engine returned a vector that is not finite and of unit length, or a text is too long and may not be cut.
        """
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        encodings = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        refuse_too_long(texts, [len(ids) for ids in encodings], self._max_tokens)
        batches = same_length_batches([len(ids) for ids in encodings])
        done = 0

        def keep(request: Any, positions: list[int]) -> None:
            vectors[positions] = request.get_output_tensor(0).data

        with self._lock:
            self._queue.set_callback(keep)
            for length, positions in batches:
                ids = np.zeros((len(positions), length), dtype=np.int64)
                mask = np.zeros_like(ids)
                for row, position in enumerate(positions):
                    count = len(encodings[position])
                    ids[row, :count] = encodings[position]
                    mask[row, :count] = 1
                self._queue.start_async({0: ids, 1: mask}, positions)
                done += len(positions)
                if progress:
                    progress(done, len(texts))
            self._queue.wait_all()
        return checked(vectors, len(texts), self.dimensions)


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
    if missing := sorted(model.files.keys() - files.keys()):
        raise IntegrityError(f"files of the embedding model {model.name!r} are missing: {', '.join(missing)}")
    match model.engine:
        case "sentence-transformers":
            from headgate.models.torch_embed import TorchEmbedder

            return TorchEmbedder(model, files, threads=threads, too_long=too_long)
        case "litellm":
            from headgate.models.remote_embed import RemoteEmbedder

            return RemoteEmbedder(model)
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


def model_files(model: EmbeddingModel, folder: Path) -> dict[str, Path]:
    """Where the files of `model` lie, by name, in the folder that `ensure_model` gave."""
    return {name: folder / name for name in model.files}
