"""PDFs of the kinds that are read wrongly, drawn anew: every word is there, whole and in order, tables where there are some, text elsewhere."""

from __future__ import annotations

import io

import pytest

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from tests.ingest.parse.pdf_samples import SAMPLES, replaced
from tests.ingest.parse.pdf_samples.common import LEFT, TOP
from tests.ingest.parse.pdf_samples.sheet import PdfSample, Sheet
from tests.ingest.parse.words import unaccounted


def parse(content: bytes) -> ParsedFile:
    return parse_file(content, "application/pdf", left_out_sample=None)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_word_is_there_in_order_and_tables_are_where_there_are_some(name: str) -> None:
    sample = SAMPLES[name]()
    parsed = parse(sample.content)
    tables = [element for element in parsed.elements if element.kind == "table"]
    lines = [line for table in tables for line in table.text.split("\n")]

    assert unaccounted(sample.lines, parsed, added=[*sample.added, *sample.sentences, *sample.rows]) == []
    assert [line for line in lines if line in sample.rows] == sample.rows
    assert [text for text in sample.sentences if not any(text in element.text for element in parsed.elements)] == []
    assert [text for text in sample.absent if text in parsed.text] == []
    assert sample.tables in (None, len(tables))


# --- the cases that were filed ------------------------------------------------------------------------------------------------


def test_a_table_over_pages_keeps_its_header_whether_it_is_printed_again_or_not() -> None:
    for again in (True, False):
        sheet = Sheet(100)
        rows = [[f"F{number:02}", f"Sensor {number} has no signal", f"Replace cable {number}"] for number in range(1, 50)]
        names = ["Code", "Meaning", "Remedy"]
        sheet.text(LEFT, 800, "Fault list", size=14)
        sheet.grid(LEFT, 770, [names, *rows[:39]], (90, 200, 200))
        sheet.page()
        sheet.grid(LEFT, 790, [names, *rows[39:]] if again else rows[39:], (90, 200, 200))
        lines = [
            line
            for element in parse(sheet.done().content).elements
            if element.kind == "table"
            for line in element.text.split("\n")
        ]
        assert lines[39] == "Code: F40; Meaning: Sensor 40 has no signal; Remedy: Replace cable 40"
        assert len(lines) == 49
        assert all(line.startswith("Code: F") for line in lines)


def test_running_text_in_two_narrow_columns_is_sentences() -> None:
    sheet = Sheet(101, size=11)
    columns = (
        ("The park opens at seven in the", "morning and closes at dusk. Dogs", "are welcome on a short lead. Bi-", "cycles must be pushed on paths."),
        ("Boats may be hired from April to", "September for 12 euros an hour.", "The deposit is 50 euros in cash.", "Children below ten row only with", "an adult on board."),
    )  # fmt: skip
    sheet.text(LEFT, TOP, "Park rules", size=18)
    for x, lines in zip((LEFT, 320.0), columns, strict=True):
        for number, line in enumerate(lines):
            sheet.text(x, TOP - 40 - 14 * number, line)
    parsed = parse(sheet.done().content)
    assert [(element.kind, element.text) for element in parsed.elements] == [
        ("title", "Park rules"),
        ("text", "The park opens at seven in the morning and closes at dusk. Dogs are welcome on a short lead. Bicycles must be pushed on paths."),
        ("text", "Boats may be hired from April to September for 12 euros an hour. The deposit is 50 euros in cash. Children below ten row only with an adult on board."),
    ]  # fmt: skip


def test_a_ticked_box_is_read_and_a_note_is_left_out_with_a_finding() -> None:
    sheet = Sheet(102)
    sheet.text(LEFT, TOP, "Application for a garden plot")
    form = sheet.canvas.acroForm
    form.textfield(name="Name", value="Dana Field", x=150, y=700)
    form.textfield(name="Plot", value="B12", x=150, y=670)
    form.checkbox(name="water", tooltip="Water connection", checked=True, x=150, y=640)
    sheet.canvas.textAnnotation("Reviewer: plot B12 is reserved", Rect=(300, 700, 320, 720))
    parsed = parse(sheet.done().content)
    assert [element.text for element in parsed.elements][-3:] == ["Name: Dana Field", "Plot: B12", "Water connection: yes"]
    assert "reserved" not in parsed.text
    assert [(finding.code, finding.text) for finding in parsed.findings] == [
        ("comments", "1 annotation(s) with 5 word(s) left out")
    ]
    assert [(one.reason, one.sample) for one in parsed.left_out] == [("comment", "Reviewer: plot B12 is reserved")]


def test_raised_digits_stay_apart_from_numbers_and_note_marks_from_prices() -> None:
    sheet = Sheet(103, size=11)
    x = LEFT
    for text, rise in (
        ("The sample holds 10", 0),
        ("6", 4),
        (" cells per millilitre and the fee is 30", 0),
        ("1", 4),
        (" euros.", 0),
    ):
        sheet.canvas.setFont("Helvetica", 7 if rise else 11)
        sheet.canvas.drawString(x, TOP + rise, text)
        x += sheet.canvas.stringWidth(text, "Helvetica", 7 if rise else 11)
    assert parse(sheet.done().content).text == "The sample holds 10^6 cells per millilitre and the fee is 30^1 euros."


# --- what can't be read ---------------------------------------------------------------------------------------------------------


def _unmapped() -> bytes:
    """A text whose embedded font says nothing of its characters."""
    return replaced(SAMPLES["hebrew_columns"]().content, (b"/ToUnicode", b"/ToUnicodX"))


def test_a_file_whose_glyphs_have_no_meaning_is_not_indexed() -> None:
    with pytest.raises(ParseFailure, match="no meaning") as caught:
        parse(_unmapped())
    assert caught.value.reason == "unmapped_glyphs"


def test_letters_of_scripts_that_no_word_mixes_are_no_text() -> None:
    from headgate.ingest.parse.pdf import unreadable_share
    from headgate.ingest.parse.pdf_page import Glyph, Page, Pages

    def share(text: str) -> float:
        return unreadable_share(Pages([Page(1, (0, 0, 1, 1), [Glyph(letter, 0, 1, 0, 1, 10) for letter in text])]))

    assert share("ԵßҸΏࠌ" * 60) > 0.9
    assert share("Safety Безопасность Ασφάλεια 安全のために 안전 سلامة ความปลอดภัย" * 6) < 0.2


@pytest.mark.parametrize(
    ("algorithm", "known", "unknown"),
    [("AES-128", b"/AESV2", b"/AESV9"), ("AES-256", b"/AESV3", b"/AESV9"), ("RC4-128", b"/Standard", b"/StandarX")],
)
def test_an_unknown_encryption_is_named_as_such(algorithm: str, known: bytes, unknown: bytes) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(SAMPLES["two_boxes_side_by_side"]().content)))
    writer.encrypt("", owner_password="owner", algorithm=algorithm)
    target = io.BytesIO()
    writer.write(target)
    with pytest.raises(ParseFailure) as caught:
        parse(replaced(target.getvalue(), (known, unknown)))
    assert caught.value.reason == "encrypted"
    assert "unknown kind" in caught.value.detail


def test_hidden_text_is_kept_aside_for_validation() -> None:
    parsed = parse(SAMPLES["white_and_outside"]().content)
    assert parsed.hidden == ("Nobody can read this secret Beyond the edge",)
    assert [(one.reason, one.words) for one in parsed.left_out] == [("hidden", 8)]


def test_repeated_headers_are_counted_as_left_out() -> None:
    sample: PdfSample = SAMPLES["headers_of_chapters"]()
    (left_out,) = parse(sample.content).left_out
    assert left_out.reason == "running_header"
    assert left_out.sample.count("Handbook of the port") == 4
