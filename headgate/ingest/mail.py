"""Mail (RFC 5322) → parsed file, by the standard library; quoted replies (`>`) are left out."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterable
from dataclasses import replace
from email import policy
from email.utils import parsedate_to_datetime
from typing import Any

from headgate.ingest.blocks import Block, ParsedFile, assemble
from headgate.ingest.labels import pick_labels
from headgate.ingest.plain_text import Classify, decode, parse_lines

HtmlBlocks = Callable[[str], tuple[list[Block], dict[str, str], list[str]]]


def parse_mail(content: bytes, *, path: str, html_blocks: HtmlBlocks, classify: Classify) -> ParsedFile:
    """A mail's subject as title, its body as HTML or plain text, its headers as labels. Attachments are named in findings.

    Args:
        html_blocks: HTML → (blocks, labels, hidden texts).
        classify: see `plain_text.Classify`.
    """
    message = email.message_from_bytes(content, policy=policy.default)
    pairs: list[tuple[str, Any]] = [(name, str(value)) for name, value in _headers(message) if name.lower().startswith("x-")]
    headers = dict(reversed([(name.lower(), str(value)) for name, value in _headers(message)]))
    subject = headers.get("subject", "")
    labels = pick_labels(
        [*pairs, ("language", headers.get("content-language") or _body_header(message, "content-language")), ("title", subject)]
    )
    if not labels.get("effective_date") and (sent := _mail_date(headers.get("date", ""))):
        labels["effective_date"] = sent
    blocks = [Block("title", subject, level=1)] if subject.strip() else []
    hidden: list[str] = []
    findings = [
        f"attachment: {part.get_filename() or part.get_content_type()!r} left out"
        for part in message.walk()
        if hasattr(part, "is_attachment") and part.is_attachment()
    ]
    body = message.get_body(preferencelist=("html", "plain")) if hasattr(message, "get_body") else None
    if body is None and not message.is_multipart() and message.get_content_maintype() == "text":
        body = message
    if body is not None:
        payload = body.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else str(body.get_payload()).encode("utf-8", "surrogateescape")
        text, remarks = decode(raw, path=path, declared=body.get_content_charset() or "")
        findings += remarks
        if body.get_content_subtype() == "html":
            found, _, hidden = html_blocks(text)
            blocks += [replace(block, line=None) for block in found]
        else:
            blocks += [
                replace(block, level=max(block.level, 2) if block.kind == "title" else 0, line=None)
                for block in parse_lines(text, classify, drop_quotes=True)
            ]
    return assemble(blocks, labels=labels, hidden=hidden, findings=findings)


def _body_header(message: Any, name: str) -> str:
    """Of a mail with parts, content headers stand on the part."""
    body = message.get_body(preferencelist=("html", "plain")) if message.is_multipart() else None
    return str(body.get(name, "")) if body is not None else ""


def _headers(message: Any) -> Iterable[tuple[str, Any]]:
    for name in message:
        yield from ((name, value) for value in message.get_all(name, []))


def _mail_date(value: str) -> str:
    try:
        return parsedate_to_datetime(value).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return ""
