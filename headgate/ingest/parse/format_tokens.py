"""A number format as tokens, one list for each of its parts: `0.0,"k";(0)` → [0 . 0 , k], [( 0 )]."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from headgate.errors import UnknownFormat

TokenKind = Literal[
    "digit",  # 0 # ?
    "point",
    "comma",
    "percent",
    "exponent",  # E+ E-
    "stroke",  # of a fraction
    "general",
    "text",  # @
    "literal",
    "space",  # as wide as a character
    "fill",  # a character repeated up to the cell's width
    "condition",
    "language",  # of names of months and days
    "date",  # y m d h s and [h] [m] [s]
    "clock",  # AM/PM
]


class Token(NamedTuple):
    kind: TokenKind
    text: str


_TOKEN = re.compile(
    r"""
      (?P<quoted>"[^"]*")
    | (?P<escaped>\\.)
    | (?P<space>_.)
    | (?P<fill>\*.)
    | (?P<elapsed>\[(?:h+|m+|s+)\])
    | (?P<condition>\[(?:<=|>=|<>|<|>|=)-?\d+(?:\.\d+)?\])
    | (?P<colour>\[(?:black|blue|cyan|green|magenta|red|white|yellow|color\s?\d{1,2})\])
    | (?P<currency>\[\$[^\[\]]*\])
    | (?P<bracket>\[[^\[\]]*\])
    | (?P<general>general|standard)
    | (?P<clock>am/pm|a/p)
    | (?P<exponent>e[+-])
    | (?P<date>y+|m+|d+|h+|s+)
    | (?P<digit>[0\#?])
    | (?P<point>\.)
    | (?P<comma>,)
    | (?P<percent>%)
    | (?P<stroke>/)
    | (?P<text>@)
    | (?P<end>;)
    | (?P<literal>[-+$()\ :£€¥'!^&~{}=<>–—−°´`§|¤\u00a0\u202f1-9]|[^\x00-\x7f])
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def read_tokens(code: str) -> list[list[Token]]:
    """Tokens of each part.

    Raises:
        UnknownFormat: it holds what the standard does not define, or what depends on the machine.
    """
    parts: list[list[Token]] = [[]]
    position = 0
    while position < len(code):
        found = _TOKEN.match(code, position)
        if found is None:
            raise UnknownFormat(code)
        position = found.end()
        kind, text = found.lastgroup or "", found[0]
        match kind:
            case "end":
                parts.append([])
            case "quoted":
                parts[-1].append(Token("literal", text[1:-1]))
            case "escaped":
                parts[-1].append(Token("literal", text[1:]))
            case "space" | "fill":
                parts[-1].append(Token("space", " "))
            case "colour":
                continue
            case "currency":
                symbol, dash, language = text[2:-1].rpartition("-") if "-" in text else (text[2:-1], "", "")
                if symbol:
                    parts[-1].append(Token("literal", symbol))
                if dash:
                    parts[-1].append(Token("language", language))
            case "bracket":
                raise UnknownFormat(code)
            case "elapsed":
                parts[-1].append(Token("date", text.lower()))
            case "date" | "clock":
                parts[-1].append(Token("date" if kind == "date" else "clock", text.lower() if kind == "date" else text))
            case "digit" | "point" | "comma" | "percent" | "exponent" | "stroke" | "general" | "text" | "condition" | "literal":
                parts[-1].append(Token(kind, text))
    return [_without_language(part) for part in parts]


def _without_language(tokens: list[Token]) -> list[Token]:
    """A language matters to names of months and days only, and to kinds of digits, which its upper half names."""
    if any(token.kind == "date" for token in tokens):
        return tokens
    if any(token.kind == "language" and len(token.text) > 4 for token in tokens):
        raise UnknownFormat
    return [token for token in tokens if token.kind != "language"]
