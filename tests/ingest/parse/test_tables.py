"""Rows that can be quoted alone."""

from __future__ import annotations

import io

import docx
import openpyxl
import pytest

from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.table_shape import measure_table
from headgate.ingest.parse.tables import render_rows
from headgate.records import Remark
from headgate.sources.media import OFFICE


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([["plan", "price"], ["Lite", "£24.00"]], ["plan: Lite; price: £24.00"]),
        ([["", "Start", "Pro"], ["Price", "£48", "£79"]], ["Price – Start: £48; Pro: £79"]),
        ([["Opening hours", "08:00"], ["Phone", "01632 960200"]], ["Opening hours: 08:00", "Phone: 01632 960200"]),
        ([["plan", "price"], ["Lite", ""], ["", "£2"], ["", ""]], ["plan: Lite", "price: £2"]),
        ([["North"], ["Coast"]], ["North", "Coast"]),
        ([["a", "a"], ["b", "c"]], ["a: a", "b: c"]),
        ([["x", "y", "z"], ["1", "2"]], ["x: 1; y: 2", "z"]),
        ([["line one\nline two", "b"], ["c", "d"]], ["line one line two: b", "c: d"]),
        (
            [["Owner: Legal", "Revised: July 27"], ["Authors: HR", "Approved: VP"]],
            ["Owner: Legal; Revised: July 27", "Authors: HR; Approved: VP"],
        ),
        ([["Room", "Person"], ["101", "Ana"], ["102", "Ben"]], ["Room: 101; Person: Ana", "Room: 102; Person: Ben"]),
        (
            [["Ana", "Lima", "Red"], ["Ben", "Rome", "Blue"], ["Ana", "Lima", "Red"]],
            ["Ana; Lima; Red", "Ben; Rome; Blue", "Ana; Lima; Red"],
        ),
        ([], []),
    ],
)
def test_rows_repeat_their_headers(rows: list[list[str]], lines: list[str]) -> None:
    assert render_rows(rows) == lines


def test_a_marked_header_counts_even_where_it_does_not_look_like_one() -> None:
    assert render_rows([["year", "2025"], ["sold", "10"]], header=True) == ["year: sold; 2025: 10"]
    assert render_rows([["year", "2025"], ["sold", "10"]]) == ["year: 2025", "sold: 10"]


def test_wide_sheets_and_data_files_are_read_whole_and_a_wide_word_table_says_where_it_is_cut() -> None:
    rows = [[f"{word}{column}" for column in range(250)] for word in ("head", "value")]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    sheet = parse_file(file.getvalue(), OFFICE + "spreadsheetml.sheet", path="a.xlsx")
    text = parse_file("\n".join(",".join(row) for row in rows).encode(), "text/csv", path="a.csv")
    document = docx.Document()
    table = document.add_table(0, 250)
    for row in rows:
        for cell, content in zip(table.add_row().cells, row, strict=True):
            cell.text = content
    file = io.BytesIO()
    document.save(file)
    letter = parse_file(file.getvalue(), OFFICE + "wordprocessingml.document", path="a.docx")

    assert "value249" in sheet.text
    assert "value249" in text.text
    assert sheet.findings == text.findings == ()
    assert "value199" in letter.text
    assert list(letter.findings) == [Remark("cut", "a table read up to column 200")]


def test_a_long_row_goes_on_in_lines_that_each_name_it() -> None:
    names = ["Part", *(f"Property {number}" for number in range(60))]
    rows = [names, ["Bolt", *(str(number) for number in range(60))], ["Nut", *(str(number + 7) for number in range(60))]]
    lines = render_rows(rows)
    assert len(lines) > 2
    assert all(len(line) <= 700 and line.startswith(("Part: Bolt; ", "Part: Nut; ")) for line in lines)
    assert sum(line.count("Property ") for line in lines) == 120
    shape = measure_table("\n".join(lines))
    assert (shape.rows, shape.columns, shape.empty_share) == (2, 61, 0.0)


@pytest.mark.parametrize("span", ["\u00b2", "9" * 5000, "-1", "0", "x", ""])
def test_a_span_that_is_no_number_counts_as_one(span: str) -> None:
    page = f"<table><tr><th>plan</th><th>price</th></tr><tr><td colspan='{span}'>Beam</td><td>24</td></tr></table>"
    assert "plan: Beam; price: 24" in parse_file(page.encode(), "text/html", path="a.html").text
