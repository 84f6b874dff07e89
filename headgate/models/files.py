"""An embedding model as files: what a bundle says of it, and where its files lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import orjson

from headgate.errors import IntegrityError
from headgate.records import Record
from headgate.records.names import ObjectDigest
from headgate.storage import sha256_hex

#: Raised when the same model and text give another vector because this code changed; part of every model's digest.
VECTOR_FORMAT = 3
Engine = Literal["openvino", "sentence-transformers", "litellm"]


class EmbeddingModel(Record):
    """What a bundle says of its embedding model. `files` maps file name to SHA-256."""

    engine: Engine = "openvino"
    name: str
    dimensions: int
    max_tokens: int  # the longest input, special tokens included
    precision: str  # what is computed with: "f32", "bf16", "int8/bf16", "int8/f32"; "provider" for litellm
    device: str = "cpu"
    weights_digest: str
    files: dict[str, ObjectDigest]
    api_base: str = ""
    requested_dimensions: int = 0  # asked of the provider; 0 = not asked
    batch: int = 64
    timeout_seconds: float = 30.0
    retries: int = 3

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides a vector."""
        content = self.model_dump(exclude={"batch", "timeout_seconds", "retries"}) | {"format": VECTOR_FORMAT}
        return sha256_hex(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


#: Weights → languages that the model was made for, as its publisher says. An English model puts words of another language at random places.
_TRAINED = {
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db": frozenset({"en"}),  # all-MiniLM-L6-v2
}


def trained_languages(model: EmbeddingModel) -> frozenset[str]:
    """Languages that a model was made for, ISO 639-1; empty where nobody says."""
    return _TRAINED.get(model.weights_digest, frozenset())


def model_files(model: EmbeddingModel, folder: Path) -> dict[str, Path]:
    """Where the files of `model` lie, by name, in the folder that `ensure_model` gave."""
    return {name: folder / name for name in model.files}


def refuse_missing(model: EmbeddingModel, files: Mapping[str, Path]) -> None:
    """Raises IntegrityError when `files` lacks a file that `model` names."""
    if missing := sorted(model.files.keys() - files.keys()):
        raise IntegrityError(f"files of the embedding model {model.name!r} are missing: {', '.join(missing)}")
