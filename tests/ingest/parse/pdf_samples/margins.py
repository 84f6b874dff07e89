"""What stands beside the text: notes below it and in the margin, stamps, letters below letters, boxes with round corners, accents, indices."""

from __future__ import annotations

from tests.ingest.parse.pdf_samples.common import LEFT, TOP, WIDE, prose, stock
from tests.ingest.parse.pdf_samples.sheet import PdfSample, Sheet


def _broken(sheet: Sheet, places: list[tuple[float, float, int]], width: float) -> str:
    """A sentence over several places (x, y, how many lines); returns it whole."""
    from reportlab.lib.utils import simpleSplit

    lines = sum(count for _, _, count in places)
    text = sheet.words.word().title()
    while len(parts := simpleSplit(f"{text}.", sheet.font, sheet.size, width)) < lines:
        text += f" {sheet.words.word()}"
    for x, y, count in places:
        for number in range(count):
            sheet.text(x, y - 12 * number, parts.pop(0))
    return f"{text}."


def sentence_over_columns_with_notes_below() -> PdfSample:
    sheet = Sheet(301)
    y = prose(sheet, TOP, 2, width=220)
    whole = _broken(sheet, [(LEFT, y, 3), (315, TOP, 3)], 220)
    sheet.canvas.line(LEFT, 140, LEFT + 70, 140)
    for number in (1, 2):
        sheet.text(LEFT, 138 - 11 * number, f"{number} {sheet.words.some(6)}.", size=7.5)
    prose(sheet, TOP - 44, 2, x=315, width=220)
    return sheet.done(tables=0, sentences=[whole])


def sentence_over_pages_with_a_stamp_in_the_margin() -> PdfSample:
    sheet = Sheet(302)
    y = prose(sheet, TOP, 3)
    sheet.canvas.saveState()
    sheet.canvas.translate(30, 400)
    sheet.canvas.rotate(90)
    stamp = f"draft:{sheet.words.word()} of {sheet.words.some(2)}"
    sheet.text(0, 0, stamp, size=12)
    sheet.canvas.restoreState()
    from reportlab.lib.utils import simpleSplit

    text = f"{sheet.words.word().title()} {sheet.words.some(40)}."
    parts = simpleSplit(text, sheet.font, sheet.size, WIDE)
    for number, part in enumerate(parts[:2]):
        sheet.text(LEFT, y - 12 * number, part)
    sheet.page()
    for number, part in enumerate(parts[2:]):
        sheet.text(LEFT, TOP - 12 * number, part)
    prose(sheet, TOP - 12 * len(parts), 2)
    return sheet.done(tables=0, sentences=[text, stamp])


def notes_in_the_outer_margin() -> PdfSample:
    sheet = Sheet(303)
    y = TOP
    for _ in range(4):
        sheet.paragraph(455, y, 90, sheet.words.sentence(7), leading=10)
        y = sheet.paragraph(LEFT, y, 360, sheet.words.paragraph(4)) - 14
    return sheet.done(tables=0)


def letters_below_letters_beside_a_form() -> PdfSample:
    sheet = Sheet(304)
    for place, letter in enumerate("PRINT"):
        sheet.text(LEFT, TOP - 10.7 * place, letter, size=9, remember=False)
    for place, letter in enumerate("CLEARLY"):
        sheet.text(LEFT, TOP - 10.7 * 6.2 - 10.7 * place, letter, size=9, remember=False)
    sheet.lines.append("PRINT CLEARLY")
    y = TOP
    for _ in range(5):
        y = sheet.paragraph(LEFT + 40, y, 400, sheet.words.sentence(14), leading=13) - 12
    return sheet.done(tables=0, sentences=["PRINT CLEARLY"])


def single_letters_in_a_table_are_cells() -> PdfSample:
    sheet = Sheet(305)
    body = [[sheet.words.word(), grade, sheet.words.number(10, 99)] for grade in "BADCE"]
    table = [["Name", "Grade", "Points"], *body]
    sheet.grid(LEFT, TOP, table, (120, 60, 80), height=11, rules="none", header=True)
    rows = [f"Name: {name}; Grade: {grade}; Points: {points}" for name, grade, points in body]
    return sheet.done(rows=rows, tables=1)


def boxes_with_round_corners() -> PdfSample:
    sheet = Sheet(306)
    y = prose(sheet, TOP, 1) - 10
    for row in range(2):
        for column in range(2):
            x, top = LEFT + 245 * column, y - 120 * row
            sheet.canvas.roundRect(x, top - 100, 225, 100, 9)
            sheet.text(x + 10, top - 20, sheet.words.some(3), bold=True)
            for number in range(3):
                sheet.text(x + 10 + 72 * number, top - 60, sheet.words.word())
                sheet.text(x + 10 + 72 * number, top - 72, f"({sheet.words.word()})", size=8)
    prose(sheet, y - 250, 1)
    return sheet.done(tables=4)


def accents_drawn_over_letters() -> PdfSample:
    sheet = Sheet(307, size=11)
    x = LEFT
    for text, accent in (
        ("Caf", ""),
        ("e", "\u00b4"),
        (" O", ""),
        ("g", "\u00a8"),
        (" T", ""),
        ("u", "\u00a8"),
        ("r and `quoted` 5 ^ 2", ""),
    ):
        wide = sheet.canvas.stringWidth(text, sheet.font, 11)
        if accent:
            over = sheet.canvas.stringWidth(accent, sheet.font, 11)
            sheet.text(x + (wide - over) / 2, TOP, accent, size=11, remember=False)
        sheet.text(x, TOP, text, size=11, remember=False)
        x += wide
    sheet.lines.append("Caf\u00e9 O g T\u00fcr and quoted 5 2")
    return sheet.done(sentences=["Caf\u00e9"], added=["Og"], absent=["Cafe", "Tur"])


def words_that_begin_with_one_letter_and_a_hyphen() -> PdfSample:
    sheet = Sheet(308)
    first, second = sheet.words.some(8), sheet.words.some(6)
    sheet.text(LEFT, TOP, f"{first} a d-", remember=False)
    sheet.text(LEFT, TOP - 12, f"dimensional {second} by e-", remember=False)
    sheet.text(LEFT, TOP - 24, "mail.", remember=False)
    return sheet.done(sentences=[f"{first} a d-dimensional {second} by e-mail."], added=["a", "by"])


def indices_below_exponents() -> PdfSample:
    sheet = Sheet(309, size=11)
    before, after = sheet.words.some(3), sheet.words.some(3)
    x = LEFT + sheet.text(LEFT, TOP, f"{before} w", size=11, remember=False)
    sheet.text(x, TOP + 4.5, "(i)", size=6.5, remember=False)
    sheet.text(x, TOP - 2.5, "n", size=6.5, remember=False)
    sheet.text(x + 11, TOP, f"and {after}", size=11, remember=False)
    sheet.lines += [f"{before} and {after}"]
    return sheet.done(sentences=[f"{before} w(i)n and {after}"], tables=0)


def signs_of_notes_above_commas() -> PdfSample:
    sheet = Sheet(310, size=12)
    x = LEFT
    names = [sheet.words.word().title() for _ in range(3)]
    for name in names:
        x += sheet.text(x, TOP, name, size=12, remember=False)
        sheet.text(x, TOP + 5, "*", size=8, remember=False)
        x += sheet.text(x, TOP, ", ", size=12, remember=False)
    sheet.lines.append(" ".join(names))
    prose(sheet, TOP - 40, 1)
    return sheet.done(sentences=["*, ".join(names)])


def sides_of_boxes_strike_nothing() -> PdfSample:
    sheet = Sheet(311)
    words = [sheet.words.word() for _ in range(4)]
    for place, word in enumerate(words):
        sheet.text(LEFT, TOP - 20 * place, word)
        sheet.canvas.line(LEFT - 30, TOP + 3 - 20 * place, LEFT + 300, TOP + 3 - 20 * place)
    sheet.text(LEFT, TOP - 120, gone := sheet.words.some(3))
    wide = sheet.canvas.stringWidth(gone, sheet.font, sheet.size)
    sheet.canvas.line(LEFT - 1, TOP - 117, LEFT + wide + 1, TOP - 117)
    prose(sheet, TOP - 160, 1)
    return sheet.done(absent=gone.split(), sentences=words, tables=0)


def turned_text_outside_of_the_page() -> PdfSample:
    sheet = Sheet(312)
    prose(sheet, TOP, 2)
    outside = [sheet.words.word(), sheet.words.word()]
    for word, (x, y, turn) in zip(outside, ((620, 400, 90), (-60, 300, 45)), strict=True):
        sheet.canvas.saveState()
        sheet.canvas.translate(x, y)
        sheet.canvas.rotate(turn)
        sheet.text(0, 0, word)
        sheet.canvas.restoreState()
    return sheet.done(absent=outside, tables=0)


def numbered_choices_beside_a_box_with_a_table() -> PdfSample:
    sheet = Sheet(313)
    y = TOP
    for number in range(1, 6):
        sheet.text(LEFT, y, str(number), remember=False)
        sheet.text(LEFT + 25, y, choice := sheet.words.some(4), remember=False)
        sheet.lines.append(f"{number} {choice}")
        y -= 22
    table, rows = stock(sheet, 4)
    sheet.grid(330, TOP + 10, table, (70, 70, 70))
    return sheet.done(rows=rows)


def words_drawn_in_pieces_after_a_space_elsewhere() -> PdfSample:
    """The end of a word is drawn on its own after other text that ends with a space."""
    sheet = Sheet(314)
    word, rest = sheet.words.word(), sheet.words.some(4)
    half = len(word) // 2
    wide = sheet.canvas.stringWidth(word[:half], sheet.font, sheet.size)
    sheet.text(LEFT, TOP, word[:half], remember=False)
    sheet.text(LEFT, TOP - 40, f"{sheet.words.some(3)} ")
    sheet.text(LEFT + wide, TOP, f"{word[half:]} {rest}", remember=False)
    sheet.lines.append(f"{word} {rest}")
    return sheet.done(sentences=[f"{word} {rest}"], tables=0)
