"""Numbers that identify a person or reach their money, by presidio's pattern recognizers: those with a check digit or a strict form.

E-mail addresses and telephone numbers alone are no finding: help pages list them. Recognizers whose check digit nearly every
telephone number passes (NHS, PESEL, routing numbers) are left out. The value itself never enters a reason or a log.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import Any

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
#: What the recognizers look for, roughly: texts without any of it are not looked at further (presidio takes 5 s to import).
_POSSIBLE = re.compile(
    r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)|\b[A-Z]{2}\d{2}[ -]?[A-Z0-9]{4}|\b[XYZ0-9]\d{6,7}-?[A-Z]\b|\b[A-Z]{6}\d{2}[A-Z]\d{2}"
    r"|\b\d{3}[- .]\d{2}[- .]\d{4}\b|\bnational insurance|\bnino\b|\bni number|\bssn|\bsocial sec|\bitin\b|\btaxpayer|\ba+dha+r|\bhetu\b|\bhenkil",
    re.IGNORECASE,
)
_CARD_SEPARATOR = re.compile(r"^\d{13,19}$|^\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}$|^\d{4}([ -])\d{6}\2\d{5}$")


def find_personal_data(text: str, *, allowed: Collection[str] = ()) -> dict[str, int]:
    """Kind → how many different values.

    Args:
        allowed: numbers of the organisation itself that its pages may show; spaces and case do not matter.
    """
    if not _POSSIBLE.search(text):
        return {}
    own = {_bare(value) for value in allowed}
    seen: set[tuple[str, str]] = set()
    for recognizer in _recognizers():
        for result in recognizer.analyze(text, recognizer.supported_entities, None):
            value = text[result.start : result.end]
            if (
                result.score < _MIN_SCORE
                or _bare(value) in own
                or not _plausible(result.entity_type, value, text, result.start, result.end)
            ):
                continue
            seen.add((result.entity_type.lower(), _bare(value)))
    return dict(sorted(Counter(kind for kind, _ in seen).items()))


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


def _bare(value: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", value.upper())


@lru_cache(maxsize=1)
def _recognizers() -> tuple[Any, ...]:
    from presidio_analyzer import predefined_recognizers

    return tuple(getattr(predefined_recognizers, name)() for name in _RECOGNIZERS)
