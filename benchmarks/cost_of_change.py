"""What a step of a real knowledge base costs: parsed, embedded, written, seconds, memory, against a full build in the same run.

    python -m benchmarks.cost_of_change [--kb handbook|cloudformation] [--steps 30] [--compare 1,10,20,30]

Each build is a process of its own, as in CI: its seconds hold the start of Python and the imports. Memory is the largest resident set of
the build's process and, apart, of its parsers. After the steps named by --compare the table is compared with one built from scratch
(which reuses nothing but the vectors of texts that were embedded before).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.handbook_replay import apply_changes
from benchmarks.projects import make_project, public_data
from headgate.bundle import load_manifest
from headgate.cli.settings_file import settings_toml
from headgate.settings import Settings
from headgate.storage import open_store

KBS = {"handbook": ("kb_sourcegraph_handbook", 30), "cloudformation": ("kb_aws_cloudformation_scale", 20)}
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
    parser.add_argument("--compare", default="")
    arguments = parser.parse_args()
    name, all_steps = KBS[arguments.kb]
    data = public_data(name)
    compare = {int(step) for step in arguments.compare.split(",") if step}
    steps: dict[int, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(data / "replay.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            steps[row["step"]].append(row)
    with tempfile.TemporaryDirectory(prefix="headgate-change-") as folder:
        project = Path(folder)
        # The gates of a release are not what is measured: no check stops a build here.
        settings = make_project(project, name=arguments.kb, validation={"max_dropped_share": 1.0})
        (project / "headgate.toml").write_text(settings_toml(settings), encoding="utf-8")
        with tarfile.open(data / "base.tar.gz") as archive:
            archive.extractall(project / "documents", filter="data")
        print("| step | pages changed | files | parsed | chunks | embedded | deleted | seconds | of full | MiB | parser MiB |")
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        full, seconds = build(project)
        row(0, 0, full, seconds, seconds)
        for step in range(1, (arguments.steps or all_steps) + 1):
            apply_changes(project / "documents", steps[step])
            built, took = build(project)
            row(step, len(steps[step]), built, took, seconds)
            if step in compare:
                compare_with_scratch(project, settings, built, step)
        again, took = build(project)
        row("unchanged", 0, again, took, seconds)


def build(project: Path) -> tuple[dict[str, Any], float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED], cwd=project, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    seconds = time.monotonic() - started
    if done.returncode:
        raise SystemExit(f"the build ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout) | json.loads(done.stderr.strip().splitlines()[-1]), seconds


def row(step: int | str, changed: int, built: dict[str, Any], seconds: float, full: float) -> None:
    chunks = built["chunks"]
    print(
        f"| {step} | {changed} | {built['counts']['files']} | {built['parsed']} | {chunks['total']} | {chunks['embedded']} | "
        f"{chunks['deleted']} | {seconds:.1f} | {seconds / full:.1%} | {built['own_mib']} | {built['parser_mib']} |",
        flush=True,
    )


def compare_with_scratch(project: Path, settings: Settings, built: dict[str, Any], step: int) -> None:
    scratch = project / f"scratch-{step}"
    other = make_project(scratch, name=settings.corpus.name, validation={"max_dropped_share": 1.0})
    (scratch / "headgate.toml").write_text(settings_toml(other), encoding="utf-8")
    shutil.copytree(project / "documents", scratch / "documents", dirs_exist_ok=True)
    for kept in ("models", "vectors"):
        if (settings.store_root / kept).is_dir():
            shutil.copytree(settings.store_root / kept, other.store_root / kept)
    from_scratch, seconds = build(scratch)
    mine = load_manifest(open_store(settings), built["bundle_id"]).table
    full = load_manifest(open_store(other), from_scratch["bundle_id"]).table
    if (mine.digest, mine.rows) != (full.digest, full.rows):
        raise SystemExit(f"step {step}: the table of {mine.rows} rows differs from one built from scratch ({full.rows} rows)")
    print(
        f"| {step} = scratch | | | {from_scratch['parsed']} | {full.rows} | | | {seconds:.1f} | equal digests | | |", flush=True
    )
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
