"""Hand-written stand-ins: an answerer that says what it is told, and makers of suites and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from headgate.evaluate.metrics.score import Scorable
from headgate.evaluate.suites.quotes import searchable
from headgate.evaluate.suites.suite import GoldPassage, Variant
from headgate.records import Answer, Citation, Question, RetrievedChunk, Timings

REFUNDS = "billing/refunds.md"


def write_suite(folder: Path, cases: Sequence[Mapping[str, object]], name: str = "golden") -> Path:
    path = folder / f"{name}.jsonl"
    path.write_bytes(b"".join(orjson.dumps(case) + b"\n" for case in cases))
    return path


def make_case(case_id: str = "g1", question: str = "How long does a refund take?", **changes: object) -> dict[str, object]:
    """An answerable case about the refunds page of `tests.conftest.HELP_PAGES`."""
    passages = [{"document": REFUNDS, "quote": "within 10 working days"}]
    case: dict[str, object] = {
        "id": case_id, "question": question, "answerable": True, "gold_documents": [REFUNDS], "gold_passages": passages,
        "reference_answer": "Within 10 working days.",
    }  # fmt: skip
    return case | changes


def unanswerable(case_id: str = "r1", question: str = "Who won the cup?") -> dict[str, object]:
    return {"id": case_id, "question": question, "answerable": False}


def make_answer(
    text: str = "Refunds take 10 days [1].",
    *,
    retrieved: Sequence[tuple[str, str]] = (("c1", "a.md"),),
    cited: Sequence[str] = ("a.md",),
    contexts: Sequence[str] = ("Refunds take 10 days.",),
    refused: bool = False,
    seconds: float = 0.1,
) -> Answer:
    """An answer; `retrieved` holds (chunk id, document)."""
    return Answer(
        text=text,
        refused=refused,
        citations=tuple(
            Citation(number=number, doc_id=doc_id, chunk_id="", title="", heading="", location="", score=1.0)
            for number, doc_id in enumerate(() if refused else cited, start=1)
        ),
        retrieved=tuple(RetrievedChunk(chunk_id=chunk_id, doc_id=doc_id, score=1.0) for chunk_id, doc_id in retrieved),
        contexts=tuple(contexts),
        timings=Timings(total=seconds, first_token=seconds / 2),
    )


def gold(*passages: tuple[str, str] | tuple[str, str, str], reference: str = "Refunds take 10 days.") -> Variant:
    """An answerable variant from (document, quote) or (document, quote, part)."""
    made = tuple(GoldPassage(document=entry[0], quote=entry[1], part=entry[2] if len(entry) > 2 else "") for entry in passages)
    documents = tuple(dict.fromkeys(passage.document for passage in made))
    return Variant(answerable=True, gold_documents=documents, gold_passages=made, reference_answer=reference)


def scorable(variant: Variant, answer: Answer, chunks: Mapping[str, str] | None = None, similarity: float = 0.5) -> Scorable:
    texts = chunks if chunks is not None else {"c1": "Refunds take 10 days."}
    return Scorable(
        variant, "en", answer, {name: searchable([text]) for name, text in texts.items()}, lambda left, right: similarity
    )


class ScriptedAnswerer:
    """Answers by question text; a missing one fails as a broken model would."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers

    def answer_now(self, question: Question) -> Answer:
        return self._answers[question.text]
