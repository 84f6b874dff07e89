"""What samples share: where text begins, and tables, paragraphs and columns of made-up words."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.parse.pdf_samples.sheet import Sheet, rows_of

NAMES = ("Code", "Price", "Stock")
LEFT, TOP, WIDE = 60.0, 780.0, 475.0


def stock(sheet: Sheet, count: int = 4, first: int = 1) -> tuple[list[list[str]], list[str]]:
    return rows_of(
        sheet,
        NAMES,
        count,
        lambda number: [f"P-{100 + first + number}", f"{sheet.words.number(10, 99)}.50", sheet.words.number()],
    )


def prose(sheet: Sheet, y: float, paragraphs: int = 2, *, x: float = LEFT, width: float = WIDE, justify: bool = False) -> float:
    for _ in range(paragraphs):
        y = sheet.paragraph(x, y, width, sheet.words.paragraph(), justify=justify) - 8
    return y


def columns(sheet: Sheet, y: float, count: int, paragraphs: list[int], *, justify: bool = False, gap: float = 20) -> float:
    width = (WIDE - gap * (count - 1)) / count
    return min(
        prose(sheet, y, paragraphs[place], x=LEFT + place * (width + gap), width=width, justify=justify) for place in range(count)
    )


def dejavu(sheet: Sheet) -> None:
    import matplotlib as mpl
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    pdfmetrics.registerFont(TTFont("DejaVuSans", str(font)))
    sheet.font = "DejaVuSans"
    sheet.canvas.setFont("DejaVuSans", sheet.size)
