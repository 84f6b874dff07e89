"""Marks of Markdown are no text, what they mark is; code stays as it is."""

from __future__ import annotations

import pytest

from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.pictures import is_placeholder


def blocks(text: str) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in parse_file(text.encode(), "text/markdown", path="a.md").elements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('!!! warning "Before you start"\n    Stop the writer.\n\n    1. Check\n    2. Wait\n',
         [("text", "Before you start"), ("text", "Stop the writer."), ("list_item", "Check"), ("list_item", "Wait")]),
        ("!!! note\n    Stop the writer.\n", [("text", "Stop the writer.")]),
        ('??? question "How large?"\n    At most 80 GiB.\n', [("text", "How large?"), ("text", "At most 80 GiB.")]),
        (":::caution Keep the key\nWithout it nothing works.\n:::\n", [("text", "Keep the key"), ("text", "Without it nothing works.")]),
        (":::tip[Keep the key]\nWithout it nothing works.\n:::\n", [("text", "Keep the key"), ("text", "Without it nothing works.")]),
        ("::: warning\nWithout it nothing works.\n:::\n\nAfter.", [("text", "Without it nothing works."), ("text", "After.")]),
        ("> [!IMPORTANT]\n> It expires after 14 days.\n", [("text", "It expires after 14 days.")]),
        ("Prices[^1] rise.\n\n[^1]: Untaxed.\n[^b]: In March.\n", [("text", "Prices [1] rise."), ("text", "[1] Untaxed."), ("text", "[b] In March.")]),
    ],
)  # fmt: skip
def test_notes_and_footnotes_are_text_without_their_marks(text: str, expected: list[tuple[str, str]]) -> None:
    assert blocks(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write `token: <API_KEY>` and <b>restart</b> with `run --name <NAME>`.", "Write token: <API_KEY> and restart with run --name <NAME>."),
        ("Set `List<String>`.<br>Compare `a <b and c> d`.", "Set List<String>.\nCompare a <b and c> d."),
        ("Use `<head>` &amp; `&lt;` <i>once</i>.", "Use <head> & &lt; once."),
        ("Before ![A red \\*lamp\\* over the door](a.png) after.", "Before A red *lamp* over the door after."),
    ],
)  # fmt: skip
def test_code_stays_letter_by_letter_beside_html(text: str, expected: str) -> None:
    assert blocks(text) == [("text", expected)]


def test_an_alternative_text_that_says_nothing_is_counted() -> None:
    parsed = parse_file(b"See ![screenshot](a.png) and ![alt text](b.png) here.", "text/markdown", path="a.md")
    assert "screenshot" not in parsed.text
    assert [(one.reason, one.words) for one in parsed.left_out] == [("placeholder", 3)]


def test_the_same_rule_holds_in_html() -> None:
    page = b'<html><body><p>See.</p><img src=a.png alt="screenshot"><img src=b.png alt="Lamp"></body></html>'
    parsed = parse_file(page, "text/html", path="a.html")
    assert parsed.text == "See.\n\nImage: Lamp"
    assert [(one.reason, one.words) for one in parsed.left_out] == [("placeholder", 1)]


@pytest.mark.parametrize(
    ("alternative", "empty"), [("Image 3", True), ("IMG_0042.jpg", True), ("alt-text", True), ("The logo of the fair", False), ("Lamp", False)]
)  # fmt: skip
def test_which_alternative_texts_say_nothing(alternative: str, empty: bool) -> None:
    assert is_placeholder(alternative) is empty
