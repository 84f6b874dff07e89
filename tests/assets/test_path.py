"""Every stage for real, once, on a small project; then what each of them left."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from headgate.bundle import load_manifest
from headgate.evaluate.report.stored_reports import load_report
from headgate.orchestration import checks
from headgate.orchestration.handed_on import REFERENCE
from headgate.records import IngestResult
from headgate.release.ledger import current_release, history
from headgate.release.verdicts import load_verdict
from headgate.storage import Store, open_store
from pipelines.definitions import defs
from tests.small_project import PAGES, SmallProject, write_project


@dataclass(frozen=True)
class Dagster:
    """The jobs on an instance of its own, for one project."""

    project: SmallProject
    instance: dg.DagsterInstance

    @property
    def store(self) -> Store:
        return open_store(self.project.settings)

    def run(self, job: str, **config: dict[str, Any]) -> dg.ExecuteInProcessResult:
        """Run a job; `config` maps steps to their config."""
        run_config = {"ops": {step: {"config": values} for step, values in config.items()}}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HEADGATE_SETTINGS", str(self.project.settings_file))
            patch.delenv("HEADGATE_STORE", raising=False)
            patch.delenv("MLFLOW_TRACKING_URI", raising=False)
            return defs.resolve_job_def(job).execute_in_process(
                run_config=run_config, instance=self.instance, raise_on_error=False
            )

    def newest(self, asset: str) -> dg.AssetMaterialization:
        event = self.instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert event is not None, f"{asset} was never materialised"
        assert event.asset_materialization is not None
        return event.asset_materialization

    def reference(self, asset: str) -> dict[str, Any]:
        return self.newest(asset).metadata[REFERENCE].value

    def version(self, asset: str) -> str:
        return self.newest(asset).tags["dagster/data_version"]


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Step → why it failed."""
    return {
        event.step_key: (
            event.step_failure_data.user_failure_data.description
            if event.step_failure_data.user_failure_data
            else str(event.step_failure_data.error)
        )
        for event in result.all_events
        if event.is_step_failure
    }


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, exported_model: Path) -> Dagster:
    """The whole path has run once."""
    project = write_project(tmp_path_factory.mktemp("released") / "small", exported_model)
    project.write_page("empty.md", "")
    dagster = Dagster(project, dg.DagsterInstance.ephemeral())
    result = dagster.run("full_path", promote={"promoted_by": "a test", "reason": "first release"})
    assert result.success, failures(result)
    return dagster


def test_every_version_is_the_digest_of_the_content(released: Dagster) -> None:
    release = current_release(released.store, "production")
    assert release is not None
    manifest = load_manifest(released.store, release.bundle_id)
    verdict = load_verdict(released.store, release.verdict_id)
    assert released.version("corpus") == manifest.corpus.revision
    assert released.version("chunks") == released.reference("chunks")["digest"]
    assert released.version("chunk_table") == manifest.table.digest
    assert released.version("bundle") == released.version("release") == release.bundle_id
    assert released.version("evaluation_report") == verdict.report_id
    assert released.version("verdict") == verdict.verdict_id


def test_the_release_says_who_and_why(released: Dagster) -> None:
    metadata = released.newest("release").metadata
    assert metadata["promoted_by"].value == "a test"
    assert metadata["reason"].value == "first release"
    assert metadata["release"].value == 1
    assert len(metadata["rehearsals"].value.records) == 1


def test_counts_add_up_and_what_was_left_out_is_listed_with_its_reason(released: Dagster) -> None:
    metadata = released.newest("chunks").metadata
    counts = {name: metadata[name].value for name in ("files", "indexed", "quarantined", "dead_lettered", "excluded")}
    assert counts["files"] == len(PAGES) + 1 == sum(counts.values()) - counts["files"]
    (left_out,) = metadata["left_out"].value.records
    assert left_out.data["file"] == "empty.md"
    assert left_out.data["reasons"].startswith("empty")


def test_the_corpus_shows_how_each_source_stands(released: Dagster) -> None:
    (row,) = released.newest("corpus").metadata["sources"].value.records
    files = len(PAGES) + 1
    assert {name: row.data[name] for name in ("source", "kind", "listed", "failed", "excluded")} == {
        "source": "folder",
        "kind": "folder",
        "listed": files,
        "failed": 0,
        "excluded": 0,
    }
    assert row.data["fetched"] + row.data["unchanged"] == files
    assert row.data["last_read_whole"] == row.data["content_unchanged_since"] != "never"
    assert (row.data["objective"], row.data["stale_or_silent"]) == ("none", "")


def test_every_check_of_the_library_is_shown(released: Dagster) -> None:
    ingest = IngestResult.model_validate_json(released.store.get(f"ingests/{released.version('corpus')}.json"))
    assert {check.name for check in ingest.checks} == {spec.name for spec in checks.CHUNKS} - checks.OWN
    keys = [key for key in defs.resolve_asset_graph().asset_check_keys if key.asset_key == dg.AssetKey("chunks")]
    latest = released.instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    assert {key.name for key in latest} == {spec.name for spec in checks.CHUNKS}


def test_the_evaluation_shows_figures_failures_plot_and_the_mlflow_run(released: Dagster) -> None:
    metadata = released.newest("evaluation_report").metadata
    report = load_report(released.store, released.version("evaluation_report"))
    rows = {row.data["metric"]: row.data["small (n=7)"] for row in metadata["metrics"].value.records}
    assert rows["recall@5"] == "1.000\N{NO-BREAK SPACE}[0.57,\N{NO-BREAK SPACE}1.00]"
    assert metadata["all/recall@5"].value == 1.0
    assert "| token_f1 |" in metadata["all_metrics"].value
    assert "data:image/png;base64," in metadata["intervals"].value
    assert metadata["questions"].value == 7
    assert metadata["mlflow_run"].value.endswith(f"/#/runs/{report.mlflow_run_id}")


def test_a_second_run_parses_and_embeds_nothing_and_gives_the_same_bundle(released: Dagster) -> None:
    before = released.version("bundle")
    assert released.run("rebuild").success
    assert released.newest("chunks").metadata["parsed"].value == 0
    assert released.newest("chunk_table").metadata["embedded"].value == 0
    assert released.version("bundle") == before


def test_a_failing_gate_ends_the_run_and_promoting_alone_is_refused_by_the_library(
    released: Dagster, small_project: SmallProject
) -> None:
    small_project.write_gates(at_least=1.5)
    dagster = Dagster(small_project, dg.DagsterInstance.ephemeral())
    result = dagster.run("full_path")
    assert not result.success
    assert dagster.instance.get_latest_materialization_event(dg.AssetKey("release")) is None
    (gates_passed,) = [check for check in result.get_asset_check_evaluations() if check.check_name == "gates_passed"]
    assert not gates_passed.passed
    assert gates_passed.severity == dg.AssetCheckSeverity.ERROR

    job = dg.define_asset_job("promote_alone", selection=dg.AssetSelection.assets("release"))
    alone = dg.Definitions(assets=defs.assets, jobs=[job], resources=defs.resources)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADGATE_SETTINGS", str(small_project.settings_file))
        result = alone.resolve_job_def("promote_alone").execute_in_process(instance=dagster.instance, raise_on_error=False)
    assert not result.success
    assert "failed (finds the passage)" in failures(result)["promote"]
    assert history(dagster.store, "production") == []


def test_a_changed_corpus_is_released_and_rolled_back(released: Dagster) -> None:
    first = released.version("release")
    released.project.write_page(
        "plans/flex.md", "# Flex\n\nFlex is a plan without a contract. It can be cancelled at any time with 30 days notice."
    )
    result = released.run("full_path")
    assert result.success, failures(result)
    second = released.version("release")
    assert second != first
    assert released.newest("verdict").metadata["baseline_bundle_id"].value == first

    assert released.run("rollback", write_rollback={"reason": "a test"}).success
    release = current_release(released.store, "production")
    assert release is not None
    assert (release.kind, release.bundle_id, release.release) == ("rollback", first, 3)
    assert released.version("release") == first
    assert released.newest("release").metadata["kind"].value == "rollback"


def test_a_clean_up_tells_what_the_store_holds_and_fails_when_it_is_too_large(released: Dagster) -> None:
    assert released.run("clean_up", prune_store={"dry_run": True}).success
    assert released.run("clean_up").success
    (newest,) = released.instance.fetch_observations(dg.AssetKey("chunk_table"), limit=1).records
    observed = newest.asset_observation
    assert observed is not None
    assert observed.description == "cleaned up"
    kept = {row.data["bundle"]: row.data["because"] for row in observed.metadata["kept"].value.records}
    assert "of production" in kept[released.version("release")[:16]]
    settings_file = released.project.settings_file
    content = settings_file.read_text()
    settings_file.write_text(content + "\n[retention]\nmax_gib = 1e-6\n")
    result = released.run("clean_up")
    settings_file.write_text(content)
    assert "retention.max_gib is 1e-06: raise it" in failures(result)["prune_store"]


def test_a_damaged_version_fails_the_run_that_checks_integrity(released: Dagster) -> None:
    result = released.run("check_integrity")
    assert result.success, failures(result)
    (passed,) = result.get_asset_check_evaluations()
    assert passed.metadata["versions"].value > 0
    assert passed.metadata["damaged"].value == 0
    table = released.store.local_lance() / f"{released.newest('chunk_table').metadata['table'].value}.lance"
    damaged = max((table / "data").glob("*.lance"), key=lambda path: path.stat().st_mtime)
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    result = released.run("check_integrity")
    damaged.write_bytes(content)
    assert not result.success
    (failed,) = result.get_asset_check_evaluations()
    assert not failed.passed
    assert "files: " in failed.metadata["found"].value.records[0].data["wrong"]
