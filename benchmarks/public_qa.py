"""Public question sets through the path that every corpus takes: build, evaluate. How do retrieval and refusals do on text nobody tuned for?

    python -m benchmarks.public_qa [qa_squad2 qa_mtrag_un] [--limit N]

A passage is a document, and finding any chunk of it is finding it: the unit of the reference, which is plain BM25 over the same passages as
measured when the sets were made (their READMEs). `--limit N` asks N questions spread over the set; all passages are indexed all the same.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.projects import make_project, public_data
from benchmarks.tables import print_figures
from headgate.build import build
from headgate.evaluate.suite_run import evaluate
from headgate.records import Report
from headgate.settings import Settings
from headgate.storage import open_store

#: Every passage stays, whatever it looks like: the questions are about all of them.
KEEP_ALL = {"near_duplicate": 1.0, "personal_data": "allow", "hidden_instructions": "allow", "min_characters": 1}
#: The part of a Markdown link that is not text.
LINK_TARGET = re.compile(r"(?<=\])\([^)\s]*\)")
Row = dict[str, Any]


@dataclass(frozen=True)
class QuestionSet:
    """How one set becomes a suite. `case` returns the keys of a case beyond its gold documents, None for a question that is left out."""

    case: Callable[[Row], Row | None]
    references: dict[str, str]  # figure → what plain BM25 reaches


def squad_case(row: Row) -> Row:
    return {"answerable": row["answerable"], "reference_answer": row["answers"][0] if row["answerable"] else ""}


def mtrag_case(row: Row) -> Row | None:
    """The last turn is the question, those before it the conversation. An underspecified question has no right answer here."""
    if row["answerability"] == "UNDERSPECIFIED":
        return None
    answerable = row["answerability"] in ("ANSWERABLE", "PARTIAL")
    return {
        "answerable": answerable,
        "conversation": [{"role": turn["role"], "content": turn["text"]} for turn in row["turns"][:-1]],
        "reference_answer": row["reference_answer"] if answerable else "",
        "tags": [row["collection"], row["answerability"].lower()],
    }


SETS = {
    "qa_squad2": QuestionSet(squad_case, {"recall@1": "0.834", "recall@5": "0.960", "recall@10": "0.975", "mrr": "0.889"}),
    "qa_mtrag_un": QuestionSet(
        mtrag_case,
        {
            "recall@1": "0.753; last two user turns 0.807",
            "recall@5": "0.873; last two user turns 0.916",
            "recall@10": "0.898; last two user turns 0.934",
            "mrr": "0.800; last two user turns 0.857",
        },
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; all unless said")
    parser.add_argument("--limit", type=int, default=0, help="questions of each set, spread over it; 0 = all")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.sets) - SETS.keys()):
        parser.error(f"no set {', '.join(unknown)}; there are {', '.join(SETS)}")
    for name in arguments.sets or SETS:
        with tempfile.TemporaryDirectory(prefix="headgate-public-qa-") as folder:
            run_set(name, Path(folder), limit=arguments.limit)


def run_set(name: str, project: Path, *, limit: int = 0) -> Report:
    """Index, ask and print one set.

    Args:
        project: an empty folder; its store is left there.
    """
    data = public_data(name)
    settings = make_project(project, name=name, validation=KEEP_ALL, evaluation={"recall_at": [1, 5, 10]})
    documents = write_documents(settings, read_rows(data / "passages.jsonl"))
    suite, left_out = write_suite(project / f"{name}.jsonl", name, read_rows(data / "questions.jsonl"), documents, limit)
    built = build(settings, progress=_progress)
    counts, seconds = built.ingest.counts, sum(built.seconds.values())
    for outcome in built.ingest.outcomes:
        if outcome.outcome != "indexed":
            print(f"{name}: {outcome.path} is {outcome.outcome}: {'; '.join(map(str, outcome.reasons))}")
    report = evaluate(
        open_store(settings),
        built.bundle_id,
        settings.evaluation_setup,
        suites=[suite],
        progress=lambda done, total: _progress("evaluate", done, total),
    )
    print(
        f"{name}: {counts.files} documents, {counts.indexed} indexed, {built.index.total} chunks, built in {seconds:.0f} s; "
        f"{report.suites[name].n} questions asked, left out: {dict(left_out) or 'none'}\n"
    )
    print_figures(name, report.suites[name].metrics, SETS[name].references, reference_name="plain BM25")
    return report


def read_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def write_documents(settings: Settings, passages: Iterator[Row]) -> dict[str, str]:
    """One Markdown file a distinct text, targets of links aside, since a copy is never indexed twice.

    Returns:
        Passage id → document id.
    """
    folder = settings.place(settings.corpus.folder)
    by_text: dict[str, str] = {}
    documents = {}
    for passage in passages:
        text = passage["text"].strip()
        document = by_text.setdefault(LINK_TARGET.sub("", text), f"{len(by_text):04}.md")
        documents[passage["passage_id"]] = document
        heading = f"# {passage['title'].strip()}\n\n" if passage["title"] else ""
        (folder / document).write_text(f"{heading}{text}\n", encoding="utf-8")
    return documents


def write_suite(
    path: Path, name: str, questions: Iterator[Row], documents: dict[str, str], limit: int
) -> tuple[Path, Counter[str]]:
    """The suite file, and how many questions were left out by reason."""
    left_out: Counter[str] = Counter()
    cases = []
    for row in questions:
        case = SETS[name].case(row)
        if case is None:
            left_out[row["answerability"].lower()] += 1
            continue
        if case["answerable"]:
            case["gold_documents"] = sorted({documents[passage] for passage in row["relevant_passage_ids"]})
        cases.append({"id": row["question_id"], "question": row["question"], "language": "en"} | case)
    if 0 < limit < len(cases):
        left_out["limit"] = len(cases) - limit
        cases = [cases[number * len(cases) // limit] for number in range(limit)]
    path.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    return path, left_out


def _progress(stage: str, done: int, total: int) -> None:
    if done == total or done % 200 == 0:
        print(f"  {stage} {done} of {total}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
