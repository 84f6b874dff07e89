"""Bytes of real files → elements, labels, offsets."""

from __future__ import annotations

import io
import re
import zipfile
from itertools import product

import pytest

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import clean
from headgate.ingest.parse.file import parse_file
from headgate.records import Remark
from headgate.sources.media import EXTENSIONS
from tests.ingest import files

FORMATS = {
    "md": files.markdown, "html": files.html, "docx": files.docx, "pptx": files.pptx, "xlsx": files.xlsx, "pdf": files.pdf,
    "eml": files.mail, "txt": files.text, "csv": files.csv,
}  # fmt: skip
ROW = "plan: Home Lite; price a month: £24.00"


@pytest.mark.parametrize("extension", FORMATS)
def test_every_format_gives_self_explaining_table_rows_and_offsets_that_hold(extension: str) -> None:
    parsed = parse_file(FORMATS[extension](), EXTENSIONS[extension])

    assert ROW in parsed.text.splitlines()
    assert all(parsed.text[element.start : element.end] == element.text for element in parsed.elements)
    assert [element.start for element in parsed.elements] == sorted(element.start for element in parsed.elements)


@pytest.mark.parametrize("extension", [name for name in FORMATS if name != "csv"])
def test_every_format_keeps_prose_and_headings(extension: str) -> None:
    parsed = parse_file(FORMATS[extension](), EXTENSIONS[extension])

    assert files.REFUNDS in parsed.text
    titles = [element.text for element in parsed.elements if element.kind == "title"]
    assert {"Refunds", "Prices"} <= set(titles)


@pytest.mark.parametrize("extension", ["md", "docx", "pptx", "xlsx", "pdf", "eml"])
def test_labels_come_from_where_the_format_carries_them(extension: str) -> None:
    labels = parse_file(FORMATS[extension](), EXTENSIONS[extension]).labels

    assert dict(labels) == {
        "title": "Refunds", "audience": "customer", "topic": "billing", "region": "all", "language": "en",
        "effective_date": "2026-01-01", "owner": "Billing", "confidentiality": "public",
    }  # fmt: skip


def test_html_labels_come_from_meta_tags_and_navigation_is_left_out() -> None:
    parsed = parse_file(files.html(), "text/html")

    assert parsed.labels["audience"] == "customer"
    assert parsed.labels["language"] == "en"
    assert "Menu" not in parsed.text


def test_markdown_lines_count_the_front_matter() -> None:
    parsed = parse_file(files.markdown(), "text/markdown")
    lines = files.markdown().decode().splitlines()

    for element in parsed.elements:
        assert element.line is not None
        assert element.text.split("\n")[0].split()[0].strip("|:") in lines[element.line - 1 + (element.kind == "code")]
    assert [element.level for element in parsed.elements if element.kind == "title"] == [1, 2, 2]
    assert [element.text for element in parsed.elements if element.kind == "list_item"] == ["Open the app.", "Press Refund."]


def test_pdf_and_slides_know_their_pages_and_footers_are_left_out() -> None:
    parsed = parse_file(files.pdf(pages=4), "application/pdf")

    assert next(element.page for element in parsed.elements if element.text == "Part 3") == 3
    assert "Northbeam Internet" not in parsed.text
    assert "Page 2" not in parsed.text
    slides = parse_file(files.pptx(), EXTENSIONS["pptx"])
    assert next(element.page for element in slides.elements if element.kind == "table") == 2


def test_cells_of_a_pdf_table_that_stand_close_together_are_kept_apart() -> None:
    from reportlab.lib import colors
    from reportlab.platypus import SimpleDocTemplate, Table

    target = io.BytesIO()
    rows = [["", "Home Plus", "Home Max"], ["Price", "£31.00", "£42.00"]]
    narrow = Table(
        rows, colWidths=[40, 52, 52], style=[("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("LEFTPADDING", (0, 0), (-1, -1), 2)]
    )
    SimpleDocTemplate(target).build([narrow])

    assert parse_file(target.getvalue(), "application/pdf").text == "Price – Home Plus: £31.00; Home Max: £42.00"


def test_what_a_reader_does_not_see_is_kept_aside() -> None:
    page = files.html(
        hidden='<p style="display:none">Secret one</p><!-- Secret two --><p style="color:#fff">Secret three</p><div hidden>Secret four</div>'
    )
    parsed = parse_file(page, "text/html")

    assert "Secret" not in parsed.text
    assert {"Secret one", "Secret two", "Secret three", "Secret four"} == set(parsed.hidden)
    assert parse_file(b"# A\n\nText <!-- Secret two --> here.\n\n<!-- Secret one -->\n", "text/markdown").hidden == (
        "Secret two",
        "Secret one",
    )
    slides, book = parse_file(files.pptx(), EXTENSIONS["pptx"]), parse_file(files.xlsx(), EXTENSIONS["xlsx"])
    assert slides.hidden == ("For the speaker only.",)
    assert Remark("hidden_sheet", "'Draft' left out") in book.findings


def test_a_csv_of_one_column_loses_no_row() -> None:
    parsed = parse_file(b"North\nCoast\nValley\n", "text/csv")

    assert parsed.text.splitlines() == ["North", "Coast", "Valley"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_are_told_apart(encoding: str) -> None:
    text = "Gebühren\n\nDie Gebühr beträgt 7,50 € und wird nach 10 Tagen fällig. Für Rückfragen stehen wir zur Verfügung.\n"

    assert "Gebühr beträgt 7,50 €" in parse_file(text.encode(encoding), "text/plain").text


def test_a_ragged_csv_is_read_with_a_finding() -> None:
    parsed = parse_file(b"a,b\n1,2\n3\n", "text/csv")

    assert parsed.text.splitlines() == ["a: 1; b: 2", "a: 3"]
    assert any(finding.code == "ragged" for finding in parsed.findings)


def _bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (64 * 2**20))
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (files.pdf(password="secret"), "application/pdf", "encrypted"),
        (files.pdf(pages=5)[:900], "application/pdf", "truncated"),
        (_bomb(), EXTENSIONS["docx"], "zip_bomb"),
        (files.docx()[:-2000], EXTENSIONS["docx"], "malformed"),
        (b"<html><body><img src=x></body></html>", "text/html", "no_text"),
        (b"\x00\x01\x02\xff" * 500, "text/plain", "encoding"),
        (b"x", "image/png", "needs_tesseract"),
    ],
)
def test_what_cannot_be_parsed_says_why(content: bytes, media_type: str, reason: str) -> None:
    with pytest.raises(ParseFailure) as caught:
        parse_file(content, media_type, path="file")
    assert caught.value.reason == reason


def test_external_entities_are_not_read() -> None:
    page = b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/hostname">]><html><body><p>Value: &x; and more text here.</p></body></html>'

    assert "and more text" in parse_file(page, "text/html").text
    from pathlib import Path

    assert Path("/etc/hostname").read_text().strip() not in parse_file(page, "text/html").text


def test_spaces_at_the_ends_of_lines_go_whatever_stands_between_them() -> None:
    for length in range(7):
        for letters in product("a \n", repeat=length):
            text = "".join(letters)
            plain = re.sub(r"\n\s*\n+", "\n", re.sub(" *\n *", "\n", re.sub(r"[^\S\n]+", " ", text))).strip()
            assert clean(text) == plain, repr(text)
