"""A page source (YAML front matter and Markdown) → `Page`, with the body as headings, paragraphs, list items and tables.

base/billing/refunds.html.md ──► Page(title=…, audience=…, body="# Refunds …") ──► blocks(page) ──► html, docx, pdf, …
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

LABELS = ("title", "audience", "topic", "region", "language", "effective_date", "owner", "confidentiality")
MAIL_HEADERS = ("from", "to", "date")
ALLOWED = {
    "audience": ("customer", "business", "staff"),
    "region": ("all", "north", "coast", "valley"),
    "language": ("en", "es", "de", "fr", "ja"),
    "confidentiality": ("public", "internal"),
}


class SourceError(Exception):
    """A page source, a change list or the defect list that can't be rendered: says which and why."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page source. `labels` has every name of LABELS; `mail` has from, to and date for mails and is empty otherwise."""

    source: str  # the whole file, line ends "\n"
    body: str  # Markdown after the front matter
    labels: dict[str, str]
    mail: dict[str, str]
    where: str  # the file's name, for messages

    @property
    def title(self) -> str:
        return self.labels["title"]

    @property
    def keywords(self) -> str:
        """The labels that office files and PDFs have no property for, as one line."""
        return "; ".join(f"{name}={self.labels[name]}" for name in ("audience", "region", "effective_date", "confidentiality"))


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style. A line break of the source is "\\n" in `text`."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 1 to 6
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ListItem:
    depth: int  # 0 = outermost
    number: int | None  # None in a bullet list
    first: bool  # opens a list
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`rows[0]` is the header; every row has the same number of cells."""

    rows: tuple[tuple[tuple[Span, ...], ...], ...]


Block = Heading | Paragraph | ListItem | Table


def read_page(path: Path, *, mail: bool = False) -> Page:
    """The page in `path`; `mail` asks for the headers of a mail as well.

    Raises:
        SourceError: front matter missing, not YAML, incomplete, with unknown keys or wrong values: all problems at once.
    """
    source = path.read_text(encoding="utf-8")
    where = f"{path.parent.name}/{path.name}"
    head, mark, body = source.removeprefix("---\n").partition("\n---\n")
    if not source.startswith("---\n") or not mark:
        raise SourceError(f"{where}: front matter between two lines `---` is missing")
    try:
        content = yaml.safe_load(head)
    except yaml.YAMLError as error:
        raise SourceError(f"{where}: front matter is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise SourceError(f"{where}: front matter must be `key: value` lines")
    wanted = (*LABELS, *(MAIL_HEADERS if mail else ()))
    problems = [f"{key} is missing" for key in wanted if not content.get(key)]
    problems += [f"unknown key {key!r}" for key in content if key not in wanted]
    problems += [
        f"{key} is {content[key]!r}, not one of {', '.join(known)}"
        for key, known in ALLOWED.items()
        if content.get(key) not in (None, *known)
    ]
    if content.get("effective_date") and not isinstance(content["effective_date"], date):
        problems.append(f"effective_date is {content['effective_date']!r}, not YYYY-MM-DD")
    if problems:
        raise SourceError(f"{where}: {'; '.join(problems)}")
    values = {key: str(content[key]) for key in wanted}
    return Page(
        source, body.lstrip("\n"), {key: values[key] for key in LABELS}, {key: values[key] for key in MAIL_HEADERS if mail}, where
    )


def markdown() -> MarkdownIt:
    """CommonMark with pipe tables; raw HTML is kept."""
    return MarkdownIt("commonmark").enable("table")


def blocks(page: Page) -> list[Block]:
    """The body's blocks in order.

    Raises:
        SourceError: the body has something that only Markdown and HTML pages can show (raw HTML, code, quotes, pictures).
    """
    return [block for node in SyntaxTreeNode(markdown().parse(page.body)).children for block in _blocks(node, page)]


def plain(spans: tuple[Span, ...], *, line_break: str = " ") -> str:
    """The text of `spans` without its styles."""
    return "".join(span.text for span in spans).replace("\n", line_break)


def only_table(page: Page) -> Table:
    """The one table that is the whole body.

    Raises:
        SourceError: there is more or less than one table.
    """
    match blocks(page):
        case [Table() as table]:
            return table
        case others:
            raise SourceError(f"{page.where}: the body must be one pipe table, found {len(others)} block(s)")


def sections(page: Page) -> list[tuple[str, list[Block]]]:
    """The body cut at its `##` headings: (heading, blocks below it). A `#` heading before the first is left out: it's the title.

    Raises:
        SourceError: text before the first `##`.
    """
    result: list[tuple[str, list[Block]]] = []
    for block in blocks(page):
        match block:
            case Heading(level=1) if not result:
                continue
            case Heading(level=2, spans=spans):
                result.append((plain(spans), []))
            case _ if not result:
                raise SourceError(f"{page.where}: text before the first `##` heading")
            case _:
                result[-1][1].append(block)
    return result


def _blocks(node: Any, page: Page) -> Iterator[Block]:
    match node.type:
        case "heading":
            yield Heading(int(node.tag[1]), _spans(node, page))
        case "paragraph":
            yield Paragraph(_spans(node, page))
        case "bullet_list" | "ordered_list":
            yield from _items(node, page, 0)
        case "table":
            rows = [row for part in node.children for row in part.children]
            yield Table(tuple(tuple(_spans(cell, page) for cell in row.children) for row in rows))
        case "hr":
            return
        case other:
            raise SourceError(
                f"{page.where}: {other} can't be shown in this format (line {node.map[0] + 1 if node.map else '?'} of the body)"
            )


def _items(node: Any, page: Page, depth: int) -> Iterator[ListItem]:
    start = int(node.attrs.get("start", 1))
    for position, item in enumerate(node.children):
        number = start + position if node.type == "ordered_list" else None
        head, *rest = item.children
        if head.type != "paragraph" or any(child.type not in ("bullet_list", "ordered_list") for child in rest):
            raise SourceError(
                f"{page.where}: a list item holds one paragraph and then lists at most (line {item.map[0] + 1} of the body)"
            )
        yield ListItem(depth, number, position == 0, _spans(head, page))
        for child in rest:
            yield from _items(child, page, depth + 1)


def _spans(node: Any, page: Page) -> tuple[Span, ...]:
    return tuple(span for inline in node.children for child in inline.children for span in _span(child, page, Span("")))


def _span(node: Any, page: Page, style: Span) -> Iterator[Span]:
    bold, italic, href = style.bold, style.italic, style.href
    match node.type:
        case "text":
            yield Span(node.content, bold, italic, href=href)
        case "code_inline":
            yield Span(node.content, bold, italic, code=True, href=href)
        case "softbreak" | "hardbreak":
            yield Span("\n", bold, italic, href=href)
        case "strong" | "em" | "link":
            inner = Span("", bold or node.type == "strong", italic or node.type == "em", href=str(node.attrs.get("href", href)))
            for child in node.children:
                yield from _span(child, page, inner)
        case other:
            raise SourceError(f"{page.where}: {other} can't be shown in this format")
