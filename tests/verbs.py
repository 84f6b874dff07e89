"""The library's verbs as the edge calls them: the store is opened from the settings, and each stage is given its part of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate import bundle as bundles
from headgate.index import table, vectors
from headgate.models import open as models
from headgate.models import prepare
from headgate.models.files import EmbeddingModel
from headgate.models.tokens import TokenCounter
from headgate.records import Canary, ChunkSetRef, IndexResult, IngestResult, Release, Remark, Report, Verdict
from headgate.release import ledger
from headgate.replay import Replay
from headgate.replay import replay as replay_from
from headgate.retention import clean_up
from headgate.settings import Settings
from headgate.sources import corpus, dvc
from headgate.storage import open_store

if TYPE_CHECKING:
    from headgate.ingest.validate.facts.document_facts import ChunkFacts, DocumentFacts
    from headgate.ingest.validate.outcome import Validated


def open_corpus(settings: Settings, **more: Any) -> corpus.Corpus:
    return corpus.open_corpus(open_store(settings), settings.corpus_setup, **more)


def materialise(settings: Settings, revision: str) -> dvc.Materialised:
    return dvc.materialise(settings.place(settings.corpus.dvc_file), revision, settings.corpus.revisions, settings.local_root)


def ingest(settings: Settings, **more: Any) -> IngestResult:
    from headgate.ingest.run import ingest as run  # loads parsers, which few tests need

    return run(open_store(settings), settings.ingest_setup, **more)


def validate(facts: Iterable[DocumentFacts], chunks: Iterable[ChunkFacts] = (), *, settings: Settings, **more: Any) -> Validated:
    from headgate.ingest.validate.outcome import validate as run

    return run(facts, chunks, setup=settings.validation_setup, **more)


def retry_now(settings: Settings, paths: Sequence[str]) -> dict[str, Remark | None]:
    from headgate.ingest.parse_again import retry_now as run

    return run(open_store(settings), settings.ingest_setup, paths)


def ensure_model(settings: Settings) -> tuple[EmbeddingModel, Path]:
    return prepare.ensure_model(open_store(settings), settings.embedding_setup)


def token_counter(settings: Settings) -> TokenCounter:
    return models.token_counter(settings.embedding_setup, settings.chunks)


def open_vectors(settings: Settings, model: EmbeddingModel, folder: Path) -> vectors.VectorSource:
    return vectors.open_vectors(settings.local_root, settings.embedding, model, folder)


def update_table(settings: Settings, chunk_set: ChunkSetRef, **more: Any) -> IndexResult:
    return table.update_table(open_store(settings), chunk_set, settings.index_setup, **more)


def create_bundle(settings: Settings, index: IndexResult) -> bundles.Bundle:
    return bundles.create_bundle(open_store(settings), index, settings.bundle_setup)


def evaluate(settings: Settings, bundle_id: str, **more: Any) -> Report:
    from headgate.evaluate.suite_run import evaluate as run  # loads scorers and plots, which few tests need

    return run(open_store(settings), bundle_id, settings.evaluation_setup, **more)


def gate(settings: Settings, bundle_id: str, **more: Any) -> Verdict:
    from headgate.evaluate.gates.gate import gate as run

    return run(open_store(settings), bundle_id, settings.evaluation_setup, **more)


def run_canary(settings: Settings, bundle_id: str, **more: Any) -> Canary:
    from headgate.evaluate.canary.canary import run_canary as run

    return run(open_store(settings), bundle_id, settings.evaluation_setup, **more)


def promote(settings: Settings, bundle_id: str, **more: Any) -> Release:
    return ledger.promote(open_store(settings), bundle_id, settings.release, settings.gate_files, **more)


def rollback(settings: Settings, **more: Any) -> Release:
    return ledger.rollback(open_store(settings), settings.release, **more)


def status(settings: Settings) -> ledger.Status:
    return ledger.status(open_store(settings), settings.release.track)


def replay(settings: Settings, interaction_id: str, **more: Any) -> Replay:
    return replay_from(open_store(settings), interaction_id, **more)


def prune(settings: Settings, **more: Any) -> clean_up.PruneResult:
    return clean_up.prune(open_store(settings), settings.retention, settings.corpus, **more)
