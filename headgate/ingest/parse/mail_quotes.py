"""The answer of a mail apart from the earlier mails that it quotes.

See below.                             ──► text
On Mon, 2 Mar 2026, Ben wrote:         ──► quoted
> What does the service cost?          ──► quoted
"""

from __future__ import annotations

import re

_QUOTE = re.compile(r"^\s*>")
#: The line above an earlier mail, as Outlook writes it in several languages; all below belongs to that mail.
_ORIGINAL = re.compile(
    r"^\s*-{3,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|oorspronkelijk bericht)\s*-{3,}\s*$",
    re.IGNORECASE,
)


def split_quotes(text: str) -> tuple[str, str]:
    """(the mail's own text with its lines in place, what it quotes). A mail that is nothing but quotes keeps them."""
    lines = text.splitlines()
    quoted = [_QUOTE.match(line) is not None for line in lines]
    for index, line in enumerate(lines):
        if _ORIGINAL.match(line):
            quoted[index:] = [True] * (len(lines) - index)
            break
    for index in range(len(lines)):
        # "On Monday Ben wrote:", which may be folded into two lines, belongs to the quote below it.
        if quoted[index] and not (index and quoted[index - 1]):
            _take_introduction(lines, quoted, index)
    own = "\n".join("" if taken else line for line, taken in zip(lines, quoted, strict=True))
    if not own.strip():
        return text, ""
    return own, "\n".join(line for line, taken in zip(lines, quoted, strict=True) if taken)


def _take_introduction(lines: list[str], quoted: list[bool], index: int) -> None:
    above = index - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if above < 0 or not lines[above].rstrip().endswith(":") or index - above > 2:
        return
    quoted[above] = True
    if above and lines[above - 1].strip() and not re.search(r"\d", lines[above]) and re.search(r"\d", lines[above - 1]):
        quoted[above - 1] = True
