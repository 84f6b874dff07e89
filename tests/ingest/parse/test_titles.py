"""A line alone is a title by its form, in any language; the figures on real headings are in benchmarks/RESULTS.md."""

from __future__ import annotations

import pytest

from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.titles import looks_like_title

TITLES = (
    "Opening hours", "How do I pay?", "3.2 Fees and taxes", "St. Louis office", "Chapter 1: Before you start", "Important points:", "FAQ",
    "料金プラン", "Öffnungszeiten", "Условия возврата", "سياسة الإرجاع", "वापसी की शर्तें", "Mongolian, Halh (Mongolian)", "AWS::IoT::Policy",
)  # fmt: skip
TEXTS = (
    "We open at nine.", "Thank you!", "Dear Ms Lovelace,", "Doylestown, PA 18901", "March 12, 2015", "see the notes below", "1", "——",
    "write to help@example.com", "https://example.com/a", "© 1996 The Office", "It is closed. Come back tomorrow", "今後ともよろしくお願い申し上げます！",
    "このメールはテスト用のメールです。", "전월 이용금액 제외 대상 기타 건강보험/국민연금 및 장애인 고용부담금,", "8uPr5e8gVGVzbGEgLSDw4/j5+iDn+unu5CDy7CDk4ff55CDs",
    "To be successful in driving technical wins requires the ability to:", "", "Sie erreichen uns von Montag bis Freitag zwischen acht und achtzehn Uhr oder per Post",
)  # fmt: skip


@pytest.mark.parametrize("line", TITLES)
def test_a_short_name_is_a_title(line: str) -> None:
    assert looks_like_title(line)


@pytest.mark.parametrize("line", TEXTS)
def test_a_sentence_an_address_a_date_or_a_greeting_is_text(line: str) -> None:
    assert not looks_like_title(line)


def kinds(text: str) -> list[tuple[str, int, str]]:
    return [(element.kind, element.level, element.text) for element in parse_file(text.encode(), "text/plain").elements]


def test_a_title_needs_something_below_it_and_the_first_is_the_documents() -> None:
    assert kinds("Returns\n\nSend it back within 14 days.\n\nFees\n\nThere are none.\n\nKind regards") == [
        ("title", 1, "Returns"),
        ("text", 0, "Send it back within 14 days."),
        ("title", 2, "Fees"),
        ("text", 0, "There are none."),
        ("text", 0, "Kind regards"),
    ]


def test_of_several_short_lines_in_a_row_the_last_heads_what_follows() -> None:
    assert [kind for kind, _, _ in kinds("Hall\n\nAda Lovelace\n\nGrace Hopper\n\nAbout them\n\nBoth wrote programs.")] == [
        "title", "text", "text", "title", "text",
    ]  # fmt: skip


def test_a_numbered_line_above_text_is_a_title_and_one_among_others_is_an_item() -> None:
    assert kinds("1. Scope\n\nThis agreement covers repairs.\n\n2. Fees\n\nThere are none.") == [
        ("title", 1, "1. Scope"),
        ("text", 0, "This agreement covers repairs."),
        ("title", 2, "2. Fees"),
        ("text", 0, "There are none."),
    ]
    assert kinds("Take with you:\n\n1. Passport\n\n2. Ticket\n\n3. Keys\n\nThen leave the house.")[1:] == [
        ("list_item", 0, "1. Passport"),
        ("list_item", 0, "2. Ticket"),
        ("list_item", 0, "3. Keys"),
        ("text", 0, "Then leave the house."),
    ]


def test_marked_headings_stay_titles_though_nothing_follows() -> None:
    assert kinds("Guide\n=====\n\nOne\n---\n\nTwo\n---\n\nText is here.")[1:3] == [("title", 2, "One"), ("title", 2, "Two")]
