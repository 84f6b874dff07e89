"""Thirty real weeks of a company handbook, indexed incrementally: does the table equal one built from scratch, and what did each week cost?

    python -m benchmarks.handbook_replay [--weeks 30] [--compare 1,10,20,30]

Reference of every ratio: the full build of the base in the same run.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import tarfile
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import lancedb
import numpy as np

from benchmarks.projects import make_project, public_data
from headgate.index.table import update_table
from headgate.ingest.run import ingest
from headgate.records import IndexResult, IngestResult, TableRef
from headgate.settings import Settings
from headgate.storage import open_store, sha256_hex

#: Largest difference of a vector's component that counts as equal.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Week:
    number: int
    changed: int  # rows of the replay: added, modified, deleted or renamed pages
    written: int  # pages whose text was new or changed, so that parsing them is allowed
    ingested: IngestResult
    indexed: IndexResult
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=30)
    parser.add_argument("--compare", default="1,10,20,30")
    arguments = parser.parse_args()
    data = public_data("kb_sourcegraph_handbook")
    compare = {int(week) for week in arguments.compare.split(",")}
    steps: dict[int, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(data / "replay.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            steps[row["step"]].append(row)
    with tempfile.TemporaryDirectory(prefix="headgate-handbook-") as folder:
        project = Path(folder)
        settings = make_project(project, name="handbook")
        with tarfile.open(data / "base.tar.gz") as archive:
            archive.extractall(project / "documents", filter="data")
        base = run_week(settings, 0, [])
        report(base, base)
        for number in range(1, arguments.weeks + 1):
            changes = steps[number]
            written = apply_changes(project / "documents", changes)
            week = run_week(settings, number, changes, written)
            report(week, base)
            if week.ingested.parsed > written:
                raise SystemExit(f"week {number}: {week.ingested.parsed} pages were parsed, only {written} had changed")
            if number in compare:
                compare_with_scratch(settings, project, week)


def apply_changes(documents: Path, changes: list[dict[str, str]]) -> int:
    """Apply a week; returns how many pages got a text that was not there before under any path."""
    before = {sha256_hex(path.read_bytes()) for path in documents.rglob("*") if path.is_file()}
    new_texts = set()
    for row in changes:
        target = documents / row["path"]
        if row["op"] == "delete":
            target.unlink()
            continue
        if row["op"] == "rename":
            (documents / row["old_path"]).unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(row["text"], encoding="utf-8")
        new_texts.add(sha256_hex(target.read_bytes()))
    return len(new_texts - before)


def run_week(settings: Settings, number: int, changes: list[dict[str, str]], written: int = 0) -> Week:
    started = time.monotonic()
    ingested = ingest(settings)
    indexed = update_table(settings, ingested.chunk_set)
    return Week(number, len(changes), written, ingested, indexed, time.monotonic() - started)


def report(week: Week, base: Week) -> None:
    counts = week.ingested.counts
    if week.number == 0:
        print("| week | changed | files | indexed | parsed | chunks | embedded | deleted | seconds | share of full build |")
        print("|---|---|---|---|---|---|---|---|---|---|")
    print(
        f"| {week.number} | {week.changed} | {counts.files} | {counts.indexed} | {week.ingested.parsed} | {week.indexed.total} | "
        f"{week.indexed.embedded} | {week.indexed.deleted} | {week.seconds:.1f} | {week.seconds / base.seconds:.1%} |",
        flush=True,
    )


def compare_with_scratch(settings: Settings, project: Path, week: Week) -> None:
    scratch = make_project(project, name="handbook", store=f".scratch-{week.number}")
    shutil.copytree(settings.store_root / "models", scratch.store_root / "models")
    started = time.monotonic()
    indexed = update_table(scratch, ingest(scratch).chunk_set)
    seconds = time.monotonic() - started
    mine, full = read_rows(settings, week.indexed.ref), read_rows(scratch, indexed.ref)
    if mine.keys() != full.keys():
        raise SystemExit(f"week {week.number}: {len(mine.keys() ^ full.keys())} chunk ids differ from a build from scratch")
    texts = sum(mine[key][0] != full[key][0] for key in mine)
    largest = max(float(np.abs(mine[key][1] - full[key][1]).max()) for key in mine)
    if texts or largest > TOLERANCE:
        raise SystemExit(f"week {week.number}: {texts} texts differ, largest vector difference {largest:g}")
    same = "equal digests" if week.indexed.ref.digest == indexed.ref.digest else "digests differ"
    print(
        f"| {week.number} = scratch | | | | {len(full)} rows equal | | | largest difference {largest:g} | {seconds:.1f} | {same} |",
        flush=True,
    )
    shutil.rmtree(scratch.store_root)


def read_rows(settings: Settings, ref: TableRef) -> dict[str, tuple[str, np.ndarray]]:
    table = lancedb.connect(str(open_store(settings).path("lance"))).open_table(ref.table)
    table.checkout(ref.version)
    return {row["chunk_id"]: (row["text"], np.asarray(row["vector"])) for row in table.to_arrow().to_pylist()}


if __name__ == "__main__":
    main()
