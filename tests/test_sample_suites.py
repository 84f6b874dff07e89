"""The sample's suites: every case applies to every revision of the corpus, none is there twice, and one need has one answer."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from headgate.evaluate.suites.quotes import SearchableText
from headgate.evaluate.suites.suite import Suite, index_documents, load_suite, resolve_suite
from headgate.index.chunk_set import read_rows
from headgate.ingest.run import ingest
from headgate.settings import SETTINGS_FILE, load_settings
from headgate.storage import open_store
from tests.conftest import REPOSITORY

FILES = sorted((REPOSITORY / "evals" / "suites").glob("*.jsonl"))
CALIBRATION = REPOSITORY / "evals" / "calibration.jsonl"


@pytest.fixture(scope="module")
def suites() -> list[Suite]:
    return [load_suite(path) for path in FILES]


@pytest.fixture(scope="module")
def revisions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, SearchableText]]:
    """Revision → document → its text, as it is indexed."""
    environment = {"HEADGATE_STORE": str(tmp_path_factory.mktemp("suites") / "store")}
    settings = load_settings(REPOSITORY / SETTINGS_FILE, environment=environment)
    store = open_store(settings)
    indexed = {}
    for revision in settings.corpus.revisions:
        texts: dict[str, list[str]] = defaultdict(list)
        for row in read_rows(store, ingest(store, settings.ingest_setup, revision=revision).chunk_set):
            texts[row["doc_id"]].append(row["text"])
        indexed[revision] = index_documents(texts)
    return indexed


def test_every_case_applies_to_every_revision(suites: list[Suite], revisions: dict[str, dict[str, SearchableText]]) -> None:
    assert len(revisions) == 3
    for documents in revisions.values():
        for suite in suites:
            assert len(resolve_suite(suite, documents).cases) == len(suite.cases)
    calibration = load_suite(CALIBRATION)  # fitted on the first revision
    assert len(resolve_suite(calibration, revisions["base"]).cases) == len(calibration.cases)


def test_no_question_is_there_twice(suites: list[Suite]) -> None:
    """Among cases of different needs; nor one of a suite among those that weights are fitted on."""
    asked: dict[str, str] = {}
    for suite in [load_suite(CALIBRATION), *suites]:
        for case in suite.cases:
            if case.conversation:
                continue
            plain = re.sub(r"\W+", " ", case.question.casefold()).strip() or case.question
            assert asked.setdefault(plain, case.need or case.id) == (case.need or case.id), f"{suite.name}: {case.id}"


def test_ids_are_unique_over_all_suites(suites: list[Suite]) -> None:
    ids = [case.id for suite in suites for case in suite.cases]
    assert len(ids) == len(set(ids))


def test_one_need_has_one_answer(suites: list[Suite]) -> None:
    """Where a need is answered: cases that ask for the same are judged by the same documents."""
    for suite in suites:
        gold: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for case in suite.cases:
            if case.need and case.variants[0].answerable:
                gold[case.need].add(tuple(sorted(case.variants[0].gold_documents)))
        assert [need for need, documents in gold.items() if len(documents) > 1] == []


def test_the_suites_that_decide_are_large_enough(suites: list[Suite]) -> None:
    settings = load_settings(REPOSITORY / SETTINGS_FILE, environment={})
    sizes = {suite.name: len(suite.cases) for suite in suites}
    deciding = {Path(path).stem for path in settings.evaluation.suites}
    assert deciding <= sizes.keys()
    assert sum(sizes[name] for name in deciding) >= 800
    assert sizes["golden"] >= 450
    assert sizes["hard"] >= 150
    assert sizes["refusals"] >= 200
