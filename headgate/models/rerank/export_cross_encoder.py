"""A sentence-transformers cross-encoder → ONNX. Needs PyTorch.

The exported graph takes `input_ids`, `attention_mask` and, where its tokenizer hands them over, `token_type_ids`, (n, t) int64, and
returns (n, 1) logits. It is compared with sentence-transformers itself before it is kept. Code that comes with a model is never run.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from headgate.errors import SettingsError
from headgate.models.export import to_onnx
from headgate.models.rerank.cross_encoder import CrossEncoder
from headgate.storage import Store, sha256_hex

#: Largest difference of a score, 0 to 1, between exported and original model.
MOST_DIFFERENCE = 1e-3
#: Tokens of a pair, where the model says nothing of it.
_USUAL_LIMIT = 512
_PROBES = [
    ("How do I get a refund?", "Refunds reach your payment method within 10 working days."),
    ("How do I get a refund?", "The router light is solid red and the internet is down."),
    ("料金はいくらですか", "Precio: 24,00 € al mes."),
]


def export_cross_encoder(source: Path, store: Store, prefix: str) -> None:
    """Write model.onnx, tokenizer.json and, last, model.json under `prefix`.

    Raises:
        SettingsError: the folder holds no model with one score a pair, or the export disagrees with it.
    """
    import sentence_transformers
    import torch
    from transformers import AutoModelForSequenceClassification

    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    try:
        network: Any = AutoModelForSequenceClassification.from_pretrained(
            str(source), local_files_only=True, trust_remote_code=False, use_safetensors=True
        ).eval()
    except (OSError, ValueError) as error:
        raise SettingsError(f"reranker.model {str(source)!r} can't be read as a cross-encoder: {str(error)[:200]}") from error
    if network.config.num_labels != 1:
        raise SettingsError(f"reranker.model {str(source)!r} gives {network.config.num_labels} scores a pair; one is needed")
    original: Any = sentence_transformers.CrossEncoder(str(source), device="cpu", local_files_only=True)
    handed = original.tokenizer.model_input_names  # a model that knows kinds of tokens may never be told them
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if "token_type_ids" in handed else [])]

    class Pairs(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, *inputs: Any) -> Any:
            return self.network(**dict(zip(names, inputs, strict=True))).logits

    example = torch.ones((2, 8), dtype=torch.int64)
    examples = {name: example if name == "attention_mask" else torch.zeros_like(example) for name in names}
    graph = to_onnx(Pairs(), examples, {"logits": {0: "n"}})
    contents = {"model.onnx": graph, "tokenizer.json": (source / "tokenizer.json").read_bytes()}
    for name, content in contents.items():
        store.put(f"{prefix}/{name}", content)
    paths = [store.local(f"{prefix}/{name}") for name in contents]
    folder = paths[0].parent
    limit = int(min(original.max_seq_length or _USUAL_LIMIT, getattr(network.config, "max_position_embeddings", _USUAL_LIMIT)))
    _check_agreement(original, folder, limit)
    described = {"max_tokens": limit, "files": {name: sha256_hex(content) for name, content in contents.items()}}
    store.put(f"{prefix}/model.json", orjson.dumps(described))


def _check_agreement(original: Any, folder: Path, limit: int) -> None:
    import torch

    expected = original.predict(_PROBES, activation_fn=torch.nn.Sigmoid(), show_progress_bar=False)
    exported = CrossEncoder(folder / "model.onnx", folder / "tokenizer.json", name="exported", max_tokens=limit)
    got = np.concatenate([exported.score(question, [passage]) for question, passage in _PROBES])
    exported.close()
    difference = float(np.abs(np.asarray(expected) - got).max())
    if difference > MOST_DIFFERENCE:
        raise SettingsError(f"the exported cross-encoder differs from the original by {difference:.5f} > {MOST_DIFFERENCE}")
