"""Full-text search by language: how often the passage with the answer comes first, with terms of `analyze` and with plain words.

    python -m benchmarks.full_text_languages [--questions 400]

XQuAD (the same 240 paragraphs and questions in every language) and JaQuAD. Full-text search alone: no vectors. `plain` are runs of \\w,
case folded, which is what a standard tokenizer gives.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lancedb
import pyarrow as pa
from lancedb.index import FTS
from lancedb.query import MatchQuery

from benchmarks.projects import public_data
from benchmarks.tables import print_table
from headgate.index.table_indexes import LONGEST_TERM
from headgate.text.terms import analyze

_WORD = re.compile(r"\w+")
Terms = Callable[[str, bool], Sequence[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=400, help="at most so many a language")
    limit = parser.parse_args().questions
    rows = []
    for name, language, passages, questions in _sets():
        questions = questions[:: max(1, len(questions) // limit)][:limit]
        ours = hit_rates(passages, questions, lambda text, passage, of=language: analyze(text, of, keep_stop_words=passage))
        plain = hit_rates(passages, questions, lambda text, _passage: [word.casefold() for word in _WORD.findall(text)])
        rows.append((name, str(len(passages)), str(len(questions)), *(f"{value:.3f}" for value in (*ours, *plain))))
    header = ("language", "passages", "questions", "hit@1", "hit@10", "plain hit@1", "plain hit@10")
    print_table(header, rows)


def hit_rates(passages: dict[str, str], questions: Sequence[tuple[str, str]], terms: Terms) -> tuple[float, float]:
    """Shares of (question, passage id) whose passage is first, and among the first ten."""
    with tempfile.TemporaryDirectory(prefix="headgate-fts-") as folder:
        rows = pa.table({"id": list(passages), "search_text": [" ".join(terms(text, True)) for text in passages.values()]})
        table = lancedb.connect(folder).create_table("passages", rows)
        config = FTS(
            base_tokenizer="whitespace",
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
            lower_case=False,
            max_token_length=LONGEST_TERM,
        )
        table.create_index("search_text", config=config)
        ranks = []
        for question, wanted in questions:
            words = list(dict.fromkeys(terms(question, False)))
            query = table.search(MatchQuery(" ".join(words), "search_text"), query_type="fts")
            found = [row["id"] for row in query.select(["id", "_score"]).limit(10).to_list()] if words else []
            ranks.append(found.index(wanted) if wanted in found else 99)
    return sum(rank == 0 for rank in ranks) / len(ranks), sum(rank < 10 for rank in ranks) / len(ranks)


def _sets() -> list[tuple[str, str, dict[str, str], list[tuple[str, str]]]]:
    """(name, language, passage id → text, (question, passage id)) of every set, those that are not there left out."""
    passages: dict[str, dict[str, str]] = defaultdict(dict)
    questions: dict[str, list[tuple[str, str]]] = defaultdict(list)
    folder = public_data("qa_xquad")
    for row in _lines(folder / "passages.jsonl"):
        passages[row["lang"]][row["passage_id"]] = row["text"]
    for row in _lines(folder / "questions.jsonl"):
        questions[row["lang"]].append((row["question"], row["relevant_passage_ids"][0]))
    sets = [(language, language, passages[language], questions[language]) for language in sorted(passages) if questions[language]]
    folder = public_data("qa_jaquad_scale")
    japanese = {row["passage_id"]: row["text"] for row in _lines(folder / "passages.jsonl.gz")}
    asked = [(row["question"], row["relevant_passage_ids"][0]) for row in _lines(folder / "questions.jsonl.gz")]
    return [*sets, ("ja (JaQuAD)", "ja", japanese, asked)]


def _lines(path: Path) -> list[dict[str, Any]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


if __name__ == "__main__":
    main()
