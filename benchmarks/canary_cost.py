"""What the canary of a weekly build costs beside its ingest: a first build, weeks of a real knowledge base, an unchanged rebuild, another prompt.

    python -m benchmarks.canary_cost [--weeks 2] [--cases 100] [--questions 200]

Each build is a process of its own, as in CI, and is in service before the next one is built. A suite asks for pages by their headings. Before
each week as many new questions are logged as the canary takes, so that all of them are new to it: a busy week, the dearest there is.
Seconds of a stage are wall time and, in brackets, processor time of the process and of its workers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.cost_of_change import KBS, apply_changes, write_project
from benchmarks.history import read_base, read_batches
from benchmarks.projects import public_data
from headgate.interactions.log import InteractionLog, new_interaction_id
from headgate.records import Answer, Interaction, Question
from headgate.settings import Settings
from headgate.storage import open_store
from tests.fakes import put_release

STAGES = ("ingest", "index", "canary")
#: A heading, and a line below it without marks, which is quoted.
_HEADING = re.compile(r"^#{1,3}[ \t]+([^\n]{8,120})\n\n([A-Z][A-Za-z ,.'-]{40,300})$", re.MULTILINE)
_MEASURED = """
import json, os, time
from pathlib import Path
from headgate.build import _compare
from headgate.bundle import create_bundle
from headgate.index.table import update_table
from headgate.ingest.run import ingest
from headgate.settings import load_settings
from headgate.storage import open_store

def measured(stage, work):
    wall, spent = time.monotonic(), sum(os.times()[:4])
    result = work()
    told[stage] = [time.monotonic() - wall, sum(os.times()[:4]) - spent]
    return result

told = {}
settings = load_settings(Path("headgate.toml"))
store = open_store(settings)
ingested = measured("ingest", lambda: ingest(store, settings.ingest_setup))
indexed = measured("index", lambda: update_table(store, ingested.chunk_set, settings.index_setup))
bundle = create_bundle(store, indexed, settings.bundle_setup)
canary = measured("canary", lambda: _compare(store, settings, bundle.bundle_id, None))
told |= {"bundle": bundle.bundle_id, "parsed": ingested.parsed, "embedded": indexed.embedded}
if canary:
    told |= {"verdict": canary.verdict, "questions": canary.questions, "probes": canary.probes, "searches": canary.searches}
print(json.dumps(told))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=2)
    parser.add_argument("--cases", type=int, default=100, help="cases of the suite")
    parser.add_argument("--questions", type=int, default=200, help="new logged questions before each week")
    arguments = parser.parse_args()
    name, _ = KBS["handbook"]
    pages, batches = read_base(public_data(name)), read_batches(public_data(name))
    headings = sorted(
        {(found[1].strip(), path, found[2].strip()) for path, text in pages.items() for found in _HEADING.finditer(text.decode())}
    )
    with tempfile.TemporaryDirectory(prefix="headgate-canary-") as folder:
        project = Path(folder)
        settings = write_project(project, "handbook")
        for path, text in pages.items():
            (project / "documents" / path).parent.mkdir(parents=True, exist_ok=True)
            (project / "documents" / path).write_bytes(text)
        write_suite(settings, headings[:: len(headings) // arguments.cases][: arguments.cases])
        print(
            "| build | parsed | embedded | ingest | index | canary | questions | probes | searches | verdict |\n|---|---|---|---|---|---|---|---|---|---|"
        )
        releases = [build(project, settings, "first", 0)]
        for week in range(1, arguments.weeks + 1):
            log_questions(
                settings,
                [heading for heading, *_ in headings[week :: len(headings) // arguments.questions]][: arguments.questions],
            )
            apply_changes(project / "documents", batches[week])
            releases.append(build(project, settings, f"week {week}, {len(batches[week])} pages changed", len(releases)))
        build(project, settings, "unchanged", len(releases))
        prompt = project / "prompts" / "answer.md"
        prompt.write_text(prompt.read_text(encoding="utf-8") + "\nKeep to the passages.\n", encoding="utf-8")
        build(project, settings, "another prompt", len(releases))


def write_suite(settings: Settings, cases: list[tuple[str, str, str]]) -> None:
    suite = settings.gate_files.suites[0]
    suite.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        orjson.dumps(
            {
                "id": f"page-{number:03d}",
                "question": f"What does the handbook say about {heading}?",
                "audience": "customer",
                "language": "en",
                "variants": [
                    {"expect": "answer", "gold_documents": [path], "gold_passages": [{"document": path, "quote": quote}]}
                ],
            }
        )
        for number, (heading, path, quote) in enumerate(cases)
    ]
    suite.write_bytes(b"\n".join(lines) + b"\n")


def log_questions(settings: Settings, headings: list[str]) -> None:
    log = InteractionLog(open_store(settings))
    for heading in headings:
        log.append(
            Interaction(
                interaction_id=new_interaction_id(),
                asked_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                question=Question(text=f"Tell me about {heading}", audience="customer"),
                answer=Answer(text="", refused=True),
            )
        )
    log.close()


def build(project: Path, settings: Settings, name: str, number: int) -> int:
    """One build and its row; what it built is in service afterwards. Returns the number of its release."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED], cwd=project, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    if done.returncode:
        raise SystemExit(f"the build ended with {done.returncode}:\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    seconds = " | ".join(f"{told[stage][0]:.1f} ({told[stage][1]:.1f})" for stage in STAGES)
    rest = " | ".join(str(told.get(one, "–")) for one in ("questions", "probes", "searches", "verdict"))
    print(f"| {name} | {told['parsed']} | {told['embedded']} | {seconds} | {rest} |", flush=True)
    put_release(open_store(settings), number + 1, told["bundle"])
    return number + 1


if __name__ == "__main__":
    main()
