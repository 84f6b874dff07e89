from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.text.units import units


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("Refunds take 10 working days. Card: 5 days.", ["Refunds take 10 working days.", "Card: 5 days."]),
        ("The fee is £7.50 after 10 days. It applies once.", ["The fee is £7.50 after 10 days.", "It applies once."]),
        ("Use a device, e.g. A phone or a tablet.", ["Use a device, e.g. A phone or a tablet."]),
        ("See No. 5 for details. Then stop.", ["See No. 5 for details.", "Then stop."]),
        ("料金は月額24ポンドです。返金は10日です。", ["料金は月額24ポンドです。", "返金は10日です。"]),
        ("Das kostet z. B. 5 Euro. Mehr nicht.", ["Das kostet z. B. 5 Euro.", "Mehr nicht."]),
        ("- First step\n- Second step", ["- First step", "- Second step"]),
        ("Is it free? ¿Y en España? Sí.", ["Is it free?", "¿Y en España?", "Sí."]),
        ("", []),
    ],
)
def test_sentences_items_and_rows_become_units(passage: str, expected: list[str]) -> None:
    assert [unit.text for unit in units(passage)] == expected


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_units_are_verbatim_in_order_and_lose_only_white_space(passage: str) -> None:
    found = units(passage)
    assert all(passage[unit.start : unit.end] == unit.text for unit in found)
    assert all(left.end <= right.start for left, right in pairwise(found))
    kept = "".join(unit.text for unit in found)
    assert "".join(kept.split()) == "".join(passage.split())
