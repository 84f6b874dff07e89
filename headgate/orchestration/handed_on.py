"""What one stage hands to the next: a small record in the metadata of its materialisation.

    corpus ─{revision}─► chunks ─ChunkSetRef─► chunk_table ─IndexResult─► bundle ─{bundle_id}─► evaluation_report ─…

A stage takes the record that its own run made. Run alone it takes the newest one, or, when a failed run is continued, that run's.
A record is written when a stage has finished and names its content by digest, so a stage never picks up another run's half state.
"""

from collections.abc import Iterator
from typing import TypeVar

import dagster as dg

from headgate.records import Record

#: Metadata key under which a stage's record is found.
REFERENCE = "reference"
R = TypeVar("R", bound=Record)


class CorpusReference(Record):
    """The documents at one revision. `files` counts them all, the excluded ones too."""

    revision: str  # 32 hex digits
    files: int


class BundleReference(Record):
    bundle_id: str  # 64 hex digits


class ReportReference(Record):
    bundle_id: str
    report_id: str


class VerdictReference(Record):
    bundle_id: str
    verdict_id: str


def to_metadata(reference: Record) -> dict[str, dg.MetadataValue]:
    """The metadata entry that the next stage reads."""
    return {REFERENCE: dg.MetadataValue.json(reference.model_dump(mode="json"))}


def upstream(context: dg.AssetExecutionContext, asset: str, kind: type[R]) -> R:
    """The record that `asset` handed on: in this run, else in the run that this one continues, else the newest.

    Raises:
        Failure: `asset` was never materialised.
    """
    key = dg.AssetKey(asset)
    for run_id in _own_runs(context):
        found = context.instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION, ascending=False
        ).records
        for record in found:
            materialization = record.asset_materialization
            if materialization is not None and materialization.asset_key == key:
                return _read(materialization, kind)
    newest = context.instance.get_latest_materialization_event(key)
    if newest is None or newest.asset_materialization is None:
        raise dg.Failure(
            f"asset {asset!r} was never materialised; materialise it first, for example with the job `full_path`",
            allow_retries=False,
        )
    return _read(newest.asset_materialization, kind)


def _own_runs(context: dg.AssetExecutionContext) -> Iterator[str]:
    """This run, then the failed runs that it continues, newest first."""
    run: dg.DagsterRun | None = context.run
    while run is not None:
        yield run.run_id
        run = context.instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None


def _read(materialization: dg.AssetMaterialization, kind: type[R]) -> R:
    return kind.model_validate(materialization.metadata[REFERENCE].value)
