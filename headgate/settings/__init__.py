"""`headgate.toml` and the environment, read once at the edge, as one settings object.

Unknown keys are refused with the list of known ones. Relative places are relative to the folder of `headgate.toml`.
Environment: `HEADGATE_SETTINGS` names the file, `HEADGATE_STORE` replaces `storage.root`; `MLFLOW_TRACKING_URI` replaces
`evaluation.tracking_uri`; for a bucket AWS_ENDPOINT_URL, AWS_REGION and AWS_ALLOW_HTTP fill what `storage` leaves empty. With
`HEADGATE_STORE` a host serves without any file: what an answer depends on is in the bundle. Secrets (keys of models and buckets) are
never settings: clients read their own variables.
"""

from __future__ import annotations

from headgate.settings.answer import (
    AnswerBehaviour,
    AnswerSettings,
    GuardSettings,
    ModelSettings,
    RerankerSettings,
    RetrievalSettings,
)
from headgate.settings.audiences import Audiences
from headgate.settings.index import EmbeddingSettings, IndexSettings
from headgate.settings.ingest import (
    AudienceAcceptance,
    ChangeAcceptance,
    ChunkSettings,
    CorpusSettings,
    IngestSettings,
    ParseSettings,
    ValidationSettings,
)
from headgate.settings.load import SETTINGS_FILE, Settings, find_settings_file, load_settings, parse_settings
from headgate.settings.operation import (
    AlertSettings,
    CanarySettings,
    EvaluationSettings,
    ReleaseSettings,
    RetentionSettings,
    ServeSettings,
    StorageSettings,
)
from headgate.settings.personal import (
    CONTACT_KINDS,
    NUMBER_KINDS,
    PersonalDataPolicy,
    PersonalKind,
    PersonalKindPolicy,
    PersonalSearch,
)
from headgate.settings.section import Section
from headgate.settings.setups import (
    BundleSetup,
    CorpusSetup,
    EmbeddingSetup,
    EvaluationSetup,
    GateFiles,
    IndexSetup,
    IngestSetup,
    RerankerSetup,
    TrackingSetup,
    ValidationSetup,
)
from headgate.settings.sources import CorpusRule, DvcSource, FolderSource, HttpSource, LabelRule, Labels, S3Source, SourceSettings

__all__ = [
    "CONTACT_KINDS",
    "NUMBER_KINDS",
    "SETTINGS_FILE",
    "AlertSettings",
    "AnswerBehaviour",
    "AnswerSettings",
    "AudienceAcceptance",
    "Audiences",
    "BundleSetup",
    "CanarySettings",
    "ChangeAcceptance",
    "ChunkSettings",
    "CorpusRule",
    "CorpusSettings",
    "CorpusSetup",
    "DvcSource",
    "EmbeddingSettings",
    "EmbeddingSetup",
    "EvaluationSettings",
    "EvaluationSetup",
    "FolderSource",
    "GateFiles",
    "GuardSettings",
    "HttpSource",
    "IndexSettings",
    "IndexSetup",
    "IngestSettings",
    "IngestSetup",
    "LabelRule",
    "Labels",
    "ModelSettings",
    "ParseSettings",
    "PersonalDataPolicy",
    "PersonalKind",
    "PersonalKindPolicy",
    "PersonalSearch",
    "ReleaseSettings",
    "RerankerSettings",
    "RerankerSetup",
    "RetentionSettings",
    "RetrievalSettings",
    "S3Source",
    "Section",
    "ServeSettings",
    "Settings",
    "SourceSettings",
    "StorageSettings",
    "TrackingSetup",
    "ValidationSettings",
    "ValidationSetup",
    "find_settings_file",
    "load_settings",
    "parse_settings",
]
