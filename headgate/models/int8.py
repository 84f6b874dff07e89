"""The exported model in 8-bit integers: NNCF's post-training quantisation, calibrated on texts that come with the package.

Weights and activations become int8 where that pays; what is left computes in bf16, or f32 where the CPU has none. Since the texts are
always the same, the model depends on its weights alone and not on anybody's corpus. It is offered because retrieval with it was measured
to be non-inferior (docs/embedding.md); a model of your own deserves a measurement of its own: `python -m benchmarks.precision`.
"""

from __future__ import annotations

import tempfile
from contextlib import redirect_stdout
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from tokenizers import Tokenizer

from headgate.errors import SettingsError
from headgate.models.openvino import OpenVinoEmbedder, core
from headgate.storage import Store, sha256_hex

#: Least mean cosine of int8 vectors with float32 ones over the calibration texts; MiniLM reaches 0.995.
MIN_AGREEMENT = 0.985
#: Calibration texts that are joined to make long ones.
_JOINED = (1, 3, 6)


def quantize_model(described: dict[str, Any], folder: Path, store: Store, prefix: str) -> None:
    """Write model.xml, model.bin and tokenizer.json under `prefix` and, last, model.json.

    Args:
        described: model.json of the float32 export in `folder`.

    Raises:
        SettingsError: NNCF is not installed, or the int8 vectors are too far from the float32 ones.
    """
    try:
        import nncf
    except ImportError:
        raise SettingsError(
            "embedding.precision 'int8' needs the package nncf to prepare the model: pip install 'headgate[pipeline]'"
        ) from None
    import openvino

    graph, tokens = folder / "model.onnx", folder / "tokenizer.json"
    max_tokens = int(described["max_tokens"])
    tokenizer = Tokenizer.from_file(str(tokens))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)

    def inputs(text: str) -> dict[int, Any]:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        return {0: ids, 1: np.ones_like(ids)}

    texts = calibration_texts()
    nncf.set_log_level(40)
    with redirect_stdout(StringIO()):  # its progress bars would end up in what a verb reports
        quantized = nncf.quantize(
            core().read_model(graph),
            nncf.Dataset(texts, inputs),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(texts),
        )
    for number, node in enumerate(quantized.get_ordered_ops()):
        node.set_friendly_name(f"{node.get_type_name()}_{number}")  # made-up names count on over the life of a process
    with tempfile.TemporaryDirectory(prefix="headgate-int8-") as place:
        openvino.save_model(quantized, Path(place) / "model.xml", compress_to_fp16=False)
        made, weights = Path(place) / "model.xml", Path(place) / "model.bin"
        exact = OpenVinoEmbedder(graph, tokens, max_tokens=max_tokens).embed(texts)
        small = OpenVinoEmbedder(made, tokens, weights=weights, max_tokens=max_tokens, precision="int8/f32").embed(texts)
        contents = {path.name: path.read_bytes() for path in (made, weights, tokens)}
    agreement = float((exact * small).sum(axis=1).mean())
    if agreement < MIN_AGREEMENT:
        raise SettingsError(
            f"embedding.precision 'int8': vectors of this model agree with float32 only to a mean cosine of {agreement:.4f} < {MIN_AGREEMENT}; "
            "take 'bf16' or 'f32'"
        )
    for name, content in contents.items():
        store.put(f"{prefix}/{name}", content)
    digests = {name: sha256_hex(content) for name, content in contents.items()}
    store.put(f"{prefix}/model.json", orjson.dumps(described | {"files": digests}))


def calibration_texts() -> list[str]:
    """The texts of calibration.txt, alone and joined into longer ones."""
    lines = files("headgate.models").joinpath("calibration.txt").read_text(encoding="utf-8").splitlines()
    return [" ".join(lines[start : start + joined]) for joined in _JOINED for start in range(0, len(lines), joined)]
