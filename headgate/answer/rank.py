"""Candidates of a question → one order: every candidate is scored by its words and by its vector, whichever search found it.

    score of a chunk for a text = share * meaning + (1 - share) * words         share: of the chunk's language (headgate.index.fusion.probes)
    over the texts of a question: half the best, half the mean;   times what the languages of question and chunk have to do with each other
    plus what its page brings                   then copies of better ones are set back

`words` is BM25 by the counts of the chunk's language, `meaning` the cosine (headgate.index.fusion.combine).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from headgate.answer.question.language import RELATED, QuestionLanguages
from headgate.index.fusion.bm25 import bm25, term_weights
from headgate.index.fusion.combine import Scores, fuse
from headgate.index.search import Candidate
from headgate.index.vocabulary import LanguageCounts, Vocabulary

#: What a chunk in a language that the question is not in keeps of its score; it is set back, never lost.
OTHER_LANGUAGE = 0.5
#: What the text counts that a chunk fits best, against the mean over all texts: a passage may answer one sentence of a question.
BEST_TEXT = 0.5
#: What the other chunks of a page add to one of it.
PAGE_WEIGHT = 0.1
#: How many of the first candidates may be set back as copies, as a multiple of the hits that are wanted.
_FOLDED = 3
#: Share of distinct terms that two chunks have in common from which one is a copy of the other.
_COPY = 0.85


@dataclass(frozen=True, slots=True)
class SearchedText:
    """A text that is searched for. `vector` is (d,) float32, unit length."""

    terms: Mapping[str, Sequence[str]]  # language of chunks → search terms as that language has them
    vector: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranked:
    """`score` is 0 to 1; `candidate` has its cosine and BM25 to the first text, however it was found."""

    candidate: Candidate
    score: float


class Ranker:
    """Orders candidates by the counts and the shares of one table version.

    Args:
        shares: language → share of the vectors against the words, 0 to 1.
        share: of languages that `shares` lacks.
    """

    def __init__(self, vocabulary: Vocabulary, shares: Mapping[str, float], *, share: float) -> None:
        self._counts = _with_relatives(vocabulary.languages)
        self._shares = shares
        self._share = share

    def rank(
        self, texts: Sequence[SearchedText], candidates: Sequence[Candidate], languages: QuestionLanguages, *, limit: int
    ) -> list[Ranked]:
        """All candidates, best first; ties go by chunk id.

        Args:
            texts: the question first, then what is searched beside it.
            candidates: distinct chunks.
            limit: how many hits are wanted; copies of better ones are set back among the first of them.
        """
        if not candidates:
            return []
        matrix = np.stack([one.vector for one in candidates])
        shares = np.array([self._shares.get(one.language, self._share) for one in candidates])
        fused = []
        first: tuple[Scores, Scores] | None = None
        for text in texts:
            scores, words = self._words(text, candidates)
            cosines = (matrix @ text.vector).astype(np.float64)
            first = first or (scores, cosines)
            fused.append(fuse(words, cosines, shares))
        assert first is not None
        several = len(self._counts) > 1
        close = np.array([languages.closeness(one.language) if several else 1.0 for one in candidates])
        together = BEST_TEXT * np.max(fused, axis=0) + (1 - BEST_TEXT) * np.mean(fused, axis=0)
        scores = _with_pages(together * (OTHER_LANGUAGE + (1 - OTHER_LANGUAGE) * close), candidates)
        ordered = sorted(range(len(candidates)), key=lambda place: (-scores[place], candidates[place].chunk_id))
        ranked = [
            Ranked(replace(candidates[place], cosine=float(first[1][place]), bm25=float(first[0][place])), float(scores[place]))
            for place in ordered
        ]
        return _copies_set_back(ranked, texts[0], limit)

    def _words(self, text: SearchedText, candidates: Sequence[Candidate]) -> tuple[Scores, Scores]:
        """BM25 of each candidate, and its share of what a chunk of its language could reach, which compares languages of any size."""
        languages = self._counts
        known = {code for code in {one.language for one in candidates} if code in languages and code in text.terms}
        weights = {code: term_weights(text.terms[code], languages[code]) for code in known}
        most = {code: sum(languages[code].idf(term) for term in text.terms[code]) or 1.0 for code in known}
        scores = [
            bm25(one.terms, one.headings, weights[one.language], languages[one.language]) if one.language in known else 0.0
            for one in candidates
        ]
        return np.array(scores), np.array(
            [score / most.get(one.language, 1.0) for score, one in zip(scores, candidates, strict=True)]
        )


def _with_relatives(languages: Mapping[str, LanguageCounts]) -> dict[str, LanguageCounts]:
    """Counts by language; languages that detection takes for each other are counted as one, so that a few strays are weighed like the rest."""
    counts = dict(languages)
    for group in RELATED:
        members = [languages[language] for language in sorted(group & languages.keys())]
        if len(members) > 1:
            terms: Counter[str] = Counter()
            for member in members:
                terms.update(member.terms)
            chunks, length = sum(member.chunks for member in members), sum(member.length for member in members)
            counts |= dict.fromkeys(group & languages.keys(), LanguageCounts(chunks=chunks, length=length, terms=dict(terms)))
    return counts


def _with_pages(scores: Scores, candidates: Sequence[Candidate]) -> Scores:
    """Scores with what the other candidates of the same page bring: the best of them, then half of the next, and so on."""
    pages: dict[str, list[int]] = {}
    for place, one in enumerate(candidates):
        pages.setdefault(one.doc_id, []).append(place)
    raised = scores.copy()
    for places in pages.values():
        best_first = sorted(places, key=lambda place: -scores[place])
        for place in places:
            others = [scores[other] for other in best_first if other != place]
            raised[place] += PAGE_WEIGHT * sum(score / 2 ** (rank + 1) for rank, score in enumerate(others[:6]))
    return raised / (1 + PAGE_WEIGHT)


def _copies_set_back(ranked: Sequence[Ranked], text: SearchedText, limit: int) -> list[Ranked]:
    """Those of the first that say what a better one says go behind the others of them.

    A copy shares nearly all of its terms, has the same numbers and holds the same terms of the question, so that nothing that was asked
    for is set back.
    """
    reach = _FOLDED * limit
    asked = {term for terms in text.terms.values() for term in terms}
    kept: list[Ranked] = []
    copies: list[Ranked] = []
    seen: list[tuple[frozenset[str], frozenset[str]]] = []
    for one in ranked[:reach]:
        terms = frozenset(one.candidate.terms[one.candidate.headings :])
        telling = frozenset(term for term in one.candidate.terms if term in asked) | {term for term in terms if term[0].isdigit()}
        if any(telling == others and _alike(terms, known) for known, others in seen):
            copies.append(one)
        else:
            kept.append(one)
            seen.append((terms, telling))
    return [*kept, *copies, *ranked[reach:]]


def _alike(terms: frozenset[str], others: frozenset[str]) -> bool:
    shared = len(terms & others)
    return shared >= _COPY * (len(terms) + len(others) - shared)
