"""Numbers as files and web servers write them."""

from __future__ import annotations

#: Digits of a number that is believed; no file has 10^18 bytes.
_MAX_DIGITS = 18


def whole_number(text: str) -> int | None:
    """A number in ASCII digits; None where it is none, or has more than 18 digits. Never raises, as `int` does for "²" or 5,000 digits."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None
