from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from headgate.monitor.alerts.alert import open_alerts
from headgate.orchestration.alerts import alert_when_a_run_fails, alert_when_a_source_goes_stale, resolve_when_a_run_succeeds
from headgate.orchestration.resources import Project
from headgate.records import SourceState
from headgate.storage import FolderStore
from pipelines.definitions import defs

STALE_CHECK = dg.AssetCheckKey(dg.AssetKey("chunks"), "no_stale_source")


class Runs:
    """Runs of one job that fails or not, told to the sensors as Dagster's daemon would."""

    def __init__(self, folder: Path) -> None:
        (folder / "headgate.toml").write_text('[corpus]\nname = "kb"\nfolder = "docs"\n')
        self.project = Project(settings_file=str(folder / "headgate.toml"))
        self.store = FolderStore(folder / ".headgate")
        self.instance = dg.DagsterInstance.ephemeral()
        self.problem: Exception | None = None
        self.cursor: str | None = None

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

    def look_at_sources(self) -> SensorExecutionData:
        """A tick of the sensor; what it reports is written down as Dagster's daemon does it."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=defs, resources={"project": self.project}
        )
        tick = alert_when_a_source_goes_stale.evaluate_tick(context)
        self.cursor = tick.cursor
        for event in tick.asset_events:
            self.instance.report_runless_asset_event(event)
        return tick


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
        runs.store.put("sources/kb/wiki.json", state.model_dump_json().encode())

    read(hours_ago=30)
    runs.look_at_sources()
    (alert,) = open_alerts(runs.store)
    assert (alert.key, alert.severity, alert.title) == ("source:kb/wiki", "warning", "source 'wiki' is stale")
    assert "its objective is 24 h" in alert.text
    read(hours_ago=1)
    tick = runs.look_at_sources()
    assert open_alerts(runs.store) == []
    assert "1 of 1 source(s)" in (tick.skip_message or "")


def test_the_check_of_a_source_fails_with_time_alone_though_nothing_ingests(runs: Runs) -> None:
    def read(hours_ago: float) -> None:
        moment = (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat()
        state = SourceState(corpus="kb", name="wiki", kind="http", last_success=moment, fresh_within_hours=24)
        runs.store.put("sources/kb/wiki.json", state.model_dump_json().encode())

    def reported() -> dg.AssetCheckEvaluation | None:
        found = runs.instance.event_log_storage.get_latest_asset_check_execution_by_key([STALE_CHECK])
        event = found[STALE_CHECK].event if found else None
        return event.asset_check_evaluation if event else None

    assert runs.look_at_sources().asset_events == []  # nothing was ever read
    read(hours_ago=1)
    runs.look_at_sources()
    check = reported()
    assert check is not None
    assert check.passed
    assert runs.look_at_sources().asset_events == []  # as before
    read(hours_ago=30)
    runs.look_at_sources()
    check = reported()
    assert check is not None
    assert not check.passed
    assert "source 'wiki' was last read 30.0 h ago" in str(check.metadata["examples"].value)
    assert runs.look_at_sources().asset_events == []
    read(hours_ago=0)
    runs.look_at_sources()
    check = reported()
    assert check is not None
    assert check.passed


def test_the_check_that_the_sensor_reports_is_one_that_dagster_knows() -> None:
    assert STALE_CHECK in defs.resolve_asset_graph().asset_check_keys
