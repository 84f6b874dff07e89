from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.evaluate.metrics.required_wording import says
from headgate.evaluate.metrics.resolved import forbidden, holds_facts, resolved
from headgate.evaluate.metrics.score import applicable, score_case, scorers
from headgate.evaluate.suites.suite import Variant
from headgate.records import Answer
from tests.evaluate.builders import gold, make_answer, scorable

RIGHT = make_answer("Home Plus is £33 a month [1].", cited=["a.md"])
PRICE = gold(("a.md", "home plus costs £33.00"), reference="Home Plus costs £33.00 a month.")
NORTHBEAM = "I'm sorry, I can't answer that. For anything else, call support on 01632 960200."


def expecting(expect: str, **more: object) -> Variant:
    return Variant.model_validate({"expect": expect} | more)


def wanting(*groups: tuple[str, ...], never: tuple[str, ...] = ()) -> Variant:
    return PRICE.model_copy(update={"must_contain": groups, "must_not_contain": never})


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("Home Plus is GBP 33.00 a month.", "£33"),
        ("Home Plus | 150 | £33.00", "33 pounds"),
        ("kostet 25,50 € im Monat", "€25.50"),
        ("You have ten working-days.", "10 Working  Days"),
        ("Calls are 50p.", "£0.50"),
        ("It costs 1,320 pounds.", "£1320.00"),
        ("from the 1st of April", "1 of april"),
        ("10 per cent off", "10%"),
        ("10営業日以内に返金します", "10営業日"),
        ("料金は33ポンドです", "£33"),
        ("open **Settings** – Wi‑Fi", "settings wi-fi"),
    ],
)
def test_a_wording_is_found_however_numbers_money_case_and_dashes_are_written(text: str, wording: str) -> None:
    assert says(text, wording)


@pytest.mark.parametrize(
    ("text", "wording"),
    [("£33.50", "£33"), ("£330", "£33"), ("33 days", "£33"), ("110 working days", "10 working days"), ("", "£33"), ("£33", "—")],
)
def test_another_number_is_not_the_wanted_one(text: str, wording: str) -> None:
    assert not says(text, wording)


@given(st.text(max_size=40), st.text(max_size=20))
def test_a_text_says_itself_and_a_longer_one_still_says_it(wording: str, more: str) -> None:
    if says(wording, wording):
        assert says(f"{more} . {wording} . {more}", wording)
    assert not says("", wording)


@pytest.mark.parametrize(
    ("variant", "answer", "expected"),
    [
        (wanting(("£33", "33 pounds"), ("a month", "monthly")), RIGHT, 1.0),
        (wanting(("£33",), ("18 months",)), RIGHT, 0.0),
        (wanting(("£33",), never=("£33.00 a month",)), RIGHT, 0.0),
        (wanting(("£33",)), make_answer("It is £33 [1].", cited=["x.md"]), 0.0),
        (wanting(("£33",)), make_answer("It is £33.", cited=[]), 0.0),
        (wanting(("£33",)), make_answer("Is it £33? [1]", cited=["a.md"]), 0.0),
        (wanting(("£33",)), RIGHT.model_copy(update={"refused": True}), 0.0),
        (wanting(("£33",)), RIGHT.model_copy(update={"small_talk": True}), 0.0),
        (PRICE, RIGHT, 1.0),
        (PRICE, make_answer("Home Plus is £31 a month [1].", cited=["a.md"]), 0.0),
    ],
)
def test_an_answer_helps_when_it_says_and_cites_what_is_right(variant: Variant, answer: Answer, expected: float) -> None:
    assert resolved(variant, answer, "en") == expected


def test_every_part_must_be_cited() -> None:
    both = gold(("a.md", "price is £33", "price"), ("b.md", "within 10 days", "time")).model_copy(
        update={"must_contain": (("£33",),)}
    )
    assert resolved(both, make_answer("£33 [1]", cited=["a.md"]), "en") == 0.0
    assert resolved(both, make_answer("£33 [1] [2]", cited=["a.md", "b.md"]), "en") == 1.0


def test_declining_helps_where_nothing_can_be_said_unless_it_says_what_it_must_not() -> None:
    refusal, talk = make_answer(NORTHBEAM, refused=True), make_answer("Hello!", cited=[]).model_copy(update={"small_talk": True})
    assert resolved(expecting("decline"), refusal, "en") == 1.0
    assert resolved(expecting("decline"), talk, "en") == 1.0
    assert resolved(expecting("decline"), RIGHT, "en") == 0.0
    leaky = expecting("decline", must_not_contain=["01632 960200"])
    assert resolved(leaky, refusal, "en") == 0.0
    assert forbidden(leaky, refusal) == ("01632 960200",)


def test_a_refusal_asks_back_or_hands_over_only_if_its_text_does() -> None:
    plain, contact = make_answer("I can't answer that.", refused=True), make_answer(NORTHBEAM, refused=True)
    asks = make_answer("I can't tell. Which plan do you have?", refused=True)
    assert [resolved(expecting("hand_over"), one, "en") for one in (plain, contact, asks)] == [0.0, 1.0, 0.0]
    assert [resolved(expecting("clarify"), one, "en") for one in (plain, contact, asks)] == [0.0, 0.0, 1.0]
    assert resolved(expecting("clarify"), make_answer("Which plan do you have?", cited=[]), "en") == 1.0
    assert (
        resolved(expecting("clarify"), make_answer("When is the bill sent? [1]"), "en") == 0.0
    )  # a quoted question, not one of its own
    answered = make_answer("Call us on 01632 960200 [1].")
    assert resolved(expecting("hand_over"), answered, "en") == 0.0
    assert resolved(expecting("hand_over", must_contain=["01632 960200"]), answered, "en") == 1.0
    assert resolved(expecting("hand_over"), make_answer("Prices: £1,320.00 and 1,320,000 in 2026.", refused=True), "en") == 0.0


def test_without_must_contain_the_facts_of_the_reference_decide() -> None:
    reference = "£29.15 for each missed appointment. It is credited to your bill within 30 days."
    assert holds_facts("Each missed appointment is £29.15, credited to the bill.", reference, "en")
    assert not holds_facts("Each missed appointment is £27.15, credited to your bill within 30 days.", reference, "en")
    assert not holds_facts("The amount is £29.15.", reference, "en")
    assert holds_facts("whatever", "", "en")


def test_resolved_applies_to_every_case_and_forbidden_where_a_case_names_what_must_not_be_said() -> None:
    metrics = scorers((1,))
    never = expecting("decline", must_not_contain=["secret"])
    for variant in (PRICE, expecting("decline"), expecting("clarify"), expecting("hand_over"), never):
        assert "resolved" in applicable(variant, metrics)
        assert ("forbidden" in applicable(variant, metrics)) == bool(variant.must_not_contain)
    got = {one.metric: one.value for one in score_case(scorable(never, make_answer("the SECRET", refused=True)), metrics)}
    assert (got["resolved"], got["forbidden"]) == (0.0, 1.0)
