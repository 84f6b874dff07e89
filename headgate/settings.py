"""`headgate.toml` and the environment, read once at the edge, as one settings object.

Unknown keys are refused with the list of known ones. Relative places are relative to the folder of `headgate.toml`.
Environment: `HEADGATE_SETTINGS` names the file, `HEADGATE_STORE` replaces `storage.root`; `MLFLOW_TRACKING_URI` replaces
`evaluation.tracking_uri`. With `HEADGATE_STORE` a host serves without any file: what an answer depends on is in the bundle. Secrets
(model keys) are never settings: providers read their own variables.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from headgate.errors import SettingsError

SETTINGS_FILE = "headgate.toml"


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelRule(Section):
    """Labels for files that carry none themselves; every rule that matches a path fills what is still missing, earlier ones first."""

    pattern: str = Field(description="glob over corpus paths, `**` crosses folders, e.g. `internal/**`")
    audience: str = ""
    topic: str = ""
    region: str = ""
    language: str = ""
    effective_date: str = ""
    owner: str = ""
    confidentiality: str = ""


class CorpusSettings(Section):
    name: str = Field(
        "corpus", pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="name of the collection; the table's name starts with it"
    )
    dvc_file: str = Field("", description="the .dvc file that tracks the documents; empty when `folder` is used")
    folder: str = Field("", description="a plain folder of documents; empty when `dvc_file` is used")
    revisions: dict[str, str] = Field(
        default_factory=dict, description="names for corpus revisions: name = DVC directory digest (32 hex digits + .dir)"
    )
    exclude: tuple[str, ...] = Field((), description="globs of corpus paths to leave out; each exclusion is reported by its glob")
    labels: tuple[LabelRule, ...] = Field(
        (), description="labels for files that carry none themselves; the first rule whose pattern matches fills what is missing"
    )
    default_language: str = Field("en", description="language assumed where neither the file nor detection tells")

    @model_validator(mode="after")
    def _one_source(self) -> CorpusSettings:
        if self.dvc_file and self.folder:
            raise ValueError("set only one of corpus.dvc_file and corpus.folder")
        return self


class ParseSettings(Section):
    workers: int = Field(2, ge=1, le=64, description="parser subprocesses")
    timeout_seconds: float = Field(60.0, gt=0, description="wall time for one file; past it the worker is killed")
    memory_mib: int = Field(2048, ge=256, description="address space of a worker beyond its libraries, MiB")
    max_file_mib: int = Field(50, ge=1, description="larger files are dead-lettered unread, MiB")
    max_unzipped_mib: int = Field(200, ge=1, description="limit for the unpacked size of docx, pptx and xlsx, MiB")


class ValidationSettings(Section):
    as_of: str = Field("", description="date (YYYY-MM-DD) that staleness is judged from; empty = no staleness check")
    stale_after_days: int = Field(1825, ge=1, description="documents with an older effective date are quarantined")
    near_duplicate: float = Field(
        0.9, gt=0, le=1, description="estimated Jaccard similarity of word 3-shingles from which a document counts as a copy"
    )
    min_characters: int = Field(40, ge=1, description="shorter documents are quarantined")
    personal_data: Literal["quarantine", "allow"] = Field(
        "quarantine", description="what happens to documents with card numbers, IBANs and the like"
    )
    own_numbers: tuple[str, ...] = Field(
        (), description="account and card numbers of the organisation itself, which its pages may show"
    )
    hidden_instructions: Literal["quarantine", "allow"] = Field(
        "quarantine", description="what happens to documents with text that addresses the model"
    )
    max_dropped_share: float = Field(
        0.25, ge=0, le=1, description="fail when more than this share of files is quarantined or dead-lettered"
    )


class ChunkSettings(Section):
    max_tokens: int = Field(
        200, ge=32, le=8000, description="budget of a chunk with its context, in tokens of the embedding model"
    )
    min_tokens: int = Field(
        40, ge=0, description="neighbouring smaller sections under the same parent are joined up to this size"
    )
    overlap_sentences: int = Field(
        1, ge=0, le=5, description="sentences repeated from the previous chunk when a section is split"
    )


class EmbeddingSettings(Section):
    model: str = Field(
        "all-MiniLM-L6-v2",
        description="`all-MiniLM-L6-v2` (in a package, offline), or a folder holding a sentence-transformers model",
    )
    precision: Literal["f32", "bf16"] = Field(
        "f32", description="arithmetic of the CPU engine; bf16 is faster where the CPU has it"
    )
    threads: int = Field(0, ge=0, description="CPU threads; 0 = all cores")


class IndexSettings(Section):
    exact_below: int = Field(
        10_000, ge=0, description="up to this many rows vectors are compared exactly; above, IVF_FLAT is built"
    )
    rebuild_below: int = Field(
        50_000, ge=0, description="up to this many rows the full-text index is rebuilt at every change, above it is updated"
    )


class RetrievalSettings(Section):
    """Travels in the bundle."""

    candidates: int = Field(40, ge=1, le=1000, description="passages fetched by each of dense and full-text search before fusion")
    top_k: int = Field(10, ge=1, le=100, description="passages kept after fusion")
    rrf_k: int = Field(
        15, ge=1, description="constant of reciprocal rank fusion; 60 in Cormack et al. 2009, smaller favours the first ranks"
    )
    dense_weight: float = Field(1.0, ge=0, description="weight of dense search in the fusion")
    text_weight: float = Field(1.0, ge=0, description="weight of full-text search in the fusion")
    access: dict[str, tuple[str, ...]] = Field(
        default_factory=lambda: {"customer": ("public", ""), "staff": ("public", "internal", "")},
        description="audience = confidentiality labels it may see; an audience that is not listed sees nothing",
    )


class AnswerBehaviour(Section):
    """How passages become an answer. Travels in the bundle."""

    evidence_threshold: float = Field(0.5, ge=0, le=1, description="answers whose evidence is below are declined")
    max_sentences: int = Field(4, ge=1, le=20, description="sentences of an extractive answer")
    max_context_passages: int = Field(5, ge=1, le=50, description="passages handed to the model")


class AnswerSettings(AnswerBehaviour):
    """The behaviour, and the prompt files; their content travels in the bundle."""

    prompt: str = Field("prompts/answer.md", description="prompt file for chat models")
    refusal: str = Field("prompts/refusal.md", description="text of the polite refusal, per language")

    @property
    def behaviour(self) -> AnswerBehaviour:
        return AnswerBehaviour(**self.model_dump(include=set(AnswerBehaviour.model_fields)))


class ModelSettings(Section):
    """Travels in the bundle, except keys: those stay in the environment."""

    name: str = Field(
        "extractive", description="`extractive` (built in, offline) or a litellm model name such as `openai/gpt-4o-mini`"
    )
    api_base: str = Field("", description="address of an OpenAI-compatible server, for self-hosted models")
    temperature: float = Field(0.0, ge=0, le=2, description="sampling temperature of a chat model")
    max_output_tokens: int = Field(600, ge=1, description="longest answer of a chat model, tokens")
    timeout_seconds: float = Field(30.0, gt=0, description="total deadline of one call, retries included")
    retries: int = Field(2, ge=0, le=10, description="further tries before the first word")


class GuardSettings(Section):
    """Travels in the bundle."""

    max_question_characters: int = Field(4000, ge=1, description="longer questions are declined")
    block_injection: bool = Field(True, description="decline questions that try to rewrite the assistant's instructions")


class EvaluationSettings(Section):
    suites: tuple[str, ...] = Field(("evals/suites/golden.jsonl",), description="suite files, run in this order")
    gates: str = Field("evals/gates.yaml", description="gate file")
    recall_at: tuple[int, ...] = Field((1, 3, 5, 10), description="cut-offs k of recall@k and nDCG@k")
    tracking_uri: str = Field("", description="MLflow tracking address; empty = sqlite below storage.root")
    experiment: str = Field("headgate", description="MLflow experiment")
    bootstrap_samples: int = Field(2000, ge=200, description="resamples behind every interval")
    seed: int = Field(20260202, description="of the resampling")


class StorageSettings(Section):
    root: str = Field(".headgate", description="folder for tables, bundles, reports, releases and logs")


class ReleaseSettings(Section):
    channel: str = Field("production", pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="name of the release ledger")
    probe_question: str = Field("How can I contact support?", description="asked of both bundles before a release is written")


class ServeSettings(Section):
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="0 = any free port")
    audience: str = Field("customer", description="who the askers are, a key of retrieval.access; a request can't change it")
    poll_seconds: float = Field(1.0, gt=0, description="how often the ledger is looked at for a new release")
    max_concurrent: int = Field(64, ge=1, description="questions answered at once; more wait, then get 503")
    queue_timeout_seconds: float = Field(5.0, gt=0, description="how long they wait")
    max_body_kib: int = Field(256, ge=1, description="larger requests get 413, KiB; bounds question and conversation together")
    shutdown_seconds: float = Field(10.0, gt=0, description="how long running answers may take to end after a stop signal")


class Settings(Section):
    """Everything in `headgate.toml`, with `project_dir`, the folder it lies in."""

    project_dir: Path
    corpus: CorpusSettings = CorpusSettings()  # without a source: enough to serve, not to build
    parse: ParseSettings = ParseSettings()
    validation: ValidationSettings = ValidationSettings()
    chunks: ChunkSettings = ChunkSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    index: IndexSettings = IndexSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answer: AnswerSettings = AnswerSettings()
    model: ModelSettings = ModelSettings()
    guard: GuardSettings = GuardSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    storage: StorageSettings = StorageSettings()
    release: ReleaseSettings = ReleaseSettings()
    serve: ServeSettings = ServeSettings()

    def place(self, relative: str) -> Path:
        """`relative` (or an absolute path) as a path in the project."""
        return (self.project_dir / relative).resolve()

    @property
    def store_root(self) -> Path:
        return self.place(self.storage.root)


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
        content = tomllib.loads(path.read_text(encoding="utf-8"))
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
    known = _known_keys(problem["loc"][:-1])
    close = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
    return f"unknown key {place!r}; {hint}"


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = model.model_fields[part].annotation
        if getattr(model, "__args__", None):
            model = model.__args__[0]
    return sorted(set(model.model_fields) - {"project_dir"}) if hasattr(model, "model_fields") else []
