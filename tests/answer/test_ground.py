from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.answer.ground import ground

CONTEXTS = (
    "Refunds go back to the original payment method within 10 working days.",
    "A late payment costs £7.50. Home Plus costs £1,320.00 in all.",
)


@pytest.mark.parametrize(
    ("answer", "supported"),
    [
        ("Refunds go back to the original payment method within 10 working days. [1]", [True]),
        ("Within 10 working days, a refund goes back to your original payment method [1].", [True]),
        ("Refunds go back within 5 working days [1].", [False]),
        ("A late payment costs £7.50 [1].", [False]),
        ("A late payment costs £7.50 [2].", [True]),
        ("A late payment costs £7.50.", [True]),
        ("Home Plus costs £1320 in all [2].", [True]),
        ("Home Plus costs £132 in all [2].", [False]),
        ("Our engineers visit every weekend including bank holidays [1].", [False]),
        ("A late payment costs £7.50. [2] Nothing else is charged by your bank. [1]", [True, False]),
        ("A late payment costs £7.50 [2]\n[1]", [True]),
        ("A late payment costs £7.50 [9].", [True]),
    ],
)
def test_a_sentence_is_supported_by_what_it_cites(answer: str, supported: list[bool]) -> None:
    assert [sentence.supported for sentence in ground(answer, CONTEXTS).sentences] == supported


def test_a_number_that_no_passage_holds_makes_an_otherwise_verbatim_sentence_unsupported() -> None:
    result = ground("Refunds go back to the original payment method within 12 working days [1].", CONTEXTS)
    assert result.sentences[0].coverage > 0.8
    assert result.sentences[0].missing_numbers == ("12",)
    assert result.share == 0.0


def test_nothing_is_supported_without_passages_and_nothing_said_needs_none() -> None:
    assert ground("Refunds take days.", ()).share == 0.0
    assert ground("", ()).share == 1.0


def test_japanese_is_compared_by_character_pairs() -> None:
    assert ground("返金は10営業日以内です。[1]", ("返金は10営業日以内です。",), language="ja").share == 1.0
    assert ground("返金は3営業日以内です。[1]", ("返金は10営業日以内です。",), language="ja").share == 0.0


@given(
    st.lists(
        st.sampled_from(["Refunds take 10 days.", "Call us on Monday.", "Home Plus costs £31.00 a month."]),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_quoted_with_its_passage_is_supported(quotes: list[str]) -> None:
    answer = " ".join(f"{quote} [{number}]" for number, quote in enumerate(quotes, start=1))
    assert ground(answer, quotes).share == 1.0
