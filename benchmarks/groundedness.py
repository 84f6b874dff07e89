"""How well does `headgate.answer.ground` tell grounded answers from others? Against human labels of public sets.

    python -m benchmarks.groundedness

Prints, per set and threshold, the share of grounded answers kept and of ungrounded ones caught. An answer counts as its worst sentence.
"""

from __future__ import annotations

import json
from pathlib import Path

from scipy.stats import mannwhitneyu

from headgate.answer.ground import ground

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
#: Set → name of the field that holds the answer.
SETS = {"ground_begin": "response", "ground_halueval_qa": "answer"}
THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0)


def worst_coverage(answer: str, context: str) -> float:
    """Coverage of the least supported sentence, 0 to 1; 0 for a number that the context lacks."""
    sentences = ground(answer, [context]).sentences
    return min((0.0 if sentence.missing_numbers else sentence.coverage for sentence in sentences), default=1.0)


def main() -> None:
    for name, field in SETS.items():
        path = DATA / name / "data.jsonl"
        if not path.is_file():
            print(f"{name}: not at ../shared/data, left out")
            continue
        rows = [
            row
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
            if row["label"] in ("grounded", "not_grounded")
        ]
        scored = [(worst_coverage(row[field], row["context"]), row["label"] == "grounded") for row in rows]
        grounded = [score for score, label in scored if label]
        others = [score for score, label in scored if not label]
        auc = mannwhitneyu(grounded, others).statistic / len(grounded) / len(others)
        print(f"{name}: {len(grounded)} grounded, {len(others)} not; AUC {auc:.3f}")
        for threshold in THRESHOLDS:
            kept = sum(score >= threshold for score in grounded) / len(grounded)
            caught = sum(score < threshold for score in others) / len(others)
            print(f"  {threshold:4.2f}: kept {kept:.3f}, caught {caught:.3f}, balanced accuracy {(kept + caught) / 2:.3f}")


if __name__ == "__main__":
    main()
