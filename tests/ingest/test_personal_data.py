"""Numbers that identify a person, told from other numbers."""

from __future__ import annotations

import pytest

from headgate.ingest.personal_data import find_personal_data, locate_personal_data


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Paid with 4111 1111 1111 1111 yesterday.", {"credit_card": 1}),
        ("Paid with 4111-1111-1111-1111 and 4111 1111 1111 1111.", {"credit_card": 1}),
        ("IBAN GB82 WEST 1234 5698 7654 32 please.", {"iban_code": 1}),
        ("My social security number is 536-90-4399.", {"us_ssn": 1}),
        ("iban gb82west12345698765432 in small letters", {"iban_code": 1}),
        ("Mi DNI es 12345678Z y mi NIE X1234567L.", {"es_nif": 1, "es_nie": 1}),
        ("National insurance number AB 12 34 56 C.", {"uk_nino": 1}),
        ("My card 4131034282458809939 and my Maestro card 501864667909.", {"credit_card": 2}),
        ("Snowflake id 4131034282458809939, ticket 501864667909.", {}),
        ("DNI 12345678A, iban GB82 WEST 1234 5698 7654 33.", {}),
        ("Call 01632 960200 or write to help@northbeam.example.", {}),
        ("Order 4111111111111112, reference 536-90-4399.", {}),
        ("Use DNS 203.0.113.53, port 25, VLAN 101, 2026-01-01, 10:00.", {}),
        ("Digest 4111111111111111abcdef.", {}),
    ],
)
def test_personal_numbers_are_told_from_other_numbers(text: str, kinds: dict[str, int]) -> None:
    assert find_personal_data(text) == kinds


def test_the_organisations_own_account_may_be_shown() -> None:
    assert find_personal_data("IBAN GB82 WEST 1234 5698 7654 32", allowed=["gb82west12345698765432"]) == {}


def test_values_are_located_each_time_they_stand() -> None:
    text = "Card 4111 1111 1111 1111, again 4111 1111 1111 1111."
    assert [text[found.start : found.end] for found in locate_personal_data(text)] == ["4111 1111 1111 1111"] * 2
