"""Who may see a document, from what its file says and the project has declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.errors import ParseFailure, SettingsError
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.ingest.validate.facts.access import Access, decide_access, vocabulary_of
from headgate.settings import Audiences, Settings, parse_settings
from tests.ingest.documents import settings_of

TEXT = "The sign at the gate shows a word, and nobody else may hear of it before the move."
PUBLIC = {"confidentiality": "public", "audience": "customer"}


def decided(
    content: str | bytes, *rules: dict[str, str], media_type: str = "text/markdown", of: Settings | None = None
) -> Access:
    of = of or settings_of()
    raw = content.encode() if isinstance(content, str) else content
    return decide_access(parse_file(raw, media_type), rules, vocabulary_of(of.corpus, of.retrieval.access))


def page(*lines: str) -> str:
    return "\n".join(["---", *lines, "---", "", TEXT])


def test_a_page_without_a_label_is_covered_by_the_first_rule_that_gives_one() -> None:
    assert decided(TEXT, PUBLIC) == Access("public", "customer", "rule")
    assert decided(page("title: Depot"), {"topic": "move"}, PUBLIC) == Access("public", "customer", "rule")
    assert decided(TEXT, {"confidentiality": "internal"}, PUBLIC).confidentiality == "internal"


def test_without_a_rule_it_has_no_label() -> None:
    assert decided(TEXT) == Access("", "", "none")
    assert decided(TEXT, {"topic": "move"}) == Access("", "", "none")


def test_its_own_label_counts_before_any_rule() -> None:
    assert decided(page("confidentiality: Internal"), PUBLIC) == Access("internal", "", "label"), "it is not for customers"
    assert decided(page("confidentiality: public"), PUBLIC) == Access("public", "customer", "label")
    assert decided(page("confidentiality: public"), {"confidentiality": "internal"}).confidentiality == "public"


def test_a_rule_for_an_audience_gives_the_label_that_the_fewest_others_see() -> None:
    assert decided(TEXT, {"audience": "customer"}) == Access("public", "customer", "rule")
    assert decided(TEXT, {"audience": "staff"}) == Access("internal", "staff", "rule")


def test_a_page_that_names_its_audience_alone_is_seen_by_it_and_by_no_rule() -> None:
    assert decided(page("audience: staff"), PUBLIC).confidentiality == "internal"
    assert decided(page("audience: customer"), PUBLIC) == Access("public", "customer", "label")
    (problem,) = decided(page("audience: customer"), {"confidentiality": "internal"}).problems
    assert str(problem).startswith("label_contradicting: line 2, audience 'customer' sees more than 'internal'")


def test_an_audience_that_access_does_not_list_sees_nothing_by_its_label() -> None:
    of = settings_of(corpus={"folder": ".", "labels": [{"pattern": "x", "audience": "partner"}]})
    found = decided(page("audience: partner"), PUBLIC, of=of)
    assert (found.confidentiality, found.ground, found.problems) == ("", "none", ())
    assert "seen by the privileged audience alone" in found.findings[0].text


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["title: A: B", "confidentiality: internal"], "label_damaged: line 2, colon: "),
        (["confidentialty: internal"], "label_unknown: line 2, misspelt: "),
        (["confidentiality: secret"], "label_unknown: line 2, unknown_value: "),
        (["audience: strangers"], "label_unknown: line 2, unknown_value: audience 'strangers' is not declared"),
        (["topic: move", "visibility: internal"], "label_unknown: line 3, unknown_key: "),
        (["is_internal: true"], "label_unknown: line 2, unknown_key: "),
        (["for: [staff]"], "label_unknown: line 2, unknown_key: "),
        (["confidentiality: public", "classification: internal"], "label_contradicting: line 3, contradicting: "),
    ],
)
def test_a_damaged_label_is_never_covered_by_a_rule(lines: list[str], reason: str) -> None:
    found = decided(page(*lines), PUBLIC)
    assert (found.confidentiality, found.ground) == ("", "damaged")
    assert str(found.problems[0]).startswith(reason)


@pytest.mark.parametrize("line", ["audience:", "audence: staff", "audience: strangers", "audience: [a, b]"])
def test_beside_a_label_of_confidentiality_a_slip_of_the_audience_is_a_finding(line: str) -> None:
    found = decided(page("confidentiality: internal", line), PUBLIC)
    assert (found.confidentiality, found.ground, found.problems) == ("internal", "label", ())
    assert str(found.findings[0]).startswith("labels: line 3, ")


@pytest.mark.parametrize(
    "line", ["topic: internal", "owner: Staff", "title: Internal", "tags: [move, internals]", "layout: wide"]
)
def test_what_other_names_say_keeps_nobody_out(line: str) -> None:
    assert decided(page(line), PUBLIC) == Access("public", "customer", "rule")


@pytest.mark.parametrize("header", ["X-MS-Exchange-CrossTenant-AuthAs: Internal", "X-Mailer: Private", "X-Folder: Staff"])
def test_what_mail_servers_write_keeps_nobody_out(header: str) -> None:
    mail = f"From: a@b.example\nSubject: Depot\n{header}\n\n{TEXT}\n"
    assert decided(mail, PUBLIC, media_type="message/rfc822") == Access("public", "customer", "rule")


def test_a_form_that_was_kept_before_labels_were_looked_at_needs_a_label_of_its_own() -> None:
    def kept(text: str) -> Access:
        content = parse_file(text.encode(), "text/markdown").to_json()
        for name in ("slips", "stated", "label_lines"):
            del content[name]
        of = settings_of()
        return decide_access(ParsedFile.from_json(content), [PUBLIC], vocabulary_of(of.corpus, of.retrieval.access))

    assert kept(TEXT).ground == "damaged"
    assert kept(page("confidentiality: internal")).confidentiality == "internal"


def test_labels_are_compared_in_small_letters_and_stored_as_they_are_declared() -> None:
    of = settings_of(retrieval={"access": {"Customer": ["Public"], "Staff": ["Public", "Internal"]}})
    assert decided(page("confidentiality: INTERNAL"), of=of).confidentiality == "Internal"
    assert decided(page("audience: staff"), of=of) == Access("Internal", "Staff", "label")


# --- one edit anywhere -----------------------------------------------------------------------------------------------

#: Media type, a page whose label is internal, and the part of it that is edited.
PAGES = (
    ("text/markdown", f"---\nconfidentiality: internal\n---\n\n# Depot\n\n{TEXT}", 33),
    ("text/markdown", f"---\ntitle: Depot\ntopic: move\nconfidentiality: internal\nregion: all\n---\n\n{TEXT}", 71),
    ("text/plain", f'+++\ntitle = "Depot"\nconfidentiality = "internal"\n+++\n\n{TEXT}', 53),
    ("text/markdown", f'{{\n"title": "Depot",\n"confidentiality": "internal"\n}}\n\n{TEXT}', 50),
    (
        "text/html",
        f'<html><head><title>Depot</title><meta name="confidentiality" content="internal"></head><body><p>{TEXT}</p></body></html>',
        86,
    ),
    ("message/rfc822", f"From: a@b.example\nSubject: Depot\nX-Confidentiality: internal\nX-Topic: move\n\n{TEXT}", 75),
    ("application/json", f'{{"title": "Depot", "confidentiality": "internal", "text": "{TEXT}"}}', 50),
    ("application/xml", f"<page><title>Depot</title><confidentiality>internal</confidentiality><text>{TEXT}</text></page>", 70),
)
SIGNS = "\n\t :=-#\"'[]{}<>/,.;|&*!%@`~\\abeintyé\u200b\u00a0"


@given(st.sampled_from(PAGES), st.data())
@settings(max_examples=600, deadline=None, derandomize=True)
def test_one_edit_of_a_labelled_page_never_shows_it_to_customers(of: tuple[str, str, int], data: Any) -> None:
    media_type, text, end = of
    at = data.draw(st.integers(0, end - 1))
    edit = data.draw(st.sampled_from(("delete", "insert", "replace", "swap", "double")))
    sign = data.draw(st.sampled_from(SIGNS))
    edited = (
        text[:at]
        + {
            "delete": text[at + 1 :],
            "insert": sign + text[at:],
            "replace": sign + text[at + 1 :],
            "swap": text[at + 1 : at + 2] + text[at] + text[at + 2 :],
            "double": text[at] + text[at:],
        }[edit]
    )
    try:
        found = decided(edited, PUBLIC, media_type=media_type)
    except ParseFailure:
        return  # a dead letter is seen by nobody
    assert found.confidentiality in ("internal", ""), edited
    assert found.ground != "none", "it carries a label"


# --- audiences ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "privileged"),
    [
        ({"customer": ["public"], "staff": ["public", "internal"]}, {"staff"}),
        ({"customer": ["public"], "staff": ["public", "internal", ""]}, {"staff"}),
        ({"customer": ["public", ""], "staff": ["public", "internal"]}, {"staff"}),
        ({"customer": ["public"], "staff": ["public", "internal"], "board": ["public", "internal"]}, {"staff", "board"}),
        ({"customer": ["public"], "partner": ["public", "trade"], "staff": ["public", "internal"]}, set()),
        ({"customer": ["public"]}, set()),
        ({"customer": ["public"], "partner": ["public"]}, set()),
        ({"customer": ["public"], "bot": []}, set()),
        ({"staff": ["internal", ""]}, {"staff"}),
        ({}, set()),
    ],
)
def test_pages_without_a_label_are_seen_by_who_sees_every_label(access: dict[str, Any], privileged: set[str]) -> None:
    audiences = Audiences(access)
    assert audiences.privileged == privileged
    assert {audience for audience in access if "" in audiences.seen_by(audience)} == privileged == audiences.seeing("")
    assert audiences.seen_by("nobody") == ()


def test_settings_that_show_pages_without_a_label_to_more_are_refused() -> None:
    with pytest.raises(
        SettingsError, match=r'retrieval.access.customer lists "", pages without a label, which are seen by staff'
    ):
        parse_settings(
            {"retrieval": {"access": {"customer": ["public", ""], "staff": ["public", "internal"]}}}, project_dir=Path()
        )
