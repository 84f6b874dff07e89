"""What of an rtf file a reader sees, and what not: hidden text, comments, headers and footers. pandoc drops the latter in silence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from headgate.ingest.parse.left_out import LeftOut, LeftOutReason, leave_out

#: Control words that begin a destination → why its text is left out.
_DESTINATIONS: dict[str, LeftOutReason] = {
    "header": "running_header", "headerl": "running_header", "headerr": "running_header", "headerf": "running_header",
    "footer": "running_header", "footerl": "running_header", "footerr": "running_header", "footerf": "running_header",
    "annotation": "comment",
}  # fmt: skip
#: Destinations without text for readers.
_SILENT = frozenset(
    "fonttbl colortbl stylesheet info pict object themedata colorschememapping latentstyles datastore listtable listoverridetable rsidtbl "
    "generator xmlnstbl atnid atnauthor atndate atrfstart atrfend bkmkstart bkmkend fldinst filetbl revtbl pgptbl objdata shppict nonshppict".split()
)
#: Destinations that are text of the page.
_NOTES = frozenset({"footnote", "pn", "pntext", "shptxt"})
#: In the place of a character whose code page depends on its font; a letter, so that words stay whole.
_FOREIGN = "\u00aa"
_BREAKS = frozenset({b"par", b"line", b"cell", b"row", b"tab", b"sect", b"page", b"nestcell", b"nestrow"})
#: What stands apart from the word before.
_APART = frozenset({b"super", b"footnote"})
_SIGNS = {b"~": "\u00a0", b"-": "", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}"}
_TOKEN = re.compile(rb"\\([a-zA-Z]+)(-?\d+)? ?|\\'([0-9a-fA-F]{2})|\\(\*)|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+", re.DOTALL)
_MOST_TOKENS = 5_000_000


@dataclass(frozen=True, slots=True)
class _State:
    reason: LeftOutReason | None = None
    hidden: bool = False
    deleted: bool = False
    silent: bool = False
    optional: bool = False  # what follows `\\*` is for programs that know it


def read_rich_text(content: bytes) -> tuple[str, list[LeftOut]]:
    """(the text that is seen, with `_FOREIGN` for characters in a code page; one record a piece of text that is not)."""
    stack = [_State()]
    seen: list[str] = []
    pieces: list[tuple[LeftOutReason, str]] = []
    skip = False
    for number, token in enumerate(_TOKEN.finditer(content)):
        if number > _MOST_TOKENS:
            break
        word, value, code, star, sign, brace, text = token.groups()
        state = stack[-1]
        if brace == b"{":
            stack.append(state)
        elif brace == b"}":
            if len(stack) > 1:
                stack.pop()
            if pieces:
                pieces.append((pieces[-1][0], "\n"))
        elif star:
            stack[-1] = replace(state, optional=True)
        elif word == b"u" and value:
            _add(chr(int(value) % 65536), state, seen, pieces)
            skip = True  # a character for programs that know no other follows
            continue
        elif word and word in _BREAKS:
            _add("\n", state, seen, pieces)
        elif word:
            if word in _APART:
                _add(" ", state, seen, pieces)
            stack[-1] = _entered(state, word.decode("ascii"), value)
        elif code or text or sign in _SIGNS:
            shown = _SIGNS[sign] if sign else _FOREIGN if code else text.decode("ascii", "replace")
            _add(shown[1:] if skip and not sign else shown, state, seen, pieces)
        skip = False
    # Characters beyond 16 bits come as two halves.
    return "".join(seen).encode("utf-16", "surrogatepass").decode("utf-16", "replace"), _joined(pieces)


def _add(text: str, state: _State, seen: list[str], pieces: list[tuple[LeftOutReason, str]]) -> None:
    if state.silent or state.deleted:  # what is struck out is told by what pandoc makes of it
        return
    if reason := state.reason or ("hidden" if state.hidden else None):
        pieces.append((reason, text))
    else:
        seen.append(text)


def _entered(state: _State, word: str, value: bytes | None) -> _State:
    if word == "v":
        return replace(state, hidden=value != b"0")
    if word == "plain":
        return replace(state, hidden=False, deleted=False)
    if word in ("deleted", "strike", "striked"):
        return replace(state, deleted=value != b"0")
    if word in _DESTINATIONS:
        return replace(state, reason=_DESTINATIONS[word], optional=False)
    if word in _SILENT or (state.optional and word not in _NOTES):
        return replace(state, silent=True, optional=False)
    return replace(state, optional=False)


def _joined(pieces: list[tuple[LeftOutReason, str]]) -> list[LeftOut]:
    """Neighbours of one reason together, cut where their group ends."""
    found: list[LeftOut] = []
    reason: LeftOutReason | None = None
    text = ""
    for own, piece in [*pieces, (None, "")]:
        if own != reason or piece == "\n":
            if reason and text.strip():
                found.append(leave_out(reason, text))
            text = ""
        reason = own
        text += piece
    return found
