"""Documents of the model as text, Markdown, HTML, csv, JSON, XML and mail."""

from __future__ import annotations

import csv
import html
import io
import json
from email.message import EmailMessage
from typing import Any
from xml.sax.saxutils import escape

from tests.ingest.parse.generated.model import Document, SourceLine, joined, lines_of


def write_text(document: Document) -> tuple[bytes, list[SourceLine]]:
    blocks = [f"{document.title}\n{'=' * len(document.title)}"]
    for part in document.parts:
        match part.kind:
            case "heading":
                blocks.append(f"{part.rows[0][0]}\n{'-' * len(part.rows[0][0])}")
            case "items":
                blocks.append("\n".join(f"- {row[0]}" for row in part.rows))
            case "table":
                blocks.append("\n".join("| " + " | ".join(row) + " |" for row in part.rows))
            case "code":
                blocks.append("\n".join(f"    {row[0]}" for row in part.rows))
            case _:
                blocks.append("\n".join(row[0] for row in part.rows))
    return "\n\n".join(blocks).encode(), lines_of(document)


def write_markdown(document: Document) -> tuple[bytes, list[SourceLine]]:
    blocks = [f"# {document.title}", f"<!-- {document.unseen} -->"]
    for part in document.parts:
        match part.kind:
            case "heading":
                blocks.append(f"## {part.rows[0][0]}")
            case "items":
                blocks.append("\n".join(f"* {row[0]}" for row in part.rows))
            case "table":
                rows = ["| " + " | ".join(row) + " |" for row in part.rows]
                blocks.append("\n".join([rows[0], "|---" * len(part.rows[0]) + "|", *rows[1:]]))
            case "code":
                blocks.append("```\n" + "\n".join(row[0] for row in part.rows) + "\n```")
            case "quote":
                blocks.append("\n".join(f"> {row[0]}" for row in part.rows))
            case _:
                blocks.append(
                    "\n".join(_half_bold(row[0], "**{}**") if place == 1 else row[0] for place, row in enumerate(part.rows))
                )
    return "\n\n".join(blocks).encode(), lines_of(document, unseen=True)


def _half_bold(text: str, mark: str) -> str:
    """With the first half of the first word marked."""
    end = max(len(text.split(" ", 1)[0]) // 2, 1)
    return mark.format(text[:end]) + text[end:] if text[:end].isalpha() and text[end : end + 1].isalpha() else text


def _html_body(document: Document) -> str:
    pieces = [f"<h1>{html.escape(document.title)}</h1><div style='display:none'>{html.escape(document.unseen)}</div>"]
    for part in document.parts:
        match part.kind:
            case "heading":
                pieces.append(f"<h2>{html.escape(part.rows[0][0])}</h2>")
            case "items":
                pieces.append("<ul>" + "".join(f"<li>{html.escape(row[0])}</li>" for row in part.rows) + "</ul>")
            case "table":
                head, *body = [
                    "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
                    for tag, row in zip(["th", *["td"] * len(part.rows)], part.rows, strict=False)
                ]
                pieces.append(f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in body) + "</table>")
            case "code":
                pieces.append("<pre><code>" + "\n".join(html.escape(row[0]) for row in part.rows) + "</code></pre>")
            case "quote":
                pieces.append(
                    "<blockquote>" + "".join(f"<div>{html.escape(row[0])}</div>" for row in part.rows) + "</blockquote>"
                )
            case _:
                first, *rest = (html.escape(row[0]) for row in part.rows)
                pieces.append("<p>" + "<br>".join([_half_bold(first, "<b>{}</b>"), *rest]) + "</p>")
    return "\n".join(pieces)


def write_html(document: Document) -> tuple[bytes, list[SourceLine]]:
    page = f"<!doctype html><html><head><meta charset='utf-8'></head><body>{_html_body(document)}</body></html>"
    return page.encode(), lines_of(document, unseen=True)


def write_csv(document: Document) -> tuple[bytes, list[SourceLine]]:
    rows = next(
        (part.rows for part in document.parts if part.kind == "table"),
        [["Name", "Text"], *([f"A{place}", joined(part)] for place, part in enumerate(document.parts))],
    )
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue().encode(), list(rows)


def write_json(document: Document) -> tuple[bytes, list[SourceLine]]:
    content: list[Any] = []
    lines: list[SourceLine] = [document.title]
    for part in document.parts:
        if part.kind == "table":
            content.append([dict(zip(part.rows[0], row, strict=True)) for row in part.rows[1:]])
            lines += part.rows[1:]
        elif part.kind == "items":
            content.append([row[0] for row in part.rows])
            lines += [row[0] for row in part.rows]
        else:
            content.append({"text": joined(part)})
            lines.append(joined(part))
    names = [cell for part in document.parts if part.kind == "table" for cell in part.rows[0]]
    return json.dumps({"title": document.title, "parts": content}, ensure_ascii=False).encode(), [*lines, *names]


def write_xml(document: Document) -> tuple[bytes, list[SourceLine]]:
    pieces = []
    lines: list[SourceLine] = [document.title]
    for part in document.parts:
        if part.kind == "table":
            body = [
                "".join(f"<column{place}>{escape(cell)}</column{place}>" for place, cell in enumerate(row)) for row in part.rows
            ]
            pieces.append("<rows>" + "".join(f"<row>{row}</row>" for row in body) + "</rows>")
        else:
            pieces.append("".join(f"<para>{_half_bold(escape(row[0]), '<b>{}</b>')}</para>" for row in part.rows))
        lines += [row if len(row) > 1 else row[0] for row in part.rows]
    return (
        f"<?xml version='1.0'?><page><!-- {document.unseen} --><title>{escape(document.title)}</title>{''.join(pieces)}</page>".encode(),
        [*lines, document.unseen],
    )


def write_mail(document: Document) -> tuple[bytes, list[SourceLine]]:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = document.title, "a@example.org", "b@example.org"
    plain, _ = write_text(document)
    message.set_content(plain.decode())
    return message.as_bytes(), lines_of(document)


def write_html_mail(document: Document) -> tuple[bytes, list[SourceLine]]:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = document.title, "a@example.org", "b@example.org"
    plain, _ = write_text(document)
    message.set_content(plain.decode())
    message.add_alternative(f"<html><body>{_html_body(document)}</body></html>", subtype="html")
    return message.as_bytes(), lines_of(document, unseen=True)
