"""Personal data in a text: numbers that identify a person or reach their money, and, where they are asked for, contact data and names.

    text + PersonalSearch(kinds, own …) ──locate_personal_data──► [PersonalValue(kind, start, end), …]

The value itself never enters a reason or a log. Numbers are looked for by default; e-mail addresses, telephone numbers, postal addresses and
names of people only where the search names them: help pages are made of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from unicodedata import decimal

from headgate.detect.card_numbers import find_cards
from headgate.detect.contacts import find_emails, find_phones
from headgate.detect.identity_numbers import IDENTITY_KINDS, find_identity_numbers
from headgate.detect.person_names import find_names
from headgate.detect.postal_addresses import find_postal_addresses
from headgate.settings import NUMBER_KINDS, PersonalSearch

_NUMBERS = PersonalSearch()
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
#: Letters that patterns which ignore case take for `s`, `k` and `i`.
_LOOKALIKES = str.maketrans("ſ\u212aıİ", "sKiI")
_LEAST_OWN = 5  # digits of a number of the organisation that others may end with


class PersonalValue(NamedTuple):
    """Where a value stands, never the value itself. Offsets in characters of the text looked at, end exclusive."""

    kind: str  # "credit_card", "email_address", …
    start: int
    end: int


def find_personal_data(text: str, search: PersonalSearch = _NUMBERS) -> dict[str, int]:
    """Kind → how many different values."""
    return dict(sorted(count_kinds(text, locate_personal_data(text, search)).items()))


def count_kinds(text: str, found: Iterable[PersonalValue]) -> Counter[str]:
    """Kind → how many different values among those found in `text`."""
    return Counter(kind for kind, _ in {(value.kind, _bare(_in_ascii(text[value.start : value.end]))) for value in found})


def locate_personal_data(text: str, search: PersonalSearch = _NUMBERS) -> list[PersonalValue]:
    """Every occurrence, by position; of overlapping ones a number before others, then the longest.

    Raises:
        SettingsError: names are looked for, and there is no such model.
    """
    looked_at = _in_ascii(text)
    found = [one for one in _find(looked_at, search) if not _is_own(one.kind, looked_at[one.start : one.end], search)]
    kept: list[PersonalValue] = []
    for one in sorted(found, key=lambda one: (one.kind not in NUMBER_KINDS, one.start - one.end, one.start, one.kind)):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


def _find(text: str, search: PersonalSearch) -> Iterator[PersonalValue]:
    wanted = set(search.kinds)
    if "credit_card" in wanted:
        yield from (PersonalValue("credit_card", start, end) for start, end in find_cards(text))
    if wanted & IDENTITY_KINDS:
        yield from (PersonalValue(*one) for one in find_identity_numbers(text, wanted))
    if "email_address" in wanted:
        own = tuple(domain.lower().lstrip("@.") for domain in search.own_domains)
        for start, end, domain in find_emails(text):
            if not any(domain == one or domain.endswith(f".{one}") for one in own):
                yield PersonalValue("email_address", start, end)
    if "phone_number" in wanted:
        yield from (PersonalValue("phone_number", start, end) for start, end in find_phones(text))
    if "postal_address" in wanted:
        yield from (PersonalValue("postal_address", start, end) for start, end in find_postal_addresses(text))
    if "person" in wanted:
        yield from (PersonalValue("person", start, end) for start, end in find_names(text, search.names_model))


def _is_own(kind: str, value: str, search: PersonalSearch) -> bool:
    """Whether a value is the organisation's own. Telephone numbers may be written with or without what is dialled before them."""
    bare = _bare(value)
    if kind in ("email_address", "postal_address"):
        own = {_bare(address) for address in search.own_addresses} - {""}
        return bare in own or (kind == "postal_address" and any(one in bare for one in own))
    numbers = {_bare(_in_ascii(number)) for number in search.own_numbers}
    if kind != "phone_number":
        return bare in numbers
    short = bare.lstrip("0")
    return any(
        len(own) >= _LEAST_OWN and len(short) >= _LEAST_OWN and (short.endswith(own) or own.endswith(short))
        for own in (number.lstrip("0") for number in numbers)
    )


def _in_ascii(text: str) -> str:
    """`text` with the digits of every script, and letters that patterns take for ASCII ones, as ASCII; as long as before.

    Patterns find numbers in the digits of any script, and then compute check digits that exist for ASCII only.
    """
    return _OTHER_DIGIT.sub(lambda found: str(decimal(found[0])), text.translate(_LOOKALIKES))


def _bare(value: str) -> str:
    return "".join(filter(str.isalnum, value.upper()))
