"""The model of a document, and documents of it with words of their own for everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from hypothesis import strategies as st

#: A line as `words.unaccounted` takes it: a text, or cells.
SourceLine = str | list[str]


@dataclass(frozen=True)
class Part:
    """`rows`: cells of a table, the first row its header; else one text a row."""

    kind: Literal["heading", "paragraph", "items", "table", "code", "quote"]
    rows: list[list[str]]


@dataclass(frozen=True)
class Document:
    title: str
    parts: list[Part]
    unseen: str  # what no reader sees, where the format has such a place


@dataclass(frozen=True)
class Format:
    """`added`: words that the format's parser puts in."""

    media_type: str
    write: Callable[[Document], tuple[bytes, list[SourceLine]]]
    added: list[str] = field(default_factory=list)


_STEMS = "water Ventil Größe naïve señal façade łódź погода ισχύς well-kept O'Neil e-mail Plan Übergabe cable pump".split()


class _Words:
    """No two words are alike, so that each can be followed; numbers are of the forms that people write."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._count = 0

    def word(self) -> str:
        self._count += 1
        mark = "".join(chr(ord("a") + int(digit)) for digit in str(self._count))
        return f"{self._chance.choice(_STEMS)}{mark}"

    def number(self) -> str:
        self._count += 1
        return self._chance.choice(["{}", "{}.5", "1,{:03}", "{}.50", "3-{}", "{:04}"]).format(self._count)

    def text(self, least: int, most: int, *, numbers: bool = True) -> str:
        count = self._chance.randint(least, most)
        return " ".join(
            self.number() if numbers and place and self._chance.random() < 0.15 else self.word() for place in range(count)
        )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Headings, paragraphs of several lines, lists and tables in any order."""
    kinds = draw(
        st.lists(
            st.sampled_from(["heading", "paragraph", "paragraph", "items", "table", "code", "quote"]), min_size=1, max_size=6
        )
    )
    words = _Words(draw(st.randoms(use_true_random=False)))
    chance = words._chance
    parts: list[Part] = []
    for kind in kinds:
        if kind == "table":
            width, height = chance.randint(2, 4), chance.randint(2, 5)
            header = [words.word().capitalize() for _ in range(width)]
            body = [
                [words.text(1, 3, numbers=False), *(f"{words.number()} EUR" for _ in range(width - 1))] for _ in range(height)
            ]
            parts.append(Part("table", [header, *body]))
        elif kind == "items":
            parts.append(Part("items", [[words.text(2, 8)] for _ in range(chance.randint(2, 5))]))
        elif kind == "heading":
            parts.append(Part("heading", [[words.text(1, 5, numbers=False).capitalize()]]))
        elif kind == "code":
            parts.append(
                Part("code", [[f"{words.word()} = {words.word()}({words.number()})"] for _ in range(chance.randint(1, 4))])
            )
        else:
            lines = [words.text(6, 12) for _ in range(chance.randint(1, 4))]
            if kind == "paragraph" and len(lines) > 2 and chance.random() < 0.5:
                lines[1] = f"{words.number()}. {lines[1]}"  # a sentence that ends on a number, broken before it
            parts.append(Part(kind, [[line] for line in [*lines[:-1], f"{lines[-1]}."]]))  # type: ignore[arg-type]
    # A text of its own at the end, so that no format is without one.
    parts.append(Part("paragraph", [[f"{words.text(8, 14)}."]]))
    return Document(words.text(2, 5, numbers=False).capitalize(), parts, words.text(3, 6))


def lines_of(document: Document, *, title: bool = True, unseen: bool = False) -> list[SourceLine]:
    found: list[SourceLine] = [document.title] if title else []
    found += [row if len(row) > 1 else row[0] for part in document.parts for row in part.rows]
    return [*found, document.unseen] if unseen else found


def joined(part: Part) -> str:
    return " ".join(row[0] for row in part.rows)
