"""One settings object from `headgate.toml` and the environment."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError, model_validator

from headgate.errors import SettingsError
from headgate.settings.answer import AnswerSettings, GuardSettings, ModelSettings, RerankerSettings, RetrievalSettings
from headgate.settings.index import EmbeddingSettings, IndexSettings
from headgate.settings.ingest import ChunkSettings, CorpusSettings, IngestSettings, ParseSettings, ValidationSettings
from headgate.settings.operation import (
    AlertSettings,
    CanarySettings,
    EvaluationSettings,
    ReleaseSettings,
    RetentionSettings,
    ServeSettings,
    StorageSettings,
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

SETTINGS_FILE = "headgate.toml"
#: Keys of earlier versions → what they are called today.
_RENAMED = {"release.channel": "release.track"}


class Settings(Section):
    """Everything in `headgate.toml`, with `project_dir`, the folder it lies in."""

    project_dir: Path
    corpus: CorpusSettings = CorpusSettings()  # without a source: enough to serve, not to build
    ingest: IngestSettings = IngestSettings()
    parse: ParseSettings = ParseSettings()
    validation: ValidationSettings = ValidationSettings()
    chunks: ChunkSettings = ChunkSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    index: IndexSettings = IndexSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    reranker: RerankerSettings = RerankerSettings()
    answer: AnswerSettings = AnswerSettings()
    model: ModelSettings = ModelSettings()
    guard: GuardSettings = GuardSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    canary: CanarySettings = CanarySettings()
    storage: StorageSettings = StorageSettings()
    retention: RetentionSettings = RetentionSettings()
    release: ReleaseSettings = ReleaseSettings()
    serve: ServeSettings = ServeSettings()
    alerts: AlertSettings = AlertSettings()

    @model_validator(mode="after")
    def _ages_have_a_date(self) -> Settings:
        if not self.validation.as_of:
            for rule in self.corpus.rules:
                if rule.older_than_days and not rule.as_of:
                    raise ValueError(
                        f"rule {rule.name!r} of corpus.rules needs a date to count age from: its as_of, or validation.as_of"
                    )
        return self

    @model_validator(mode="after")
    def _no_label_is_not_public(self) -> Settings:
        for audience, labels in self.retrieval.access.items():
            privileged = self.retrieval.audiences.privileged
            if "" in labels and audience not in privileged:
                sees = ", ".join(sorted(privileged)) or "nobody"
                raise ValueError(
                    f'retrieval.access.{audience} lists "", pages without a label, which are seen by {sees}; take the "" out, and declare '
                    "the pages that carry no label with a rule in corpus.labels (docs/access.md)"
                )
        return self

    def place(self, relative: str) -> Path:
        """`relative` (or an absolute path) as a path in the project."""
        return (self.project_dir / relative).resolve()

    # --- what stages are given ----------------------------------------------------------------------------------------

    @property
    def ingest_setup(self) -> IngestSetup:
        return IngestSetup(
            corpus=self.corpus,
            ingest=self.ingest,
            parse=self.parse,
            validation=self.validation,
            access=self.retrieval.access,
            chunks=self.chunks,
            embedding=self.embedding,
            project_dir=self.project_dir,
        )

    @property
    def corpus_setup(self) -> CorpusSetup:
        return self.ingest_setup.corpus_setup

    @property
    def validation_setup(self) -> ValidationSetup:
        return self.ingest_setup.validation_setup

    @property
    def embedding_setup(self) -> EmbeddingSetup:
        return EmbeddingSetup(self.embedding, self.project_dir)

    @property
    def index_setup(self) -> IndexSetup:
        return IndexSetup(self.corpus.name, self.embedding_setup, self.index)

    @property
    def bundle_setup(self) -> BundleSetup:
        return BundleSetup(
            corpus=self.corpus.name,
            default_language=self.corpus.default_language,
            embedding=self.embedding_setup,
            retrieval=self.retrieval,
            reranker=RerankerSetup(self.reranker, self.project_dir),
            answer=self.answer,
            guard=self.guard,
            model=self.model,
            project_dir=self.project_dir,
        )

    @property
    def gate_files(self) -> GateFiles:
        named = self.evaluation
        return GateFiles(self.place(named.gates), tuple(self.place(suite) for suite in named.suites), shown=named.gates)

    @property
    def tracking_setup(self) -> TrackingSetup:
        return TrackingSetup(
            uri=self.evaluation.tracking_uri,
            experiment=self.evaluation.experiment,
            artifact_root=self.evaluation.artifact_root,
            local_root=self.local_root,
            endpoint=self.storage.endpoint,
            region=self.storage.region,
        )

    @property
    def evaluation_setup(self) -> EvaluationSetup:
        return EvaluationSetup(
            evaluation=self.evaluation,
            canary=self.canary,
            gate_files=self.gate_files,
            track=self.release.track,
            logged_days=self.retention.interactions_days,
            tracking=self.tracking_setup,
        )

    @property
    def store_root(self) -> Path:
        """Folder of the store.

        Raises:
            SettingsError: the store is a bucket; ask `open_store` for it, or `local_root` for a place on this machine.
        """
        if self.storage.is_s3:
            raise SettingsError(f"the store {self.storage.root!r} is no folder")
        return self.place(self.storage.root)

    @property
    def local_root(self) -> Path:
        """Folder for what stays on this machine: the store's own, or `storage.cache` where the store is a bucket."""
        return self.place(self.storage.cache if self.storage.is_s3 else self.storage.root)


def find_settings_file(start: Path) -> Path:
    """`headgate.toml` in `start` or the nearest folder above.

    Raises:
        SettingsError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder / SETTINGS_FILE
    raise SettingsError(
        f"no {SETTINGS_FILE} in {str(start)!r} or any folder above; run `headgate init DIR --documents PATH`, "
        "or name the file with --settings or HEADGATE_SETTINGS"
    )


def load_settings(path: Path | None = None, *, environment: Mapping[str, str] | None = None) -> Settings:
    """Read settings from `path`, or HEADGATE_SETTINGS, or the nearest `headgate.toml`; HEADGATE_STORE alone will do.

    Raises:
        SettingsError: no file, not TOML, an unknown key, a wrong value; all problems are named at once.
    """
    environment = os.environ if environment is None else environment
    if path is None:
        named = environment.get("HEADGATE_SETTINGS", "")
        try:
            path = Path(named) if named else find_settings_file(Path.cwd())
        except SettingsError:
            if not environment.get("HEADGATE_STORE"):
                raise
            return parse_settings(_from_environment({}, environment), project_dir=Path.cwd(), source="the environment")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"settings file {str(path)!r} does not exist; check --settings and HEADGATE_SETTINGS") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"settings file {str(path)!r} can't be read: {error}") from error
    if "project_dir" in content:
        raise SettingsError(f"{path}: unknown key 'project_dir'")
    return parse_settings(_from_environment(content, environment), project_dir=path.resolve().parent, source=str(path))


def _from_environment(content: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    if root := environment.get("HEADGATE_STORE"):
        content.setdefault("storage", {})["root"] = root
    if isinstance(storage := content.get("storage"), dict) and str(storage.get("root", "")).startswith("s3://"):
        standard = {
            "endpoint": environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL"),
            "region": environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"),
            "allow_http": environment.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
        }
        storage |= {key: value for key, value in standard.items() if value and not storage.get(key)}
    if uri := environment.get("MLFLOW_TRACKING_URI"):
        content.setdefault("evaluation", {})["tracking_uri"] = uri
    return content


def parse_settings(content: dict[str, Any], *, project_dir: Path, source: str = SETTINGS_FILE) -> Settings:
    """Settings from parsed TOML.

    Raises:
        SettingsError: as `load_settings`.
    """
    try:
        return Settings(project_dir=project_dir, **content)
    except ValidationError as error:
        problems = "\n".join(f"  - {_explain(problem)}" for problem in error.errors())
        raise SettingsError(f"{source}: {error.error_count()} problem(s):\n{problems}") from None


def _explain(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] != "extra_forbidden":
        message = str(problem["msg"]).removeprefix("Value error, ")
        got = "" if isinstance(problem.get("input"), dict) else f" (got {problem.get('input')!r})"
        return f"{place}: {message}{got}" if place else message
    if place in _RENAMED:
        return f"unknown key {place!r}; it is called {_RENAMED[place]!r} now"
    known = _known_keys(problem["loc"][:-1])
    close = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
    return f"unknown key {place!r}; {hint}"


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, str) and part in getattr(model, "model_fields", {}):
            model = model.model_fields[part].annotation
        elif isinstance(part, str):  # the kind of a section that has several
            kinds = [option for option in get_args(model) if "kind" in getattr(option, "model_fields", {})]
            model = next((kind for kind in kinds if part in get_args(kind.model_fields["kind"].annotation)), None)
            continue
        if get_args(model):
            model = get_args(model)[0]
    return sorted(set(model.model_fields) - {"project_dir"}) if hasattr(model, "model_fields") else []
