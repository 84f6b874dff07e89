"""Runs by what happens. All are off until someone turns them on in the Dagster UI.

corpus_revision_changed   the .dvc file (or the folder) is at another revision → the job `rebuild`
dead_letters_due          files whose failure may have been the machine's are due for another try → the job `rebuild`
content_changed           an asset was made anew with different content   → what is made from it, up to `bundle`
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.resources import Project
from headgate.ingest.state.dead_letters import list_dead_letters
from headgate.records import SourceState
from headgate.settings import Settings
from headgate.sources.corpus import open_corpus
from headgate.sources.dvc import resolve_revision
from headgate.storage import open_store, sha256_hex
from headgate.storage.layout import SOURCES
from pipelines.jobs import WRITES_TABLE, rebuild

#: Seconds between looks at the .dvc file.
INTERVAL = 60
#: Pause between two readings of `corpus.sources` by the sensor.
SOURCES_INTERVAL = timedelta(minutes=15)


@dg.sensor(
    job=rebuild,
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Rebuilds when the .dvc file names another revision of the corpus (or the folder's files have changed).",
)
def corpus_revision_changed(context: dg.SensorEvaluationContext, project: Project) -> dg.RunRequest | dg.SkipReason:
    """Rebuild when the corpus is at another revision than at the last look (or, at the first look, than in the newest `corpus`)."""
    settings = project.settings()
    if settings.corpus.sources and (why := _not_now(settings, datetime.now(UTC))):
        return dg.SkipReason(why)
    revision = _current_revision(settings)
    if revision == (context.cursor or _materialised_revision(context.instance)):
        context.update_cursor(revision)
        return dg.SkipReason(f"the corpus is still at revision {revision[:12]}…")
    context.update_cursor(revision)
    return dg.RunRequest(tags={"corpus_revision": revision})


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
        return resolve_revision(settings, settings.place(settings.corpus.dvc_file), "")
    return open_corpus(settings).revision


def _materialised_revision(instance: dg.DagsterInstance) -> str:
    """The revision of the newest `corpus`; empty when there is none."""
    newest = instance.get_latest_materialization_event(dg.AssetKey("corpus"))
    materialization = newest.asset_materialization if newest else None
    return str(materialization.metadata["corpus_revision"].value) if materialization else ""


@dg.sensor(
    job=rebuild,
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Rebuilds when dead letters are due for another try: after 5 minutes, then 20, three tries in all.",
)
def dead_letters_due(project: Project) -> dg.RunRequest | dg.SkipReason:
    """One run for all that are due; the key keeps a run that is still at it from being asked for again."""
    settings = project.settings()
    now = datetime.now(UTC)
    waiting = [letter for letter in list_dead_letters(open_store(settings), settings.corpus.name) if letter.next_retry]
    due = sorted(f"{letter.path} {letter.next_retry}" for letter in waiting if datetime.fromisoformat(letter.next_retry) <= now)
    if not due:
        return dg.SkipReason(f"{len(waiting)} dead letter(s) wait for another try, none is due")
    return dg.RunRequest(run_key=sha256_hex("\n".join(due).encode())[:16], tags={"dead_letters": str(len(due))})


content_changed = dg.AutomationConditionSensorDefinition(
    "content_changed",
    target=dg.AssetSelection.all(),
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.STOPPED,
    run_tags=WRITES_TABLE,
    description="Makes `chunks`, `chunk_table` and `bundle` anew when the content they are made from has changed.",
)

SENSORS = (corpus_revision_changed, dead_letters_due, content_changed)
