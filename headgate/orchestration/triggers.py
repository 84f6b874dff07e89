"""When a run is asked for: the corpus is at another revision, or files that could not be read are due for another try."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from headgate.ingest.state.dead_letters import list_dead_letters
from headgate.records import SourceState
from headgate.settings import Settings
from headgate.sources.corpus import open_corpus
from headgate.sources.dvc import resolve_revision
from headgate.storage import open_store, sha256_hex
from headgate.storage.layout import SOURCES

#: Pause between two readings of `corpus.sources` by a sensor.
SOURCES_INTERVAL = timedelta(minutes=15)


def run_for_changed_corpus(context: dg.SensorEvaluationContext, settings: Settings) -> dg.RunRequest | dg.SkipReason:
    """Asks for a run when the corpus is at another revision than at the last look (or, at the first look, than in the newest `corpus`)."""
    if settings.corpus.sources and (why := _not_now(settings, datetime.now(UTC))):
        return dg.SkipReason(why)
    revision = _current_revision(settings)
    if revision == (context.cursor or _materialised_revision(context.instance)):
        context.update_cursor(revision)
        return dg.SkipReason(f"the corpus is still at revision {revision[:12]}…")
    context.update_cursor(revision)
    return dg.RunRequest(tags={"corpus_revision": revision})


def run_for_due_dead_letters(settings: Settings) -> dg.RunRequest | dg.SkipReason:
    """Asks for one run for all that are due; the key keeps a run that is still at it from being asked for again."""
    now = datetime.now(UTC)
    waiting = [letter for letter in list_dead_letters(open_store(settings), settings.corpus.name) if letter.next_retry]
    due = sorted(f"{letter.path} {letter.next_retry}" for letter in waiting if datetime.fromisoformat(letter.next_retry) <= now)
    if not due:
        return dg.SkipReason(f"{len(waiting)} dead letter(s) wait for another try, none is due")
    return dg.RunRequest(run_key=sha256_hex("\n".join(due).encode())[:16], tags={"dead_letters": str(len(due))})


def _not_now(settings: Settings, now: datetime) -> str:
    """Why the sources are not read at this look; they may be large, or far away, and are read at most every SOURCES_INTERVAL."""
    store = open_store(settings)
    states = [SourceState.model_validate_json(store.get(key)) for key in store.list(SOURCES.prefix(settings.corpus.name))]
    attempts = [datetime.fromisoformat(state.last_attempt) for state in states if state.last_attempt]
    if attempts and (next_look := max(attempts) + SOURCES_INTERVAL) > now:
        return f"the sources are read again at {next_look.isoformat(timespec='seconds')}"
    return ""


def _current_revision(settings: Settings) -> str:
    """What the .dvc file names, without fetching anything; for a plain folder or sources the digest of their files."""
    if settings.corpus.dvc_file:
        return resolve_revision(settings.place(settings.corpus.dvc_file), "", settings.corpus.revisions)
    return open_corpus(open_store(settings), settings.corpus_setup).revision


def _materialised_revision(instance: dg.DagsterInstance) -> str:
    """The revision of the newest `corpus`; empty when there is none."""
    newest = instance.get_latest_materialization_event(dg.AssetKey("corpus"))
    materialization = newest.asset_materialization if newest else None
    return str(materialization.metadata["corpus_revision"].value) if materialization else ""
