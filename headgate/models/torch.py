"""Any sentence-transformers model, on CPU or GPU. Needs PyTorch, the extra `pipeline`; the thin service never loads it.

A text's vector may differ by up to 0.001 with what else is in its batch, since PyTorch picks another kernel for another shape.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headgate.errors import ClosedError, ModelError, SettingsError
from headgate.models.embedder import TooLong, Vectors, checked, refuse_too_long
from headgate.models.files import EmbeddingModel
from headgate.records.progress import Progress

#: Texts in one call; sorted by length before.
_BATCH = 32


def _packages() -> tuple[Any, Any]:
    try:
        import sentence_transformers
        import torch
    except ImportError as error:
        raise SettingsError(
            f"embedding.engine 'sentence-transformers' needs the package {error.name!r}: pip install 'headgate[pipeline]'. `headgate serve` "
            'never loads it; to serve, build the bundle with embedding.engine = "openvino", which takes the same weights, or "litellm"'
        ) from None
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    return torch, sentence_transformers


def require_cuda() -> None:
    """Raises SettingsError where PyTorch sees no GPU."""
    torch, _ = _packages()
    if not torch.cuda.is_available():
        raise SettingsError(f"embedding.device is 'cuda', but PyTorch {torch.__version__} sees no GPU; set it to 'cpu'")


def describe_source(folder: Path) -> dict[str, int]:
    """`dimensions` and `max_tokens` of the model in `folder`."""
    _, sentence_transformers = _packages()
    model = sentence_transformers.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return {"dimensions": int(model.get_embedding_dimension() or 0), "max_tokens": int(model.max_seq_length or 512)}


class TorchEmbedder:
    """An `Embedder`. A model made on a GPU is opened on the CPU where there is no GPU."""

    def __init__(self, model: EmbeddingModel, files: Mapping[str, Path], *, threads: int = 0, too_long: TooLong = "cut") -> None:
        torch, sentence_transformers = _packages()
        self._torch = torch
        if threads:
            torch.set_num_threads(threads)
        self._device = "cuda" if model.device == "cuda" and torch.cuda.is_available() else "cpu"
        with tempfile.TemporaryDirectory(prefix="headgate-model-") as place:
            for name, file in files.items():
                path = Path(place) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, path)
            self._model: Any = sentence_transformers.SentenceTransformer(place, device=self._device, local_files_only=True)
        self._half = model.precision == "bf16"
        self._max_tokens = model.max_tokens
        self._refuse = too_long == "refuse"
        self._lock = threading.Lock()
        self.dimensions = model.dimensions

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None, cut: bool = False) -> Vectors:
        """See `Embedder`.

        Raises:
            ModelError: a vector is not finite and of unit length, the GPU failed, or a text is too long and may not be cut.
        """
        if self._model is None:
            raise ClosedError("the embedding model was closed; open its bundle again")
        counts = [len(ids) for ids in self._model.tokenizer(list(texts), truncation=False)["input_ids"]] if texts else []
        if self._refuse and not cut:
            refuse_too_long(texts, counts, self._max_tokens)
        order = sorted(range(len(texts)), key=counts.__getitem__)
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        autocast = self._torch.autocast(self._device, dtype=self._torch.bfloat16, enabled=self._half)
        try:
            with self._lock, self._torch.inference_mode(), autocast:
                for start in range(0, len(order), _BATCH):
                    positions = order[start : start + _BATCH]
                    batch = [texts[position] for position in positions]
                    found = self._model.encode(batch, convert_to_tensor=True, show_progress_bar=False, batch_size=_BATCH)
                    vectors[positions] = self._torch.nn.functional.normalize(found.float(), dim=1).cpu().numpy()
                    if progress:
                        progress(start + len(positions), len(texts))
        except RuntimeError as error:  # out of GPU memory, a driver that went away
            raise ModelError(f"sentence-transformers failed on {self._device}: {error}") from error
        return checked(vectors, len(texts), self.dimensions)

    def close(self) -> None:
        """See `Embedder`."""
        with self._lock:
            self._model = None
