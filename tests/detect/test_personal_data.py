"""Numbers that identify a person, told from other numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headgate.detect import identity_numbers
from headgate.detect.person_names import names_model_version
from headgate.detect.personal_data import find_personal_data, locate_personal_data
from headgate.errors import SettingsError
from headgate.settings import PersonalSearch

CONTACTS = PersonalSearch(kinds=("email_address", "phone_number", "postal_address"))
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
    assert find_personal_data("IBAN GB82 WEST 1234 5698 7654 32", PersonalSearch(own_numbers=("gb82west12345698765432",))) == {}


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


@pytest.mark.parametrize(
    "text",
    [
        "The limit of card 4539578763621486?",
        "Visa: 4539578763621486",
        "4539578763621486 is on my credit card",
        "Kartennummer 4539578763621486",
        "信用卡 4539578763621486",
        "4539578763621486",
        "booked on 4539 5787 6362 1486 in May",
        "3782 822463 10005 expires soon",
        "Card number: 4539578763621486; Limit: 500",
    ],
)
def test_a_number_is_a_card_where_it_is_written_or_named_as_one(text: str) -> None:
    assert find_personal_data(text) == {"credit_card": 1}


@pytest.mark.parametrize(
    "text",
    [
        "pi is not 3.4539578763621486 but near",
        "ratio 0,4539578763621486 of the cards",
        "coordinates 48.4539578763621486, 4.4539578763621486",
        "the id 4539578763621486 of the record",
        "card id: 4539578763621486",
        "https://cards.test/view/4539578763621486?x=1",
        "see card/4539578763621486/details",
        "ORD-4539578763621486 was paid by card",
        "card_4539578763621486 and card-4539578763621486",
        "4539578763621486abc of a card",
        "order 4539578763621486 was paid by card yesterday evening",
        "EAN 4006381333931, IMEI 490154203237518",
        "timestamp 1700000000000, next 1700000000008",
        "the card reader has serial 4539578763621486",
        "row 12: 4539578763621486 bytes were copied to the volume",
        "Card 4539578763621487 with a wrong check digit",
        "Card 4444444444444444",
    ],
)
def test_digits_of_decimals_ids_and_the_like_are_no_card(text: str) -> None:
    assert find_personal_data(text) == {}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Write to jo.doe+x@mail.example-club.net or ANN@mail.net.", {"email_address": 2}),
        ("mailto:jo.doe@mail.net, <ann_lee@mail.co.uk>", {"email_address": 2}),
        ("Write to support@mail.net, no-reply@mail.net or customer-care@mail.net.", {}),
        ("git@github.com:o/r.git, logo@2x.png, lodash@4.17.21, a@b, jo@example.com, @jo", {}),
        ("Mobile: 0688 843 79 56, Desk: +46 (0)157 548 89, Fax 345-899-3560x4587", {"phone_number": 3}),
        ("You can call (579) 888-3058 or +1-984-182-0190.", {"phone_number": 2}),
        ("They answer at 079 2718 1155", {}),
        ("Call us at 79 270 1855 after nine.", {"phone_number": 1}),
        ("416 60 039 office", {"phone_number": 1}),
        ("Telefon 030 123456-78, Tel.: 089/1234567", {"phone_number": 2}),
        ("On 2024-11-23 at 10:45, 203.0.113.53, 1 000 000 rows, v1.2.3.4, 12-34, 2020-2021, 555-12-3456", {}),
        ("Account 1234567890, port 8080, call it 3 times, size 1048576, +100 200 points", {}),
        ("We live at 12 Old Kent Road, London SE1 5AB.", {"postal_address": 1}),
        ("Hauptstraße 5, 10115 Berlin; Via Franscini 71, 00184 Roma", {"postal_address": 2}),
        ("26 rue de Tanger, 75019 Paris", {"postal_address": 1}),
        ("Send it to P.O. Box 101, Springfield", {"postal_address": 1}),
        ("Edeby 55 Apt. 297, TYSTBERGA, Sweden 99178", {"postal_address": 1}),
        ("My address: Edeby 55, Tystberga", {"postal_address": 1}),
        ("IP address: 203.0.113.53, e-mail address: a 1", {}),
        ("Section 12 Road map. In step 5 Drive carefully. Version 3 Way forward? Aggregate 12, String 5, unit 4 tests", {}),
    ],
)
def test_contact_data_is_found_where_it_is_asked_for(text: str, kinds: dict[str, int]) -> None:
    assert find_personal_data(text, CONTACTS) == kinds
    assert find_personal_data(text) == {}


def test_an_address_is_taken_with_its_flat_town_and_postal_code() -> None:
    text = "Sara Doe\n28245 Puruntie 82 Apt. 595\n LAPPEENRANTA\n Finland 53100\nThanks."
    (found,) = locate_personal_data(text, CONTACTS)
    assert text[found.start : found.end] == "28245 Puruntie 82 Apt. 595\n LAPPEENRANTA\n Finland 53100"


@pytest.mark.parametrize(
    ("own", "kinds"),
    [
        ({}, {"email_address": 2, "phone_number": 1, "postal_address": 1}),
        ({"own_domains": ("northbeam.net",)}, {"email_address": 1, "phone_number": 1, "postal_address": 1}),
        ({"own_domains": ("beam.net",)}, {"email_address": 2, "phone_number": 1, "postal_address": 1}),
        ({"own_addresses": ("Jo.Doe@mail.net",)}, {"email_address": 1, "phone_number": 1, "postal_address": 1}),
        ({"own_addresses": ("12 Harbour Street",)}, {"email_address": 2, "phone_number": 1}),
        ({"own_numbers": ("020 7946 0958",)}, {"email_address": 2, "postal_address": 1}),
        ({"own_numbers": ("0958",)}, {"email_address": 2, "phone_number": 1, "postal_address": 1}),
    ],
)
def test_what_is_the_organisations_own_is_no_finding(own: dict[str, tuple[str, ...]], kinds: dict[str, int]) -> None:
    text = "Ask ann@help.northbeam.net or jo.doe@mail.net, call +44 20 7946 0958, or come to 12 Harbour Street, Leeds."
    assert find_personal_data(text, PersonalSearch(kinds=CONTACTS.kinds, **own)) == kinds


def test_a_number_goes_before_an_address_that_holds_it() -> None:
    text = "Address: card 4539 5787 6362 1486 at Edeby 55"
    search = PersonalSearch(kinds=("credit_card", "postal_address"))
    assert [found.kind for found in locate_personal_data(text, search)] == ["credit_card"]


def test_names_are_found_by_the_model_that_is_named(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    language = spacy.blank("en")
    rules = [{"label": "PERSON", "pattern": "Will Green"}, {"label": "GPE", "pattern": "Leeds"}]
    language.add_pipe("entity_ruler").add_patterns(rules)
    language.to_disk(tmp_path / "names")
    search = PersonalSearch(kinds=("person",), names_model=str(tmp_path / "names"))
    text = ("A line of the page.\n" * 2000) + "Ask Will Green in Leeds."
    assert [text[found.start : found.end] for found in locate_personal_data(text, search)] == ["Will Green"]
    assert names_model_version(str(tmp_path / "names")).startswith("en_")


@pytest.mark.parametrize("model", ["no_such_model", "no-such-model", "."])
def test_a_model_for_names_that_is_not_there_is_a_set_up_mistake(model: str) -> None:
    with pytest.raises(SettingsError, match="names_model"):
        names_model_version(model)


def test_looking_for_contact_data_loads_neither_presidio_nor_spacy() -> None:
    program = (
        "import sys; from headgate.detect.personal_data import find_personal_data; from headgate.settings import PersonalSearch;"
        "search = PersonalSearch(kinds=('credit_card', 'email_address', 'phone_number', 'postal_address'));"
        "print(find_personal_data('Visa 4539578763621486, call +44 20 7946 0958, jo@mail.net, 12 Old Kent Road', search),"
        " [name for name in ('presidio_analyzer', 'spacy', 'phonenumbers', 'tldextract') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ("{'credit_card': 1, 'email_address': 1, 'phone_number': 1, 'postal_address': 1} []")


def test_every_country_whose_ibans_presidio_knows_is_looked_for() -> None:
    """What is said of a country here decides whether presidio is asked."""
    from presidio_analyzer.predefined_recognizers.generic import iban_patterns as known

    for country, form in known.regex_per_country.items():
        bank = form.removeprefix(f"({country}){known.CK}")
        digits = bank.startswith((known.N4, "[0]" + known.N3))
        assert country in (identity_numbers._IBAN_DIGITS if digits else identity_numbers._IBAN_OTHERS)
