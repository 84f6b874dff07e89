"""Question → answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from headgate.records.base import Record


class Turn(Record):
    role: Literal["user", "assistant"]
    content: str


class Question(Record):
    """What is asked. `audience` decides which documents may be used (setting `retrieval.access`)."""

    text: str
    conversation: tuple[Turn, ...] = ()  # earlier turns, oldest first
    audience: str = "customer"


class Citation(Record):
    """A passage the answer rests on; `quote` is the sentence taken from it, verbatim, if the model quotes."""

    number: int  # 1-based, as in the answer's [1]
    doc_id: str
    chunk_id: str
    title: str
    heading: str
    location: str
    score: float  # 0 to 1
    quote: str = ""
    stale_since: str = ""  # the day since when an older version is shown, because the document can't be read; "" = current


class Usage(Record):
    """Tokens and price of the model calls of one answer. `cost` is None when the model's price is unknown."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0  # US dollars


class Timings(Record):
    """Seconds, wall clock."""

    retrieve: float = 0.0
    generate: float = 0.0
    first_token: float = 0.0
    total: float = 0.0


class RetrievedChunk(Record):
    """A hit as it is logged: enough to replay and to compare."""

    chunk_id: str
    doc_id: str
    score: float
    reranked: float | None = None  # score of the re-ranker; None where there was none


#: Why a question was not answered.
RefusalReason = Literal["no_evidence", "other_name", "model", "guard:empty", "guard:too_long", "guard:injection"]
#: Of these, before anything was searched.
GUARD_REASONS: frozenset[RefusalReason] = frozenset({"guard:empty", "guard:too_long", "guard:injection"})


class Answer(Record):
    """What came back. `text` cites by number, [1]; a refusal has no citations."""

    text: str
    refused: bool
    refusal_reason: RefusalReason | Literal[""] = ""
    small_talk: bool = False  # a greeting or thanks, answered in kind: neither a question nor a refusal
    missing_names: tuple[str, ...] = ()  # what the question names and no passage does; the reason of "other_name"
    corrections: dict[str, str] = Field(
        default_factory=dict
    )  # misspelt word of the question → the word that was searched beside it
    notes: tuple[str, ...] = ()  # what of the request was over a bound and not used, for the person who reads the reply
    evidence: float = 0.0  # 0 to 1, how well the passages support an answer
    citations: tuple[Citation, ...] = ()
    retrieved: tuple[RetrievedChunk, ...] = ()
    contexts: tuple[str, ...] = ()  # texts of the passages given to the model, in order
    language: str = ""
    bundle_id: str = ""
    model: str = ""
    usage: Usage = Usage()
    timings: Timings = Timings()
