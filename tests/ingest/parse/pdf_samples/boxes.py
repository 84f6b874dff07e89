"""Boxes, rules and panels under text, and tables over pages."""

from __future__ import annotations

from tests.ingest.parse.pdf_samples.common import LEFT, TOP, WIDE, prose, stock
from tests.ingest.parse.pdf_samples.sheet import PdfSample, Sheet, rows_of


def page_background_frame_and_table() -> PdfSample:
    sheet = Sheet(1)
    sheet.canvas.setFillGray(0.95)
    sheet.canvas.rect(0, 0, 595, 842, fill=1, stroke=0)
    sheet.canvas.setFillGray(0)
    sheet.canvas.rect(40, 40, 515, 770)
    sheet.text(LEFT, TOP, "Stock report", size=18)
    y = prose(sheet, TOP - 40)
    table, rows = stock(sheet)
    y = sheet.grid(LEFT, y, table, (150, 150, 150)) - 30
    prose(sheet, y)
    return sheet.done(rows=rows, tables=1)


def coloured_panels_that_touch() -> PdfSample:
    sheet = Sheet(2)
    y = TOP
    for shade in (0.85, 0.9, 0.8):
        sheet.canvas.setFillGray(shade)
        sheet.canvas.rect(50, y - 90, 495, 100, fill=1, stroke=0)
        sheet.canvas.setFillGray(0)
        sheet.text(LEFT, y - 10, sheet.words.sentence(3).rstrip("."), bold=True, size=12)
        sheet.paragraph(LEFT, y - 30, WIDE, sheet.words.paragraph())
        y -= 100
    table, rows = stock(sheet, 5)
    sheet.grid(LEFT, y - 30, table, (150, 150, 150), rules="cells")
    return sheet.done(rows=rows, tables=1)


def underlined_headings_and_a_table() -> PdfSample:
    sheet = Sheet(3)
    y = TOP
    for _ in range(3):
        sheet.text(LEFT, y, sheet.words.some(3), size=14)
        sheet.canvas.line(LEFT, y - 4, LEFT + WIDE, y - 4)
        y = prose(sheet, y - 24, 1) - 16
    table, rows = stock(sheet)
    sheet.grid(LEFT, y, table, (160, 160, 155))
    return sheet.done(rows=rows, tables=1)


def two_boxes_side_by_side() -> PdfSample:
    sheet = Sheet(4)
    for x in (LEFT, 310.0):
        for y in (TOP, TOP - 130):
            sheet.canvas.rect(x - 8, y - 95, 240, 110)
            sheet.text(x, y, sheet.words.some(2), bold=True)
            sheet.paragraph(x, y - 18, 220, sheet.words.paragraph(2))
    return sheet.done(tables=0)


def form_of_boxes_with_labels() -> PdfSample:
    sheet = Sheet(5)
    y = TOP
    sheet.text(LEFT, y, "Claim for costs", size=16)
    for _ in range(6):
        y -= 40
        sheet.canvas.rect(LEFT, y, WIDE, 30)
        sheet.text(LEFT + 4, y + 18, sheet.words.some(3), size=8)
    y = prose(sheet, y - 40, 2)
    return sheet.done(tables=0)


def rows_shaded_in_turn() -> PdfSample:
    sheet = Sheet(6)
    table, rows = stock(sheet, 6)
    for number in range(0, 7, 2):
        sheet.canvas.setFillGray(0.88)
        sheet.canvas.rect(LEFT, TOP - 18 * number - 18, 360, 18, fill=1, stroke=0)
        sheet.canvas.setFillGray(0)
    y = sheet.grid(LEFT, TOP, table, (120, 120, 120), rules="none")
    prose(sheet, y - 30)
    return sheet.done(rows=rows, tables=1)


def three_rules_and_no_upright_ones() -> PdfSample:
    sheet = Sheet(7)
    y = prose(sheet, TOP)
    table, rows = stock(sheet, 5)
    y = sheet.grid(LEFT, y - 10, table, (120, 120, 120), rules="lines") - 30
    prose(sheet, y)
    return sheet.done(rows=rows, tables=1)


def open_sides() -> PdfSample:
    sheet = Sheet(8)
    y = prose(sheet, TOP)
    table, rows = stock(sheet, 5)
    sheet.grid(LEFT, y - 10, table, (120, 120, 120), rules="inner")
    return sheet.done(rows=rows, tables=1)


def _over_pages(seed: int, *, again: bool, rules: str = "grid", caption: str = "", header: bool = False) -> PdfSample:
    sheet = Sheet(seed)
    read: list[str] = []
    y = prose(sheet, TOP, 1)
    for page in range(3):
        sheet.text(LEFT, 815, "Northbeam price list", size=8, remember=False)
        sheet.text(500, 25, f"Page {page + 1} of 3", size=8, remember=False)
        table, rows = stock(sheet, 30 if page < 2 else 5, 40 * page)
        read += rows
        if page and caption:
            sheet.text(LEFT, y + 6, caption, remember=False)
        sheet.grid(
            LEFT,
            y,
            table if again or not page else table[1:],
            (150, 150, 150),
            rules=rules,
            header=header and (again or not page),
        )
        if page < 2:
            sheet.page()
        y = TOP
    return sheet.done(rows=read, absent=["Northbeam", "of 3"])


def header_printed_again() -> PdfSample:
    return _over_pages(9, again=True)


def header_printed_once() -> PdfSample:
    return _over_pages(10, again=False)


def caption_says_continued() -> PdfSample:
    return _over_pages(11, again=True, caption="Table 1 (continued)", header=True)


def without_rules_over_pages() -> PdfSample:
    return _over_pages(12, again=True, rules="none", header=True)


def another_table_on_the_next_page() -> PdfSample:
    sheet = Sheet(13)
    table, rows = stock(sheet, 6)
    sheet.grid(LEFT, TOP, table, (150, 150, 150), header=True)
    sheet.page()
    other, more = rows_of(
        sheet, ("Depot", "Rooms", "Floors"), 5, lambda number: [sheet.words.word(), str(number), str(number + 4)]
    )
    sheet.grid(LEFT, TOP, other, (150, 150, 150), header=True)
    return sheet.done(rows=[*rows, *more], tables=2)


def pages_of_one_form() -> PdfSample:
    """A catalogue: the same labels in the same places of every page, with other values."""
    sheet = Sheet(14)
    read: list[str] = []
    for page in range(4):
        sheet.text(LEFT, 740, sheet.words.some(3), size=16)
        values = [
            [label, f"{sheet.words.number()} {unit}"] for label, unit in (("Weight", "kg"), ("Height", "cm"), ("Power", "W"))
        ]
        y = sheet.grid(LEFT, 700, values, (120, 160), rules="none" if page % 2 else "grid")
        read += [f"{label}: {value}" for label, value in values]
        prose(sheet, y - 30, 1)
        if page < 3:
            sheet.page()
    return sheet.done(rows=read, tables=4)


def last_row_at_the_foot_of_the_page() -> PdfSample:
    sheet = Sheet(15)
    y = prose(sheet, TOP, 1)
    count = int((y - 20) // 18) - 1
    table, rows = rows_of(sheet, ("Item", "Pieces"), count, lambda number: [sheet.words.word(), str(number)])
    sheet.grid(LEFT, y, table, (150, 150), header=True)
    return sheet.done(rows=rows, tables=1)
