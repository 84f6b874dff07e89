"""Question → answer: guard, retrieve, weigh the evidence, generate, cite. The one path of service, evaluation, CI and replay.

    question ─► guard ─► retrieve ─► evidence ≥ threshold? ─► model ─► citations ─► Answer
                  │                        │                    │
                  └────────── refusal ◄────┴────────────────────┘

`headgate.bundle.open_bundle` is the only place that constructs an `Answerer`; everything that varies comes from the bundle.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from headgate.answer.evidence import Features, evidence, extract_features
from headgate.answer.generate import ChatModel, ChatRequest, cited_numbers
from headgate.answer.prompt import Prompt
from headgate.answer.question.bounds import within_bounds
from headgate.answer.question.guard import find_violation
from headgate.answer.question.names import missing_names, mistaken_names, names, speaks_of_another_version
from headgate.answer.question.small_talk import SmallTalk, small_talk
from headgate.answer.retrieve import Found, Retrieval, Retriever
from headgate.answer.weigh import ScoredUnit, UnitScorer
from headgate.errors import ModelError, WithdrawnError
from headgate.index.vocabulary import Vocabulary
from headgate.process.threads import in_thread
from headgate.records import Answer, Citation, EvidenceModel, Hit, OrderModel, Question, RetrievedChunk, Timings, Token, Usage
from headgate.records.answer import RefusalReason
from headgate.settings import AnswerBehaviour, GuardSettings

#: Raised when the same bundle would answer differently because this code changed; bundles of another engine are refused.
ENGINE_VERSION = 8
#: Evidence that a question needs above the threshold when something else may be meant: a word of it was taken for misspelt, or it names what no
#: passage names (PayPal, where they speak of cards).
_DOUBTED_MARGIN = 0.05
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was found for a question, before anything is said."""

    question: Question  # within bounds
    notes: tuple[str, ...]  # what of the request was not used
    retrieval: Retrieval
    passages: tuple[Hit, ...]  # handed to the model, best first
    units: tuple[ScoredUnit, ...]  # of the passages, best first
    features: Features
    evidence: float  # 0 to 1


class Answerer:
    """An opened bundle. Safe for concurrent use; holds the table and the models open."""

    def __init__(
        self,
        *,
        bundle_id: str,
        retriever: Retriever,
        scorer: UnitScorer,
        vocabulary: Vocabulary,
        model: ChatModel,
        answer_prompt: Prompt,
        refusal: Prompt,
        behaviour: AnswerBehaviour,
        evidence_model: EvidenceModel,
        guard: GuardSettings,
        default_language: str,
        clock: Clock = time.monotonic,
    ) -> None:
        self.bundle_id = bundle_id
        self._retriever = retriever
        self._scorer = scorer
        self._vocabulary = vocabulary
        self._model = model
        self._answer_prompt = answer_prompt
        self._refusal = refusal
        self._behaviour = behaviour
        self._evidence_model = evidence_model
        self._guard = guard
        self._default_language = default_language
        self._clock = clock

    async def answer(self, question: Question) -> Answer:
        """The whole answer.

        Raises:
            ModelError: the chat model failed.
        """
        async for token in self.stream(question):
            if token.answer is not None:
                return token.answer
        raise ModelError(f"model {self._model.name!r} ended without an answer")

    def answer_now(self, question: Question) -> Answer:
        """`answer` for callers without an event loop."""
        return asyncio.run(self.answer(question))

    async def stream(self, question: Question) -> AsyncIterator[Token]:
        """The answer in pieces; the last token carries the whole `Answer`.

        Raises:
            ModelError: the chat model failed, before or after the first piece.
            WithdrawnError: a document that it rests on was withdrawn meanwhile.
            IntegrityError: nobody can tell what is withdrawn.
        """
        started = self._clock()
        if rule := find_violation(question.text, self._guard):
            yield self._refuse(rule, started)
            return
        if (talk := small_talk(question.text)) and (reply := self._small_talk(talk)):
            yield self._reply_in_kind(reply, started)
            return
        assessment = await self.assess(question)
        retrieval, passages, support = assessment.retrieval, assessment.passages, assessment.evidence
        retrieved_at = self._clock()
        spelling = retrieval.query.spelling
        wanted = dict.fromkeys((*names(question.text, retrieval.query.language), *spelling.lookalikes))
        missing = await in_thread(missing_names, wanted, retrieval.query.language, passages) if wanted else ()
        if support < self._evidence_model.threshold + (_DOUBTED_MARGIN if spelling.corrections or missing else 0.0):
            yield self._refuse("no_evidence", started, assessment, retrieved_at)
            return
        if missing and (mistaken := await in_thread(mistaken_names, missing, passages)):
            yield self._refuse("other_name", started, assessment, retrieved_at, missing=mistaken)
            return
        request = ChatRequest(
            question=assessment.question,
            query=retrieval.query,
            passages=passages,
            units=assessment.units,
            prompt=self._answer_prompt,
        )
        pieces: list[str] = []
        quotes: dict[int, str] = {}
        usage = Usage()
        first_token = 0.0
        async with aclosing(self._model.stream(request)) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                await self._check_not_withdrawn(passages)
                if delta.declined:
                    yield self._refuse("model", started, assessment, retrieved_at, usage=delta.usage)
                    return
                usage = delta.usage or usage
                quotes |= delta.quotes
                if delta.text:
                    first_token = first_token or self._clock() - started
                    pieces.append(delta.text)
                    yield Token(text=delta.text)
        await self._check_not_withdrawn(passages)
        text = "".join(pieces)
        ended = self._clock()
        yield Token(
            answer=Answer(
                text=text,
                refused=False,
                evidence=support,
                citations=tuple(_citation(number, passages[number - 1], quotes) for number in cited_numbers(text, len(passages))),
                retrieved=_retrieved(retrieval),
                contexts=tuple(hit.text for hit in passages),
                language=retrieval.query.language,
                corrections=dict(spelling.corrections),
                notes=assessment.notes,
                bundle_id=self.bundle_id,
                model=self._model.name,
                usage=usage,
                timings=Timings(
                    retrieve=retrieved_at - started, generate=ended - retrieved_at, first_token=first_token, total=ended - started
                ),
            )
        )

    async def _check_not_withdrawn(self, passages: Sequence[Hit]) -> None:
        if lost := (await self._retriever.withdrawn()).among(hit.doc_id for hit in passages):
            raise WithdrawnError(f"document {lost[0]!r} was withdrawn while the answer was written; ask again")

    async def retrieve(self, question: Question) -> Retrieval:
        """What is found for a question; nothing is weighed or said."""
        return await self._retriever.retrieve(question)

    async def find(self, question: Question) -> Found:
        """What the search finds for a question, before it is ordered anew."""
        return await self._retriever.find(within_bounds(question, self._guard)[0])

    async def assess(self, question: Question, *, order: OrderModel | None = None) -> Assessment:
        """What is found for a question and how well it supports an answer: the first half of `stream`.

        Args:
            order: weights of the built-in re-ranker in place of the bundle's.
        """
        question, left_out = within_bounds(question, self._guard)
        retrieval = await self._retriever.retrieve(question, order=order)
        passages = retrieval.hits[: self._behaviour.max_context_passages]
        scored = [
            entry
            for entry in await in_thread(self._scorer.score, retrieval.query, passages)
            if not speaks_of_another_version(question.text, entry.unit.text)
        ]
        features = extract_features(
            retrieval.query, retrieval.hits, scored, self._vocabulary, default_language=self._default_language
        )
        return Assessment(
            question=question,
            notes=(*left_out, *retrieval.notes),
            retrieval=retrieval,
            passages=passages,
            units=tuple(scored),
            features=features,
            evidence=evidence(features, self._evidence_model, language=retrieval.query.language),
        )

    def close(self) -> None:
        """Let go of the table and the embedding model; whoever asks afterwards gets a ClosedError. May be called again."""
        self._retriever.close()

    def _small_talk(self, talk: SmallTalk) -> str | None:
        """The reply of the refusal prompt, in the message's language where it has one; None where it has none at all."""
        sections = self._refusal.sections
        replies = {name.partition("-")[0]: text for name, text in sections.items() if name.endswith(f"-{talk.kind}")}
        return replies.get(talk.language) or replies.get(self._default_language) or next(iter(replies.values()), None)

    def _reply_in_kind(self, text: str, started: float) -> Token:
        ended = self._clock() - started
        answer = Answer(
            text=text,
            refused=False,
            small_talk=True,
            bundle_id=self.bundle_id,
            model=self._model.name,
            timings=Timings(generate=ended, first_token=ended, total=ended),
        )
        return Token(text=text, answer=answer)

    def _refuse(
        self,
        reason: RefusalReason,
        started: float,
        found: Assessment | None = None,
        retrieved_at: float | None = None,
        *,
        usage: Usage | None = None,
        missing: tuple[str, ...] = (),
    ) -> Token:
        retrieval = found.retrieval if found else None
        language = retrieval.query.language if retrieval else self._default_language
        sections = self._refusal.sections
        text = (
            sections.get(language)
            or sections.get(self._default_language)
            or next(text for name, text in sections.items() if "-" not in name)
        )
        ended = self._clock()
        answer = Answer(
            text=text,
            refused=True,
            refusal_reason=reason,
            missing_names=missing,
            corrections=dict(retrieval.query.spelling.corrections) if retrieval else {},
            evidence=found.evidence if found else 0.0,
            notes=found.notes if found else (),
            retrieved=_retrieved(retrieval) if retrieval else (),
            language=language,
            bundle_id=self.bundle_id,
            model=self._model.name,
            usage=usage or Usage(),
            timings=Timings(
                retrieve=(retrieved_at or ended) - started,
                generate=ended - (retrieved_at or ended),
                first_token=ended - started,
                total=ended - started,
            ),
        )
        return Token(text=text, answer=answer)


def _retrieved(retrieval: Retrieval) -> tuple[RetrievedChunk, ...]:
    return tuple(
        RetrievedChunk(chunk_id=hit.chunk_id, doc_id=hit.doc_id, score=hit.score, reranked=hit.reranked) for hit in retrieval.hits
    )


def _citation(number: int, hit: Hit, quotes: dict[int, str]) -> Citation:
    return Citation(
        number=number,
        doc_id=hit.doc_id,
        chunk_id=hit.chunk_id,
        title=hit.title,
        heading=hit.heading,
        location=hit.location,
        score=hit.score,
        quote=quotes.get(number, ""),
        stale_since=hit.stale_since,
    )
