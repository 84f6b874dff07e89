"""The jobs, in the data's order. Each stage can also be run alone; it then takes the newest of what it is made from."""

import dagster as dg

from headgate.orchestration.operations import prune_store, write_rollback

#: Runs with this tag wait for each other (dagster.yaml): a table has one writer.
WRITES_TABLE = {"writes": "chunk_table"}

#: Reads every version whole, so that it has a job of its own.
INTEGRITY = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("chunk_table"), "integrity"))

rebuild = dg.define_asset_job(
    "rebuild",
    selection=dg.AssetSelection.assets("corpus", "chunks", "dead_letters", "chunk_table", "bundle", "canary") - INTEGRITY,
    tags=WRITES_TABLE,
    description="Documents to a bundle. Only what changed is parsed and embedded. Config of `corpus`: which revision.",
)
evaluate_candidate = dg.define_asset_job(
    "evaluate_candidate",
    selection=dg.AssetSelection.assets("evaluation_report", "verdict"),
    description="Evaluate a bundle and decide about it. Config of `evaluation_report`: which bundle, empty = the newest.",
)
release = dg.define_asset_job(
    "release",
    selection=dg.AssetSelection.assets("verdict", "release"),
    description="Decide again, with today's gates and against the bundle in service, and promote the bundle if it passes.",
)
full_path = dg.define_asset_job(
    "full_path",
    selection=dg.AssetSelection.all() - INTEGRITY,
    tags=WRITES_TABLE,
    description="Documents to a release in one run. Ends before the release when a gate fails.",
)
check_integrity = dg.define_asset_job(
    "check_integrity",
    selection=INTEGRITY,
    tags=WRITES_TABLE,  # it only reads, but a clean-up should not take away what it reads
    description="Look at every file, row, vector and index of every pinned version. Fails when one is not what was pinned.",
)


@dg.job(description="Put an earlier bundle back into service. The ledger grows by one line; nothing is deleted.")
def rollback() -> None:
    write_rollback()


@dg.job(
    tags=WRITES_TABLE,
    description="Remove what nothing needs any more (see [retention]). Fails when the store is still too large.",
)
def clean_up() -> None:
    prune_store()


JOBS = (rebuild, evaluate_candidate, release, rollback, full_path, check_integrity, clean_up)
