"""Pages put together by chance: one to three columns of paragraphs, headings, boxed notes, tables, figures with captions, notes below and in
the margin; sentences run on from column to column and from page to page, over what stands between.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.ingest.parse.pdf_samples.sheet import PdfSample, Sheet, rows_of

_LEFT, _RIGHT, _TOP, _FOOT = 60.0, 535.0, 775.0, 90.0
_LEADING = 12.0


@dataclass(frozen=True)
class Made:
    """`order`: texts of the flow, in the order in which they are read; what stands in notes and boxes is in the sample alone."""

    sample: PdfSample
    order: list[str]


class _Flow:
    """Writes down columns and pages; a paragraph goes on in the next one."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.sheet = Sheet(5000 + seed)
        self.columns = self.random.choice((1, 2, 2, 3))
        self.margin = self.columns == 1 and self.random.random() < 0.6
        gap = self.random.choice((16.0, 22.0, 30.0))
        right = _RIGHT - 130 if self.margin else _RIGHT
        self.width = (right - _LEFT - gap * (self.columns - 1)) / self.columns
        self.step = self.width + gap
        self.column, self.pages, self.top = 0, 1, _TOP
        self.order: list[str] = []
        self.rows: list[str] = []
        self.tables = 0
        self.begin_column()

    @property
    def x(self) -> float:
        return _LEFT + self.column * self.step

    def begin_column(self) -> None:
        self.y = self.top
        self.foot = _FOOT
        if self.random.random() < 0.4:
            self.notes()

    def next_column(self) -> None:
        self.column += 1
        if self.column == self.columns:
            self.column, self.top = 0, _TOP
            self.pages += 1
            self.sheet.page()
        self.begin_column()

    def room(self, height: float) -> None:
        if self.y - height < self.foot:
            self.next_column()

    def notes(self) -> None:
        """At the foot of the column, below a short rule."""
        lines = self.random.randint(1, 3)
        self.foot = _FOOT + 9 * lines + 14
        self.sheet.canvas.line(self.x, self.foot - 10, self.x + 60, self.foot - 10)
        for number in range(1, lines + 1):
            words = self.sheet.words.word()
            while self.sheet.canvas.stringWidth(f"{number} {words} abcdefgh.", "Helvetica", 7.5) < 0.9 * self.width:
                words += f" {self.sheet.words.word()}"
            self.sheet.text(self.x, self.foot - 10 - 9 * number, f"{number} {words}.", size=7.5)

    def paragraph(self) -> None:
        from reportlab.lib.utils import simpleSplit

        text = self.sheet.words.paragraph(self.random.randint(1, 4))
        self.room(2 * _LEADING)
        if self.margin and self.random.random() < 0.4:
            note = self.sheet.words.sentence(5)
            for number, part in enumerate(simpleSplit(note, "Helvetica", 8, 100)):
                self.sheet.text(_RIGHT - 105, self.y - 9.6 * number, part, size=8)
        parts = simpleSplit(text, "Helvetica", 10, self.width)
        for number, part in enumerate(parts):
            if self.y < self.foot and number < len(parts):
                self.next_column()
            self.sheet.text(self.x, self.y, part)
            self.y -= _LEADING
        self.order.append(text)
        self.y -= 7

    def heading(self) -> None:
        self.room(70)
        text = self.sheet.words.some(3)
        self.y -= 6
        self.sheet.text(self.x, self.y, text, bold=True, size=self.random.choice((10, 12)))
        self.order.append(text)
        self.y -= 18
        self.paragraph()

    def boxed(self) -> None:
        from reportlab.lib.utils import simpleSplit

        text = self.sheet.words.paragraph(2)
        parts = simpleSplit(text, "Helvetica", 10, self.width - 16)
        height = _LEADING * len(parts) + 14
        self.room(height + 12)
        if self.random.random() < 0.5:
            self.sheet.canvas.rect(self.x, self.y + 10 - height, self.width, height)
        else:
            self.sheet.canvas.roundRect(self.x, self.y + 10 - height, self.width, height, 6)
        for number, part in enumerate(parts):
            self.sheet.text(self.x + 8, self.y - 6 - _LEADING * number, part)
        self.order.append(text)
        self.y -= height + 12

    def table(self) -> None:
        count = self.random.randint(3, 5)
        self.room(18 * (count + 1) + 24)
        names = ("Code", "Price", "Stock")
        table, rows = rows_of(
            self.sheet,
            names,
            count,
            lambda _: [self.sheet.words.word(), f"{self.sheet.words.number(10, 99)}.50", self.sheet.words.number()],
        )
        self.y = self.sheet.grid(self.x, self.y + 6, table, (0.46 * self.width, 0.29 * self.width, 0.25 * self.width)) - 20
        self.rows += rows
        self.order += rows
        self.tables += 1

    def figure(self) -> None:
        self.room(110)
        self.sheet.canvas.rect(self.x, self.y - 66, self.width, 70, fill=1)
        self.sheet.text(self.x, self.y - 80, f"Figure {self.pages}. {self.sheet.words.some(3)}", size=8)
        self.y -= 104


def make_pages(seed: int) -> Made:
    flow = _Flow(seed)
    kinds = (flow.paragraph, flow.paragraph, flow.paragraph, flow.heading, flow.boxed, flow.table, flow.figure)
    flow.paragraph()
    while flow.pages < 3:
        flow.random.choice(kinds)()
    flow.paragraph()
    sample = flow.sheet.done(rows=flow.rows, sentences=flow.order)
    return Made(sample, flow.order)


def all_pages(count: int) -> Iterator[Made]:
    return (make_pages(seed) for seed in range(count))
