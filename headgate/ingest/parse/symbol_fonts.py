"""Characters of the symbol fonts of office programs → Unicode. What is not listed has no known meaning here."""

from __future__ import annotations

#: Position in the font → character. Positions are bytes; Word also writes them as U+F000 and that byte.
_WINGDINGS = {
    0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6D: "○", 0x6E: "■", 0x6F: "☐", 0x71: "☐", 0x72: "☐", 0x75: "◆", 0x76: "❖", 0x9F: "•", 0xA0: "▪", 0xA1: "○",
    0xA7: "▪", 0xA8: "☐", 0xAB: "★", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩",
    0xF3: "⬄", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑", 0x21: "✏", 0x22: "✂", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x36: "⌛", 0x46: "☞", 0x80: "⓪",
    **{0x80 + number: chr(0x245F + number) for number in range(1, 11)}, 0x8B: "⓿", **{0x8B + number: chr(0x2775 + number) for number in range(1, 11)},
}  # fmt: skip
_WINGDINGS_2 = {
    0x2A: "☐", 0x30: "☐", 0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x98: "●", 0x99: "○", 0xA2: "■", 0xA3: "☐", 0xA4: "☐", 0xA5: "☐",
    0x55: "☒", 0x56: "☒",
}  # fmt: skip
_WINGDINGS_3 = {
    0x21: "→",
    0x22: "↑",
    0x23: "↓",
    0x66: "←",
    0x67: "→",
    0x68: "↑",
    0x69: "↓",
    0x7D: "▶",
    0x7C: "◀",
    0x70: "▲",
    0x71: "▼",
}
_WEBDINGS = {0x61: "✓", 0x63: "☐", 0x67: "■", 0x6E: "●", 0x72: "✗", 0x31: "☐", 0xD6: "→"}
_GREEK_UPPER = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ"
_GREEK_LOWER = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"
_SYMBOL = {
    **{0x41 + position: letter for position, letter in enumerate(_GREEK_UPPER)},
    **{0x61 + position: letter for position, letter in enumerate(_GREEK_LOWER)},
    **{code: chr(code) for code in (*range(0x20, 0x22), 0x23, 0x25, 0x26, *range(0x28, 0x2A), 0x2B, 0x2C, *range(0x2E, 0x40), 0x5B, 0x5D, 0x5F, 0x7B, 0x7C, 0x7D)},
    0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2A: "∗", 0x2D: "−", 0x40: "≅", 0x5C: "∴", 0x5E: "⊥", 0x7E: "∼", 0xA0: "€", 0xA2: "′", 0xA3: "≤", 0xA4: "⁄", 0xA5: "∞",
    0xA6: "ƒ", 0xA7: "♣", 0xA8: "♦", 0xA9: "♥", 0xAA: "♠", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB2: "″", 0xB3: "≥",
    0xB4: "×", 0xB5: "∝", 0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩", 0xC8: "∪", 0xC9: "⊃",
    0xCA: "⊇", 0xCC: "⊂", 0xCD: "⊆", 0xCE: "∈", 0xCF: "∉", 0xD0: "∠", 0xD1: "∇", 0xD2: "®", 0xD3: "©", 0xD4: "™", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xD8: "¬",
    0xD9: "∧", 0xDA: "∨", 0xDB: "⇔", 0xDC: "⇐", 0xDD: "⇑", 0xDE: "⇒", 0xDF: "⇓", 0xE0: "◊", 0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_FONTS = {
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": _WINGDINGS_3,
    "webdings": _WEBDINGS,
    "symbol": _SYMBOL,
}
_PRIVATE = range(0xF000, 0xF100)


def symbol(font: str, code: int) -> str:
    """The character at a position of a font; "" where it is not known."""
    table = _FONTS.get(font.lower())
    if table is None:
        return "" if code in _PRIVATE or code < 0x20 or code > 0x10FFFF else chr(code)
    return table.get(code - 0xF000 if code in _PRIVATE else code, "")


def readable(text: str, font: str) -> tuple[str, int]:
    """(text in a font with the characters of symbol fonts told, characters without a known meaning)."""
    if font.lower() not in _FONTS:
        if not any(ord(character) in _PRIVATE for character in text):
            return text, 0
        # Word takes characters of the private area from its Symbol font where the font has none.
        font = "symbol"
        told = [symbol(font, ord(character)) if ord(character) in _PRIVATE else character for character in text]
    else:
        told = [" " if character.isspace() else symbol(font, ord(character)) for character in text]
    return "".join(told), told.count("")
