"""Rows that can be quoted alone."""

from __future__ import annotations

import io

import docx
import openpyxl
import openpyxl.styles
import pytest

from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.tables import render_rows
from headgate.sources.media import OFFICE


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([["plan", "price"], ["Lite", "£24.00"]], ["plan: Lite; price: £24.00"]),
        ([["", "Start", "Pro"], ["Price", "£48", "£79"]], ["Price – Start: £48; Pro: £79"]),
        ([["Opening hours", "08:00"], ["Phone", "01632 960200"]], ["Opening hours: 08:00", "Phone: 01632 960200"]),
        ([["a", "b"], ["1", ""], ["", "2"], ["", ""]], ["a: 1", "b: 2"]),
        ([["North"], ["Coast"]], ["North", "Coast"]),
        ([["a", "a"], ["b", "c"]], ["a: a", "b: c"]),
        ([["x", "y", "z"], ["1", "2"]], ["x: 1; y: 2"]),
        ([["line one\nline two", "b"], ["c", "d"]], ["line one line two: c; b: d"]),
        ([], []),
    ],
)
def test_rows_repeat_their_headers(rows: list[list[str]], lines: list[str]) -> None:
    assert render_rows(rows) == lines


def test_a_marked_header_counts_even_where_it_does_not_look_like_one() -> None:
    assert render_rows([["year", "2025"], ["sold", "10"]], header=True) == ["year: sold; 2025: 10"]
    assert render_rows([["year", "2025"], ["sold", "10"]]) == ["year: 2025", "sold: 10"]


@pytest.mark.parametrize(("columns", "cut"), [(200, False), (201, True), (250, True)])
def test_columns_over_the_limit_are_told(columns: int, cut: bool) -> None:
    rows = [[f"{word}{column}" for column in range(columns)] for word in ("head", "value")]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active.cell(1, 300).font = openpyxl.styles.Font(bold=True)  # a format alone is no loss
    file = io.BytesIO()
    book.save(file)
    sheet = parse_file(file.getvalue(), OFFICE + "spreadsheetml.sheet", path="a.xlsx")
    text = parse_file("\n".join(",".join(row) for row in rows).encode(), "text/csv", path="a.csv")

    document = docx.Document()
    table = document.add_table(0, columns)
    for row in rows:
        for cell, content in zip(table.add_row().cells, row, strict=True):
            cell.text = content
    file = io.BytesIO()
    document.save(file)
    letter = parse_file(file.getvalue(), OFFICE + "wordprocessingml.document", path="a.docx")

    assert "value199" in sheet.text
    assert "value199" in letter.text
    assert list(letter.findings) == (["cut: a table read up to column 200"] if cut else [])
    assert "value199" in text.text
    assert list(sheet.findings) == (["cut: sheet 'Sheet' read up to column 200"] if cut else [])
    assert list(text.findings) == (["cut: read up to column 200"] if cut else [])


@pytest.mark.parametrize("span", ["\u00b2", "9" * 5000, "-1", "0", "x", ""])
def test_a_span_that_is_no_number_counts_as_one(span: str) -> None:
    page = f"<table><tr><th>plan</th><th>price</th></tr><tr><td colspan='{span}'>Beam</td><td>24</td></tr></table>"
    assert "plan: Beam; price: 24" in parse_file(page.encode(), "text/html", path="a.html").text
