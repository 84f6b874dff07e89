"""A second lot of PDFs, drawn after the rules were settled with the first: other layouts, and other programs' ways to draw."""

from __future__ import annotations

import random
from itertools import pairwise

from tests.ingest.parse.pdf_samples.common import LEFT, TOP, WIDE, columns, prose, stock
from tests.ingest.parse.pdf_samples.sheet import PdfSample, Sheet, rows_of

# --- layouts ------------------------------------------------------------------------------------------------------------------


def newsletter_with_a_sidebar() -> PdfSample:
    sheet = Sheet(201, size=9)
    sheet.text(LEFT, TOP, sheet.words.some(4), size=22)
    sheet.canvas.line(LEFT, TOP - 10, LEFT + WIDE, TOP - 10)
    width = (WIDE - 40) / 3
    prose(sheet, TOP - 30, 4, width=width)
    prose(sheet, TOP - 30, 3, x=LEFT + width + 20, width=width)
    sheet.canvas.rect(LEFT + 2 * (width + 20) - 6, TOP - 200, width + 12, 180)
    sheet.text(LEFT + 2 * (width + 20), TOP - 36, sheet.words.some(2), bold=True)
    sheet.paragraph(LEFT + 2 * (width + 20), TOP - 52, width, sheet.words.paragraph(3))
    return sheet.done(tables=0)


def invoice() -> PdfSample:
    sheet = Sheet(202)
    sheet.text(LEFT, TOP, "Invoice 2026-118", size=16)
    sheet.paragraph(LEFT, TOP - 30, WIDE, sheet.words.paragraph(2))
    table, rows = rows_of(
        sheet,
        ("Item", "Pieces", "Amount"),
        5,
        lambda number: [sheet.words.some(2), str(number), f"{sheet.words.number(10, 99)}.00 EUR"],
    )
    y = sheet.grid(LEFT, TOP - 90, table, (200, 100, 150), rules="lines", header=True)
    for label in ("Subtotal", "Tax", "Total"):
        y -= 16
        sheet.text(LEFT + 204, y, label, remember=False)
        amount = f"{sheet.words.number(100, 999)}.00 EUR"
        sheet.text(LEFT + 304, y, amount, remember=False)
        sheet.lines.append([label, amount])
    prose(sheet, y - 40, 1)
    return sheet.done(rows=rows)


def timetable_with_gaps() -> PdfSample:
    sheet = Sheet(203)
    names = ("Stop", "Line 1", "Line 2", "Line 3")
    body = [
        [sheet.words.word(), *(f"{hour}:{10 + number}" if (hour + number) % 3 or number == 2 else "" for hour in (7, 8, 9))]
        for number in range(7)
    ]
    rows = ["; ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True) if cell) for row in body]
    sheet.grid(LEFT, TOP, [list(names), *body], (120, 90, 90, 90), rules="none", header=True)
    return sheet.done(rows=rows, tables=1)


def cells_of_several_lines() -> PdfSample:
    sheet = Sheet(204)
    y = TOP
    read = []
    edges = (LEFT, LEFT + 100, LEFT + 380, LEFT + 470)
    for number in range(6):
        cells = (
            ["Part", "Description", "Mass"]
            if not number
            else [sheet.words.word(), sheet.words.sentence(16), f"{sheet.words.number()} kg"]
        )
        bottom = y - 8
        for x, width, cell in zip(edges, (90, 270, 80), cells, strict=False):
            bottom = min(bottom, sheet.paragraph(x + 4, y - 12, width, cell))
        for x0, x1 in pairwise(edges):
            sheet.canvas.rect(x0, bottom, x1 - x0, y - bottom)
        if number:
            read.append(f"Part: {cells[0]}; Description: {cells[1]}; Mass: {cells[2]}")
        y = bottom
    sheet.sentences.clear()
    return sheet.done(rows=read, tables=1)


def rows_merged_downwards() -> PdfSample:
    sheet = Sheet(205)
    read = []
    sheet.grid(LEFT, TOP, [["Region", "Depot", "Rooms"]], (120, 120, 120))
    y = TOP - 18
    for _ in range(3):
        region = sheet.words.word()
        sheet.text(LEFT + 4, y - 21, region)
        sheet.canvas.rect(LEFT, y - 36, 120, 36)
        body = [[sheet.words.word(), sheet.words.number()] for _ in range(2)]
        sheet.grid(LEFT + 120, y, body, (120, 120))
        read += [f"Region: {region}; Depot: {depot}; Rooms: {rooms}" for depot, rooms in body]
        y -= 36
    return sheet.done(rows=read, tables=1)


def rules_between_rows_only() -> PdfSample:
    sheet = Sheet(206)
    y = prose(sheet, TOP, 1)
    table, rows = stock(sheet, 6)
    for number in range(len(table) + 1):
        sheet.canvas.line(LEFT, y - 18 * number, LEFT + 360, y - 18 * number)
    y = sheet.grid(LEFT, y, table, (120, 120, 120), rules="none")
    prose(sheet, y - 30, 1)
    return sheet.done(rows=rows, tables=1)


def two_tables_side_by_side() -> PdfSample:
    sheet = Sheet(207)
    first, rows = stock(sheet, 4)
    second, more = rows_of(
        sheet, ("Depot", "Rooms", "Floors"), 4, lambda number: [sheet.words.word(), str(number + 3), str(number)]
    )
    sheet.grid(LEFT, TOP, first, (70, 70, 70))
    sheet.grid(LEFT + 250, TOP, second, (80, 70, 70))
    return sheet.done(rows=[*rows, *more], tables=2)


def table_between_its_caption_and_notes() -> PdfSample:
    sheet = Sheet(208)
    sheet.text(LEFT, TOP, f"Table 4. {sheet.words.some(4)}", size=9)
    table, rows = stock(sheet, 4)
    y = sheet.grid(LEFT, TOP - 6, table, (120, 120, 120), rules="lines", header=True)
    sheet.text(LEFT, y - 12, f"* {sheet.words.some(8)}", size=7)
    sheet.text(LEFT, y - 22, f"Source: {sheet.words.some(4)}", size=7)
    prose(sheet, y - 50, 1)
    return sheet.done(rows=rows, tables=1)


def glossary() -> PdfSample:
    """Terms at the left, what they mean beside them."""
    sheet = Sheet(209)
    y = TOP
    read = []
    for _ in range(6):
        term, meaning = sheet.words.word(), sheet.words.paragraph(2)
        sheet.text(LEFT, y, term, bold=True)
        y = sheet.paragraph(LEFT + 120, y, 340, meaning) - 10
        read.append(f"{term}: {meaning}")
    return sheet.done(rows=read)


def pull_quote_across_the_gutter() -> PdfSample:
    sheet = Sheet(210)
    y = columns(sheet, TOP, 2, [2, 2]) - 10
    sheet.text(LEFT + 90, y, sheet.words.some(5), size=15)
    columns(sheet, y - 30, 2, [2, 3])
    return sheet.done(tables=0)


def index_of_three_columns() -> PdfSample:
    sheet = Sheet(211, size=8)
    for x in (LEFT, LEFT + 160, LEFT + 320):
        for number in range(25):
            entry = f"{sheet.words.word()} {sheet.words.number()}"
            sheet.text(x, TOP - 10 * number, entry)
    return sheet.done()


def slide() -> PdfSample:
    sheet = Sheet(212, pagesize=(720, 405), size=18)
    sheet.text(40, 350, sheet.words.some(4), size=30)
    y = 290
    for _ in range(3):
        sheet.text(50, y, "•", remember=False)
        sheet.text(72, y, sheet.words.some(5))
        for _ in range(2):
            y -= 24
            sheet.text(90, y, "–", size=14, remember=False)
            sheet.text(108, y, sheet.words.some(4), size=14)
        y -= 34
    return sheet.done(tables=0)


def paragraphs_told_by_indents() -> PdfSample:
    sheet = Sheet(213)
    for x in (LEFT, 315.0):
        y = TOP
        for _ in range(5):
            text = sheet.words.paragraph(2)
            words = text.split()
            sheet.text(x + 14, y, " ".join(words[:4]))
            y = sheet.paragraph(x, y - 12, 220, " ".join(words[4:]))
            sheet.sentences.pop()
    return sheet.done(tables=0)


def wide_table_on_turned_pages() -> PdfSample:
    sheet = Sheet(214, size=8)
    names = ("Site", *(f"Q{place}" for place in range(1, 9)))
    read = []
    for page in range(2):
        sheet.canvas.saveState()
        sheet.canvas.translate(595, 0)
        sheet.canvas.rotate(90)
        table, rows = rows_of(
            sheet, names, 25 if not page else 4, lambda number: [sheet.words.word(), *(sheet.words.number() for _ in range(8))]
        )
        sheet.grid(40, 550, table, (100, *[70] * 8))
        sheet.canvas.restoreState()
        read += rows
        if not page:
            sheet.page()
    return sheet.done(rows=read)


def amounts_as_people_write_them() -> PdfSample:
    sheet = Sheet(215)
    cells = [
        ["Account", "Opening", "Closing"],
        ["Cash", "1 234 567", "(45 000)"],
        ["Stock", "12.345,60", "-7"],
        ["Debts", "€ 3,200.50", "1.5 %"],
    ]
    rows = [f"Account: {name}; Opening: {opening}; Closing: {closing}" for name, opening, closing in cells[1:]]
    y = sheet.grid(LEFT, TOP, cells, (120, 120, 120), rules="none", header=True)
    prose(sheet, y - 30, 1)
    return sheet.done(rows=rows, tables=1)


def header_close_above_a_table() -> PdfSample:
    sheet = Sheet(216)
    read = []
    for page in range(3):
        sheet.text(LEFT, 815, "Depot list of the northern branch", size=8, remember=False)
        sheet.text(480, 815, f"{page + 1}/3", size=8, remember=False)
        table, rows = stock(sheet, 38, 60 * page)
        read += rows
        sheet.grid(LEFT, 805, table, (150, 150, 150))
        if page < 2:
            sheet.page()
    return sheet.done(rows=read, absent=["northern branch"])


# --- ways to draw ---------------------------------------------------------------------------------------------------------


def words_without_spaces() -> PdfSample:
    """Each word is placed on its own and no space is written, as typesetting programs do."""
    sheet = Sheet(217)
    text = sheet.words.paragraph(6)
    x, y = LEFT, TOP
    line: list[str] = []
    for word in text.split():
        wide = sheet.canvas.stringWidth(word, sheet.font, sheet.size)
        if x + wide > LEFT + 300:
            sheet.lines.append(" ".join(line))
            x, y, line = LEFT, y - 12, []
        sheet.text(x, y, word, remember=False)
        line.append(word)
        x += wide + 2.4
    sheet.lines.append(" ".join(line))
    return sheet.done(sentences=[text], tables=0)


def letter_by_letter() -> PdfSample:
    sheet = Sheet(218)
    text = sheet.words.paragraph(2)
    x, y = LEFT, TOP
    for letter in text:
        sheet.text(x, y, letter, remember=False)
        x += sheet.canvas.stringWidth(letter, sheet.font, sheet.size)
        if x > LEFT + 400 and letter == " ":
            x, y = LEFT, y - 12
    return sheet.done(sentences=[text], tables=0)


def lines_in_any_order() -> PdfSample:
    from reportlab.lib.utils import simpleSplit

    sheet = Sheet(219)
    texts = [(x, sheet.words.paragraph(5)) for x in (LEFT, 315.0)]
    placed = []
    for x, text in texts:
        placed += [(x, TOP - 12 * number, part) for number, part in enumerate(simpleSplit(text, sheet.font, sheet.size, 220))]
    random.Random(219).shuffle(placed)
    for x, y, part in placed:
        sheet.text(x, y, part)
    return sheet.done(sentences=[text for _, text in texts], tables=0)


def text_in_a_form_object() -> PdfSample:
    sheet = Sheet(220)
    sheet.canvas.beginForm("stamp")
    y = prose(sheet, 600, 2)
    table, rows = stock(sheet, 3)
    sheet.grid(LEFT, y, table, (100, 100, 100))
    sheet.canvas.endForm()
    sheet.canvas.saveState()
    sheet.canvas.translate(0, 120)
    sheet.canvas.doForm("stamp")
    sheet.canvas.restoreState()
    return sheet.done(rows=rows, tables=1)


def rules_drawn_as_thin_boxes() -> PdfSample:
    sheet = Sheet(221)
    y = prose(sheet, TOP, 1)
    table, rows = stock(sheet, 4)
    for number in range(6):
        sheet.canvas.rect(LEFT, y - 18 * number - 0.4, 360, 0.8, fill=1, stroke=0)
    for x in (0, 120, 240, 360):
        for number in range(5):
            sheet.canvas.rect(LEFT + x - 0.4, y - 18 * (number + 1), 0.8, 18, fill=1, stroke=0)
    sheet.grid(LEFT, y, table, (120, 120, 120), rules="none")
    return sheet.done(rows=rows, tables=1)


def german_hyphens() -> PdfSample:
    sheet = Sheet(222)
    for number, line in enumerate(
        (
            "Die Öffnungs-",
            "zeiten der Haus- und",
            "Gartenabteilung gelten auch für den Süd-",
            "West-Eingang sowie für die Laden-",
            "straße bis 20 Uhr.",
        )
    ):
        sheet.text(LEFT, TOP - 12 * number, line, remember=False)
    return sheet.done(
        sentences=[
            "Die Öffnungszeiten der Haus- und Gartenabteilung gelten auch für den Süd-West-Eingang sowie für die Ladenstraße bis 20 Uhr."
        ]
    )
