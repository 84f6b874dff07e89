"""E-mail addresses and telephone numbers of people.

presidio's recognizers are not used here: the one of e-mail asks the internet for the list of top-level domains and takes quadratic time on
hostile text, the one of telephone numbers finds what is assigned today in eight countries, and every id of that many digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_EMAIL = re.compile(
    r"(?<![\w.+%'~&=/-])(\w[\w.+%'~&=-]{0,63}+)(?<![.])@((?:\w(?:[\w-]{0,61}\w)?\.){1,6}[^\W\d_]{2,24})(?![\w@])(?!-\w)(?!\.\w)"
)
#: Mailboxes of an office, not of a person.
_OFFICE = re.compile(
    r"^(?:no-?reply|do-?not-?reply|info|information|support|help|helpdesk|service|services|contact|hello|hi|office|sales|billing|accounts?|finance|invoices?|payments?|orders?"
    r"|press|media|marketing|jobs|careers|recruiting|hr|people|legal|privacy|dpo|security|abuse|postmaster|webmaster|hostmaster|admin|administrator|root|team|it|ops|dev|git|feedback|news"
    r"|newsletter|notifications?|alerts?|mail|kontakt|ayuda|soporte|contacto|assistance|servizio|customer[._-]?(?:care|service|support)|example|user(?:name)?|your[._-]?\w{0,20}|name|e-?mail|test)"
    r"(?:[+._-][\w.+-]{0,40})?$",
    re.IGNORECASE,
)
#: Domains that exist for documentation (RFC 2606).
_SAMPLE = re.compile(r"(?:^|\.)example\.(?:com|org|net)$")
#: Endings of file names, as in `logo@2x.png`.
_FILE_END = frozenset(
    "png jpg jpeg gif svg webp ico js ts tsx jsx mjs css scss json yaml yml toml md html htm xml txt py go rs sh pdf zip gz tgz tar map lock".split()
)

_DIGITS = r"\(?\d{1,6}+\)?"
_PHONE = re.compile(
    rf"(?<![\w+@])(?<![\w.,:][./:=@#&?_-])(?<![./=#&?_$£€-])\+?{_DIGITS}(?:(?: \(0\) ?|(?: [-–] |[ \u00a0\u202f./-]){{0,2}}+){_DIGITS}){{0,7}}+"
    r"(?: ?(?:x|ext\.? ?|extension |app\.? |Durchwahl |#) ?\d{1,6})?(?![\w@%°])(?!-\w)(?![.:,/=]\d)",
    re.IGNORECASE,
)
_PHONE_WORD_BEFORE = re.compile(
    r"(?:\b(?:tele?(?:phone|fon[eo]?|fax)?|phones?|tél(?:éphone)?|teléfono|telefono|mob(?:ile?|il|iltelefon)?|móvil|cell(?:phone|ular)?|handy|portable|fax|desk|office|hotline|helpline|whatsapp"
    r"|sms|call(?:s|ed|ing)?(?: \w{1,12}){0,3}|dial|ring|reach(?:ed)?(?: \w{1,10}){0,3}|answering|text(?: \w{1,10}){0,2}|rufen sie|anrufen|llam\w{1,4}|appel\w{1,4}|chiam\w{1,4}|bel)\b|電話|电话|전화|тел)"
    r"[^\w\n]{0,6}(?:(?:us|me|him|her|them|nos|at|on|under|is|no\.?|nr\.?|number|número|numéro|nummer|numero|unter|auf|al|au|:|or|to)\b[^\w\n]{0,4}){0,4}$",
    re.IGNORECASE,
)
_PHONE_WORD_AFTER = re.compile(
    r"^[ ,;(-]{0,3}(?:office|fax|mobile|cell|phone|home|work|tel|desk|direct|landline|handy|mobil|privat)\b", re.IGNORECASE
)
_OTHER_FORM = re.compile(
    r"^(?:(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2}|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|\d{3}-\d{2}-\d{4}|(?:19|20)\d{2} ?[-–] ?(?:19|20)\d{2})(?:\D.{0,20})?$"
)
_NORTH_AMERICAN = re.compile(
    r"^(?:\+?1[-. ]|001[-. ])?(?:\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}([-.])\d{3}\1\d{4})(?:\D{1,12}\d{1,6})?$"
)
_INTERNATIONAL = re.compile(r"^(?:\+|00)[1-9]\d{0,2}[ ().\d/–-]{5,24}(?:\D{1,12}\d{1,6})?$")
_LEAST, _MOST = 6, 15  # digits of a telephone number (ITU-T E.164 allows 15), its extension aside


def find_emails(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, domain in small letters) of every address that may be a person's."""
    if "@" not in text:
        return
    for found in _EMAIL.finditer(text):
        local, domain = found[1], found[2].lower()
        if domain.rpartition(".")[2] not in _FILE_END and not _OFFICE.match(local) and not _SAMPLE.search(domain):
            yield found.start(), found.end(), domain


def find_phones(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every telephone number: written as one, or beside a word for one."""
    for found in _PHONE.finditer(text):
        written = found.group()
        number = re.split(r"(?i) ?(?:x|ext|app|durchwahl|#)", written, maxsplit=1)[0]
        digits = sum(map(str.isdigit, number))
        if not _LEAST <= digits <= _MOST or number.count("(") != number.count(")"):
            continue
        start, end = found.span()
        if (
            _NORTH_AMERICAN.match(written)
            or (_INTERNATIONAL.match(written) and digits >= 8)
            or (
                not _OTHER_FORM.match(written)
                and (
                    _PHONE_WORD_BEFORE.search(text[max(start - 60, 0) : start]) or _PHONE_WORD_AFTER.search(text[end : end + 16])
                )
            )
        ):
            yield start, end
