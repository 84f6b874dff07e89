from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headgate.evaluate.suites.quotes import SearchableText, contains, normalise, overlaps, searchable


@pytest.mark.parametrize(
    ("chunks", "quote"),
    [
        (["Refunds take\n 10 working   days."], "refunds take 10 working days"),
        (["**Refunds** take `10` days, see [fees](fees.md)."], "Refunds take 10 days, see fees"),
        (["We’ll refund “everything” – always."], 'we\'ll refund "everything" - always'),
        (["plan: Home Plus; speed: 150 / 30 Mbps; price: £31.00"], "Home Plus | 150 / 30 Mbps | £31.00"),
        (["| Home Plus | 150 / 30 Mbps | £31.00 |"], "Home Plus | 150 / 30 Mbps | £31.00"),
        (["Home Plus\n150 / 30 Mbps\n£31.00"], "Home Plus | 150 / 30 Mbps | £31.00"),
        (["Price a month: Business Start £48.00; Business Pro £79.00"], "Price a month | £48.00 | £79.00"),
        (["One. The refund is paid back", "is paid back within ten days. Two."], "The refund is paid back within ten days."),
        (["It is paid back within", "ten days."], "paid back within ten days"),
        (["料金は月額 3,000円\nです。"], "料金は月額3,000円です"),
        (["変更が必要な場合\n\nHome Max以上のプラン"], "Home Max以上のプラン"),
        (["1日につき£5.83を補償します"], "1日につき£5.83"),
        (["- Call us\n- Write to us"], "Write to us"),
        (["It costs £3."], "costs £3"),
    ],
)
def test_a_quote_is_found_whatever_the_layout(chunks: list[str], quote: str) -> None:
    assert contains(searchable(chunks), quote)


@pytest.mark.parametrize(
    ("chunks", "quote"),
    [
        (["It costs £31.00."], "costs £3"),
        (["It costs £3.50."], "costs £3"),
        (["It takes 110 days."], "10 days"),
        (["料金は月額£15.83です"], "£15.8"),
        (["料金は月額13,000円です"], "3,000円です"),
        (["plan: Home Plus; price: £33.00\nplan: Home Max; price: £31.00"], "Home Plus | £31.00"),
        (["price: £31.00; plan: Home Plus"], "Home Plus | £31.00"),
        (["Refunds take ten days."], "refunds take twenty days"),
        (["anything"], " | ** "),
    ],
)
def test_another_number_row_or_order_is_not_found(chunks: list[str], quote: str) -> None:
    assert not contains(searchable(chunks), quote)


def test_a_cut_passage_counts_when_most_of_it_is_there() -> None:
    quote = "the refund is paid to the card you used within ten working days"
    assert overlaps(searchable(["The refund is paid to the card you used within"]), quote)
    assert not overlaps(searchable(["The refund is paid to"]), quote)
    assert not overlaps(searchable(["plan: Home Plus; speed: 150 Mbps"]), "Home Plus | 150 Mbps | £31.00")


@given(st.lists(st.text("abcdefg ", min_size=1, max_size=12), min_size=1, max_size=30), st.data())
def test_every_run_of_words_is_found_however_the_text_is_cut(words: list[str], data: st.DataObject) -> None:
    tokens = " ".join(words).split()
    if not tokens:
        return
    cut = data.draw(st.integers(0, len(tokens)))
    start = data.draw(st.integers(0, len(tokens) - 1))
    end = data.draw(st.integers(start + 1, len(tokens)))
    chunks = [" ".join(tokens[:cut]), " ".join(tokens[cut:])]
    shared_end_could_swallow_words = any(chunks[0].endswith(chunks[1][:length]) for length in range(12, len(chunks[1]) + 1))
    if not shared_end_could_swallow_words:
        assert contains(searchable(chunks), " ".join(tokens[start:end]))


_UNSPACED = "\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef"


def by_pattern(text: SearchableText, quote: str) -> bool:
    """`contains` as a pattern says it."""

    def whole(cell: str) -> str:
        def spaced(character: str) -> bool:
            return (character.isalnum() or character in "£$€¥") and not re.match(f"[{_UNSPACED}]", character)

        before = rf"(?<![^\W{_UNSPACED}])(?<!\d[.,])" if spaced(cell[0]) else ""
        after = rf"(?![^\W{_UNSPACED}])(?![.,]\d)" if spaced(cell[-1]) else ""
        return before + re.escape(cell) + after

    cells = [cell for cell in map(normalise, quote.split("|")) if cell]
    if not cells:
        return False
    if re.search(whole(" ".join(cells)), text.flat):
        return True
    return len(cells) > 1 and any(re.search(".*?".join(map(whole, cells)), line) for line in text.lines)


@given(st.lists(st.text("ab1£., |_料ー-", max_size=12), min_size=1, max_size=3), st.text("ab1£., |_料ー", min_size=1, max_size=5))
@example(["£31.5 a", "1.5"], "1.5")
@example(["a b a"], "a|a")
def test_a_quote_is_found_exactly_where_a_pattern_finds_it(chunks: list[str], quote: str) -> None:
    text = searchable(chunks)
    assert contains(text, quote) == by_pattern(text, quote)
