"""A sentence-transformers model → ONNX with mean pooling and normalisation inside. Needs PyTorch.

The exported graph takes `input_ids` and `attention_mask` (n, t) int64 and returns `embedding`, (n, d) float32 of unit length, and
`token_vectors`, (n, t, d) float32, of which it is the mean: parts of a text are pooled from them. It is compared with sentence-transformers
itself before it is kept.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from headgate.errors import SettingsError
from headgate.models.openvino import OpenVinoEmbedder
from headgate.storage import Store, sha256_hex

#: Least cosine between exported and original vectors; float32 exports agree to 1e-6.
MIN_AGREEMENT = 0.9999
_PROBES = [
    "How do I get a refund?",
    "The router light is solid red and the internet is down. Hold the recessed button for 12 seconds to reset it to factory settings.",
    "Precio: 24,00 € al mes. 料金は月額です。",
]


def export_model(source: Path, store: Store, prefix: str) -> None:
    """Write model.onnx, tokenizer.json and, last, model.json under `prefix`.

    Raises:
        SettingsError: the model is not a mean-pooled transformer, or the export disagrees with it.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    model = SentenceTransformer(str(source), device="cpu", local_files_only=True)
    pooling: Any = model[1]
    if "mean" not in str(pooling.get_config_dict().get("pooling_mode", pooling.get_config_dict())):
        raise SettingsError(f"embedding.model {str(source)!r} does not pool by mean; only mean-pooled models are exported")
    transformer: Any = model[0].auto_model.eval()

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            weights = attention_mask.unsqueeze(-1).to(states.dtype)
            pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(pooled, dim=1), states

    example = torch.ones((2, 8), dtype=torch.int64)
    graph = to_onnx(
        Encoder(),
        {"input_ids": example, "attention_mask": example},
        {"embedding": {0: "n"}, "token_vectors": {0: "n", 1: "t"}},
    )
    contents = {"model.onnx": graph, "tokenizer.json": (source / "tokenizer.json").read_bytes()}
    for name, content in contents.items():
        store.put(f"{prefix}/{name}", content)
    paths = [store.local(f"{prefix}/{name}") for name in contents]
    folder = paths[0].parent
    max_tokens = int(model.max_seq_length or 512)
    _check_agreement(model, folder, max_tokens)
    described = {
        "dimensions": int(model.get_embedding_dimension() or 0),
        "max_tokens": max_tokens,
        "files": {name: sha256_hex(content) for name, content in contents.items()},
    }
    store.put(f"{prefix}/model.json", orjson.dumps(described))


def to_onnx(network: Any, inputs: Mapping[str, Any], outputs: Mapping[str, Mapping[int, str]]) -> bytes:
    """The ONNX file of a PyTorch module.

    Args:
        inputs: name → example, (n, t) int64 with any n and t, in the order of the module's arguments.
        outputs: name → axes that vary, in the order of its results.
    """
    import torch

    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            buffer,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={**{name: {0: "n", 1: "t"} for name in inputs}, **outputs},
            dynamo=False,
        )
    return buffer.getvalue()


def _check_agreement(model: Any, folder: Path, max_tokens: int) -> None:
    expected = np.asarray(model.encode(_PROBES, normalize_embeddings=True, show_progress_bar=False))
    got = OpenVinoEmbedder(folder / "model.onnx", folder / "tokenizer.json", max_tokens=max_tokens, precision="f32").embed(
        _PROBES
    )
    agreement = float((expected * got).sum(axis=1).min())
    if agreement < MIN_AGREEMENT:
        raise SettingsError(f"the exported model agrees with the original only to cosine {agreement:.5f} < {MIN_AGREEMENT}")
