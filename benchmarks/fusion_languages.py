"""Retrieval by language, in one index with all languages and in one of its own, beside BM25 alone and vectors alone in the same run.

    python -m benchmarks.fusion_languages [--languages en,de] [--questions 60] [--alone] [--keep DIR]

XQuAD: the same paragraphs and questions in twelve languages. A passage is a document; only the one in the question's own language counts, so
that eleven translations of it stand in its way. nDCG@10 by document, paired bootstrap intervals of the difference to the better of

    plain      textbook BM25 (k1 1.2, b 0.75) written here, over the passages of the language alone; runs of \\w, bigrams where there are no spaces
    bm25       our search terms by the same formula, over the passages of the language alone
    dense      the vectors of the index, over the chunks of the language alone

The shares were developed with en, es, ro, ru, zh and th; ar, de, el, hi, tr and vi were looked at once, at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.projects import make_project, public_data
from benchmarks.public_qa import KEEP_ALL, read_rows
from benchmarks.tables import print_table
from headgate.answer.engine import Answerer
from headgate.build import build
from headgate.bundle import load_manifest, open_bundle
from headgate.index.versions import open_version
from headgate.records import Question
from headgate.settings import Settings
from headgate.storage import open_store
from headgate.text.terms import analyze

#: Languages whose words are not told apart by spaces.
_UNSPACED = ("th", "zh")
_DEPTH = 10
_SAMPLES = 2000
Gains = npt.NDArray[np.float64]
Search = Callable[[str], Sequence[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--languages", default="", help="as en,de; all unless said. The mixed index holds all in any case")
    parser.add_argument("--questions", type=int, default=60, help="of each language, spread over them")
    parser.add_argument("--alone", action="store_true", help="an index of its own for each language, too")
    parser.add_argument("--keep", type=Path, help="folder of the indexes, kept for the next run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-fusion-") as folder:
        run(arguments.keep or Path(folder), arguments.languages, arguments.questions, alone=arguments.alone)


def run(folder: Path, languages: str, limit: int, *, alone: bool) -> None:
    """Build, ask and print."""
    passages: dict[str, dict[str, str]] = defaultdict(dict)
    for row in read_rows(public_data("qa_xquad") / "passages.jsonl"):
        passages[row["lang"]][row["passage_id"]] = row["text"]
    questions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read_rows(public_data("qa_xquad") / "questions.jsonl"):
        questions[row["lang"]].append(row)
    mixed = _open(folder / "mixed", {key: text for texts in passages.values() for key, text in texts.items()})
    rows = []
    for language in languages.split(",") if languages else sorted(passages):
        asked = questions[language][:: max(1, len(questions[language]) // limit)][:limit]
        wanted = [row["relevant_passage_ids"] for row in asked]
        texts = [row["question"] for row in asked]
        searches: dict[str, Search] = {
            "plain": _bm25(passages[language], lambda text, of=language: _plain(text, of)),
            "bm25": _bm25(passages[language], lambda text, of=language: analyze(text, of)),
            "dense": mixed.nearest(set(passages[language])),
            "mixed": mixed.search,
        }
        if alone:
            searches["alone"] = _open(folder / language, passages[language]).search
        gains = {name: _gains(search, texts, wanted) for name, search in searches.items()}
        better = max(("plain", "bm25", "dense"), key=lambda name: gains[name].mean())
        cells = [f"{gains[name].mean():.3f}" for name in searches]
        for name in ("mixed", "alone"):
            if name in gains:
                low, high = _interval(gains[name] - gains[better])
                cells.append(f"{(gains[name] - gains[better]).mean():+.3f} ({low:+.3f} to {high:+.3f})")
        rows.append((language, str(len(asked)), f"{mixed.shares.get(language, float('nan')):.1f}", *cells))
        print(" ".join(rows[-1]), flush=True)
    names = ["plain", "bm25", "dense", "mixed", *(["alone"] if alone else [])]
    against = [f"{name} - best" for name in names[3:]]
    print_table(("language", "questions", "share", *names, *against), rows)


class Index:
    """A built index whose hits are told as passage ids."""

    def __init__(self, settings: Settings, bundle_id: str, passage_of: dict[str, str]) -> None:
        store = open_store(settings)
        manifest = load_manifest(store, bundle_id)
        self.shares = {one.language: one.share for one in manifest.fusion}
        self._answerer: Answerer = open_bundle(store, bundle_id)
        self._passage_of = passage_of
        rows = open_version(store, manifest.table).search().select(["doc_id", "vector"]).limit(manifest.table.rows).to_arrow()
        self._documents = [passage_of[doc_id] for doc_id in rows["doc_id"].to_pylist()]
        vectors = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        self._matrix = vectors.reshape(len(rows), -1)
        self._asked: dict[str, npt.NDArray[np.float32]] = {}

    def search(self, question: str) -> list[str]:
        found = asyncio.run(self._answerer.retrieve(Question(text=question)))
        self._asked[question] = found.query.vector
        return list(dict.fromkeys(self._passage_of[hit.doc_id] for hit in found.hits))

    def nearest(self, among: set[str]) -> Search:
        """Vectors alone, over the passages `among`."""
        places = [place for place, passage in enumerate(self._documents) if passage in among]

        def search(question: str) -> list[str]:
            if question not in self._asked:
                self.search(question)
            cosines = self._matrix[places] @ self._asked[question]
            order = [self._documents[places[place]] for place in np.argsort(-cosines, kind="stable")]
            return list(dict.fromkeys(order))[:_DEPTH]

        return search


def _open(folder: Path, passages: dict[str, str]) -> Index:
    folder.mkdir(parents=True, exist_ok=True)
    settings = make_project(folder, name="fusion", validation=KEEP_ALL)
    documents = settings.place(settings.corpus.folder)
    passage_of = {}
    for number, (passage, text) in enumerate(passages.items()):
        passage_of[f"{number:05}.md"] = passage
        (documents / f"{number:05}.md").write_text(text.strip() + "\n", encoding="utf-8")
    return Index(settings, build(settings).bundle_id, passage_of)


def _plain(text: str, language: str) -> list[str]:
    words = [word.casefold() for word in re.findall(r"\w+", text)]
    return [word[i : i + 2] for word in words for i in range(max(1, len(word) - 1))] if language in _UNSPACED else words


def _bm25(passages: dict[str, str], terms: Callable[[str], Sequence[str]]) -> Search:
    counts = {passage: Counter(terms(text)) for passage, text in passages.items()}
    lengths = {passage: sum(found.values()) for passage, found in counts.items()}
    average = sum(lengths.values()) / len(lengths)
    held = Counter(term for found in counts.values() for term in found)

    def search(question: str) -> list[str]:
        asked = {term for term in terms(question) if term in held}
        scores = {}
        for passage, found in counts.items():
            norm = 1.2 * (0.25 + 0.75 * lengths[passage] / average)
            scores[passage] = sum(
                math.log(1 + (len(counts) - held[term] + 0.5) / (held[term] + 0.5)) * found[term] * 2.2 / (found[term] + norm)
                for term in sorted(asked)
                if term in found
            )
        return [passage for passage in sorted(scores, key=lambda one: (-scores[one], one)) if scores[passage] > 0][:_DEPTH]

    return search


def _gains(search: Search, questions: Sequence[str], wanted: Sequence[Sequence[str]]) -> Gains:
    gains = []
    for question, relevant in zip(questions, wanted, strict=True):
        found = search(question)[:_DEPTH]
        best = sum(1 / math.log2(rank + 2) for rank in range(min(len(relevant), _DEPTH)))
        gains.append(sum(1 / math.log2(rank + 2) for rank, passage in enumerate(found) if passage in relevant) / best)
    return np.array(gains)


def _interval(differences: Gains) -> tuple[float, float]:
    """95 % percentile interval of the mean."""
    chance = np.random.default_rng(20260202)
    means = chance.choice(differences, (_SAMPLES, len(differences))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


if __name__ == "__main__":
    main()
