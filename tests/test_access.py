"""Who sees what, over the whole path: ingest → index → bundle → a question asked."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.answer.engine import Answerer
from headgate.build import build
from headgate.bundle import open_bundle
from headgate.records import IngestResult, Question
from headgate.settings import parse_settings
from headgate.storage import open_store
from tests.conftest import EVERYBODY, REPOSITORY
from tests.damaged_labels import SENTENCE, Damaged, damaged_pages

DAMAGED = damaged_pages()


@dataclass(frozen=True)
class Asked:
    ingest: IngestResult
    answerer: Answerer

    def finds(self, word: str, audience: str) -> set[str]:
        """Documents that are found, cited or quoted for a question about a word."""
        answer = self.answerer.answer_now(Question(text=f"Which depot shows the word {word} at its gate?", audience=audience))
        found = {one.doc_id for one in answer.retrieved} | {one.doc_id for one in answer.citations}
        quoted = word.lower() in " ".join([answer.text, *answer.contexts]).lower()
        return found | ({"quoted"} if quoted else set())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, exported_model: Path) -> Asked:
    """All damaged pages with three sound ones in a folder that a rule shows to customers."""
    folder = tmp_path_factory.mktemp("access")
    shutil.copytree(REPOSITORY / "prompts", folder / "prompts")
    shutil.copytree(exported_model, folder / ".headgate" / "models", copy_function=os.link)
    for page in DAMAGED:
        target = folder / "documents" / page.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(page.content)
    for name, front_matter in (
        ("none", ""),
        ("public", "---\nconfidentiality: public\n---\n"),
        ("internal", "---\nconfidentiality: internal\n---\n"),
    ):
        (folder / "documents" / f"{name}.md").write_text(f"{front_matter}# Depot\n\n{SENTENCE.format(name, f'sound{name}')}\n")
    content = {
        "corpus": {"name": "access", "folder": "documents", "labels": [EVERYBODY]},
        # Nothing but labels is to be the reason why a page is not found.
        "validation": {
            "near_duplicate": 1.0,
            "max_dropped_share": 1.0,
            "max_dead_letter_share": 1.0,
            "max_lost_share": 1.0,
            "max_furniture_share": 1.0,
        },
        "retrieval": {"top_k": 20, "candidates": 60},
    }
    settings = parse_settings(content, project_dir=folder)
    built = build(settings)
    return Asked(built.ingest, open_bundle(open_store(settings), built.bundle_id))


def test_the_path_shows_what_may_be_seen(asked: Asked) -> None:
    assert asked.finds("soundnone", "customer") >= {"none.md", "quoted"}
    assert asked.finds("soundpublic", "customer") >= {"public.md", "quoted"}
    assert asked.finds("soundinternal", "staff") >= {"internal.md", "quoted"}


def test_there_are_some_two_hundred_ways() -> None:
    assert len(DAMAGED) >= 200
    assert len({page.word for page in DAMAGED}) == len(DAMAGED)


@pytest.mark.parametrize("page", DAMAGED, ids=lambda page: page.way)
def test_no_customer_sees_an_internal_page_whose_label_is_damaged(asked: Asked, page: Damaged) -> None:
    assert asked.finds(page.word, "customer") & {page.path, "quoted"} == set()
    (outcome,) = [one for one in asked.ingest.outcomes if one.path == page.path]
    if outcome.outcome == "indexed":
        assert asked.finds(page.word, "staff") >= {page.path}, "a label that was read after all"
    elif outcome.outcome == "dead_lettered":
        assert str(outcome.reasons[0]).startswith("no_text: "), "the slip swallowed the whole page"
    else:
        assert str(outcome.reasons[0]).startswith(("label_damaged: ", "label_unknown: ", "label_contradicting: "))
        if page.path.endswith((".md", ".txt")) and not page.way.startswith("fences: a comment"):
            assert "line " in outcome.reasons[0].text


def test_the_figures_add_up(asked: Asked) -> None:
    access = asked.ingest.access
    assert access is not None
    assert access.by_label + access.by_rule + access.without_label == asked.ingest.counts.indexed
    assert access.by_rule == 1, "the page without any label"
    assert access.damaged == asked.ingest.counts.quarantined
    (check,) = [one for one in asked.ingest.checks if one.name == "labels_are_readable"]
    assert (check.level, check.failed) == ("quarantine", access.damaged)
    assert access.seen_by == {"customer": 2, "staff": asked.ingest.counts.indexed}
    assert access.widened == ()
