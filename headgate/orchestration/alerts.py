"""Who is told when a run fails, and when the next run of that job is well again. Off until turned on in the Dagster UI.

An op hook or a run's own code can't do this: a run whose process was killed tells nobody. Dagster's daemon does.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from headgate.monitor.alerts.alert import raise_alert, resolve_alert
from headgate.orchestration.checks import check_freshness
from headgate.orchestration.resources import Project
from headgate.settings import Settings
from headgate.sources.state.freshness import SourceFreshness, read_freshness
from headgate.storage import open_store

_LOOK = "See the last runs of the job `rebuild`, and `headgate dead-letters list`."
#: Longest text of a failure in an alert, characters.
_LONGEST = 1500


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Tells whom [alerts] names that a run failed and why: the answers are going stale.",
)
def alert_when_a_run_fails(context: dg.RunFailureSensorContext, project: Project) -> None:
    """One alert a job: failures of the same job are told again only after alerts.repeat_hours."""
    settings = project.settings()
    raise_alert(
        open_store(settings),
        settings.alerts,
        project=settings.corpus.name,
        key=_key(context.dagster_run),
        title=_title(context.dagster_run),
        text=_why(context),
    )


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Tells whoever was told of a failing job that it is well again.",
)
def resolve_when_a_run_succeeds(context: dg.RunStatusSensorContext, project: Project) -> None:
    settings: Settings = project.settings()
    resolve_alert(open_store(settings), settings.alerts, _key(context.dagster_run))


@dg.sensor(
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Tells whom [alerts] names when a source misses its freshness objective or went silent, before its answers are stale.",
)
def alert_when_a_source_goes_stale(context: dg.SensorEvaluationContext, project: Project) -> dg.SensorResult:
    """One alert a source; it is resolved when the source is fresh again.

    The check `no_stale_source` is reported whenever a source was read or turned stale: it fails also when nothing ingests any more.
    """
    settings = project.settings()
    store = open_store(settings)
    found = read_freshness(store, corpus=settings.corpus.name, now=datetime.now(UTC))
    for source in found:
        key = f"source:{source.corpus}/{source.source}"
        if source.reason:
            title = f"source {source.source!r} is {'silent' if source.fresh else 'stale'}"
            text = f"{source.reason}. {_LOOK}"
            raise_alert(store, settings.alerts, project=settings.corpus.name, key=key, title=title, text=text, severity="warning")
        else:
            resolve_alert(store, settings.alerts, key)
    seen = _seen(found)
    check = check_freshness(found) if found and seen != context.cursor else None
    well = sum(not source.reason for source in found)
    return dg.SensorResult(
        skip_reason=f"{well} of {len(found)} source(s) are as fresh as they should be",
        cursor=seen,
        asset_events=[check] if check else [],
    )


def _seen(sources: Sequence[SourceFreshness]) -> str:
    """What the check rests on, as a cursor: the same text, the same outcome."""
    return json.dumps([(source.source, source.fresh, source.last_success) for source in sources])


def _key(run: dg.DagsterRun) -> str:
    return f"job:{run.job_name}"


def _title(run: dg.DagsterRun) -> str:
    name = "a rebuild by automation" if run.job_name.startswith("__") else f"job {run.job_name!r}"
    return f"{name} failed"


def _why(context: dg.RunFailureSensorContext) -> str:
    """The first failed step's own words where there are any, else Dagster's; then where to look."""
    events = context.get_step_failure_events()
    error = events[0].step_failure_data.error if events else None
    told = events[0].step_failure_data.user_failure_data if events else None
    what = (told.description if told and told.description else "") or (
        (error.cause or error).message if error else context.failure_event.message or ""
    )
    step = f"step {events[0].step_key!r}: " if events else ""
    return f"{step}{what.strip()[:_LONGEST]}\nRun {context.dagster_run.run_id}: open it in the Dagster UI under Runs, mend the cause, run the job again."


ALERTS = (alert_when_a_run_fails, resolve_when_a_run_succeeds, alert_when_a_source_goes_stale)
