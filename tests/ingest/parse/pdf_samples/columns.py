"""Columns of running text, and tables without rules."""

from __future__ import annotations

from tests.ingest.parse.pdf_samples.common import LEFT, TOP, WIDE, columns, prose, stock
from tests.ingest.parse.pdf_samples.sheet import PdfSample, Sheet, rows_of


def two_justified_columns_under_a_heading() -> PdfSample:
    sheet = Sheet(16)
    sheet.text(LEFT, TOP, sheet.words.some(5), size=16)
    columns(sheet, TOP - 30, 2, [5, 4], justify=True, gap=14)
    return sheet.done(tables=0)


def three_columns_of_different_heights() -> PdfSample:
    sheet = Sheet(17, size=9)
    sheet.text(LEFT, TOP, sheet.words.some(4), size=14)
    columns(sheet, TOP - 30, 3, [3, 5, 2])
    return sheet.done(tables=0)


def sections_of_two_columns() -> PdfSample:
    sheet = Sheet(18)
    y = TOP
    for _ in range(3):
        sheet.text(LEFT, y, sheet.words.some(6), size=14)
        y = columns(sheet, y - 24, 2, [2, 2]) - 20
    sheet.paragraph(LEFT, y, WIDE, sheet.words.paragraph(4))
    return sheet.done(tables=0)


def table_inside_a_column() -> PdfSample:
    sheet = Sheet(19)
    y = prose(sheet, TOP, 2, width=220)
    table, rows = stock(sheet, 4)
    y = sheet.grid(LEFT, y, table, (70, 70, 70)) - 20
    prose(sheet, y, 2, width=220)
    prose(sheet, TOP, 6, x=315, width=220)
    return sheet.done(rows=rows, tables=1)


def table_without_rules_inside_a_column() -> PdfSample:
    sheet = Sheet(20)
    prose(sheet, TOP, 6, width=220)
    y = prose(sheet, TOP, 2, x=315, width=220)
    table, rows = stock(sheet, 4)
    y = sheet.grid(311, y, table, (75, 75, 75), rules="none", header=True) - 20
    prose(sheet, y, 2, x=315, width=220)
    return sheet.done(rows=rows, tables=1)


def columns_with_a_caption_and_footnotes() -> PdfSample:
    sheet = Sheet(21)
    y = prose(sheet, TOP, 2, width=225)
    sheet.canvas.rect(LEFT, y - 110, 225, 100)
    sheet.text(LEFT, y - 124, f"Figure 1. {sheet.words.some(3)}", size=8)
    prose(sheet, y - 150, 2, width=225)
    prose(sheet, TOP, 5, x=310, width=225)
    sheet.canvas.line(LEFT, 120, LEFT + 80, 120)
    sheet.text(LEFT, 106, f"1 {sheet.words.some(7)}", size=7)
    sheet.text(LEFT, 96, f"2 {sheet.words.some(7)}", size=7)
    return sheet.done(tables=0)


def hanging_numbers() -> PdfSample:
    sheet = Sheet(22)
    y = TOP
    for number in range(1, 7):
        sheet.text(LEFT, y, f"{number}.")
        y = sheet.paragraph(LEFT + 30, y, 440, sheet.words.paragraph(2)) - 6
    return sheet.done(tables=0)


def clause_numbers_in_the_margin() -> PdfSample:
    sheet = Sheet(23)
    y = TOP
    for clause in ("1", "1.1", "1.2", "1.2.1", "2", "2.1"):
        sheet.text(LEFT, y, clause)
        y = sheet.paragraph(LEFT + 50, y, 420, sheet.words.paragraph(2)) - 8
    return sheet.done(tables=0)


def numbered_lines() -> PdfSample:
    sheet = Sheet(24)
    y, number = TOP, 0
    for _ in range(4):
        top = y
        y = sheet.paragraph(LEFT + 30, y, 430, sheet.words.paragraph(3)) - 6
        while top > y + 7:
            number += 1
            sheet.text(LEFT, top, str(number), remember=False)
            top -= 12
    return sheet.done(tables=0)


def columns_with_other_leading() -> PdfSample:
    sheet = Sheet(25)
    for x, leading in ((LEFT, 12.0), (315.0, 13.7)):
        y = TOP
        for _ in range(4):
            y = sheet.paragraph(x, y, 220, sheet.words.paragraph(), leading=leading) - 6
    return sheet.done(tables=0)


def questions_beside_answers() -> PdfSample:
    """A table without rules whose cells hold several lines each."""
    sheet = Sheet(26)
    y = TOP
    read: list[str] = []
    sheet.text(LEFT, y, "Question", bold=True)
    sheet.text(260, y, "Answer", bold=True)
    sheet.lines[-2:] = [["Question", "Answer"]]
    y -= 24
    for _ in range(5):
        question, answer = f"{sheet.words.sentence(9)[:-1]}?", sheet.words.paragraph(2)
        lower = min(sheet.paragraph(LEFT, y, 170, question), sheet.paragraph(260, y, 270, answer))
        read.append(f"Question: {question}; Answer: {answer}")
        y = lower - 14
    sheet.sentences.clear()
    return sheet.done(rows=read)


def many_narrow_columns() -> PdfSample:
    sheet = Sheet(27, size=8)
    names = ("Site", *(str(year) for year in range(2016, 2025)))
    table, rows = rows_of(sheet, names, 8, lambda number: [sheet.words.word(), *(sheet.words.number() for _ in range(9))])
    y = sheet.grid(LEFT, TOP, table, (70, *[44] * 9), height=13, rules="none")
    prose(sheet, y - 20)
    return sheet.done(rows=rows, tables=1)


def labels_and_values() -> PdfSample:
    sheet = Sheet(28)
    y = prose(sheet, TOP, 1)
    pairs = [[f"{sheet.words.word().title()}:", f"{sheet.words.number()} {sheet.words.word()}"] for _ in range(6)]
    y = sheet.grid(LEFT, y, pairs, (120, 200), rules="none", height=15)
    prose(sheet, y - 24, 1)
    return sheet.done(rows=[" ".join(pair) for pair in pairs], tables=1)


def amounts_at_the_right() -> PdfSample:
    sheet = Sheet(29)
    y = TOP
    read = []
    sheet.text(LEFT, y, "Service", bold=True)
    sheet.canvas.drawRightString(535, y, "Amount")
    sheet.lines[-1] = ["Service", "Amount"]
    for _ in range(6):
        y -= 16
        what, amount = sheet.words.some(3), f"{sheet.words.number(10, 9999)}.00"
        sheet.text(LEFT, y, what, remember=False)
        sheet.canvas.drawRightString(535, y, amount)
        sheet.lines.append([what, amount])
        read.append(f"{what}: {amount}")
    return sheet.done(tables=1)


def contents_with_dots() -> PdfSample:
    sheet = Sheet(30)
    sheet.text(LEFT, TOP, "Contents", size=16)
    y = TOP - 30
    for _ in range(6):
        title = sheet.words.some(3)
        wide = sheet.text(LEFT, y, title, remember=False)
        dots = "." * int((440 - wide) / sheet.canvas.stringWidth(".", sheet.font, sheet.size))
        page = sheet.words.number(2, 99)
        sheet.text(LEFT + wide + 4, y, dots, remember=False)
        sheet.text(LEFT + 455, y, page, remember=False)
        sheet.lines.append([title, page])
        y -= 16
    return sheet.done()
