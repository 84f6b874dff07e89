"""What the built-in re-ranker brings: recall of the sample's suites in the order of the search and in the new one, paired case by case.

    python -m benchmarks.reordering [--store DIR]

Revision `base`, the repository's settings. The weights were fitted on evals/calibration.jsonl, whose row is therefore no independent figure.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.projects import REPOSITORY
from benchmarks.tables import print_table
from headgate.answer.engine import Answerer
from headgate.build import build
from headgate.bundle import indexed_documents, open_bundle
from headgate.evaluate.statistics import paired_difference
from headgate.evaluate.suites.quotes import overlaps, searchable
from headgate.evaluate.suites.suite import ResolvedCase, index_documents, load_suite, resolve_suite
from headgate.records import Hit
from headgate.settings import SETTINGS_FILE, load_settings
from headgate.storage import open_store

CUTS = (1, 5, 10)
SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="folder of the store, kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-reordering-") as folder:
        environment = {"HEADGATE_STORE": str((arguments.store or Path(folder)).resolve())}
        settings = load_settings(REPOSITORY / SETTINGS_FILE, environment=environment)
        bundle_id = build(settings, revision="base").bundle_id
        store = open_store(settings)
        documents = index_documents(indexed_documents(store, bundle_id))
        answerer = open_bundle(store, bundle_id)
        rows = []
        for path in [REPOSITORY / "evals" / "calibration.jsonl", *sorted((REPOSITORY / "evals" / "suites").glob("*.jsonl"))]:
            cases = [one for one in resolve_suite(load_suite(path), documents).cases if one.variant.answerable]
            if cases:
                rows += asyncio.run(compare(answerer, path.stem, cases))
        answerer.close()
    print_table(("suite", "cases", "recall", "order of the search", "new order", "difference, 95 % interval"), rows)


async def compare(answerer: Answerer, name: str, cases: Sequence[ResolvedCase]) -> list[tuple[str, ...]]:
    """A row a cut-off."""
    before: dict[int, dict[str, float]] = {cut: {} for cut in CUTS}
    after: dict[int, dict[str, float]] = {cut: {} for cut in CUTS}
    for resolved in cases:
        found = await answerer.find(resolved.case.asked)
        retrieval = await answerer.retrieve(resolved.case.asked)
        for cut in CUTS:
            before[cut][resolved.case.id] = recall(resolved, found.hits[:cut])
            after[cut][resolved.case.id] = recall(resolved, retrieval.hits[:cut])
    rows = []
    for cut in CUTS:
        change = paired_difference(after[cut], before[cut], bounded=True, seed=SEED)
        assert change is not None
        means = [sum(values[cut].values()) / len(cases) for values in (before, after)]
        interval = f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
        rows.append((name, str(len(cases)), f"@{cut}", *(f"{mean:.3f}" for mean in means), interval))
    return rows


def recall(resolved: ResolvedCase, hits: Sequence[Hit]) -> float:
    """Share of what the answer needs that stands in the passages."""
    parts = resolved.variant.parts
    texts = [(hit.doc_id, searchable([hit.text])) for hit in hits]
    held = [
        any(
            doc_id == passage.document and (not passage.quote or overlaps(text, passage.quote))
            for passage in part
            for doc_id, text in texts
        )
        for part in parts
    ]
    return sum(held) / len(parts)


if __name__ == "__main__":
    main()
