"""The same labelled value stated differently in two documents: what is told, and what is no contradiction."""

from __future__ import annotations

import random

import pytest

from headgate.ingest.validate.contradictions import comparison, find_contradictions
from headgate.ingest.validate.facts.document_facts import DocumentFacts
from headgate.ingest.validate.facts.stated_values import MOST_STATED, read_value
from tests.ingest.documents import facts_of

PLANS = "| Plan | Price | Contract |\n|---|---|---|\n| Home Lite | £24.00 | 12 months |\n| Home Plus | £31.00 | 18 months |\n| Home Max | £42.00 | 18 months |\n"


def told(*pages: DocumentFacts) -> dict[str, list[str]]:
    compared = [one for one in map(comparison, pages) if one is not None]
    return {path: list(map(str, found)) for path, found in find_contradictions(compared).items()}


def pages(*texts: str, paths: tuple[str, ...] = ("a.md", "b.md", "c.md", "d.md"), **labels: str) -> list[DocumentFacts]:
    return [facts_of(path, text, **labels) for path, text in zip(paths, texts, strict=False)]


def test_both_documents_are_told_with_place_row_and_value() -> None:
    one, other = (
        f"# Our plans\n\n## Prices of home plans\n\n{PLANS}",
        f"# Switching\n\n## Prices of home plans\n\n{PLANS.replace('31.00', '29.00')}",
    )
    assert told(*pages(one, other)) == {
        "a.md": [
            (
                "Our plans > Prices of home plans: Home Plus, Price is '£31.00' (line 5, row 2), "
                "but '£29.00' in 'b.md', Switching > Prices of home plans: Home Plus, Price (line 5, row 2)"
            )
        ],
        "b.md": [
            (
                "Switching > Prices of home plans: Home Plus, Price is '£29.00' (line 5, row 2), "
                "but '£31.00' in 'a.md', Our plans > Prices of home plans: Home Plus, Price (line 5, row 2)"
            )
        ],
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # the heading names it
        ("# Bills\n\n## Late payment\n\n- Fee: £7.50", "# Questions\n\n## Late payments\n\nFee: £12"),
        ("# Bills\n\n## Late payment\n\n- Fee: £7.50\n- After: 10 days", "# Money\n\n## Late payment\n\nAfter: 2 weeks"),
        ("# A\n\n## Subject access requests\n\nAnswered in: 30 days", "# B\n\n## Subject access requests\n\nAnswered in: up to 60 days"),
        # the title does
        ("# Refunds\n\nLimit: £500", "# Refunds\n\nLimit: £400"),
        ("# Refunds\n\n## Limits\n\nPer day: 3", "# Refunds\n\n## Limits\n\nPer day: 5"),
        ("# Notice of closure\n\nLast day: 2026-03-01", "# Notice of closure\n\nLast day: 5 March 2026"),
        # the row does
        ("# Home plans\n\n| Plan | Price |\n|---|---|\n| Home Plus | £31 |\n| Home Max | £42 |", "# Choosing between plans for the home\n\n## What they cost\n\n| Name | Price |\n|---|---|\n| Home Plus | £29 |\n| Home Max | £42 |"),
    ],
)  # fmt: skip
def test_what_is_about_the_same_is_told(one: str, other: str) -> None:
    assert set(told(*pages(one, other))) == {"a.md", "b.md"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # the same value, written otherwise
        ("# Refunds\n\nTime: 2 weeks", "# Refunds\n\nTime: 14 days"),
        ("# Refunds\n\nLimit: £1,000.00", "# Refunds\n\nLimit: £1000"),
        ("# Refunds\n\nLast day: 2026-03-05", "# Refunds\n\nLast day: March 5th, 2026"),
        ("# Disk\n\nSize: 1 GB", "# Disk\n\nSize: 1024 MB"),
        ("# Lines\n\nSpeed: 0.5 Gbps", "# Lines\n\nSpeed: 500 Mbps"),
        # of another kind
        ("# Refunds\n\nLimit: £500", "# Refunds\n\nLimit: 3 days"),
        ("# Refunds\n\nLimit: £500 per month", "# Refunds\n\nLimit: £50 per day"),
        # other things of one kind
        ("# Beacon 2\n\n## Data\n\nWeight: 2 kg", "# Beacon 3\n\n## Data\n\nWeight: 3 kg"),
        ("# Beacon router\n\n## Weight and size\n\nWeight: 2 kg", "# Orion router\n\n## Weight and size\n\nWeight: 3 kg"),
        ("# Valve\n\n## Limits\n\nPressure: 5 bar", "# Pump\n\n## Limits\n\nPressure: 9 bar"),
        ("# Interviews\n\n## Architecture talk\n\nDuration: 60 minutes", "# Interviews\n\n## Values talk\n\nDuration: 30 minutes"),
        ("# Overview\n\nPrice: £5", "# Overview\n\nFee: £6"),
        # other times, versions, places
        ("# Prices 2025\n\n## Late payment\n\nFee: £7", "# Prices 2026\n\n## Late payment\n\nFee: £8"),
        ("# Prices\n\n## Late payment in version 2\n\nFee: £7", "# Prices\n\n## Late payment in version 3\n\nFee: £8"),
        ("# Bills\n\n## Late payment\n\nFee: £7", "# Former bills\n\n## Late payment\n\nFee: £8"),
        # names that hold numbers
        ("# Release\n\nVersion: 1.2.3", "# Release\n\nVersion: 1.2.4"),
        ("# Contact\n\nTelephone: 01632 960200", "# Contact\n\nTelephone: 01632 960250"),
        ("# Server\n\nAddress: 10.0.0.1", "# Server\n\nAddress: 10.0.0.2"),
        ("# Ticket\n\nTicket: #4711", "# Ticket\n\nTicket: #4712"),
        ("# Standard\n\nFormat: ISO 8601", "# Standard\n\nFormat: RFC 3339"),
    ],
)  # fmt: skip
def test_what_is_the_same_or_about_something_else_is_not_told(one: str, other: str) -> None:
    assert told(*pages(one, other)) == {}


@pytest.mark.parametrize("path", ["2025/b.md", "archive/b.md", "v2/b.md"])
def test_folders_of_other_years_versions_and_old_pages_are_other_contexts(path: str) -> None:
    one, other = "# Refunds\n\nLimit: £500", "# Refunds\n\nLimit: £400"
    assert told(*pages(one, other)) != {}
    assert told(*pages(one, other, paths=("a.md", path))) == {}


def test_regions_have_values_of_their_own() -> None:
    north = facts_of("a.md", "# Refunds\n\nLimit: £500", region="north")
    assert told(north, facts_of("b.md", "# Refunds\n\nLimit: £400", region="coast")) == {}
    assert told(north, facts_of("b.md", "# Refunds\n\nLimit: £400", region="north")) != {}


def test_a_form_that_many_pages_fill_in_contradicts_nothing() -> None:
    made = [facts_of(f"{number}.md", f"# Refunds\n\nLimit: £{number + 1}") for number in range(13)]
    assert told(*made) == {}


def test_a_label_with_two_values_in_one_document_says_nothing() -> None:
    assert told(*pages("# Refunds\n\nLimit: £500\n\nLimit: £300", "# Refunds\n\nLimit: £400")) == {}


def test_only_so_many_values_of_a_document_are_kept_and_the_others_are_counted() -> None:
    facts = facts_of(
        "a.md", "# Sizes\n\n| Name | Size |\n|---|---|\n" + "".join(f"| Part n{n}x | {n} mm |\n" for n in range(MOST_STATED + 7))
    )
    assert (len(facts.stated), facts.unstated) == (MOST_STATED, 7)


@pytest.mark.parametrize(("agreeing", "differing", "is_told"), [(3, 1, True), (2, 1, False), (4, 3, True), (3, 3, False)])
def test_tables_that_agree_in_most_named_rows_are_about_the_same(agreeing: int, differing: int, is_told: bool) -> None:
    names = ["Late payment", "Missed visit", "Paper bill", "Copy of a contract", "Reconnection", "Lost router", "Second visit"]
    rows = [f"| {name} | £{number}.00 |" for number, name in enumerate(names[: agreeing + differing])]
    other = [*rows[:agreeing], *(row.replace("£", "£9") for row in rows[agreeing:])]
    head = "| Fee | Amount |\n|---|---|\n"
    one, two = (f"# {title}\n\n{head}" + "\n".join(table) for title, table in (("Fees", rows), ("Price list", other)))
    assert bool(told(*pages(one, two))) is is_told


def test_the_order_of_documents_decides_nothing() -> None:
    made = pages(
        f"# Our plans\n\n## Prices of home plans\n\n{PLANS}",
        f"# Switching\n\n## Prices of home plans\n\n{PLANS.replace('31.00', '29.00')}",
        f"# Moving\n\n## Prices of home plans\n\n{PLANS.replace('18 months', '24 months')}",
    )
    expected = told(*made)
    assert len(expected) == 3
    random.Random(4).shuffle(made)
    assert told(*made) == expected


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("£7.50", ("GBP", "7.5")),
        ("7,50 €", ("EUR", "7.5")),
        ("USD 1,200", ("USD", "1200")),
        ("$10,000 per seat", ("USD; seat", "10000")),
        ("10 working days", ("; working; day", "10")),
        ("2 years", ("month", "24")),
        ("95 %", ("%", "95")),
        ("9:00–5:30 pm", ("clock; clock", "9:00 17:30")),
        ("5 to 10 users", ("; ; user", "5 10")),
        ("12 March 2026", ("date", "2026-03-12")),
        ("see section 4 of the terms and what follows there", None),
        ("no number", None),
        ("v2", None),
        ("4111 1111 1111 1111", None),
        ("5 < 6", None),
    ],
)
def test_a_value_is_read_as_what_it_means(text: str, meant: tuple[str, str] | None) -> None:
    assert read_value(text) == meant
