"""evals/: the questions of the sample fit its pages, and the calibration questions are not those of the suites."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from headgate.evaluate.suites.quotes import SearchableText
from headgate.evaluate.suites.suite import Case, Suite, index_documents, load_suite, resolve_suite
from headgate.ingest.chunk.chunker import chunk_document
from headgate.ingest.parse.file import parse_file
from headgate.records import Document, DocumentMetadata
from headgate.settings import load_settings
from headgate.sources.media import detect_media
from render import read_defects, render_corpus

ROOT = Path(__file__).resolve().parents[1]
SUITES = sorted((ROOT / "evals" / "suites").glob("*.jsonl"))
#: Share of their pairs of letters that two questions have in common; those on the same subject in other words stay below.
NEARLY_THE_SAME = 0.65


@pytest.fixture(scope="module")
def calibration() -> Suite:
    return load_suite(ROOT / "evals" / "calibration.jsonl")


@pytest.fixture(scope="module")
def pages(calibration: Suite) -> dict[str, SearchableText]:
    """The pages of revision `base` that questions quote and that are indexed, cut as an index would."""
    wanted = {name for case in calibration.cases for variant in case.variants for name in variant.gold_documents}
    left_out = {defect.path for defect in read_defects() if defect.expected != "indexed"}
    chunks = load_settings(ROOT / "headgate.toml").chunks
    texts = {}
    for name, content in render_corpus("base").items():
        if name in wanted - left_out:
            media_type = detect_media(name, content[:4096], content).media_type
            parsed = parse_file(content, media_type, path=name)
            document = Document(name, "", media_type, parsed.text, parsed.elements, DocumentMetadata(title=name), "")
            texts[name] = [chunk.text for chunk in chunk_document(document, chunks, lambda text: 2 * len(text.split()))]
    return index_documents(texts)


def test_every_calibration_question_says_what_the_pages_say(calibration: Suite, pages: dict[str, SearchableText]) -> None:
    answered = [case for case in resolve_suite(calibration, pages).cases if case.variant.answerable]
    assert [case.case.id for case in answered if not case.variant.gold_passages] == []


def test_internal_pages_answer_staff_only(calibration: Suite) -> None:
    internal = [case for case in calibration.cases if any(name.startswith("internal/") for name in documents_of(case))]
    assert internal
    assert {case.audience for case in internal} == {"staff"}


def test_no_calibration_question_stands_in_a_suite_or_twice(calibration: Suite) -> None:
    asked = {case.id: pairs(case.question) for path in SUITES for case in load_suite(path).cases}
    same = []
    for case in calibration.cases:
        question = pairs(case.question)
        same += [(case.id, other) for other, text in asked.items() if nearly_the_same(question, text)]
        asked[case.id] = question
    assert same == []


def test_calibration_holds_enough_of_every_kind_to_fit_on(calibration: Suite) -> None:
    tags = Counter(tag for case in calibration.cases for tag in case.tags)
    assert {tag for tag in ("out_of_scope", "near_topic", "internal_only", "false_premise") if tags[tag] < 20} == set()
    languages = Counter((case.language, case.variants[0].answerable) for case in calibration.cases)
    wanted = [(language, answered) for language in ("de", "es", "fr", "ja") for answered in (True, False)]
    assert [pair for pair in wanted if languages[pair] < 5] == []


def documents_of(case: Case) -> set[str]:
    return {name for variant in case.variants for name in variant.gold_documents}


def pairs(question: str) -> frozenset[str]:
    """Pairs of neighbouring letters, which serve scripts without spaces too."""
    flat = " ".join(re.findall(r"\w+", question.casefold()))
    return frozenset(flat[i : i + 2] for i in range(len(flat) - 1))


def nearly_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= NEARLY_THE_SAME * len(one | other)
