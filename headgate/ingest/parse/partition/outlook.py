"""A message as Outlook saves it (.msg) → the mail that it was, so that one reader reads both.

subject, headers, plain and HTML body, attachments ──► RFC 5322 ──► parse/mail.py
"""

from __future__ import annotations

import io
from email import policy
from email.message import EmailMessage
from typing import Any

from headgate.errors import ParseFailure
from headgate.records import Remark
from headgate.records.remarks import note

#: Headers that parse/mail.py reads, beside those that begin with X-.
_READ = frozenset({"subject", "date", "content-language"})


def as_mail(content: bytes, *, path: str) -> tuple[bytes, list[Remark]]:
    """(the mail, findings).

    Raises:
        ParseFailure: `encrypted`, `malformed`, `no_text` where its text is in a form that is not read.
    """
    from oxmsg import Message

    try:
        message = Message.load(io.BytesIO(content))
        headers, subject = dict(message.message_headers), message.subject
        plain, html = message.body, _html_body(message)
        attachments = [(one.file_name, one.file_bytes, one.mime_type) for one in message.attachments]
        sent = message.sent_date
    except (OSError, ValueError, KeyError, IndexError, AttributeError, TypeError, AssertionError, UnicodeError) as error:
        raise ParseFailure(
            path, "malformed", f"not readable as an Outlook message ({type(error).__name__}); save it there as .eml"
        ) from error
    sealed = str(headers.get("Content-Type", "")).lower()
    if "encrypted" in sealed or ("pkcs7-mime" in sealed and "signed-data" not in sealed):
        raise ParseFailure(path, "encrypted", "the message's body is encrypted (S/MIME or PGP); store it decrypted")
    if not (plain or html or attachments) and _has_rich_text(message):
        raise ParseFailure(
            path, "no_text", "the message holds its text as RTF alone; save it in Outlook as .eml or with an HTML body"
        )
    mail = EmailMessage(policy=policy.SMTP)
    _set_headers(mail, headers, subject, sent)
    # Outlook keeps the plain form of what the HTML says.
    if html:
        mail.set_content(_clean(html), subtype="html", charset="utf-8")
    else:
        mail.set_content(_clean(plain or ""), charset="utf-8")
    findings: list[Remark] = []
    for named, attached, kind in attachments:
        name = _clean(str(named or "attachment"))
        if not attached:
            findings.append(
                note("attachment", f"{name!r} left out: a message or an object inside of the message; store it beside it")
            )
            continue
        main, _, sub = str(kind or "application/octet-stream").partition("/")
        mail.add_attachment(attached, maintype=main or "application", subtype=sub or "octet-stream", filename=name)
    return mail.as_bytes(), findings


def _set_headers(mail: EmailMessage, headers: dict[str, Any], subject: str, sent: Any) -> None:
    named = {name.lower() for name in headers}
    if "subject" not in named:
        headers = {"Subject": subject, **headers}
    if "date" not in named and sent is not None:
        headers["Date"] = sent.strftime("%a, %d %b %Y %H:%M:%S %z").strip()
    for name, value in headers.items():
        if value and (name.lower() in _READ or name.lower().startswith("x-")) and name.lower() not in mail:
            mail[name] = " ".join(_clean(str(value)).split())


def _html_body(message: Any) -> str:
    from oxmsg.domain.constants import PID_HTML

    source = message.properties.binary_prop_value(PID_HTML)
    return source.decode(message.properties.body_encoding, "replace") if source else message.html_body or ""


def _has_rich_text(message: Any) -> bool:
    from oxmsg.domain.constants import PID_RTF_COMPRESSED

    return message.properties.binary_prop_value(PID_RTF_COMPRESSED) is not None


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
