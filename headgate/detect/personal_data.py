"""Numbers that identify a person or reach their money, by presidio's pattern recognizers: those with a check digit or a strict form.

E-mail addresses and telephone numbers alone are no finding: help pages list them. Recognizers whose check digit nearly every
telephone number passes (NHS, PESEL, routing numbers) are left out. The value itself never enters a reason or a log.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any, NamedTuple
from unicodedata import decimal

from headgate.process.imports import undefer, without

_RECOGNIZERS = (
    "CreditCardRecognizer",
    "IbanRecognizer",
    "UsSsnRecognizer",
    "UsItinRecognizer",
    "UkNinoRecognizer",
    "EsNifRecognizer",
    "EsNieRecognizer",
    "ItFiscalCodeRecognizer",
    "FiPersonalIdentityCodeRecognizer",
    "InAadhaarRecognizer",
)
_MIN_SCORE = 0.5
#: Weak patterns (no check digit) count only near one of these words.
_NEEDS_CONTEXT = {
    "US_SSN": re.compile(r"\b(ssn|ssns|social security|social sec)", re.IGNORECASE),
    "US_ITIN": re.compile(r"\b(itin|taxpayer)", re.IGNORECASE),
    "UK_NINO": re.compile(r"\b(national insurance|ni number|nino)", re.IGNORECASE),
    "IN_AADHAAR": re.compile(r"\b(aadhaar|aadhar|uidai)", re.IGNORECASE),
    "FI_PERSONAL_IDENTITY_CODE": re.compile(r"\b(hetu|henkil)", re.IGNORECASE),
}
_CONTEXT = 80  # characters on either side
#: Words without which the weak patterns count for nothing.
_WORDS = re.compile(
    r"\bnational insurance|\bnino\b|\bni number|\bssn|\bsocial sec|\bitin\b|\btaxpayer|\ba+dha+r|\buidai\b|\bhetu\b|\bhenkil",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IBAN_LIKE = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_TAX_LIKE = re.compile(r"\b([XYZ]?\d{7,8})-?([A-Z])\b|\b[A-Z]{6}\d{2}[A-Z]\d{2}", re.IGNORECASE)
_NIF_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
#: Cards that presidio's pattern leaves out: Mastercard's 2-series, JCB of 15 digits, Maestro of 12, Visa and others of 19. Other numbers
#: look like them, so they count only with a right check digit and near a word for a card.
_OTHER_CARDS = re.compile(
    r"(?<![\w.-])(?:2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)[ -]?(?:\d{4}[ -]?){3}|(?:2131|1800)\d{11}|(?:5[0678]|6\d)\d{10}|[456]\d{18})(?![\w-])"
)
_CAPITALS = str.maketrans(ascii_lowercase, ascii_uppercase)
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
#: Letters that patterns which ignore case take for `s`, `k` and `i`.
_LOOKALIKES = str.maketrans("ſ\u212aıİ", "sKiI")
_NEAR_CARD = re.compile(r"\b(?:cards?|visa|mastercard|maestro|amex|credit|debit|tarjeta|karte|carte|carta)\b", re.IGNORECASE)
_CARD_CONTEXT = 40  # characters on either side
_CARD_SEPARATOR = re.compile(r"^\d{13,19}$|^\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}$|^\d{4}([ -])\d{6}\2\d{5}$")


class PersonalValue(NamedTuple):
    """Where a number stands, never the number itself. Offsets in characters of the text looked at, end exclusive."""

    kind: str  # "credit_card", "iban_code", …
    start: int
    end: int


def find_personal_data(text: str, *, allowed: Collection[str] = ()) -> dict[str, int]:
    """Kind → how many different values; `allowed` as in `locate_personal_data`."""
    return dict(sorted(count_kinds(text, locate_personal_data(text, allowed=allowed)).items()))


def count_kinds(text: str, found: Iterable[PersonalValue]) -> Counter[str]:
    """Kind → how many different values among those found in `text`."""
    return Counter(kind for kind, _ in {(value.kind, _bare(_in_ascii(text[value.start : value.end]))) for value in found})


def locate_personal_data(text: str, *, allowed: Collection[str] = ()) -> list[PersonalValue]:
    """Every occurrence, by position; of overlapping ones the longest.

    Args:
        allowed: numbers of the organisation itself that its pages may show; spaces and case do not matter.
    """
    text = _in_ascii(text)
    own = {_bare(_in_ascii(value)) for value in allowed}
    found: list[PersonalValue] = []
    for recognizer in _recognizers() if _may_hold_any(text) else ():
        # IBANs are often written small, and presidio's pattern wants capitals; the check digits tell them from words.
        looked_at = text.translate(_CAPITALS) if recognizer.supported_entities == ["IBAN_CODE"] else text
        for result in recognizer.analyze(looked_at, recognizer.supported_entities, None):
            value = text[result.start : result.end]
            if (
                result.score >= _MIN_SCORE
                and _bare(value) not in own
                and _plausible(result.entity_type, value, text, result.start, result.end)
            ):
                found.append(PersonalValue(result.entity_type.lower(), result.start, result.end))
    for match in _OTHER_CARDS.finditer(text):
        start, end = match.start(), match.start() + len(match.group().rstrip(" -"))
        near = _NEAR_CARD.search(text, max(start - _CARD_CONTEXT, 0), end + _CARD_CONTEXT)
        if near and _passes_luhn(match.group()) and _bare(match.group()) not in own:
            found.append(PersonalValue("credit_card", start, end))
    kept: list[PersonalValue] = []
    for one in sorted(found, key=lambda value: (value.start - value.end, value.start, value.kind)):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda value: value.start)


def _in_ascii(text: str) -> str:
    """`text` with the digits of every script, and letters that patterns take for ASCII ones, as ASCII; as long as before.

    Patterns find numbers in the digits of any script, and then compute check digits that exist for ASCII only.
    """
    return _OTHER_DIGIT.sub(lambda found: str(decimal(found[0])), text.translate(_LOOKALIKES))


def _may_hold_any(text: str) -> bool:
    """Whether it is worth asking presidio, whose import takes a second or more."""
    return (
        _WORDS.search(text) is not None
        or any(_passes_luhn(match.group()) for match in _LONG_NUMBER.finditer(text))
        or any(_may_begin_iban(match.group()) for match in _IBAN_LIKE.finditer(text))
        or any(_may_be_tax_number(match) for match in _TAX_LIKE.finditer(text))
    )


def _may_begin_iban(text: str) -> bool:
    """Whether some beginning of `text` passes the check of ISO 13616; what follows an IBAN may look like its continuation."""
    bare = _bare(text)
    return any(
        int("".join(str(int(letter, 36)) for letter in bare[4:end] + bare[:4])) % 97 == 1 for end in range(15, len(bare) + 1)
    )


def _may_be_tax_number(match: re.Match[str]) -> bool:
    """Spanish numbers end in a check letter; Italian codes are left to presidio."""
    number, letter = match.groups()
    if number is None:
        return True
    digits = number.upper().translate(str.maketrans("XYZ", "012"))
    return _NIF_LETTERS[int(digits) % 23] == letter.upper()


def _plausible(kind: str, value: str, text: str, start: int, end: int) -> bool:
    if kind == "CREDIT_CARD":
        # One number in 10 passes the check digit: order numbers and hashes are not written like a card.
        return (
            bool(_CARD_SEPARATOR.match(value))
            and not text[max(start - 1, 0) : start].isalnum()
            and not text[end : end + 1].isalnum()
        )
    needed = _NEEDS_CONTEXT.get(kind)
    return needed is None or needed.search(text, max(start - _CONTEXT, 0), end + _CONTEXT) is not None


def _passes_luhn(number: str) -> bool:
    """Check digit of ISO/IEC 7812-1."""
    digits = [int(digit) for digit in number if digit.isdecimal()]
    doubled = [digit if position % 2 == 0 else digit * 2 - 9 * (digit > 4) for position, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _bare(value: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", value.upper())


@lru_cache(maxsize=1)
def _recognizers() -> tuple[Any, ...]:
    # Patterns need no language model: without these packages the import takes 1 s in place of 5, and 150 MB less.
    with without("torch", "transformers", "stanza"):
        undefer("spacy")  # the reader unstructured puts it off, where it shares the process
        from presidio_analyzer import predefined_recognizers

    return tuple(getattr(predefined_recognizers, name)() for name in _RECOGNIZERS)
