"""Who sees more than at the last accepted ingest, and how that is accepted by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headgate.ingest.validate.acceptance import audience_lines
from headgate.ingest.validate.baseline import baseline_key
from headgate.ingest.validate.facts.access import Access
from headgate.ingest.validate.facts.audiences import Seen, find_widened
from headgate.ingest.validate.facts.document_facts import DocumentFacts, document_facts
from headgate.ingest.validate.outcome import Validated
from headgate.ingest.validate.page import report_key
from headgate.records import Remark, Widened
from headgate.settings import AudienceAcceptance, PersonalSearch, Settings, load_settings
from headgate.storage import FolderStore
from tests.ingest.documents import page, settings_of
from tests.verbs import validate

STAFF, ALL = ("staff",), ("customer", "staff")
TEXT = "This page tells what the plans cost in every region, and how the price of a plan is made up. " * 5


def seen(*audiences: str, text: str = "t") -> Seen:
    return Seen(tuple(sorted(audiences)), text, "label")


def test_a_document_that_an_audience_did_not_see_is_wider() -> None:
    before = {"a.md": seen(*STAFF), "b.md": seen(*ALL), "c.md": seen(*STAFF)}
    now = {"a.md": seen(*ALL), "b.md": seen(*STAFF), "c.md": seen(*STAFF), "new.md": seen(*ALL, text="new")}
    assert find_widened(now, before, ()) == (Widened(path="a.md", before=STAFF, now=ALL),)


def test_text_under_a_new_path_is_compared_with_what_had_it() -> None:
    before = {"old.md": seen(*STAFF), "both.md": seen(*STAFF, text="b"), "open.md": seen(*ALL, text="b")}
    now = {"new.md": seen(*ALL), "copy.md": seen(*ALL, text="b")}
    assert find_widened(now, before, ()) == (Widened(path="new.md", before=STAFF, now=ALL, same_text_as="old.md"),)


def test_an_acceptance_is_for_documents_and_audiences_by_name() -> None:
    accepted = AudienceAcceptance(documents=("a.md",), seen_before=STAFF, seen_now=ALL, by="Ann", reason="public from June")
    before = {"a.md": seen(*STAFF), "b.md": seen(*STAFF)}
    found = find_widened({"a.md": seen(*ALL), "b.md": seen(*ALL)}, before, [accepted])
    assert {one.path: one.accepted for one in found} == {"a.md": "Ann: public from June", "b.md": ""}
    (other,) = find_widened({"a.md": seen(*ALL)}, {"a.md": seen()}, [accepted])
    assert other.accepted == "", "from nobody to all is another change"


class Corpus:
    """Ingests of one corpus; a document is its path and the label that counts."""

    def __init__(self, folder: Path, **validation: Any) -> None:
        self.settings = settings_of(folder, validation={"near_duplicate": 1.0, **validation})
        self.store = FolderStore(folder / "store")

    def ingest(self, revision: str, settings: Settings | None = None, **labels: str) -> Validated:
        settings = settings or self.settings
        made = [facts(name, label) for name, label in labels.items()]
        return validate(made, settings=settings, store=self.store, revision=revision)


def facts(name: str, label: str) -> DocumentFacts:
    """`damaged` for one that is quarantined, `ruled` for one that a rule shows to customers."""
    text = f"# {name}\n\n{name} {TEXT}"
    given = {"damaged": "", "ruled": "public", "none": ""}.get(label, label)
    made, parsed = page(f"{name}.md", text, confidentiality=given)
    ground: Any = {"damaged": "damaged", "ruled": "rule", "none": "none"}.get(label, "label")
    problems = (Remark("label_damaged", "line 2, colon: …"),) if label == "damaged" else ()
    return document_facts(made, parsed, search=PersonalSearch(), access=Access(given, "", ground, problems))


def widened(result: Validated) -> list[str]:
    assert result.access is not None
    return [one.path for one in result.access.widened if not one.accepted]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


def fails(result: Validated) -> bool:
    (check,) = [one for one in result.checks if one.name == "no_wider_audience"]
    assert check.level == "error"
    return not check.passed


def test_on_a_first_ingest_nothing_is_a_change(corpus: Corpus) -> None:
    first = corpus.ingest("one", a="public", b="internal", c="ruled", d="none", e="damaged")
    assert not fails(first)
    assert first.access is not None
    assert first.access.model_dump(exclude={"widened", "narrowed"}) == {
        "seen_by": {"customer": 2, "staff": 4},
        "by_label": 2,
        "by_rule": 1,
        "without_label": 1,
        "damaged": 1,
    }


@pytest.mark.parametrize("label", ["public", "ruled"])
@pytest.mark.parametrize("before", ["internal", "none"])
def test_a_page_that_customers_did_not_see_stops_the_release(corpus: Corpus, before: str, label: str) -> None:
    corpus.ingest("one", a=before)
    result = corpus.ingest("two", a=label)
    assert fails(result)
    assert widened(result) == ["a.md"]
    assert fails(corpus.ingest("three", a=label)), "what was refused does not become the measure"
    assert not fails(corpus.ingest("four", a=before))


def test_a_page_that_was_set_aside_in_between_is_compared_with_what_it_was(corpus: Corpus) -> None:
    others = {f"other{number}": "public" for number in range(14)}
    corpus.ingest("one", a="internal", **others)
    for revision, labels in (("two", {"a": "damaged"}), ("three", {})):
        result = corpus.ingest(revision, **labels, **others)
        assert all(check.passed for check in result.checks if check.level == "error"), "it becomes the measure of the next one"
    assert widened(corpus.ingest("four", a="public", **others)) == ["a.md"]


def test_a_setting_that_shows_more_is_a_change_too(corpus: Corpus, tmp_path: Path) -> None:
    corpus.ingest("one", a="internal", b="public")
    open_to_all = settings_of(
        tmp_path, retrieval={"access": {"customer": ["public", "internal"], "staff": ["public", "internal"]}}
    )
    assert widened(corpus.ingest("two", open_to_all, a="internal", b="public")) == ["a.md"]


def test_a_revision_that_comes_back_is_asked_for_again(corpus: Corpus) -> None:
    corpus.ingest("one", a="public")
    corpus.ingest("two", a="internal")
    assert widened(corpus.ingest("one", a="public")) == ["a.md"]


def test_what_was_accepted_by_name_passes_and_does_not_come_back(corpus: Corpus, tmp_path: Path) -> None:
    corpus.ingest("one", a="internal", b="internal")
    refused = corpus.ingest("two", a="public", b="internal")
    assert refused.access is not None
    lines = (
        audience_lines(refused.access.widened)
        .replace('by = ""', 'by = "Ann"')
        .replace('reason = ""', 'reason = "public from June"')
    )
    (tmp_path / "headgate.toml").write_text(f'[corpus]\nname = "pages"\nfolder = "."\n\n{lines}')
    accepting = load_settings(tmp_path / "headgate.toml", environment={})
    accepted = corpus.ingest("two", accepting, a="public", b="internal")
    assert not fails(accepted)
    assert accepted.access is not None
    assert [(one.path, one.accepted) for one in accepted.access.widened] == [("a.md", "Ann: public from June")]
    assert not fails(corpus.ingest("three", a="public", b="internal")), "the setting may go: it is the measure now"
    corpus.ingest("four", a="internal", b="internal")
    assert not fails(corpus.ingest("five", accepting, a="public", b="internal")), "the same document, the same audiences"
    assert widened(corpus.ingest("six", accepting, a="public", b="public")) == ["b.md"]


def test_an_acceptance_of_the_check_for_a_revision_is_none_of_a_document(corpus: Corpus, tmp_path: Path) -> None:
    corpus.ingest("revision-one", a="internal")
    general = settings_of(tmp_path, validation={"accept": ["no_wider_audience@revision-two: looked at by Ann"]})
    assert fails(corpus.ingest("revision-two", general, a="public"))


def test_a_baseline_of_before_it_knew_who_saw_what_counts_no_label_as_seen_by_all(corpus: Corpus) -> None:
    import orjson

    corpus.ingest("one", a="internal", b="none")
    key = baseline_key(corpus.settings.corpus.name)
    content = orjson.loads(corpus.store.get(key))
    del content["seen"]
    corpus.store.put(key, orjson.dumps(content))
    assert widened(corpus.ingest("two", a="public", b="ruled")) == ["a.md"]


def test_the_report_says_who_sees_what_and_how_to_accept_it(corpus: Corpus) -> None:
    corpus.ingest("one", a="internal", b="ruled")
    corpus.ingest("two", a="public", b="ruled")
    shown = corpus.store.get(report_key("two")).decode()
    assert "<dt>seen by customer</dt><dd>2</dd>" in shown
    assert "<dt>declared by a rule</dt><dd>1</dd>" in shown
    assert "documents = [&quot;a.md&quot;]" in shown
