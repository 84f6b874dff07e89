"""What a step of a real knowledge base costs: parsed, embedded, written, seconds, memory, against a full build in the same run.

    python -m benchmarks.cost_of_change [--kb handbook|cloudformation] [--steps N] [--compare 1,10,20,30] [--pin 3] [--prune-every 5] [--edits 3]

Each build is a process of its own, as in CI: its seconds hold the start of Python and the imports. Memory is the largest resident set of
the build's process and, apart, of its parsers. After the steps named by --compare the table's content digest, which covers ids, texts and
vectors, is compared with that of one built from scratch (in a store that has the models, and nothing else). After the step named by
--pin, questions are asked of its bundle; at the end their answers are replayed. Between, the store is pruned as if months had passed;
and at the very end 1 % of the pages are edited at a time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.disk_bound import disk_bounds
from benchmarks.projects import REPOSITORY, make_project, public_data
from headgate.bundle import load_manifest
from headgate.cli.settings_file import settings_toml
from headgate.retention.clean_up import PruneResult, prune
from headgate.settings import Settings
from headgate.storage import open_store, sha256_hex

KBS = {"handbook": ("kb_sourcegraph_handbook", 30), "cloudformation": ("kb_aws_cloudformation_scale", 20)}
#: Asked of the pinned bundle: titles of pages, of this many.
QUESTIONS = 10
EDITED = 0.01
#: The store is pruned as if it were this much later: past what keeps bundles that nobody released, within what keeps logged answers.
LATER = timedelta(days=60)
_MEASURED = """
import json, resource, sys
from headgate.cli.main import main
code = main(["build", "--json"])
sys.stdout.flush()
own, parsers = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"own_mib": own, "parser_mib": parsers}), file=sys.stderr)
sys.exit(code)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kb", choices=sorted(KBS), default="handbook")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--compare", default="", help="steps after which the table is compared with one built from scratch")
    parser.add_argument("--pin", type=int, default=3, help="step whose bundle answers questions that are replayed at the end")
    parser.add_argument(
        "--edits", type=int, default=3, help="builds at the end, before each of which 1 %% of the pages are edited"
    )
    parser.add_argument("--prune-every", type=int, default=5)
    arguments = parser.parse_args()
    name, all_steps = KBS[arguments.kb]
    last = all_steps if arguments.steps is None else arguments.steps
    data = public_data(name)
    compare = {int(step) for step in arguments.compare.split(",") if step}
    steps: dict[int, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(data / "replay.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            change = json.loads(line)
            steps[change["step"]].append(change)
    with tempfile.TemporaryDirectory(prefix="headgate-change-") as folder:
        project = Path(folder)
        settings = write_project(project, arguments.kb)
        with tarfile.open(data / "base.tar.gz") as archive:
            archive.extractall(project / "documents", filter="data")
        print(
            "| step | pages changed | new texts | files | parsed | chunks | embedded | deleted | seconds | of full | MiB | parser MiB |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
        full, seconds = build(project)
        row(0, 0, 0, full, seconds, seconds)
        interactions: list[str] = []
        for step in range(1, last + 1):
            written = apply_changes(project / "documents", steps[step])
            built, took = build(project)
            row(step, len(steps[step]), written, built, took, seconds)
            if built["parsed"] > written:
                raise SystemExit(f"step {step}: {built['parsed']} pages were parsed, only {written} had a new text")
            if step in compare:
                compare_with_scratch(project, arguments.kb, settings, built, step)
            if step == arguments.pin:
                interactions = ask_questions(project, built["bundle_id"])
            if step % arguments.prune_every == 0 or step == last:
                pruned = prune(open_store(settings), settings.retention, settings.corpus, now=datetime.now(UTC) + LATER)
                tell_sizes(step, settings, pruned)
        again, took = build(project)
        row("unchanged", 0, 0, again, took, seconds)
        for _ in range(arguments.edits):
            edited = edit_pages(project / "documents", EDITED)
            again, took = build(project)
            row(f"{EDITED:.0%} edited", edited, edited, again, took, seconds)
        replay_answers(project, interactions, arguments.pin)


def write_project(project: Path, name: str) -> Settings:
    """A project whose builds no check stops: what a step costs is measured here, not whether it may be released."""
    suites = project / "expectations"
    shutil.copytree(REPOSITORY / "evals" / "expectations", suites)
    for suite in suites.glob("*.yaml"):
        suite.write_text(suite.read_text(encoding="utf-8").replace("level: error", "level: finding"), encoding="utf-8")
    settings = make_project(project, name=name, validation={"expectations": "expectations", "max_dropped_share": 1.0})
    (project / "headgate.toml").write_text(settings_toml(settings), encoding="utf-8")
    return settings


def apply_changes(documents: Path, changes: list[dict[str, str]]) -> int:
    """Apply a step; returns how many pages got a text that was not there before under any path."""
    before = {sha256_hex(path.read_bytes()) for path in documents.rglob("*") if path.is_file()}
    new_texts = set()
    for change in changes:
        target = documents / change["path"]
        if change["op"] == "delete":
            target.unlink()
            continue
        if change["op"] == "rename":
            (documents / change["old_path"]).unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(change["text"], encoding="utf-8")
        new_texts.add(sha256_hex(target.read_bytes()))
    return len(new_texts - before)


def edit_pages(documents: Path, share: float) -> int:
    """Add a sentence to this share of the pages, others each time; returns how many."""
    pages = sorted(path for path in documents.rglob("*") if path.is_file())
    chance = random.Random(time.time_ns())
    chosen = chance.sample(pages, round(len(pages) * share))
    for page in chosen:
        with page.open("a", encoding="utf-8") as text:
            text.write(f"\n\nRemark number {chance.randrange(10**9)} was added later, for everybody who reads this page.\n")
    return len(chosen)


def headgate(project: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "headgate.cli.main", *arguments, "--json"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"headgate {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def ask_questions(project: Path, bundle_id: str) -> list[str]:
    """Ids of logged answers of a bundle."""
    pages = sorted(path for path in (project / "documents").rglob("*") if path.is_file() and path.stat().st_size > 1000)
    chosen = pages[:: len(pages) // QUESTIONS][:QUESTIONS]
    questions = [f"What should I know about {page.stem.replace('-', ' ').replace('_', ' ')}?" for page in chosen]
    return [headgate(project, "ask", question, "--bundle", bundle_id)["interaction_id"] for question in questions]


def replay_answers(project: Path, interactions: list[str], step: int) -> None:
    replays = [headgate(project, "replay", interaction) for interaction in interactions]
    refused = sum(replay["expected"]["refused"] for replay in replays)
    identical = sum(replay["identical"] for replay in replays)
    print(f"replayed from the bundle of step {step}: {identical} of {len(replays)} answers identical ({refused} are refusals)")
    if identical < len(replays):
        raise SystemExit("an answer differs")


def tell_sizes(step: int, settings: Settings, pruned: PruneResult) -> None:
    """What the clean-up left, by folder; ends the run when a part of the store has more than docs/versions.md states."""
    mib = {folder: round(size / 2**20) for folder, size in pruned.sizes.items() if size >= 2**20}
    versions = sum(map(len, pruned.kept_versions.values()))
    bounds = disk_bounds(settings, pruned)
    least = sum(bound for part, (_, bound) in bounds.items() if part != "cache")
    print(
        f"| {step} pruned | | | {pruned.bytes_freed / 2**20:.0f} MiB freed | {versions} versions of {len(pruned.kept)} bundles kept "
        f"| {sum(mib.values())} MiB left: {mib}; at most {least / 2**20:.0f} MiB and caches of {bounds['cache'][1] / 2**20:.0f} MiB "
        "| | | | | | |",
        flush=True,
    )
    above = {part: found for part, found in bounds.items() if found[0] > found[1]}
    if above or versions > len(pruned.kept) + len(pruned.kept_versions):
        raise SystemExit(f"step {step}: {versions} versions; the store is larger than its bound, part (bytes, bound): {above}")


def build(project: Path) -> tuple[dict[str, Any], float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED], cwd=project, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    seconds = time.monotonic() - started
    if done.returncode:
        raise SystemExit(f"the build ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout) | json.loads(done.stderr.strip().splitlines()[-1]), seconds


def row(step: int | str, changed: int, written: int, built: dict[str, Any], seconds: float, full: float) -> None:
    chunks = built["chunks"]
    print(
        f"| {step} | {changed} | {written} | {built['counts']['files']} | {built['parsed']} | {chunks['total']} | {chunks['embedded']} | "
        f"{chunks['deleted']} | {seconds:.1f} | {seconds / full:.1%} | {built['own_mib']} | {built['parser_mib']} |",
        flush=True,
    )


def compare_with_scratch(project: Path, name: str, settings: Settings, built: dict[str, Any], step: int) -> None:
    scratch = project / f"scratch-{step}"
    scratch.mkdir()
    other = write_project(scratch, name)
    shutil.copytree(project / "documents", scratch / "documents", dirs_exist_ok=True)
    shutil.copytree(settings.store_root / "models", other.store_root / "models")
    from_scratch, seconds = build(scratch)
    mine = load_manifest(open_store(settings), built["bundle_id"]).table
    full = load_manifest(open_store(other), from_scratch["bundle_id"]).table
    if (mine.digest, mine.rows) != (full.digest, full.rows):
        raise SystemExit(f"step {step}: the table of {mine.rows} rows differs from one built from scratch ({full.rows} rows)")
    print(
        f"| {step} = scratch | | | | {from_scratch['parsed']} | {full.rows} | | | {seconds:.1f} | equal digests | | |", flush=True
    )
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
