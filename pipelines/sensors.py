"""Runs by what happens. Both are off until someone turns them on in the Dagster UI.

corpus_revision_changed   the .dvc file (or the folder) is at another revision → the job `rebuild`
content_changed           an asset was made anew with different content   → what is made from it, up to `bundle`
"""

import dagster as dg

from assets.resources import Project
from headgate.ingest.dvc_corpus import resolve_revision
from headgate.ingest.sources import open_corpus
from headgate.settings import Settings
from pipelines.jobs import WRITES_TABLE, rebuild

#: Seconds between looks at the .dvc file.
INTERVAL = 60


@dg.sensor(
    job=rebuild,
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Rebuilds when the .dvc file names another revision of the corpus (or the folder's files have changed).",
)
def corpus_revision_changed(context: dg.SensorEvaluationContext, project: Project) -> dg.RunRequest | dg.SkipReason:
    """Rebuild when the corpus is at another revision than at the last look (or, at the first look, than in the newest `corpus`)."""
    revision = _current_revision(project.settings())
    if revision == (context.cursor or _materialised_revision(context.instance)):
        context.update_cursor(revision)
        return dg.SkipReason(f"the corpus is still at revision {revision[:12]}…")
    context.update_cursor(revision)
    return dg.RunRequest(tags={"corpus_revision": revision})


def _current_revision(settings: Settings) -> str:
    """What the .dvc file names, without fetching anything; for a plain folder the digest of its files."""
    if settings.corpus.dvc_file:
        return resolve_revision(settings, settings.place(settings.corpus.dvc_file), "")
    return open_corpus(settings).revision


def _materialised_revision(instance: dg.DagsterInstance) -> str:
    """The revision of the newest `corpus`; empty when there is none."""
    newest = instance.get_latest_materialization_event(dg.AssetKey("corpus"))
    materialization = newest.asset_materialization if newest else None
    return str(materialization.metadata["corpus_revision"].value) if materialization else ""


content_changed = dg.AutomationConditionSensorDefinition(
    "content_changed",
    target=dg.AssetSelection.all(),
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.STOPPED,
    run_tags=WRITES_TABLE,
    description="Makes `chunks`, `chunk_table` and `bundle` anew when the content they are made from has changed.",
)

SENSORS = (corpus_revision_changed, content_changed)
