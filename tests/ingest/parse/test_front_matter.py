"""Front matter: labels, what else it says, and slips with their lines."""

from __future__ import annotations

import pytest

from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.records import Remark


def read(text: str, media_type: str = "text/markdown") -> ParsedFile:
    return parse_file(text.encode(), media_type)


@pytest.mark.parametrize(
    "text",
    [
        "---\nconfidentiality: internal\n---\n# Offers\n\nText.",
        "\n\n  \n---\nconfidentiality: internal\n---\nText.",
        "\ufeff---\nconfidentiality: internal\n---\nText.",
        "\ufeff\n\ufeff---\nconfidentiality: internal\n---\nText.",
        "---\r\nconfidentiality: internal\r\n---\r\nText.",
        "---\rconfidentiality: internal\r---\rText.",
        "---\nconfidentiality: internal\n...\nText.",
        "---  \nconfidentiality: INTERNAL   # not for customers\n---\t\nText.",
        "---\n'confidentiality' : \"Internal\"\n---\nText.",
        "---\nConfidentiality: [internal]\n---\nText.",
        "---\nx-confidentiality: |\n  internal\n---\nText.",
        "---\n{title: Offers, confidentiality: internal}\n---\nText.",
        "---\nclassification: internal\nconfidentiality: internal\n---\nText.",
        "+++\ntitle = 'Offers'\nconfidentiality = \"internal\"\n+++\nText.",
        '{\n  "title": "Offers",\n  "confidentiality": "internal"\n}\n\nText.',
        "<!--\n---\nconfidentiality: internal\n---\n-->\nText.",
        "<!-- confidentiality: internal -->\n\nText.",
        "<!-- markdownlint-disable -->\n---\nconfidentiality: internal\n---\nText.",
        "<!-- confidentiality: internal -->\n---\ntitle: Offers\n---\nText.",
    ],
)
def test_a_label_that_can_be_read_is_read_wherever_front_matter_may_stand(text: str) -> None:
    parsed = read(text)
    assert parsed.labels["confidentiality"] == "internal"
    assert parsed.slips == ()
    assert "confidentiality" not in parsed.text.lower()


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("---\ntitle: Offers: 2026\nconfidentiality: internal\n---\nText.", "colon", 2),
        ("---\ntitle: Offers\n\tconfidentiality: internal\n---\nText.", "tab", 3),
        ("---\nowner: Team\n\t- one\nconfidentiality: internal\n---\nText.", "tab", 3),
        ("---\ntitle: 'Offers\nconfidentiality: internal\n---\nText.", "quote", 2),
        ('---\ntitle: "Offers" for all\nconfidentiality: internal\n---\nText.', "yaml", 2),
        ('---\ntitle: "Offers\nconfidentiality: internal"\n---\nText.', "swallowed", 3),
        ("---\ntitle: Offers\n  confidentiality: internal\n---\nText.", "indentation", 3),
        ("---\ntitle: Offers\nconfidentiality: internal\n\nText.", "unclosed", 1),
        ("---\nconfidentiality: internal\n-----\n\nText.", "unclosed", 1),
        ("---\nconfidentialty: internal\n---\nText.", "misspelt", 2),
        ("---\ntitle: Offers\nconfidentialities: internal\n---\nText.", "misspelt", 3),
        ("---\nconfi dentiality: internal\n---\nText.", "misspelt", 2),
        ("---\nсоnfidentiality: internal\n---\nText.", "misspelt", 2),
        ("---\naudiences: [staff]\n---\nText.", "misspelt", 2),
        ("---\nconfidentiality:\n---\nText.", "no_value", 2),
        ("---\nconfidentiality: ~\n---\nText.", "no_value", 2),
        ("---\nconfidentiality: [internal, public]\n---\nText.", "several_values", 2),
        ("---\nconfidentiality: {level: internal}\n---\nText.", "nested", 2),
        ("---\nmeta:\n  confidentiality: internal\n---\nText.", "nested", 2),
        ("---\nconfidentiality internal\n---\nText.", "not_a_mapping", 2),
        ("---\ntitle: Offers\nconfidentiality = internal\n---\nText.", "yaml", 3),
        ("---\n- confidentiality: internal\n---\nText.", "not_a_mapping", 2),
        ("---\ntitle: Offers confidentiality: internal\n---\nText.", "colon", 2),
        ("---\ntitle: Offers confidentiality=internal\n---\nText.", "swallowed", 2),
        ("---\ntitle: Offers\n# confidentiality: internal\n---\nText.", "commented_out", 3),
        ("---\ndescription: |\n  Text.\n  confidentiality: internal\n---\nText.", "swallowed", 4),
        ("---\nconfidentiality: internal\nconfidentiality: public\n---\nText.", "contradicting", 3),
        ("---\nclassification: internal\nConfidentiality: public\n---\nText.", "contradicting", 3),
        ("+++\nconfidentiality = internal\n+++\nText.", "toml", 2),
        ("+++\nconfidentiality: internal\n+++\nText.", "toml", 2),
        ("+++\n[extra]\nconfidentiality = 'internal'\n+++\nText.", "nested", 2),
        ("+++\nconfidentiality = 'internal'\n\nText.", "unclosed", 1),
        ('{\n  "confidentiality": "internal",\n}\n\nText.', "json", 3),
        ("confidentiality: internal\n\nText.", "misplaced", 1),
        ("title: Offers\nconfidentiality: internal\n---\nText.", "misplaced", 2),
        (":confidentiality: internal\n\nText.", "misplaced", 1),
    ],
)
def test_a_damaged_label_is_a_slip_with_its_line(text: str, kind: str, line: int) -> None:
    parsed = read(text)
    assert "confidentiality" not in parsed.labels or parsed.labels["confidentiality"] == "internal"
    assert (kind, line) in {(slip.kind, slip.line) for slip in parsed.slips}
    assert "Text." in parsed.text


@pytest.mark.parametrize(
    "text",
    [
        "Text without any.",
        "---\n\nText between two rules, and more of it.\n\n---\n\nThe rest.",
        "---\nText right under a rule.\n\nThe rest.",
        "---\ntitle: Offers\naliases: [/a]\n---\nText.",
        "---\nclarification: The ambience of the room\n---\nText.",
        "# Confidentiality\n\nWe keep what you tell us in strict confidentiality: nobody else reads it.",
        "**Audience:** limited number of people can access, only under break-glass scenarios.\n\nText.",
        "Text.\n\n```yaml\nconfidentiality: internal\n```\n\nThe rest.",
    ],
)
def test_a_page_that_says_nothing_of_labels_has_no_slip(text: str) -> None:
    parsed = read(text)
    assert parsed.slips == ()
    assert parsed.stated == () or {one.value for one in parsed.stated} <= {"offers", "/a", "the ambience of the room"}
    assert "confidentiality" not in parsed.labels


@pytest.mark.parametrize("opening", ["---\n---\n", "---\n\n---\n", "---\n# nothing yet\n---\n", "---\n{}\n---\n", "\n---\n...\n"])
def test_empty_front_matter_ends_where_it_ends(opening: str) -> None:
    """Case lost-02."""
    parsed = read(f"{opening}Opening hours: Monday to Friday, 9 to 17\n\n---\n\nThe canteen is on floor 3.\n")
    assert parsed.text == "Opening hours: Monday to Friday, 9 to 17\n\nThe canteen is on floor 3."
    assert parsed.slips == ()
    assert parsed.elements[0].line == opening.count("\n") + 1


def test_toml_front_matter_gives_labels_and_its_sentences() -> None:
    """Case lost-04."""
    parsed = read(
        '+++\ntitle = "Parking rules"\ndate = 2026-03-01\ndescription = "Who may park where"\n+++\n\nVisitors park on level P2.\n'
    )
    assert parsed.labels == {"title": "Parking rules", "effective_date": "2026-03-01"}
    assert parsed.text == "Who may park where\n\nVisitors park on level P2."
    assert parsed.elements[0].line == 4


def test_what_front_matter_says_beyond_labels_is_text_or_named() -> None:
    """Case lost-04."""
    parsed = read(
        "---\nfaq:\n  - q: How long is the trial?\n    a: Thirty days.\ndescription: The trial lasts thirty days.\n"
        "layout: wide\nweight: 10\ndraft:\n---\n\n# Trial\n\nSee above.\n"
    )
    assert "The trial lasts thirty days." in parsed.text
    assert "How long is the trial?" in parsed.text
    assert "Thirty days." in parsed.text
    assert parsed.text.endswith("Trial\n\nSee above.")
    assert parsed.findings == (Remark("front_matter", "left out, neither label nor text: layout, weight"),)


def test_front_matter_that_grows_without_end_is_refused_or_read_in_time() -> None:
    bomb = "---\na: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    bomb += "".join(
        f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n" for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert read(f"{bomb}confidentiality: internal\n---\nText.").labels["confidentiality"] == "internal"
    endless = read("---\nself: &self [*self]\nconfidentiality: internal\n---\nText.")
    assert [(slip.kind, slip.line) for slip in endless.slips] == [("yaml", 2)]


def test_the_lines_of_the_text_are_those_of_the_file() -> None:
    parsed = read("\ufeff\n<!-- note -->\n---\ntitle: Offers\n---\n\n# Offers\n\nText.\n")
    assert [(element.text, element.line) for element in parsed.elements] == [("Offers", 7), ("Text.", 9)]
