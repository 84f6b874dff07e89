"""Values as a sheet shows them; None where the format is not known, so that the stored value is shown."""

from __future__ import annotations

import pytest

from headgate.ingest.parse.number_format import plain_number, shown_number, shown_text

SHOWN = [
    # digits and literals
    (1234, "00000", "01234"), (5550101234, "(000) 000-0000", "(555) 010-1234"), (12345678, "000-00-0000", "012-34-5678"),
    (3, '"Q"0', "Q3"), (30, '0" days"', "30 days"), (7, "\\#0", "#7"), (5, "0\\ \\k\\g", "5 kg"), (12, "##", "12"), (0, "##", ""),
    (0.5, "#.##", ".5"), (3.14, "#.##", "3.14"), (3, "0.##", "3."), (3.14159, "0.00", "3.14"), (2.5, "0", "3"), (1.005, "0.00", "1.01"),
    (-2.5, "0", "-3"), (1e15, "0", "1000000000000000"), (42, "0.0?", "42.0"),
    # thousands and scales
    (1234567.891, "#,##0.00", "1,234,567.89"), (999, "#,##0", "999"), (0, "#,##0", "0"), (1234.5, "#,##0.##", "1,234.5"),
    (12500, '0.0,"k"', "12.5k"), (1500000, '#,##0.0,,"M"', "1.5M"), (1234567, "#,##0,", "1,235"), (1234, "0000,000", "0,001,234"),
    # percent
    (0.15, "0%", "15%"), (0.1555, "0.0#%", "15.55%"), (12.5, '0.0"%"', "12.5%"), (12.5, "0.0\\%", "12.5%"), (-0.031, "0.0 %", "-3.1 %"),
    # parts
    (-500, "#,##0;(#,##0)", "(500)"), (0, '0;-0;"none"', "none"), (-4, "0;-0", "-4"), (5, '"up "0;"down "0;"flat"', "up 5"),
    (-5, '"up "0;"down "0;"flat"', "down 5"), (-5, "#,##0.00_);[Red](#,##0.00)", "(5.00)"), (5, "[Blue]0;[Red]0", "5"), (5, ";;;", ""),
    (-1, "0;", ""), (5, '0;;"zero"', "5"),
    (2500, '[>=1000]0.0,"k";0', "2.5k"), (25, '[>=1000]0.0,"k";0', "25"), (1, '[=1]"one";[=2]"two";0', "one"), (9, '[=1]"one";[=2]"two";0', "9"),
    # currency
    (12.5, "#,##0.00 [$€-407]", "12.50 €"), (99, '_-* #,##0.00 "kr"_-', "99.00 kr"), (1234.5, "[$$-409]#,##0.00", "$1,234.50"),
    (1234.5, '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)', "$ 1,234.50"), (0, '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)', "$ -"),
    (-7, "£#,##0", "-£7"), (8, "[$CHF] 0.00", "CHF 8.00"),
    # fractions
    (0.5, "# ?/?", "1/2"), (2.25, "# ??/??", "2 1/4"), (2, "# ?/?", "2"), (-1.5, "# ?/?", "-1 1/2"), (1.75, "?/?", "7/4"),
    (0.3, "# ?/8", "2/8"), (0.125, '# ?/?"/in"', "1/8/in"),
    # scientific
    (1.234e-05, "0.00E+00", "1.23E-05"), (123456, "0.0E+0", "1.2E+5"), (123456, "##0.0E+0", "123.5E+3"), (0, "0.0E+00", "0.0E+00"), (9.99e9, "0.0E-0", "1.0E10"),
    # dates and times
    (46085, "d-mmm-yy", "4-Mar-26"), (46082, "mmm yyyy", "Mar 2026"), (46023, "yyyy", "2026"), (46085, "dd/mm/yyyy", "04/03/2026"),
    (46085, "dddd, mmmm d, yyyy", "Wednesday, March 4, 2026"), (46085, "[$-409]d\\ mmmm\\ yyyy;@", "4 March 2026"), (46085, "mmmmm", "M"),
    (46085.5, "yyyy-mm-dd hh:mm", "2026-03-04 12:00"), (46085.75, 'yyyy-mm-dd"T"hh:mm:ss', "2026-03-04T18:00:00"),
    (0.6041666666666666, "h:mm AM/PM", "2:30 PM"), (0.0, "h:mm AM/PM", "12:00 AM"), (0.5, "hh:mm:ss", "12:00:00"),
    (1.5, "[h]:mm", "36:00"), (0.01, "[mm]:ss", "14:24"), (0.0001, "[s].00", "8.64"), (0.5000001, "mm:ss.0", "00:00.0"), (60.5, "[h]", "1452"),
    (1, "yyyy-mm-dd", "1900-01-01"), (61, "yyyy-mm-dd", "1900-03-01"), (46085, "[$-407]d. mmmm yyyy", "2026-03-04"),
    (46085, "[$-407]dd.mm.yyyy", "04.03.2026"), (46085.25, "[$-40C]d mmm yyyy hh:mm", "2026-03-04 06:00"),
    (46085, "[$-F800]dddd, mmmm dd, yyyy", "2026-03-04"), (0.25, "[$-F400]h:mm:ss AM/PM", "06:00"),
]  # fmt: skip
#: Formats, or values under them, whose look depends on the machine or is not defined.
UNKNOWN = [
    (0.5, "General"), (5, "@"), (60, "yyyy-mm-dd"), (0.5, "yyyy-mm-dd"), (-5, "yyyy-mm-dd"), (3e6, "d mmm yyyy"), (5, "0.0.0"), (5, "[DBNum1]0"),
    (5, "bbbb"), (5, '0"open'), (5, "0;0;0;0;0"), (5, "0;0;0;@;x"), (-5, "[>=1000]0,;0"), (5, "# ?/?/?"), (5, "q0"), (46085, "ggge"),
    (5, "0" * 300), (1e300, "[h]:mm:ss.0000"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "code", "shown"), SHOWN)
def test_a_number_is_shown_as_its_format_says(value: float, code: str, shown: str) -> None:
    assert shown_number(value, code) == shown


@pytest.mark.parametrize(("value", "code"), UNKNOWN)
def test_what_is_not_certain_is_not_guessed(value: float, code: str) -> None:
    assert shown_number(value, code) is None


def test_a_sheet_of_1904_counts_from_there() -> None:
    assert shown_number(44623, "d-mmm-yy", from_1904=True) == "4-Mar-26"


def test_texts_have_a_part_of_their_own() -> None:
    assert shown_text("Ana", '0;0;0;"Ms "@') == "Ms Ana"
    assert shown_text("Ana", '@" et al."') == "Ana et al."
    assert shown_text("Ana", "0.00") == "Ana"
    assert shown_text("Ana", ";;;") == ""


@pytest.mark.parametrize(
    ("value", "shown"), [(0.1 + 0.2, "0.3"), (1e20, "1e+20"), (5, "5"), (1234567890123, "1234567890123"), (-0.5, "-0.5")]
)
def test_without_a_format_all_digits_are_shown(value: float, shown: str) -> None:
    assert plain_number(value) == shown
