"""Question → passages: dense and full-text search find candidates inside what the asker may see, `headgate.answer.rank` orders them.

Both search in all languages at once. Passages in a language that the question may be in come first; none is left out for its language.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from headgate.answer.question.bounds import texts_to_search
from headgate.answer.question.language import LanguageDetector, QuestionLanguages
from headgate.answer.rank import Ranker, SearchedText
from headgate.answer.reorder import features, reorder
from headgate.answer.rerank import rerank
from headgate.index.fusion.probes import DEFAULT_SHARE
from headgate.index.search import Candidate, ChunkTable
from headgate.index.vocabulary import Spelling, Vocabulary
from headgate.models.embedder import Embedder
from headgate.models.rerank.reranker import Reranker
from headgate.process.threads import in_thread
from headgate.records import Hit, OrderModel, Question
from headgate.settings import RetrievalSettings
from headgate.text.terms import analyze, identifiers
from headgate.withdrawals.ledger import Withdrawn
from headgate.withdrawals.view import WithdrawalView

#: Rows read for each hit that is wanted: some may lie in the window of a better one, or be withdrawn meanwhile.
_READ = 2


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for. `vector` is (d,) float32 of `text`; `terms` are the distinct search terms."""

    text: str  # the question, with the corrections of `spelling`
    spelling: Spelling
    language: str  # the most probable one, which the reply is in
    terms: tuple[str, ...]
    searched: Mapping[str, tuple[str, ...]]  # language of chunks → what is searched in them, codes as wholes included
    vector: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Retrieval:
    query: Query
    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()  # what of the question was not searched


@dataclass(frozen=True, slots=True)
class Found:
    """What the search found, before it is ordered anew."""

    query: Query
    hits: tuple[Hit, ...]  # in the order of the search
    order: npt.NDArray[np.float64]  # what the built-in re-ranker weighs of each of the first, `headgate.answer.reorder.features`
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the asker may be shown: labels that are seen, and documents that nobody sees."""

    labels: tuple[str, ...]
    without: tuple[str, ...]


class Retriever:
    """Search over one table version with one setting; both come from the bundle."""

    def __init__(
        self,
        table: ChunkTable,
        embedder: Embedder,
        vocabulary: Vocabulary,
        settings: RetrievalSettings,
        *,
        shares: Mapping[str, float],
        default_language: str,
        withdrawals: WithdrawalView,
        order: OrderModel | None = None,
        reranker: Reranker | None = None,
        reranked: int = 0,
        real_words: Collection[str] = (),
    ) -> None:
        self._withdrawals = withdrawals
        self._order = order
        self._reranker = reranker
        self._reranked = reranked
        self._documents: frozenset[str] | None = None
        self._real_words = real_words
        self._table = table
        self._embedder = embedder
        self._vocabulary = vocabulary
        self._settings = settings
        self._detector = LanguageDetector(vocabulary, default=default_language)
        fixed = settings.share
        self._shares, self._share = (shares, DEFAULT_SHARE) if fixed is None else ({}, fixed)
        self._ranker = Ranker(vocabulary, self._shares, share=self._share)

    def close(self) -> None:
        """Let go of the table and of the models; the scorer of passages shares the embedding model."""
        self._table.close()
        if self._reranker:
            self._reranker.close()
        self._embedder.close()

    async def retrieve(self, question: Question, *, order: OrderModel | None = None) -> Retrieval:
        """The best passages for `question`, at most `top_k`, best first; ties are broken by chunk id.

        Args:
            order: weights of the built-in re-ranker in place of the bundle's, for whoever fits them.
        """
        found = await self.find(question)
        hits = list(found.hits)
        if reranker := self._reranker:
            hits = await in_thread(partial(rerank, question.text, hits, reranker, passages=self._reranked))
        elif weights := order or self._order:
            hits = [*reorder(hits[: len(found.order)], found.order, weights), *hits[len(found.order) :]]
        return Retrieval(query=found.query, hits=tuple(widen(hits, self._settings.top_k)), notes=found.notes)

    async def find(self, question: Question) -> Found:
        """What the search finds and the asker may see, in its own order.

        What is searched is said in `headgate.answer.question.bounds`; a question with misspelt words is searched as it may be meant and as it was
        written.
        """
        languages = self._detector.detect(question.text)
        texts, notes = texts_to_search(question)
        withdrawn = await self.withdrawn()
        allowed = self._settings.audiences.seen_by(question.audience)
        scope = _Scope(allowed, await self._without(withdrawn))
        spelled = await self._spelled(texts, languages.main, scope)
        queries = await in_thread(partial(self._queries, spelled, languages))
        searched = [SearchedText(terms=query.searched, vector=query.vector) for query in queries]
        candidates = await self._candidates(queries, scope)
        ranked = await in_thread(partial(self._ranker.rank, searched, candidates, languages, limit=self._settings.top_k))
        read = max(_READ * self._settings.top_k, self._reranked)
        hits = await self._table.hits([one.candidate for one in ranked[:read]])
        hits = [
            replace(hit, score=one.score)
            for hit, one in zip(hits, ranked, strict=False)
            if hit.confidentiality in allowed and not withdrawn.covers(hit.doc_id)
        ]
        first = hits[: self._reranked] if self._order else ()
        values = features(first, queries[0].vector, self._shares, share=self._share)
        return Found(query=queries[0], hits=tuple(hits), order=values, notes=notes)

    async def withdrawn(self) -> Withdrawn:
        """What may not be found, at most a second old.

        Raises:
            IntegrityError: nobody can tell, and could not for a minute.
        """
        return await self._withdrawals.current()

    async def _without(self, withdrawn: Withdrawn) -> tuple[str, ...]:
        if not withdrawn.patterns:
            return tuple(withdrawn.documents)
        if self._documents is None:
            self._documents = await self._table.documents()
        return withdrawn.among(self._documents)

    async def _spelled(self, texts: Sequence[str], language: str, scope: _Scope) -> list[Spelling]:
        """Texts with their corrections, but for words that no document has which the asker may see."""

        def spell() -> list[Spelling]:
            return [self._vocabulary.spell(text, language, real_words=self._real_words) for text in texts]

        spelled = await in_thread(spell)
        seen: set[str] = set()
        for meant in dict.fromkeys(meant for spelling in spelled for meant in spelling.corrections.values()):
            terms = analyze(meant, language, keep_stop_words=True)
            if await self._table.full_text(terms, limit=1, confidentiality=scope.labels, without=scope.without):
                seen.add(meant)
        return [
            replace(spelling, corrections={word: meant for word, meant in spelling.corrections.items() if meant in seen})
            for spelling in spelled
        ]

    def _queries(self, spelled: Sequence[Spelling], languages: QuestionLanguages) -> list[Query]:
        searched: dict[str, Spelling] = {}
        for spelling in spelled:
            searched.setdefault(spelling.corrected, spelling)
        for spelling in spelled:
            searched.setdefault(spelling.written, spelling)
        vectors = self._embedder.embed(list(searched))
        return [
            Query(
                text=text,
                spelling=spelling,
                language=languages.main,
                terms=tuple(dict.fromkeys(analyze(text, languages.main))),
                searched=self._terms(text, languages),
                vector=vector,
            )
            for (text, spelling), vector in zip(searched.items(), vectors, strict=True)
        ]

    def _terms(self, text: str, languages: QuestionLanguages) -> dict[str, tuple[str, ...]]:
        """Language of chunks → what is searched in them: the terms of that language where the question may be in it, else those of all that
        are likely.
        """
        codes = tuple(dict.fromkeys(identifiers(text)))
        own = {language: (*dict.fromkeys(analyze(text, language)), *codes) for language in languages.likely}
        others = tuple(dict.fromkeys(term for terms in own.values() for term in terms))
        return {language: own.get(language, others) for language in self._vocabulary.languages}

    async def _candidates(self, queries: Sequence[Query], scope: _Scope) -> list[Candidate]:
        limit, labels, without = self._settings.candidates, scope.labels, scope.without
        searches = []
        for query in queries:
            terms = tuple(dict.fromkeys(term for terms in query.searched.values() for term in terms))
            searches.append(self._table.dense(query.vector, limit=limit, confidentiality=labels, without=without))
            searches.append(self._table.full_text(terms, limit=limit, confidentiality=labels, without=without))
        return await self._table.candidates(await asyncio.gather(*searches))


def widen(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """The first `limit` hits, each with its window as its text; a hit that lies within the window of a better one is left out.

    Chunks of strategy `structure` have no window and stay what they are. A widened hit keeps the page and line of what was found.
    """
    widened: list[Hit] = []
    taken: dict[str, list[tuple[int, int]]] = {}
    for hit in hits:
        if len(widened) == limit:
            break
        windows = taken.setdefault(hit.doc_id, [])
        if any(start <= hit.start and hit.end <= end for start, end in windows):
            continue
        if hit.window:
            windows.append((hit.window_start, hit.window_end))
            hit = replace(hit, text=hit.window, start=hit.window_start, end=hit.window_end)
        widened.append(hit)
    return widened
