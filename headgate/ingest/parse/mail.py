"""Mail (RFC 5322) → parsed file, by the standard library; earlier mails that it quotes are left out and counted.

Of two forms of one message the HTML one is read, unless it says much less than the plain one. Invitations are read as calendars.

Attachments are parsed by their own kind, each below a heading `Attachment: name`. One that can't be parsed is a finding of the mail.
"""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import policy
from email.errors import HeaderParseError, MessageError, MissingHeaderBodySeparatorDefect
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.encoding import decode
from headgate.ingest.parse.label_keys import ACCESS_LABELS, access_label
from headgate.ingest.parse.labels import LabelReading, LabelSlip, Stated, read_labels
from headgate.ingest.parse.left_out import LeftOut, count_words, leave_out
from headgate.ingest.parse.mail_quotes import split_quotes
from headgate.ingest.parse.plain_text import parse_lines
from headgate.records import Remark
from headgate.records.remarks import note

#: Headers that are no label, and may say who may see the mail.
_SPEAKS_OF_ACCESS = re.compile(r"sensitiv|classif|label|visib|access|restrict|privacy|secre", re.IGNORECASE)
_NAMES_LABEL = re.compile(r"confidentiality\s*:", re.IGNORECASE)
HtmlBlocks = Callable[[str], tuple[list[Block], LabelReading, list[LeftOut]]]
#: (content, name of the file, declared media type) → parsed form. Raises ParseFailure.
ParseAttachment = Callable[[bytes, str, str], ParsedFile]
MAX_ATTACHMENTS = 50
#: An HTML form with so many times fewer words than the plain one is a stub ("open this in a browser").
_PLAIN_SAYS_MORE = 3
#: What parts without a file name are called.
_UNNAMED = {"message/rfc822": "attached mail", "text/calendar": "invitation"}
#: Of one message, in the order of what a reader would choose.
_FORMS = ("html", "plain", "enriched", "x-amp-html")
_TAGS = re.compile(r"<style\b.*?</style>|<script\b.*?</script>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_ENCODED_WORDS = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=(?:\s+=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)*")
MAX_ATTACHMENT_BYTES = 50 * 2**20


def parse_mail(content: bytes, *, path: str, html_blocks: HtmlBlocks, parse_attachment: ParseAttachment | None) -> ParsedFile:
    """A mail's subject as title, its body as HTML or plain text, its headers as labels, then its attachments.

    Args:
        html_blocks: HTML → (blocks, labels, what is left out).
        parse_attachment: None = attachments are nested too deeply already and only named.

    Raises:
        ParseFailure: `encrypted` for a mail whose body is.
    """
    message = email.message_from_bytes(_as_ascii(content, path), policy=policy.compat32)
    headers = [(name, _header_text(value)) for name, value in message.raw_items()]
    first = dict(reversed([(name.lower(), value) for name, value in headers]))
    subject = first.get("subject", "")
    body = _body(message)
    language = first.get("content-language") or (_header_text(body.get("content-language")) if body is not None else "")
    named = [(name, value) for name, value in headers if _may_label(name)]
    reading = read_labels([*named, ("language", language), ("title", subject)])
    # Mail servers write `X-MS-Exchange-…-AuthAs: Internal` and the like: they speak of the transport.
    reading = replace(reading, stated=tuple(one for one in reading.stated if _SPEAKS_OF_ACCESS.search(one.key)))
    if any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in message.defects):
        slip = LabelSlip(
            "unreadable", len(headers) + 1, "a line among the mail's headers is none, so that those below it are not read"
        )
        reading = replace(reading, slips=(*reading.slips, slip))
    swallowed = [name for name, value in headers if access_label(name) is None and _NAMES_LABEL.search(value)]
    for name in swallowed:
        slip = LabelSlip("swallowed", 0, f"the header {name!r} holds another one, of confidentiality", "confidentiality")
        reading = replace(reading, slips=(*reading.slips, slip))
    reading = reading.with_day(_mail_date(first.get("date", "")))
    if message.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"):
        raise ParseFailure(path, "encrypted", f"the mail's body is encrypted ({message.get_content_type()}); store it decrypted")
    blocks = [Block("title", subject, level=1)] if subject.strip() else []
    findings: list[Remark] = []
    left_out: list[LeftOut] = []
    if body is not None:
        found, own, left_out, findings = _read_body(body, path, html_blocks)
        blocks += found
        reading = _with_part(reading, "the body", own)
        left_out = [*left_out, *(leave_out("duplicate_form", text) for text in _other_forms(message, body))]
    for number, part in enumerate(_attachments(message, body), 1):
        if number > MAX_ATTACHMENTS:
            findings.append(note("attachment", f"only the first {MAX_ATTACHMENTS} were looked at"))
            break
        inner = _read_attachment(part, number, parse_attachment)
        if isinstance(inner, Remark):
            findings.append(inner)
            continue
        name, parsed = inner
        blocks.append(Block("title", f"Attachment: {name}", level=2))
        blocks += [
            Block(
                element.kind,
                element.text,
                level=min(element.level + 2, 6) if element.level else 0,
                page=element.page,
                sheet=element.sheet,
            )
            for element in parsed.elements
        ]
        left_out += parsed.left_out
        reading = _with_part(
            reading, f"attachment {name!r}", LabelReading(parsed.labels, slips=parsed.slips, stated=parsed.stated)
        )
        findings += [note("attachment", f"{name!r}: {finding}") for finding in parsed.findings]
    return assemble(blocks, labels=reading, findings=findings, left_out=left_out)


def _may_label(header: str) -> bool:
    """Whether a header may say who may see the mail: `X-…`, `Sensitivity` (RFC 4021), and what is named like a label."""
    return header.lower().startswith("x-") or header.lower() == "sensitivity" or access_label(header) is not None


def _with_part(reading: LabelReading, name: str, part: LabelReading) -> LabelReading:
    """With what a part, whose text becomes part of the mail, says of itself."""
    own = [Stated(label, part.labels[label], 0, "attachment") for label in ACCESS_LABELS if label in part.labels]
    slips = [replace(slip, line=0, detail=f"{name}: {slip.detail}") for slip in part.slips]
    return replace(reading, slips=(*reading.slips, *slips), stated=(*reading.stated, *own, *part.stated))


def _as_ascii(content: bytes, path: str) -> bytes:
    """A mail that was saved in UTF-16 or UTF-32, in the encoding that mail has."""
    if content[:4].count(0) or content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        text, _ = decode(content, path=path)
        return text.lstrip("\ufeff").encode("utf-8", "replace")
    return content


def _read_body(
    part: Message, path: str, html_blocks: HtmlBlocks
) -> tuple[list[Block], LabelReading, list[LeftOut], list[Remark]]:
    """(blocks, labels, what is left out, findings)."""
    raw = _payload(part)
    text, findings = decode(raw, path=path, declared=part.get_content_charset() or "")
    if part.get_content_subtype() == "html":
        blocks, reading, left_out = html_blocks(text)
        return [replace(block, line=None) for block in blocks], reading, left_out, findings
    own, quoted = split_quotes(text)
    blocks = [replace(block, level=max(block.level, 2) if block.kind == "title" else 0, line=None) for block in parse_lines(own)]
    return blocks, LabelReading(), [leave_out("quoted", quoted)], findings


def _read_attachment(part: Message, number: int, parse_attachment: ParseAttachment | None) -> tuple[str, ParsedFile] | Remark:
    """(name, parsed form), or the finding that says why there is none."""
    kind = part.get_content_type()
    name = _header_text(part.get_filename()) or _UNNAMED.get(kind, f"part {number} ({kind})")
    if kind == "message/rfc822":
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        content = first.as_bytes(policy=policy.compat32) if isinstance(first, Message) else b""
    else:
        content = _payload(part)
    if parse_attachment is None:
        return note("attachment", f"{name!r} left out: nested too deeply")
    if len(content) > MAX_ATTACHMENT_BYTES:
        return note(
            "attachment", f"{name!r} left out: {len(content) / 2**20:.0f} MiB, {MAX_ATTACHMENT_BYTES // 2**20} are read at most"
        )
    if not content.strip():
        return note("attachment", f"{name!r} left out: empty")
    try:
        return name, parse_attachment(content, name, kind)
    except ParseFailure as failure:
        return note("attachment", f"{name!r} left out: {failure.reason}: {failure.detail}")


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _leaves(message: Message) -> Iterator[Message]:
    """Parts that hold something, without going into attached mails."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _is_attachment(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_content_type() == "message/rfc822"


def _body(message: Message) -> Message | None:
    """The part that a reader sees first: HTML before plain text, what is not marked as attachment."""
    texts = [part for part in _leaves(message) if part.get_content_maintype() == "text" and not _is_attachment(part)]
    texts = [part for part in texts if _payload(part).strip() and part.get_content_subtype() in _FORMS]
    html = [part for part in texts if part.get_content_subtype() == "html"]
    plain = [part for part in texts if part.get_content_subtype() == "plain"]
    if html and plain and not _is_alternative(message, html[0], plain[0]):
        return texts[0]  # two messages, one after the other: the other one is read below it
    if html and plain and _words(plain[0]) > _PLAIN_SAYS_MORE * max(_words(html[0]), 1):
        return plain[0]
    return next(iter([*html, *plain, *texts]), None)


def _other_forms(message: Message, body: Message) -> Iterator[str]:
    """The texts of the other forms of the body."""
    for part in _leaves(message):
        if (
            part is not body
            and part.get_content_subtype() in _FORMS
            and not _is_attachment(part)
            and _is_alternative(message, part, body)
        ):
            yield _read(part)


def _words(part: Message) -> int:
    """Words that a reader sees of a part, roughly: tags count for nothing."""
    return count_words(_read(part))


def _read(part: Message) -> str:
    text, _ = decode(_payload(part), path="", declared=part.get_content_charset() or "")
    return _TAGS.sub(" ", text) if part.get_content_subtype() == "html" else text


def _attachments(message: Message, body: Message | None) -> Iterator[Message]:
    """Everything but the body, its other forms and pictures that stand inside of it."""
    for part in _leaves(message):
        if part is body or (
            part is message and part.get_content_type() != "message/rfc822" and body is None and not part.get_filename()
        ):
            continue
        if _is_attachment(part):
            yield part
        elif part.get_content_maintype() == "text":
            alternative = part.get_filename() is None and part.get_content_subtype() in _FORMS
            if not (alternative and body is not None and _is_alternative(message, part, body)):
                yield part
        elif part.get_filename() and not part.get("Content-ID"):
            yield part


def _is_alternative(message: Message, part: Message, body: Message) -> bool:
    """Whether both stand below the same multipart/alternative."""
    for container in message.walk():
        if container.get_content_type() == "multipart/alternative":
            inside = list(container.walk())
            if any(one is part for one in inside) and any(one is body for one in inside):
                return True
    return False


def _header_text(value: Any) -> str:
    """A header as text: encoded words decoded, raw bytes guessed, folding undone."""
    text = "" if value is None else str(value)
    if any(0xDC80 <= ord(character) <= 0xDCFF for character in text):
        text, _ = decode(text.encode("utf-8", "surrogateescape"), path="")
    return " ".join(_ENCODED_WORDS.sub(_decoded_words, text).replace("\0", "").split())


def _decoded_words(found: re.Match[str]) -> str:
    try:
        return str(make_header(decode_header(found[0])))
    except (HeaderParseError, MessageError, LookupError, ValueError, TypeError, AssertionError):
        return found[0]


def _mail_date(value: str) -> str:
    try:
        return parsedate_to_datetime(value).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
