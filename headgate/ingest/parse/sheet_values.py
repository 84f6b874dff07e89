"""Numbers of both Excel formats as their cells show them; without a known format, as they are stored."""

from __future__ import annotations

from typing import NamedTuple

from headgate.ingest.parse.date_format import plain_date
from headgate.ingest.parse.number_format import plain_number, shown_number

#: In place of a code: dates whose look the machine's region decides, and which are written as `2026-03-04`.
REGIONAL_DATE = "regional date"
#: Built-in formats (ECMA-376 part 1, 18.8.30) that each region shows in its own way. Those of money name no currency.
_REGIONAL_DATES = frozenset({14, 22, *range(27, 37), *range(50, 59)})
_MONEY = {5: "#,##0;-#,##0", 6: "#,##0;-#,##0", 7: "#,##0.00;-#,##0.00", 8: "#,##0.00;-#,##0.00"}
_MONEY |= {41: "#,##0;-#,##0;-", 42: "#,##0;-#,##0;-", 43: "#,##0.00;-#,##0.00;-", 44: "#,##0.00;-#,##0.00;-"}


class CellFormat(NamedTuple):
    code: str = "General"
    bold: bool = False
    struck: bool = False


def format_code(identity: int) -> str:
    """Code of a built-in format."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    if identity in _REGIONAL_DATES:
        return REGIONAL_DATE
    return _MONEY.get(identity) or BUILTIN_FORMATS.get(identity, "General")


def number_text(stored: str, code: str, *, from_1904: bool) -> str:
    """What a cell shows; "" where its format hides the number.

    Args:
        stored: the number as the file has it; what is none is returned as it is.
    """
    try:
        value = float(stored)
    except ValueError:
        return stored
    if code == REGIONAL_DATE:
        return plain_date(value, from_1904=from_1904) or plain_number(value)
    shown = shown_number(value, code, from_1904=from_1904)
    return plain_number(value) if shown is None else shown
