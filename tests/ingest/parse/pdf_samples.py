"""PDFs of the kinds that are read wrongly: boxes under text, tables over pages, columns, raised digits, forms, glyphs without meaning.

Each has a word of its own for everything, so that what is lost, joined or out of order shows. Half of them (`TUNED`) were looked at while
the rules were written; the others were not.
"""

from __future__ import annotations

import io
from collections.abc import Callable

from tests.ingest.parse.pdf_sheet import PdfSample, Sheet, rows_of

NAMES = ("Code", "Price", "Stock")
LEFT, TOP, WIDE = 60.0, 780.0, 475.0


def _stock(sheet: Sheet, count: int = 4, first: int = 1) -> tuple[list[list[str]], list[str]]:
    return rows_of(
        sheet,
        NAMES,
        count,
        lambda number: [f"P-{100 + first + number}", f"{sheet.words.number(10, 99)}.50", sheet.words.number()],
    )


def _prose(sheet: Sheet, y: float, paragraphs: int = 2, *, x: float = LEFT, width: float = WIDE, justify: bool = False) -> float:
    for _ in range(paragraphs):
        y = sheet.paragraph(x, y, width, sheet.words.paragraph(), justify=justify) - 8
    return y


# --- boxes, rules and panels under text -----------------------------------------------------------------------------------


def page_background_frame_and_table() -> PdfSample:
    sheet = Sheet(1)
    sheet.canvas.setFillGray(0.95)
    sheet.canvas.rect(0, 0, 595, 842, fill=1, stroke=0)
    sheet.canvas.setFillGray(0)
    sheet.canvas.rect(40, 40, 515, 770)
    sheet.text(LEFT, TOP, "Stock report", size=18)
    y = _prose(sheet, TOP - 40)
    table, rows = _stock(sheet)
    y = sheet.grid(LEFT, y, table, (150, 150, 150)) - 30
    _prose(sheet, y)
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
    table, rows = _stock(sheet, 5)
    sheet.grid(LEFT, y - 30, table, (150, 150, 150), rules="cells")
    return sheet.done(rows=rows, tables=1)


def underlined_headings_and_a_table() -> PdfSample:
    sheet = Sheet(3)
    y = TOP
    for _ in range(3):
        sheet.text(LEFT, y, sheet.words.some(3), size=14)
        sheet.canvas.line(LEFT, y - 4, LEFT + WIDE, y - 4)
        y = _prose(sheet, y - 24, 1) - 16
    table, rows = _stock(sheet)
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
    y = _prose(sheet, y - 40, 2)
    return sheet.done(tables=0)


def rows_shaded_in_turn() -> PdfSample:
    sheet = Sheet(6)
    table, rows = _stock(sheet, 6)
    for number in range(0, 7, 2):
        sheet.canvas.setFillGray(0.88)
        sheet.canvas.rect(LEFT, TOP - 18 * number - 18, 360, 18, fill=1, stroke=0)
        sheet.canvas.setFillGray(0)
    y = sheet.grid(LEFT, TOP, table, (120, 120, 120), rules="none")
    _prose(sheet, y - 30)
    return sheet.done(rows=rows, tables=1)


def three_rules_and_no_upright_ones() -> PdfSample:
    sheet = Sheet(7)
    y = _prose(sheet, TOP)
    table, rows = _stock(sheet, 5)
    y = sheet.grid(LEFT, y - 10, table, (120, 120, 120), rules="lines") - 30
    _prose(sheet, y)
    return sheet.done(rows=rows, tables=1)


def open_sides() -> PdfSample:
    sheet = Sheet(8)
    y = _prose(sheet, TOP)
    table, rows = _stock(sheet, 5)
    sheet.grid(LEFT, y - 10, table, (120, 120, 120), rules="inner")
    return sheet.done(rows=rows, tables=1)


# --- tables over pages ----------------------------------------------------------------------------------------------------


def _over_pages(seed: int, *, again: bool, rules: str = "grid", caption: str = "", header: bool = False) -> PdfSample:
    sheet = Sheet(seed)
    read: list[str] = []
    y = _prose(sheet, TOP, 1)
    for page in range(3):
        sheet.text(LEFT, 815, "Northbeam price list", size=8, remember=False)
        sheet.text(500, 25, f"Page {page + 1} of 3", size=8, remember=False)
        table, rows = _stock(sheet, 30 if page < 2 else 5, 40 * page)
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
    table, rows = _stock(sheet, 6)
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
        _prose(sheet, y - 30, 1)
        if page < 3:
            sheet.page()
    return sheet.done(rows=read, tables=4)


def last_row_at_the_foot_of_the_page() -> PdfSample:
    sheet = Sheet(15)
    y = _prose(sheet, TOP, 1)
    count = int((y - 20) // 18) - 1
    table, rows = rows_of(sheet, ("Item", "Pieces"), count, lambda number: [sheet.words.word(), str(number)])
    sheet.grid(LEFT, y, table, (150, 150), header=True)
    return sheet.done(rows=rows, tables=1)


# --- columns --------------------------------------------------------------------------------------------------------------


def _columns(sheet: Sheet, y: float, count: int, paragraphs: list[int], *, justify: bool = False, gap: float = 20) -> float:
    width = (WIDE - gap * (count - 1)) / count
    return min(
        _prose(sheet, y, paragraphs[place], x=LEFT + place * (width + gap), width=width, justify=justify)
        for place in range(count)
    )


def two_justified_columns_under_a_heading() -> PdfSample:
    sheet = Sheet(16)
    sheet.text(LEFT, TOP, sheet.words.some(5), size=16)
    _columns(sheet, TOP - 30, 2, [5, 4], justify=True, gap=14)
    return sheet.done(tables=0)


def three_columns_of_different_heights() -> PdfSample:
    sheet = Sheet(17, size=9)
    sheet.text(LEFT, TOP, sheet.words.some(4), size=14)
    _columns(sheet, TOP - 30, 3, [3, 5, 2])
    return sheet.done(tables=0)


def sections_of_two_columns() -> PdfSample:
    sheet = Sheet(18)
    y = TOP
    for _ in range(3):
        sheet.text(LEFT, y, sheet.words.some(6), size=14)
        y = _columns(sheet, y - 24, 2, [2, 2]) - 20
    sheet.paragraph(LEFT, y, WIDE, sheet.words.paragraph(4))
    return sheet.done(tables=0)


def table_inside_a_column() -> PdfSample:
    sheet = Sheet(19)
    y = _prose(sheet, TOP, 2, width=220)
    table, rows = _stock(sheet, 4)
    y = sheet.grid(LEFT, y, table, (70, 70, 70)) - 20
    _prose(sheet, y, 2, width=220)
    _prose(sheet, TOP, 6, x=315, width=220)
    return sheet.done(rows=rows, tables=1)


def table_without_rules_inside_a_column() -> PdfSample:
    sheet = Sheet(20)
    _prose(sheet, TOP, 6, width=220)
    y = _prose(sheet, TOP, 2, x=315, width=220)
    table, rows = _stock(sheet, 4)
    y = sheet.grid(311, y, table, (75, 75, 75), rules="none", header=True) - 20
    _prose(sheet, y, 2, x=315, width=220)
    return sheet.done(rows=rows, tables=1)


def columns_with_a_caption_and_footnotes() -> PdfSample:
    sheet = Sheet(21)
    y = _prose(sheet, TOP, 2, width=225)
    sheet.canvas.rect(LEFT, y - 110, 225, 100)
    sheet.text(LEFT, y - 124, f"Figure 1. {sheet.words.some(3)}", size=8)
    _prose(sheet, y - 150, 2, width=225)
    _prose(sheet, TOP, 5, x=310, width=225)
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


# --- tables without rules -------------------------------------------------------------------------------------------------


def many_narrow_columns() -> PdfSample:
    sheet = Sheet(27, size=8)
    names = ("Site", *(str(year) for year in range(2016, 2025)))
    table, rows = rows_of(sheet, names, 8, lambda number: [sheet.words.word(), *(sheet.words.number() for _ in range(9))])
    y = sheet.grid(LEFT, TOP, table, (70, *[44] * 9), height=13, rules="none")
    _prose(sheet, y - 20)
    return sheet.done(rows=rows, tables=1)


def labels_and_values() -> PdfSample:
    sheet = Sheet(28)
    y = _prose(sheet, TOP, 1)
    pairs = [[f"{sheet.words.word().title()}:", f"{sheet.words.number()} {sheet.words.word()}"] for _ in range(6)]
    y = sheet.grid(LEFT, y, pairs, (120, 200), rules="none", height=15)
    _prose(sheet, y - 24, 1)
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


# --- glyphs, words, numbers -----------------------------------------------------------------------------------------------


def _raised(sheet: Sheet, x: float, y: float, parts: list[tuple[str, float]]) -> None:
    """Write parts on one line, each with its rise; raised ones are small."""
    for text, rise in parts:
        size = 6.5 if rise else sheet.size
        sheet.canvas.setFont(sheet.font, size)
        sheet.canvas.drawString(x, y + rise, text)
        x += sheet.canvas.stringWidth(text, sheet.font, size)


def raised_digits_and_marks() -> PdfSample:
    sheet = Sheet(31)
    _raised(
        sheet,
        LEFT,
        740,
        [
            ("The dose of 10", 0),
            ("6", 4),
            (" units costs 30", 0),
            ("1", 4),
            (" EUR for 25 m", 0),
            ("2", 4),
            (" on the 5", 0),
            ("th", 4),
            (" day.", 0),
        ],
    )
    _raised(sheet, LEFT, 720, [("Water is H", 0), ("2", -2), ("O and the tank holds 40", 0), ("2,3", 4), (" litres.", 0)])
    return sheet.done(
        sentences=[
            "The dose of 10^6 units costs 30^1 EUR for 25 m2 on the 5th day.",
            "Water is H2O and the tank holds 40^2,3 litres.",
        ]
    )


def hyphens_at_line_ends() -> PdfSample:
    sheet = Sheet(32)
    for number, line in enumerate(
        (
            "The well-known garden opens at dawn. Visi-",
            "tors may bring a well-",
            "known dog from 2024-",
            "2026 and use in\u00ad",
            "formation boards.",
        )
    ):
        sheet.canvas.setFont(sheet.font, sheet.size)
        sheet.canvas.drawString(LEFT, 740 - 12 * number, line)
    return sheet.done(
        sentences=[
            "The well-known garden opens at dawn. Visitors may bring a well-known dog from 2024-2026 and use information boards."
        ]
    )


def wide_set_heading_and_double_strike() -> PdfSample:
    sheet = Sheet(33)
    line = sheet.canvas.beginText(LEFT, TOP)
    line.setFont("Helvetica-Bold", 16)
    line.setCharSpace(6)
    line.textOut("OPENING HOURS")
    sheet.canvas.drawText(line)
    for shift in (0, 0.3):
        sheet.canvas.setFont(sheet.font, sheet.size)
        sheet.canvas.drawString(LEFT + shift, TOP - 30, "The hall stays shut all winter, all seats included.")
    return sheet.done(sentences=["OPENING HOURS", "The hall stays shut all winter, all seats included."])


def crossed_out_and_underlined() -> PdfSample:
    sheet = Sheet(34)
    wide = sheet.text(LEFT, TOP, "The fee is ")
    old = sheet.text(LEFT + wide, TOP, "45 EUR")
    sheet.canvas.line(LEFT + wide, TOP + 3, LEFT + wide + old, TOP + 3)
    new = sheet.text(LEFT + wide + old, TOP, " 60 EUR ")
    sheet.canvas.line(LEFT + wide + old + 3, TOP - 1.5, LEFT + wide + old + new - 3, TOP - 1.5)
    sheet.text(LEFT + wide + old + new, TOP, "per year.")
    return sheet.done(sentences=["The fee is 60 EUR per year."], absent=["45"])


def turned_text() -> PdfSample:
    sheet = Sheet(35)
    names = [sheet.words.word() for _ in range(3)]
    for place, name in enumerate(names):
        sheet.canvas.saveState()
        sheet.canvas.translate(LEFT + 150 + 80 * place + 45, TOP - 76)
        sheet.canvas.rotate(90)
        sheet.text(0, 0, name)
        sheet.canvas.restoreState()
    body = [[sheet.words.word(), *(sheet.words.number() for _ in range(3))] for _ in range(4)]
    edges = (LEFT, LEFT + 150, LEFT + 230, LEFT + 310, LEFT + 390)
    for level in (TOP, *(TOP - 80 - 18 * number for number in range(5))):
        sheet.canvas.line(edges[0], level, edges[-1], level)
    for edge in edges:
        sheet.canvas.line(edge, TOP, edge, TOP - 80 - 18 * 4)
    sheet.grid(LEFT, TOP - 80, body, (150, 80, 80, 80), rules="none")
    rows = [f"{row[0]} – " + "; ".join(f"{name}: {cell}" for name, cell in zip(names, row[1:], strict=True)) for row in body]
    return sheet.done(rows=rows, tables=1)


def page_on_its_side() -> PdfSample:
    sheet = Sheet(36)
    sheet.canvas.translate(595, 0)
    sheet.canvas.rotate(90)
    y = _prose(sheet, 540, 2)
    table, rows = _stock(sheet, 4)
    sheet.grid(LEFT, y, table, (150, 150, 150))
    return sheet.done(rows=rows, tables=1)


def headers_of_chapters() -> PdfSample:
    sheet = Sheet(37)
    chapters = [sheet.words.some(2) for _ in range(3)]
    for page in range(9):
        chapter = chapters[page // 3]
        sheet.text(LEFT, 812, "Handbook of the port" if page % 2 else chapter, size=8, remember=False)
        sheet.text(500, 812, str(page + 11), size=8, remember=False)
        if page % 3 == 0:
            sheet.text(LEFT, 760, sheet.words.some(2), size=18)
        _prose(sheet, 730, 3)
        if page < 8:
            sheet.page()
    return sheet.done(absent=["Handbook of the port", *chapters])


def ligatures() -> PdfSample:
    sheet = Sheet(38)
    _dejavu(sheet)
    sheet.canvas.drawString(LEFT, TOP, "The oﬃce ﬁles the ﬂight aﬀair with a scaﬀold.")
    return sheet.done(sentences=["The office files the flight affair with a scaffold."])


# --- other scripts --------------------------------------------------------------------------------------------------------


def _dejavu(sheet: Sheet) -> None:
    from pathlib import Path

    import matplotlib as mpl
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    pdfmetrics.registerFont(TTFont("DejaVuSans", str(font)))
    sheet.font = "DejaVuSans"
    sheet.canvas.setFont("DejaVuSans", sheet.size)


def hebrew_columns() -> PdfSample:
    """Right to left, in two columns, drawn from left to right as most programs do."""
    sheet = Sheet(39)
    _dejavu(sheet)
    right = ["הגינה נפתחת בשעה שבע בבוקר", "ונסגרת בשעה תשע בערב בכל", "ימות השבוע ובחגים"]
    left = ["הכניסה חינם לילדים עד גיל", "שש ולמבוגרים היא עולה", "עשרה שקלים"]
    for lines, edge in ((right, 535.0), (left, 280.0)):
        for number, line in enumerate(lines):
            sheet.canvas.drawRightString(edge, TOP - 14 * number, line[::-1])
            sheet.lines.append(line)
    return sheet.done(sentences=[" ".join(right), " ".join(left)], tables=0)


def japanese_columns() -> PdfSample:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    sheet = Sheet(40)
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    left, right = (
        "公園は朝七時に開き、夕方に閉まります。犬は短い綱につなげば入ることができます。",
        "船は四月から九月まで一時間千円で借りることができます。子供は大人と一緒に乗ってください。",
    )
    for text, x in ((left, LEFT), (right, 320.0)):
        for number in range(0, len(text), 14):
            sheet.canvas.setFont("HeiseiMin-W3", 12)
            sheet.canvas.drawString(x, TOP - number // 14 * 16, text[number : number + 14])
    return sheet.done(sentences=[left, right], tables=0)


# --- what is filled in, noted, hidden -------------------------------------------------------------------------------------


def form_with_everything() -> PdfSample:
    sheet = Sheet(41)
    sheet.text(LEFT, TOP, "Application for a berth", size=14)
    form = sheet.canvas.acroForm
    form.checkbox(name="power", tooltip="Shore power", checked=True, x=60, y=700)
    form.checkbox(name="crane", tooltip="Crane", checked=False, x=60, y=670)
    form.radio(name="length", tooltip="Length of the boat", value="long", selected=True, x=60, y=640)
    form.radio(name="length", tooltip="Length of the boat", value="short", selected=False, x=100, y=640)
    form.choice(name="pier", tooltip="Pier", options=[("Pier north", "n"), ("Pier south", "s")], value="s", x=60, y=600)
    form.textfield(name="boat", tooltip="Name of the boat", value="Marigold", x=60, y=560)
    form.textfield(name="flag", tooltip="Flag", value="", x=60, y=530)
    return sheet.done(
        sentences=["Shore power: yes", "Length of the boat: long", "Pier: Pier south", "Name of the boat: Marigold"],
        absent=["Crane", "Flag"],
        added=["Form fields"],
    )


def notes_on_a_page() -> PdfSample:
    sheet = Sheet(42)
    _prose(sheet, TOP, 2)
    sheet.canvas.textAnnotation("Editor: ask Vesna about the mooring", Rect=(400, 700, 420, 720))
    sheet.canvas.freeTextAnnotation("Paid on Tuesday", Rect=(60, 500, 300, 520), DA="0 0 0 rg /Helv 10 Tf")
    return sheet.done(sentences=["Paid on Tuesday"], absent=["Vesna"])


def white_and_outside() -> PdfSample:
    sheet = Sheet(43)
    _prose(sheet, TOP, 2)
    sheet.canvas.setFillColorRGB(1, 1, 1)
    sheet.text(LEFT, 400, "Nobody can read this secret", remember=False)
    sheet.canvas.setFillGray(0.2)
    sheet.canvas.rect(50, 300, 300, 40, fill=1)
    sheet.canvas.setFillColorRGB(1, 1, 1)
    sheet.text(LEFT, 315, "White on a dark panel is seen")
    sheet.canvas.setFillGray(0)
    sheet.text(900, 400, "Beyond the edge", remember=False)
    return sheet.done(absent=["secret", "Beyond"])


def layer_of_a_scan() -> PdfSample:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    sheet = Sheet(44)
    picture = io.BytesIO()
    Image.new("L", (60, 80), 230).save(picture, "PNG")
    sheet.canvas.drawImage(ImageReader(picture), 0, 0, 595, 842)
    line = sheet.canvas.beginText(LEFT, TOP)
    line.setTextRenderMode(3)
    line.setFont("Helvetica", 10)
    line.textOut("What the scan shows is read.")
    sheet.canvas.drawText(line)
    return sheet.done(sentences=["What the scan shows is read."])


def replaced(content: bytes, *pairs: tuple[bytes, bytes]) -> bytes:
    """A PDF with bytes exchanged for others of the same length, so that its table of places stays right."""
    for old, new in pairs:
        assert len(old) == len(new), (old, new)
        assert old in content, old
        content = content.replace(old, new)
    return content


SAMPLES: dict[str, Callable[[], PdfSample]] = {
    name: make
    for name, make in list(globals().items())
    if callable(make) and getattr(make, "__module__", "") == __name__ and name[0] != "_" and name != "replaced"
}
#: Every second one.
TUNED = tuple(SAMPLES)[::2]
