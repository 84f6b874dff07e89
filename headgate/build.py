"""Ingest, index and bundle in one go, and the canary where a bundle is in service: what CI runs on every change."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from headgate.bundle import Bundle, create_bundle, read_prompts
from headgate.errors import UnfitCorpus
from headgate.index.table import update_table
from headgate.ingest.run import ingest
from headgate.ingest.validate.acceptance import audience_lines, change_lines
from headgate.records import Canary, IndexResult, IngestResult, Record
from headgate.release.ledger import current_release
from headgate.settings import Settings
from headgate.storage import Store, open_store

#: Called with the stage, how much is done and how much there is.
StageProgress = Callable[[str, int, int], None]


class BuildResult(Record):
    """What a build did, stage by stage; `seconds` has one entry a stage. `canary` is None where there is nothing in service to compare with."""

    bundle_id: str
    ingest: IngestResult
    index: IndexResult
    canary: Canary | None = None
    seconds: dict[str, float]


def build(
    settings: Settings,
    *,
    revision: str = "",
    folder: Path | None = None,
    canary: bool = True,
    progress: StageProgress | None = None,
) -> BuildResult:
    """Bring corpus → bundle up to date. Unchanged files are not parsed again, unchanged chunks not embedded again.

    Where another bundle is in service, the new one is compared with it (`headgate.evaluate.canary.canary`). A canary that fails ends nothing
    here: `gate` refuses the bundle for it.

    A second build of the same corpus waits for the first one (`ingest.lock_wait_seconds`). A build that was killed leaves nothing that
    the next one does not take up or replace.

    Args:
        revision: see `headgate.ingest.run.ingest`.
        folder: a folder to take instead of the configured corpus.
        canary: False = compare with nothing.

    Raises:
        UsageError, IntegrityError: as the stages do.
    """
    read_prompts(settings.answer, settings.project_dir)  # a wrong prompt is told now, not after hours of parsing and embedding
    store, wait = open_store(settings), settings.ingest.lock_wait_seconds
    store.check_writable()
    with store.lock(f"build-{settings.corpus.name}", wait_seconds=wait):
        ingested = ingest(store, settings.ingest_setup, revision=revision, folder=folder, progress=_stage(progress, "ingest"))
        refuse_failed_checks(ingested)
        indexed = update_table(store, ingested.chunk_set, settings.index_setup, progress=_stage(progress, "index"))
        started = time.monotonic()
        bundle: Bundle = create_bundle(store, indexed, settings.bundle_setup)
        seconds = {"ingest": ingested.seconds, "index": indexed.seconds, "bundle": time.monotonic() - started}
    started = time.monotonic()
    compared = _compare(store, settings, bundle.bundle_id, _stage(progress, "canary")) if canary else None
    if compared is not None:
        seconds["canary"] = time.monotonic() - started
    return BuildResult(bundle_id=bundle.bundle_id, ingest=ingested, index=indexed, canary=compared, seconds=seconds)


def _compare(store: Store, settings: Settings, bundle_id: str, progress: Callable[[int, int], None] | None) -> Canary | None:
    """The canary of a bundle against the one in service; the one there is, if it was made before."""
    release = current_release(store, settings.release.track)
    if release is None or release.bundle_id == bundle_id:
        return None
    from headgate.evaluate.canary.canary import find_canary, run_canary

    return find_canary(store, bundle_id, release.bundle_id) or run_canary(
        store, bundle_id, settings.evaluation_setup, progress=progress
    )


def refuse_failed_checks(ingested: IngestResult) -> None:
    """Stop where a check of level `error` failed: the corpus as a whole is not fit to be released.

    Raises:
        UnfitCorpus: names every such check.
    """
    failed = [
        f"{check.name}: {'; '.join(check.examples) or f'{check.failed} of {check.checked}'}"
        for check in ingested.checks
        if check.level == "error" and not check.passed and not check.accepted
    ]
    if failed:
        wider = [one for one in ingested.access.widened if not one.accepted] if ingested.access else []
        by_name = f"; to accept what more audiences see, put into headgate.toml:\n\n{audience_lines(wider)}" if wider else ""
        lost = [one for one in ingested.losses if not one.accepted]
        by_name += f"; to accept what was lost on purpose, put into headgate.toml:\n\n{change_lines(lost)}" if lost else ""
        raise UnfitCorpus(
            f"corpus revision {ingested.corpus_revision!r} is not fit to be indexed: {' | '.join(failed)}; see the report "
            f"{ingested.data_docs or 'of `headgate ingest`'!r} in the store; mend the documents, or accept a check by name and revision in "
            f"validation.accept{by_name}"
        )


def _stage(progress: StageProgress | None, stage: str) -> Callable[[int, int], None] | None:
    return (lambda done, total: progress(stage, done, total)) if progress else None
