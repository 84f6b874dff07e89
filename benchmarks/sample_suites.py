"""The suites of the sample help centre on its base revision, next to what we want of them.

    python -m benchmarks.sample_suites [--store DIR]

The store is a throw-away one unless named; with one that is kept, `HEADGATE_STORE=DIR headgate calibrate` can follow.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.projects import REPOSITORY
from benchmarks.tables import FIGURES, print_table
from headgate.build import build
from headgate.evaluate.suite_run import evaluate
from headgate.records import MetricSummary, Report
from headgate.settings import SETTINGS_FILE, load_settings
from headgate.storage import open_store

#: What we want, least value that is enough. The gates' floors are lower: evals/gates.yaml says what is enforced.
TARGETS = {"recall@5": 0.95, "citation_precision": 0.90, "refusal_precision": 0.90, "refusal_recall": 0.90}
REVISION = "base"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="folder of the store, kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-sample-") as folder:
        report = run_suites((arguments.store or Path(folder)).resolve())
    print_report(report)


def run_suites(store: Path) -> Report:
    """Build the base revision with the repository's settings and evaluate it."""
    settings = load_settings(REPOSITORY / SETTINGS_FILE, environment={"HEADGATE_STORE": str(store)})
    bundle_id = build(settings, revision=REVISION).bundle_id
    return evaluate(open_store(settings), bundle_id, settings.evaluation_setup)


def print_report(report: Report) -> None:
    """A row a figure, a column a suite; the last column is the target."""
    suites = list(report.suites)
    rows = [
        (name, *(_cell(report.suites[suite].metrics[name]) for suite in suites), _target(name))
        for name in FIGURES
        if any(report.suites[suite].metrics[name].value is not None for suite in suites)
    ]
    print(f"bundle {report.bundle_id[:12]}…\n")
    print_table(("figure", *(f"{suite} ({report.suites[suite].n})" for suite in suites), "target"), rows)


def _cell(summary: MetricSummary) -> str:
    if summary.value is None:
        return "–"
    interval = f" [{summary.low:.2f}, {summary.high:.2f}]" if summary.low is not None and summary.high is not None else ""
    return f"{summary.value:.3f}{interval if summary.low != summary.high else ''}"


def _target(name: str) -> str:
    return f"≥ {TARGETS[name]:.2f}" if name in TARGETS else ""


if __name__ == "__main__":
    main()
