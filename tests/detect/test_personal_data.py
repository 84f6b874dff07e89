"""Numbers that identify a person, told from other numbers."""

from __future__ import annotations

import pytest

from headgate.detect.personal_data import find_personal_data, locate_personal_data

_ASCII_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


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


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Codice RSSMRA\u0668\u0665T10A562S qui", {"it_fiscal_code": 1}),
        ("Codice RSSMRA85T10A56\u0662S qui", {"it_fiscal_code": 1}),
        ("Codice R\u017f\u017fMRA85T10A562S qui", {"it_fiscal_code": 1}),
        ("Mi DNI es \u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668Z.", {"es_nif": 1}),
        ("Card \uff14111 1111 1111 111\u0661, then 4111 1111 1111 1111.", {"credit_card": 1}),
        ("NIF 0000000\u212a and DNI 1234567\u017f, taxpayer \u0131\u0130\u212a.", {}),
    ],
)
def test_digits_of_other_scripts_are_read_as_numbers_and_offsets_stay(text: str, kinds: dict[str, int]) -> None:
    assert find_personal_data(text) == kinds
    assert all(text[found.start].isalnum() and text[found.end - 1].isalnum() for found in locate_personal_data(text))


def test_every_letter_and_digit_of_unicode_can_stand_in_any_number() -> None:
    """What a pattern takes for a digit or letter, the check digit computed from it must take too."""
    alike = [chr(code) for code in range(128, 0x110000) if chr(code).isdecimal() or chr(code).casefold() in _ASCII_LETTERS]
    assert len(alike) > 600
    numbers = ("RSSMRA85T10A562S", "GB82WEST12345698765432", "12345678Z", "X1234567L", "4111111111111111", "234567890124")
    text = "\n".join(
        f"aadhaar {number[:at]}{letter}{number[at + 1 :]}" for letter in alike for number in numbers for at in range(len(number))
    )
    assert len(locate_personal_data(text)) > 100
