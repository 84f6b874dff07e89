"""Personal data: which kinds there are, what becomes of each, and what the organisation may show of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

#: Numbers that identify a person or reach their money. They are looked for unless their policy is `ignore`.
NumberKind = Literal[
    "credit_card", "iban_code", "us_ssn", "us_itin", "uk_nino", "es_nif", "es_nie", "it_fiscal_code", "fi_personal_identity_code", "in_aadhaar",
]  # fmt: skip
#: How a person is reached, and names. Help pages are full of them, so they are looked for by setting alone.
ContactKind = Literal["email_address", "phone_number", "postal_address", "person"]
PersonalKind = NumberKind | ContactKind
NUMBER_KINDS: tuple[NumberKind, ...] = get_args(NumberKind)
CONTACT_KINDS: tuple[ContactKind, ...] = get_args(ContactKind)

#: What happens to a document that holds personal data; `allow`: it is indexed as it is, with a finding.
PersonalDataPolicy = Literal["quarantine", "redact", "allow"]
#: The same of one kind; `ignore`: it is not looked for.
PersonalKindPolicy = Literal["quarantine", "redact", "allow", "ignore"]


@dataclass(frozen=True, slots=True)
class PersonalSearch:
    """What is looked for in a text. What is the organisation's own is no finding."""

    kinds: tuple[PersonalKind, ...] = NUMBER_KINDS
    own_numbers: tuple[str, ...] = ()  # account, card and telephone numbers; only digits and letters count
    own_domains: tuple[str, ...] = ()  # of e-mail addresses, subdomains included
    own_addresses: tuple[str, ...] = ()  # e-mail and postal addresses; case, spaces and signs do not matter
    names_model: str = ""  # spaCy model that finds names: a package, or a folder
