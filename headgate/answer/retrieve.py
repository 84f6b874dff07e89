"""Question → passages: dense and full-text search, fused by reciprocal rank, inside what the asker may see.

Reciprocal rank fusion: Cormack, Clarke & Büttcher, SIGIR 2009. A question in another language than the default one is answered
from passages in that language first; others follow only where these do not fill the list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from headgate.answer.bounds import texts_to_search
from headgate.answer.question_language import detect_language
from headgate.answer.rerank import rerank
from headgate.index.search import ChunkTable
from headgate.index.vocabulary import Spelling, Vocabulary
from headgate.models.embedder import Embedder
from headgate.models.reranker import Reranker
from headgate.process.threads import in_thread
from headgate.records import Hit, Question
from headgate.settings import RetrievalSettings
from headgate.text.terms import analyze
from headgate.withdrawals.ledger import Withdrawn
from headgate.withdrawals.view import WithdrawalView


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for. `vector` is (d,) float32 of `text`; `terms` are the distinct search terms."""

    text: str  # the question, with the corrections of `spelling`
    spelling: Spelling
    language: str
    terms: tuple[str, ...]
    vector: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Retrieval:
    query: Query
    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()  # what of the question was not searched


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
        languages: Sequence[str],
        default_language: str,
        withdrawals: WithdrawalView,
        reranker: Reranker | None = None,
        reranked: int = 0,
        real_words: Collection[str] = (),
    ) -> None:
        self._withdrawals = withdrawals
        self._reranker = reranker
        self._reranked = reranked
        self._documents: frozenset[str] | None = None
        self._real_words = real_words
        self._table = table
        self._embedder = embedder
        self._vocabulary = vocabulary
        self._settings = settings
        self._languages = tuple(languages)
        self._default_language = default_language

    def close(self) -> None:
        """Let go of the table and of the models; the scorer of passages shares the embedding model."""
        self._table.close()
        if self._reranker:
            self._reranker.close()
        self._embedder.close()

    async def retrieve(self, question: Question) -> Retrieval:
        """The best passages for `question`, at most `top_k`, best first; ties are broken by chunk id.

        What is searched is said in `headgate.answer.bounds`; a question with misspelt words is searched as it may be meant and as it was
        written.
        """
        language = detect_language(question.text, self._languages, default=self._default_language)
        texts, notes = texts_to_search(question)
        withdrawn = await self.withdrawn()
        allowed = self._settings.audiences.seen_by(question.audience)
        scope = _Scope(allowed, await self._without(withdrawn))
        spelled = await self._spelled(texts, language, scope)
        queries = await in_thread(self._queries, spelled, language)
        hits = await self._search(queries, scope, "" if language == self._default_language else language)
        if language != self._default_language and len(hits) < self._settings.top_k:
            known = {hit.chunk_id for hit in hits}
            more = await self._search(queries, scope, "")
            hits = [*hits, *(hit for hit in more if hit.chunk_id not in known)]
        hits = [hit for hit in hits if hit.confidentiality in allowed and not withdrawn.covers(hit.doc_id)]
        if reranker := self._reranker:
            hits = await in_thread(partial(rerank, question.text, hits, reranker, passages=self._reranked))
        return Retrieval(query=queries[0], hits=tuple(widen(hits, self._settings.top_k)), notes=notes)

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

    def _queries(self, spelled: Sequence[Spelling], language: str) -> list[Query]:
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
                language=language,
                terms=tuple(dict.fromkeys(analyze(text, language))),
                vector=vector,
            )
            for (text, spelling), vector in zip(searched.items(), vectors, strict=True)
        ]

    async def _search(self, queries: Sequence[Query], scope: _Scope, language: str) -> list[Hit]:
        limit, labels, without = self._settings.candidates, scope.labels, scope.without
        searches = []
        for query in queries:
            dense = self._table.dense(query.vector, limit=limit, confidentiality=labels, language=language, without=without)
            words = self._table.full_text(query.terms, limit=limit, confidentiality=labels, language=language, without=without)
            searches += [dense, words]
        rankings = await self._table.read(await asyncio.gather(*searches))
        weights = [self._settings.dense_weight, self._settings.text_weight] * len(queries)
        return fuse(rankings, weights, rrf_k=self._settings.rrf_k, vector=queries[0].vector)


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


def fuse(
    rankings: Sequence[Sequence[Hit]], weights: Sequence[float], *, rrf_k: int, vector: npt.NDArray[np.float32]
) -> list[Hit]:
    """Weighted reciprocal rank fusion, best first.

    `score` is the fused sum over its largest possible value, so 1 means first in every ranking. `cosine` to `vector` is
    filled in for hits that only full-text search found.
    """
    sums: dict[str, float] = {}
    hits: dict[str, Hit] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, hit in enumerate(ranking, start=1):
            sums[hit.chunk_id] = sums.get(hit.chunk_id, 0.0) + weight / (rrf_k + rank)
            known = hits.get(hit.chunk_id)
            bm25 = hit.bm25 if hit.bm25 is not None else known.bm25 if known else None
            hits[hit.chunk_id] = replace(hit, bm25=bm25)
    largest = sum(weights) / (rrf_k + 1) or 1.0
    ordered = sorted(sums, key=lambda chunk_id: (-sums[chunk_id], chunk_id))
    return [
        replace(hits[chunk_id], score=sums[chunk_id] / largest, cosine=float(np.dot(np.asarray(hits[chunk_id].vector), vector)))
        for chunk_id in ordered
    ]
