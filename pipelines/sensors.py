"""Runs by what happens. All are off until someone turns them on in the Dagster UI.

corpus_revision_changed   the .dvc file (or the folder) is at another revision → the job `rebuild`
dead_letters_due          files whose failure may have been the machine's are due for another try → the job `rebuild`
content_changed           an asset was made anew with different content   → what is made from it, up to `bundle`
"""

import dagster as dg

from headgate.orchestration.resources import Project
from headgate.orchestration.triggers import run_for_changed_corpus, run_for_due_dead_letters
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
    return run_for_changed_corpus(context, project.settings())


@dg.sensor(
    job=rebuild,
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Rebuilds when dead letters are due for another try: after 5 minutes, then 20, three tries in all.",
)
def dead_letters_due(project: Project) -> dg.RunRequest | dg.SkipReason:
    return run_for_due_dead_letters(project.settings())


content_changed = dg.AutomationConditionSensorDefinition(
    "content_changed",
    target=dg.AssetSelection.all(),
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.STOPPED,
    run_tags=WRITES_TABLE,
    description="Makes `chunks`, `chunk_table` and `bundle` anew when the content they are made from has changed.",
)

SENSORS = (corpus_revision_changed, dead_letters_due, content_changed)
