"""What the Dagster UI shows by name, pinned: renaming an asset or a job loses its history."""

import dagster as dg

from pipelines.definitions import defs
from pipelines.schedules import SCHEDULES
from pipelines.sensors import SENSORS

STAGES = [
    ("corpus", "1_ingest", set()),
    ("chunks", "1_ingest", {"corpus"}),
    ("chunk_table", "2_index", {"chunks"}),
    ("dead_letters", "1_ingest", {"chunks"}),
    ("bundle", "3_bundle", {"chunk_table"}),
    ("canary", "3_bundle", {"bundle"}),
    ("evaluation_report", "4_evaluate", {"bundle"}),
    ("verdict", "4_evaluate", {"canary", "evaluation_report"}),
    ("release", "5_release", {"verdict"}),
]


def test_assets_groups_and_order() -> None:
    graph = defs.resolve_asset_graph()
    found = [
        (key.to_user_string(), graph.get(key).group_name, {parent.to_user_string() for parent in graph.get(key).parent_keys})
        for key in graph.toposorted_asset_keys
    ]
    assert found == STAGES


def test_every_asset_and_check_says_in_words_what_it_is() -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert len(graph.get(key).description or "") > 40, key
    for key in graph.asset_check_keys:
        assert graph.get(key).description, key


def test_jobs() -> None:
    jobs = {
        job.name: [key.to_user_string() for key in job.asset_layer.executable_asset_keys]
        for job in defs.resolve_all_job_defs()
        if not job.name.startswith("__")
    }
    assert {name: sorted(keys) for name, keys in jobs.items()} == {
        "rebuild": ["bundle", "canary", "chunk_table", "chunks", "corpus", "dead_letters"],
        "evaluate_candidate": ["evaluation_report", "verdict"],
        "release": ["release", "verdict"],
        "rollback": [],
        "check_integrity": [],
        "clean_up": [],
        "full_path": sorted(name for name, _, _ in STAGES),
    }


def test_blocking_checks() -> None:
    graph = defs.resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}
    own = {"counts_add_up", "nothing_lost", "no_unlisted_failure", "holds_every_chunk", "no_regression", "gates_passed"}
    of_level_error = {
        "dropped_share",
        "dead_letter_share",
        "chunks_are_slices",
        "no_document_emptied",
        "no_language_switched",
        "no_table_lost",
    }
    assert own | of_level_error <= blocking
    assert not {"not_empty", "no_personal_data", "little_text_lost"} & blocking


def test_nothing_runs_by_itself_until_someone_turns_it_on() -> None:
    assert {schedule.name: schedule.cron_schedule for schedule in SCHEDULES} == {
        "nightly_rebuild": "0 3 * * *",
        "nightly_integrity_check": "0 5 * * *",
        "weekly_clean_up": "0 6 * * 0",
    }
    assert {sensor.name for sensor in SENSORS} == {"corpus_revision_changed", "dead_letters_due", "content_changed"}
    assert all(schedule.default_status == dg.DefaultScheduleStatus.STOPPED for schedule in SCHEDULES)
    assert all(sensor.default_status == dg.DefaultSensorStatus.STOPPED for sensor in SENSORS)


def test_definitions_can_be_loaded() -> None:
    dg.Definitions.validate_loadable(defs)
