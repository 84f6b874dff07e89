"""Draws PDFs for tests: a sheet of text, rules, boxes and tables at given places, and remembers what it wrote."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bel can dor fen gil har jun kel lam mor".split()


@dataclass(frozen=True)
class PdfSample:
    """A PDF and what is right.

    `lines`: as for `words.unaccounted`. `rows`: lines that tables must have, in this order. `sentences`: texts that must stand whole in one
    element. `absent`: must not be in the text. `added`: words that a parser puts in.
    """

    content: bytes
    lines: list[str | list[str]] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    tables: int | None = None  # how many there are


class Words:
    """Made-up words, no two alike, so that each can be followed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._used: set[str] = set()

    def word(self) -> str:
        while True:
            word = "".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 3)))
            if word not in self._used:
                self._used.add(word)
                return word

    def some(self, count: int) -> str:
        return " ".join(self.word() for _ in range(count))

    def sentence(self, count: int = 9) -> str:
        text = self.some(count)
        return f"{text[0].upper()}{text[1:]}."

    def paragraph(self, sentences: int = 3) -> str:
        return " ".join(self.sentence(self._random.randint(6, 14)) for _ in range(sentences))

    def number(self, low: int = 2, high: int = 999) -> str:
        return str(self._random.randint(low, high))


class Sheet:
    """A canvas that remembers the lines written on it; `sentences` are those of paragraphs."""

    def __init__(
        self, seed: int, *, font: str = "Helvetica", size: float = 10, pagesize: tuple[float, float] = (595, 842)
    ) -> None:
        from reportlab.pdfgen.canvas import Canvas

        self._target = io.BytesIO()
        self.canvas: Any = Canvas(self._target, pagesize=pagesize, invariant=1, pageCompression=0)
        self.words = Words(seed)
        self.font, self.size = font, size
        self.lines: list[str | list[str]] = []
        self.sentences: list[str] = []

    def text(self, x: float, y: float, text: str, *, size: float = 0, bold: bool = False, remember: bool = True) -> float:
        """Write one line; returns its width."""
        font = f"{self.font}-Bold" if bold else self.font
        self.canvas.setFont(font, size or self.size)
        self.canvas.drawString(x, y, text)
        if remember:
            self.lines.append(text)
        return float(self.canvas.stringWidth(text, font, size or self.size))

    def paragraph(self, x: float, y: float, width: float, text: str, *, leading: float = 0, justify: bool = False) -> float:
        """Write a text broken to `width`; returns where the next line would stand."""
        from reportlab.lib.utils import simpleSplit

        leading = leading or 1.2 * self.size
        parts = simpleSplit(text, self.font, self.size, width)
        for number, part in enumerate(parts):
            self.canvas.setFont(self.font, self.size)
            if justify and number < len(parts) - 1 and " " in part:
                gap = (width - self.canvas.stringWidth(part, self.font, self.size)) / part.count(" ")
                line = self.canvas.beginText(x, y)
                line.setWordSpace(gap)
                line.textOut(part)
                self.canvas.drawText(line)
            else:
                self.canvas.drawString(x, y, part)
            y -= leading
        self.lines += parts
        self.sentences.append(text)
        return y

    def grid(
        self,
        x: float,
        y: float,
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        *,
        height: float = 18,
        rules: str = "grid",
        header: bool = False,
        remember: bool = True,
    ) -> float:
        """A table whose upper left corner is at (x, y); returns its lower edge. `rules`: grid, inner, lines, none, cells."""
        edges = [x + sum(widths[:place]) for place in range(len(widths) + 1)]
        self.canvas.setLineWidth(0.6)
        for number, row in enumerate(rows):
            top = y - number * height
            for place, cell in enumerate(row):
                if rules == "cells":
                    self.canvas.rect(edges[place], top - height, widths[place], height)
                self.text(edges[place] + 4, top - height + 5, cell, bold=header and number == 0, remember=False)
            if remember:
                self.lines.append([cell for cell in row if cell])
        bottom = y - len(rows) * height
        if rules in ("grid", "inner"):
            outer = rules == "grid"
            for number in range(len(rows) + 1) if outer else range(1, len(rows)):
                self.canvas.line(edges[0], y - number * height, edges[-1], y - number * height)
            for edge in edges if outer else edges[1:-1]:
                self.canvas.line(edge, y, edge, bottom)
        if rules == "lines":
            for level in (y, y - height, bottom):
                self.canvas.line(edges[0], level, edges[-1], level)
        return bottom

    def page(self) -> None:
        self.canvas.showPage()

    def done(self, **facts: Any) -> PdfSample:
        self.canvas.showPage()
        self.canvas.save()
        sentences = [*self.sentences, *facts.pop("sentences", [])]
        return PdfSample(self._target.getvalue(), list(self.lines), sentences=sentences, **facts)


def rows_of(
    sheet: Sheet, names: Sequence[str], count: int, make: Callable[[int], list[str]]
) -> tuple[list[list[str]], list[str]]:
    """(a table with a header, its rows as they are read)."""
    body = [make(number) for number in range(1, count + 1)]
    read = ["; ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True)) for row in body]
    return [list(names), *body], read
