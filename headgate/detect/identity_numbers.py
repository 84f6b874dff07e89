"""Account numbers and national numbers of people, by presidio's pattern recognizers: those with a check digit or a strict form.

Recognizers whose check digit nearly every telephone number passes (NHS, PESEL, routing numbers) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from headgate.process.imports import undefer, without

#: Kind → class of presidio.
_RECOGNIZERS = {
    "iban_code": "IbanRecognizer",
    "us_ssn": "UsSsnRecognizer",
    "us_itin": "UsItinRecognizer",
    "uk_nino": "UkNinoRecognizer",
    "es_nif": "EsNifRecognizer",
    "es_nie": "EsNieRecognizer",
    "it_fiscal_code": "ItFiscalCodeRecognizer",
    "fi_personal_identity_code": "FiPersonalIdentityCodeRecognizer",
    "in_aadhaar": "InAadhaarRecognizer",
}
IDENTITY_KINDS = frozenset(_RECOGNIZERS)
_MIN_SCORE = 0.5
#: Weak patterns (no check digit) count only near one of these words.
_NEEDS_CONTEXT = {
    "us_ssn": re.compile(r"\b(ssn|ssns|social security|social sec)", re.IGNORECASE),
    "us_itin": re.compile(r"\b(itin|taxpayer)", re.IGNORECASE),
    "uk_nino": re.compile(r"\b(national insurance|ni number|nino)", re.IGNORECASE),
    "in_aadhaar": re.compile(r"\b(aadhaar|aadhar|uidai)", re.IGNORECASE),
    "fi_personal_identity_code": re.compile(r"\b(hetu|henkil)", re.IGNORECASE),
}
_CONTEXT = 80  # characters on either side
#: Words without which the weak patterns count for nothing.
_WORDS = re.compile(
    r"\bnational insurance|\bnino\b|\bni number|\bssn|\bsocial sec|\bitin\b|\btaxpayer|\ba+dha+r|\buidai\b|\bhetu\b|\bhenkil",
    re.IGNORECASE,
)
#: Countries with IBANs: those whose bank code begins with four digits, and the others.
_IBAN_DIGITS = frozenset(
    "AD AE AL AT BA BE BR CH CR CY CZ DE DK EE EG ES FI FO FR GL GR HR HU IL IS LB LI LT LY MC ME MR NO PL PT RS SE SI SK TL TN TR UA VA XK".split()
)
_IBAN_OTHERS = frozenset("AZ BG BH BY DO GB GE GI GT IE IQ IT JO KW KZ LC LU LV MD MK MT MU NL PK PS QA RO SA SC SM VG".split())
_IBAN_LIKE = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_TAX_LIKE = re.compile(r"\b([XYZ]?\d{7,8})-?([A-Z])\b|\b[A-Z]{6}\d{2}[A-Z]\d{2}", re.IGNORECASE)
_NIF_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_CAPITALS = str.maketrans(ascii_lowercase, ascii_uppercase)


def find_identity_numbers(text: str, kinds: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """(kind, start, end) of every number in a text whose digits are ASCII."""
    if not _may_hold_any(text):
        return
    for kind, recognizer in _recognizers().items():
        if kind not in kinds:
            continue
        # IBANs are often written small, and presidio's pattern wants capitals; the check digits tell them from words.
        looked_at = text.translate(_CAPITALS) if kind == "iban_code" else text
        needed = _NEEDS_CONTEXT.get(kind)
        for result in recognizer.analyze(looked_at, recognizer.supported_entities, None):
            near = needed is None or needed.search(text, max(result.start - _CONTEXT, 0), result.end + _CONTEXT) is not None
            if result.score >= _MIN_SCORE and near:
                yield kind, result.start, result.end


def _may_hold_any(text: str) -> bool:
    """Whether it is worth asking presidio, whose import takes a second or more: "FY23 to make Insights" passes a check digit now and then."""
    return (
        _WORDS.search(text) is not None
        or any(_may_begin_iban(match.group()) for match in _IBAN_LIKE.finditer(text))
        or any(_may_be_tax_number(match) for match in _TAX_LIKE.finditer(text))
    )


def _may_begin_iban(text: str) -> bool:
    """Whether some beginning of `text` passes the check of ISO 13616; what follows an IBAN may look like its continuation."""
    bare = re.sub(r"[^0-9A-Z]", "", text.upper())
    if not (bare[:2] in _IBAN_OTHERS or (bare[:2] in _IBAN_DIGITS and bare[4:8].isdigit())):
        return False
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


@lru_cache(maxsize=1)
def _recognizers() -> dict[str, Any]:
    # Patterns need no language model: without these packages the import takes 1 s in place of 5, and 150 MB less.
    with without("torch", "transformers", "stanza"):
        undefer("spacy")  # the reader unstructured puts it off, where it shares the process
        from presidio_analyzer import predefined_recognizers

    return {kind: getattr(predefined_recognizers, name)() for kind, name in _RECOGNIZERS.items()}
