"""Words, numbers and glyphs: raised, hyphened, turned, crossed out, in other scripts."""

from __future__ import annotations

from tests.ingest.parse.pdf_samples.common import LEFT, TOP, dejavu, prose, stock
from tests.ingest.parse.pdf_samples.sheet import PdfSample, Sheet


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
    y = prose(sheet, 540, 2)
    table, rows = stock(sheet, 4)
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
        prose(sheet, 730, 3)
        if page < 8:
            sheet.page()
    return sheet.done(absent=["Handbook of the port", *chapters])


def ligatures() -> PdfSample:
    sheet = Sheet(38)
    dejavu(sheet)
    sheet.canvas.drawString(LEFT, TOP, "The oﬃce ﬁles the ﬂight aﬀair with a scaﬀold.")
    return sheet.done(sentences=["The office files the flight affair with a scaffold."])


def hebrew_columns() -> PdfSample:
    """Right to left, in two columns, drawn from left to right as most programs do."""
    sheet = Sheet(39)
    dejavu(sheet)
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
