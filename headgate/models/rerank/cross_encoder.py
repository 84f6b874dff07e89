"""(question, passage) → score on OpenVINO's CPU engine: a cross-encoder that was exported by `headgate.models.rerank.export_cross_encoder`.

    pairs ─tokenize─► batches of one length ─► OpenVINO ─► logit ─sigmoid─► score in the order of the passages

A pair is padded like a text that is embedded, so its score depends on itself alone (docs/decisions/0012). Of a pair that is too long the
passage is cut, not the question.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from headgate.errors import ClosedError
from headgate.models.openvino import core, same_length_batches
from headgate.models.rerank.reranker import Scores, checked_scores


class CrossEncoder:
    """See the module.

    Args:
        graph: an ONNX file with inputs `input_ids`, `attention_mask` and, if the model has it, `token_type_ids`; output (n, 1) logits.
        tokenizer: a tokenizer.json.
        max_tokens: of a pair, special tokens included.
        threads: 0 = all cores.
    """

    def __init__(self, graph: Path, tokenizer: Path, *, name: str, max_tokens: int, threads: int = 0) -> None:
        self._name = name
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens, strategy="only_second")
        self._whole = Tokenizer.from_file(str(tokenizer))
        self._whole.no_truncation()
        self._max_tokens = max_tokens
        model = core().read_model(graph)
        self._inputs = [port.get_any_name() for port in model.inputs]
        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads or os.cpu_count() or 1}
        self._compiled: Any = core().compile_model(model, "CPU", options)
        self._lock = threading.Lock()

    def score(self, question: str, passages: Sequence[str]) -> Scores:
        """See `Reranker`. A question that alone fills half of the limit is cut to that.

        Raises:
            ModelError: the engine returned something that is no number.
        """
        if not passages:
            return np.zeros(0, dtype=np.float32)
        asked = self._shortened(question)
        encodings = self._tokenizer.encode_batch([(asked, passage) for passage in passages])
        scores = np.zeros(len(passages), dtype=np.float32)
        with self._lock:
            if self._compiled is None:
                raise ClosedError("the re-ranking model was closed; open its bundle again")
            for length, positions in same_length_batches([len(encoding.ids) for encoding in encodings]):
                arrays = {name: np.zeros((len(positions), length), dtype=np.int64) for name in self._inputs}
                for row, position in enumerate(positions):
                    encoding = encodings[position]
                    values = {
                        "input_ids": encoding.ids,
                        "attention_mask": encoding.attention_mask,
                        "token_type_ids": encoding.type_ids,
                    }
                    for name, array in arrays.items():
                        array[row, : len(encoding.ids)] = values[name]
                logits = self._compiled(arrays)[0].reshape(-1)
                scores[positions] = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
        return checked_scores(scores, len(passages), self._name)

    def close(self) -> None:
        """See `Reranker`."""
        with self._lock:
            self._compiled = None

    def _shortened(self, question: str) -> str:
        """The beginning of a question that would leave a passage less than half of the room."""
        ids = self._whole.encode(question, add_special_tokens=False)
        if len(ids.ids) <= self._max_tokens // 2:
            return question
        return question[: ids.offsets[self._max_tokens // 2 - 1][1]]
