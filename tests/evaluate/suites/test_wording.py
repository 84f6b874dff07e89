from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.evaluate.suites.wording import fact_recall, rouge_l, token_f1, tokens


def test_tokens_are_words_whole_numbers_and_character_pairs() -> None:
    assert tokens("The Refund: £31.00, A day!") == ["refund", "31", "day"]
    assert tokens("月額3,000円です") == ["月額", "3000", "円で", "です"]
    assert tokens("£1,320.00 1.320,00 16:00") == ["1320", "1320", "16:00"]
    assert tokens("ab 12.50 of 12.5.") == ["ab", "12.50", "of", "12.5"]


@pytest.mark.parametrize(
    ("answer", "reference", "f1", "rouge"),
    [
        ("ten days", "ten days", 1.0, 1.0),
        ("The ten days.", "ten days", 1.0, 1.0),
        ("days ten", "ten days", 1.0, 0.5),
        ("ten ten days", "ten days", 0.8, 0.8),
        ("never", "ten days", 0.0, 0.0),
        ("", "ten days", 0.0, 0.0),
        ("料金です", "料金です", 1.0, 1.0),
    ],
)
def test_overlap_is_as_defined(answer: str, reference: str, f1: float, rouge: float) -> None:
    assert token_f1(answer, reference) == pytest.approx(f1)
    assert rouge_l(answer, reference) == pytest.approx(rouge)


def test_a_missing_number_costs_three_times_a_missing_word() -> None:
    reference = "The fee is £25 for late changes"
    assert fact_recall("The fee is £25 for changes made late.", reference, "en") == 1.0
    without_number = fact_recall("A fee for late changes", reference, "en")
    without_word = fact_recall("£25 for changes, a fee", reference, "en")
    assert 1 - without_number == pytest.approx(3 * (1 - without_word))


@given(st.text(max_size=60), st.text(max_size=60))
def test_all_are_between_zero_and_one_and_one_for_equal_texts(left: str, right: str) -> None:
    for measure in (token_f1, rouge_l, lambda a, b: fact_recall(a, b, "en")):
        assert 0.0 <= measure(left, right) <= 1.0
        assert measure(left, left) == pytest.approx(1.0)
