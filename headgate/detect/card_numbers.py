"""Numbers of payment cards, told from other long numbers by how they are written and what stands beside them.

One number of 16 digits in ten passes the check digit, and one in four begins like a card: an id, a decimal or a serial number is a card
"by its digits" every fortieth time. So a number counts where it

    is written in groups as cards are                    4111 1111 1111 1111
    or stands near a word for a card                     My Visa 4111111111111111
    or is all that the text says                         4111111111111111

and never as a part of something longer (a decimal, a path, an id with letters), nor right behind a word for another number (`order`, `id`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SPACE = r"[ \u00a0\u2009\u202f\u2011-]"
_CARD = re.compile(
    rf"(?<![\w.\-/\\@~^+%$£€&=])(?<!\d[,:])(?:\d{{4}}({_SPACE})\d{{4}}\1\d{{4}}\1\d{{1,7}}|\d{{4}}({_SPACE})\d{{6}}\2\d{{4,5}}|\d{{12,19}})"
    r"(?![\w@%/\\])(?!-\w)(?![.,:]\d)"
)
#: (first digits, numbers of digits) by issuer, after ISO/IEC 7812 and the issuers' own lists.
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"30[0-59]|3[689]"), (14, 16, 19)),  # Diners Club
    (re.compile(r"2131|1800"), (15,)),  # JCB, older
    (re.compile(r"35"), (16, 17, 18, 19)),  # JCB
    (re.compile(r"6011|64[4-9]|65|62|81|60|82|508|220[0-4]"), (16, 17, 18, 19)),  # Discover, UnionPay, RuPay, Mir
    (re.compile(r"50|5[678]|6"), tuple(range(12, 20))),  # Maestro
)
_CARD_WORD = re.compile(
    r"\b(?:(?:credit|debit|bank|gift|prepaid)?cards?|visa|master ?card|maestro|amex|american express|discover|diners|jcb|cvv|cvc|pan|tarjetas?|(?:kredit|bank|giro|ec-)?karten?(?:nummer)?|cartes?"
    r"|cart[ao]|cart[ãa]o|cart[õo]es|kaart(?:nummer)?|(?:kredit|bet[a]al)?kort(?:et)?|kortti|kart[aęyi]|карт[аыуе]|κάρτα)\b|信用卡|卡号|銀行卡|银行卡|カード|카드|بطاقة|कार्ड",
    re.IGNORECASE,
)
#: Words that name another number; what stands right behind one is that number.
_OTHER_WORD = re.compile(
    r"\b(?:ids?|uuid|guid|orders?|tickets?|invoices?|references?|ref|transactions?|tracking|serial|isbn|issn|ean|gtin|upc|imei|imsi|iccid|snowflake|timestamps?|epoch"
    r"|digest|hash|checksum|build|commit|version|accounts?|customers?|parcels?|shipments?|bestell\w{0,12}|rechnung\w{0,12}|auftrag\w{0,12}|pedido|factura|commande|facture|ordine)"
    r"[\s\w.:#=\"'()-]{0,12}$",
    re.IGNORECASE,
)
_BEFORE, _AFTER = 60, 40  # characters looked at for a word for a card
_ALONE = 12  # characters of a text beside its number, at most, that make the number all it says


def find_cards(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every card number in a text whose digits are ASCII."""
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found.group())
        if not passes_luhn(digits) or not _is_issued(digits):
            continue
        start, end = found.span()
        if found.group().isdigit() and not _named_as_card(text, start, end):
            continue
        yield start, end


def passes_luhn(number: str) -> bool:
    """Check digit of ISO/IEC 7812-1."""
    digits = [int(digit) for digit in number if digit.isdecimal()]
    doubled = [digit if position % 2 == 0 else digit * 2 - 9 * (digit > 4) for position, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_issued(digits: str) -> bool:
    return len(set(digits)) > 1 and any(first.match(digits) and len(digits) in lengths for first, lengths in _ISSUERS)


def _named_as_card(text: str, start: int, end: int) -> bool:
    before = text[max(start - _BEFORE, 0) : start]
    if _OTHER_WORD.search(before[-40:]):
        return False
    if _CARD_WORD.search(before) or _CARD_WORD.search(text[end : end + _AFTER]):
        return True
    return len(text.strip()) - (end - start) <= _ALONE
