from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.resources import Project
from headgate.freshness import STATES
from headgate.monitor.alerts import open_alerts
from headgate.records import SourceState
from headgate.storage import FolderStore
from pipelines.alerts import alert_when_a_run_fails, alert_when_a_source_goes_stale, resolve_when_a_run_succeeds


class Runs:
    """Runs of one job that fails or not, told to the sensors as Dagster's daemon would."""

    def __init__(self, folder: Path) -> None:
        (folder / "headgate.toml").write_text('[corpus]\nname = "kb"\nfolder = "docs"\n')
        self.project = Project(settings_file=str(folder / "headgate.toml"))
        self.store = FolderStore(folder / ".headgate")
        self.instance = dg.DagsterInstance.ephemeral()
        self.problem: Exception | None = None

        @dg.op
        def parse() -> None:
            if self.problem:
                raise self.problem

        @dg.job
        def rebuild() -> None:
            parse()

        self.job = rebuild

    def run(self) -> None:
        result = self.job.execute_in_process(instance=self.instance, raise_on_error=False)
        resources = {"project": self.project}
        if result.success:
            context = dg.build_run_status_sensor_context(
                sensor_name="s",
                dagster_instance=self.instance,
                dagster_run=result.dagster_run,
                dagster_event=result.get_run_success_event(),
                resources=resources,
            )
            resolve_when_a_run_succeeds(context)
            return
        context = dg.build_run_status_sensor_context(
            sensor_name="s",
            dagster_instance=self.instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
            resources=resources,
        ).for_run_failure()
        alert_when_a_run_fails(context)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_a_failed_run_is_told_with_its_cause_and_resolved_by_the_next_good_one(runs: Runs) -> None:
    runs.problem = dg.Failure(description="corpus folder 'docs' does not exist; set corpus.folder")
    runs.run()
    alert = open_alerts(runs.store)[0]
    assert (alert.key, alert.title) == ("job:rebuild", "job 'rebuild' failed")
    assert "step 'parse': corpus folder 'docs' does not exist" in alert.text
    runs.problem = None
    runs.run()
    assert open_alerts(runs.store) == []


def test_an_unforeseen_error_is_told_too(runs: Runs) -> None:
    runs.problem = ZeroDivisionError("division by zero")
    runs.run()
    assert "ZeroDivisionError" in open_alerts(runs.store)[0].text


def test_a_job_that_goes_on_failing_is_one_alert(runs: Runs) -> None:
    runs.problem = dg.Failure(description="no")
    runs.run()
    runs.run()
    assert [alert.seen for alert in open_alerts(runs.store)] == [2]


def test_a_source_that_goes_stale_is_told_and_resolved_when_it_is_read_again(runs: Runs) -> None:
    def read(hours_ago: float) -> None:
        moment = datetime.now(UTC) - timedelta(hours=hours_ago)
        state = SourceState(corpus="kb", name="wiki", kind="http", last_success=moment.isoformat(), fresh_within_hours=24)
        runs.store.put(f"{STATES}/kb/wiki.json", state.model_dump_json().encode())

    read(hours_ago=30)
    alert_when_a_source_goes_stale(project=runs.project)
    (alert,) = open_alerts(runs.store)
    assert (alert.key, alert.severity, alert.title) == ("source:kb/wiki", "warning", "source 'wiki' is stale")
    assert "its objective is 24 h" in alert.text
    read(hours_ago=1)
    skipped = alert_when_a_source_goes_stale(project=runs.project)
    assert open_alerts(runs.store) == []
    assert "1 of 1 source(s)" in skipped.skip_message
