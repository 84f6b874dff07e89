"""The configured embedding model → its files in the store: made once, named by digest, opened by the pipeline and the service alike.

    openvino               source ──export──► models/<key>/{model.onnx, tokenizer.json, model.json}   (int8: ──int8──► …)
    sentence-transformers  source ──copied──► models/<key>/{its files, model.json}
    litellm                one call to the provider ► models/<key>/model.json
    cross-encoder          source ──export──► models/<key>/{model.onnx, tokenizer.json, model.json}

With openvino the service needs only these files, OpenVINO and `tokenizers`; PyTorch and NNCF are loaded where a model is made alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from headgate.errors import IntegrityError, NotFoundError
from headgate.models.files import EmbeddingModel
from headgate.models.openvino import usable_precision
from headgate.models.rerank.reranker import RerankerModel
from headgate.models.source import locate_cross_encoder, locate_source
from headgate.settings import EmbeddingSettings, EmbeddingSetup, RerankerSetup
from headgate.storage import Store, sha256_file, sha256_hex
from headgate.storage.layout import MODELS

#: Raised when the export changes, so that older exports are not mistaken for new ones.
EXPORT_FORMAT = 2
#: Files of a sentence-transformers folder that are taken along; pickled weights are not.
_SOURCE_SUFFIXES = frozenset({".json", ".model", ".safetensors", ".txt"})


def ensure_model(store: Store, setup: EmbeddingSetup) -> tuple[EmbeddingModel, Path]:
    """The model that `setup` names, prepared if it was not yet, and the folder with its files.

    Raises:
        SettingsError, IntegrityError: as `locate_source`; a prepared file whose bytes changed is refused.
        ModelError: the provider of a litellm model could not be asked for its dimensions.
    """
    match setup.embedding.engine:
        case "litellm":
            return _remote_model(store, setup.embedding)
        case "sentence-transformers":
            return _torch_model(store, setup)
    return _openvino_model(store, setup)


def ensure_reranker(store: Store, setup: RerankerSetup) -> tuple[RerankerModel, Path] | None:
    """The re-ranking model that `setup` names, prepared if it was not yet, and the folder with its files; None where no model is used.

    Raises:
        SettingsError, IntegrityError: as `locate_cross_encoder`; a prepared file whose bytes changed is refused.
    """
    wanted = setup.reranker
    match wanted.engine:
        case "none" | "built-in":
            return None
        case "litellm":
            model = RerankerModel(
                engine="litellm",
                name=wanted.model,
                passages=wanted.ordered,
                api_base=wanted.api_base,
                timeout_seconds=wanted.timeout_seconds,
                retries=wanted.retries,
            )
            return model, Path()
    source = locate_cross_encoder(setup)
    weights = sha256_file(source / "model.safetensors")
    made_of = [EXPORT_FORMAT, weights, *(sha256_file(source / name) for name in ("config.json", "tokenizer.json"))]
    prefix = MODELS.prefix(f"{sha256_hex(orjson.dumps(made_of))[:16]}-cross")
    if not store.exists(f"{prefix}/model.json"):
        from headgate.models.rerank.export_cross_encoder import export_cross_encoder

        export_cross_encoder(source, store, prefix)
    described, folder = _prepared(store, prefix)
    return (
        RerankerModel(
            engine="cross-encoder", name=Path(wanted.model).name, passages=wanted.ordered, weights_digest=weights, **described
        ),
        folder,
    )


def _openvino_model(store: Store, setup: EmbeddingSetup) -> tuple[EmbeddingModel, Path]:
    source = locate_source(setup)
    weights = sha256_file(source / "model.safetensors")
    key = sha256_hex(f"{EXPORT_FORMAT}:{weights}:{sha256_file(source / 'tokenizer.json')}".encode())[:16]
    if not store.exists(MODELS.key(key, "model.json")):
        from headgate.models.export import export_model

        export_model(source, store, MODELS.prefix(key))
    if setup.embedding.precision == "int8":
        described, folder = _prepared(store, MODELS.prefix(key))
        key = f"{key}-int8"
        if not store.exists(MODELS.key(key, "model.json")):
            from headgate.models.int8 import quantize_model

            quantize_model(described, folder, store, MODELS.prefix(key))
    described, folder = _prepared(store, MODELS.prefix(key))
    model = EmbeddingModel(
        name=Path(setup.embedding.model).name,
        precision=usable_precision(setup.embedding.precision),
        weights_digest=weights,
        **described,
    )
    return model, folder


def _torch_model(store: Store, setup: EmbeddingSetup) -> tuple[EmbeddingModel, Path]:
    if setup.embedding.device == "cuda":
        from headgate.models.torch import require_cuda

        require_cuda()
    source = locate_source(setup)
    paths = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if path.suffix in _SOURCE_SUFFIXES}
    files = {name: sha256_file(path) for name, path in paths.items()}
    key = sha256_hex(orjson.dumps(files, option=orjson.OPT_SORT_KEYS))[:16]
    prefix = MODELS.prefix(f"{key}-torch")
    if not store.exists(f"{prefix}/model.json"):
        from headgate.models.torch import describe_source

        described = describe_source(source) | {"files": files}
        for name, path in paths.items():
            store.put_file(f"{prefix}/{name}", path)
        store.put(f"{prefix}/model.json", orjson.dumps(described))
    described, folder = _prepared(store, prefix)
    model = EmbeddingModel(
        engine="sentence-transformers",
        name=Path(setup.embedding.model).name,
        precision=setup.embedding.precision,
        device=setup.embedding.device,
        weights_digest=files["model.safetensors"],
        **described,
    )
    return model, folder


def _remote_model(store: Store, wanted: EmbeddingSettings) -> tuple[EmbeddingModel, Path]:
    from headgate.models.litellm import describe_remote

    identity = [wanted.model, wanted.api_base, wanted.dimensions, wanted.max_tokens]
    prefix = MODELS.prefix(f"{sha256_hex(orjson.dumps(identity))[:16]}-remote")
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
            f"a file of the model does not match its digest: {error}; delete '{prefix}/model.json' of the store to prepare it again"
        ) from error
    return described, store.local(f"{prefix}/model.json").parent
