"""`headgate.toml` and the environment, read once at the edge, as one settings object.

Unknown keys are refused with the list of known ones. Relative places are relative to the folder of `headgate.toml`.
Environment: `HEADGATE_SETTINGS` names the file, `HEADGATE_STORE` replaces `storage.root`; `MLFLOW_TRACKING_URI` replaces
`evaluation.tracking_uri`. With `HEADGATE_STORE` a host serves without any file: what an answer depends on is in the bundle. Secrets
(model keys) are never settings: providers read their own variables.
"""

from __future__ import annotations

from headgate.settings.answer import AnswerBehaviour, AnswerSettings, GuardSettings, ModelSettings, RetrievalSettings
from headgate.settings.index import EmbeddingSettings, IndexSettings
from headgate.settings.ingest import ChunkSettings, CorpusSettings, LabelRule, ParseSettings, ValidationSettings
from headgate.settings.load import SETTINGS_FILE, Settings, find_settings_file, load_settings, parse_settings
from headgate.settings.operation import AlertSettings, EvaluationSettings, ReleaseSettings, ServeSettings, StorageSettings
from headgate.settings.section import Section

__all__ = [
    "SETTINGS_FILE",
    "AlertSettings",
    "AnswerBehaviour",
    "AnswerSettings",
    "ChunkSettings",
    "CorpusSettings",
    "EmbeddingSettings",
    "EvaluationSettings",
    "GuardSettings",
    "IndexSettings",
    "LabelRule",
    "ModelSettings",
    "ParseSettings",
    "ReleaseSettings",
    "RetrievalSettings",
    "Section",
    "ServeSettings",
    "Settings",
    "StorageSettings",
    "ValidationSettings",
    "find_settings_file",
    "load_settings",
    "parse_settings",
]
