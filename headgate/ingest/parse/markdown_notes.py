"""Notes, warnings and footnotes in Markdown: their titles and bodies are text, their marks are none.

!!! warning "Before you start"     Python-Markdown, MkDocs; also ??? and ???+
:::caution Keep the key            Docusaurus, VitePress
> [!IMPORTANT]                     GitHub
Prices[^1] …  [^1]: Without tax.   footnotes
"""

from __future__ import annotations

import re
from typing import Any

_COLONS = re.compile(r"^ {0,3}:{3,}[ \t]*(.*)$")
#: The word that names the kind of a note, before its own title.
_KIND = re.compile(r"^\{?\.?[A-Za-z][\w-]*\}?[ \t]*")
_ALERT = re.compile(
    r"^\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION|INFO|DANGER|QUESTION|SUCCESS|EXAMPLE|QUOTE|ABSTRACT|BUG|FAILURE|TODO)\][+-]?[ \t]*",
    re.IGNORECASE,
)
_FOOTNOTE_MARK = re.compile(r"(?<=[^\s\[])\[\^([^\]\s]{1,40})\]")
_FOOTNOTE = re.compile(r"^\[\^([^\]\s]{1,40})\]:[ \t]*")


def add_notes(parser: Any) -> None:
    """Let a markdown-it parser read notes; a token `note_title` carries what each says in its first line."""
    from mdit_py_plugins.admon import admon_plugin

    admon_plugin(parser)
    parser.core.ruler.push("note_titles", _name_titles)
    parser.block.ruler.before("fence", "colons", _colons, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.before("reference", "footnote", _footnote, {"alt": ["paragraph", "reference"]})


def without_mark(text: str) -> str:
    """Text without the mark that makes a quotation a note (`[!IMPORTANT]`)."""
    return _ALERT.sub("", text)


def without_footnote_marks(text: str) -> str:
    """Text with the number of a footnote set apart from the word before it: `Prices[^1]` is `Prices [1]`."""
    return _FOOTNOTE_MARK.sub(r" [\1]", text)


def _name_titles(state: Any) -> None:
    """Titles of notes, for which the plugin makes a paragraph; where a note has none, it takes the kind, which is no text."""
    note: Any = None
    for index, token in enumerate(state.tokens):
        if token.type == "admonition_open":
            note = token
        elif token.type == "admonition_title_open":
            state.tokens[index + 1].type = "note_title" if len(note.info.split()) > 1 else "note_kind"


def _colons(state: Any, start: int, _end: int, silent: bool) -> bool:
    """A line of colons opens or closes a note; what stands behind the kind is its title."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    found = _COLONS.match(line)
    if found is None or state.is_code_block(start):
        return False
    if silent:
        return True
    title = _KIND.sub("", found[1].strip()).strip("[] ")
    if title:
        token = state.push("note_title", "", 0)
        token.content, token.map = title, [start, start + 1]
    state.line = start + 1
    return True


def _footnote(state: Any, start: int, end: int, silent: bool) -> bool:
    """`[^1]: text` is a paragraph of its own, `[1] text`; CommonMark takes one of a single word for a link's address and drops it."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    found = _FOOTNOTE.match(line)
    if found is None or state.is_code_block(start):
        return False
    if silent:
        return True
    last = start + 1
    while (
        last < end
        and not state.isEmpty(last)
        and not _FOOTNOTE.match(state.src[state.bMarks[last] + state.tShift[last] : state.eMarks[last]])
    ):
        last += 1
    lines = [
        line[found.end() :],
        *(state.src[state.bMarks[n] + state.tShift[n] : state.eMarks[n]] for n in range(start + 1, last)),
    ]
    token = state.push("note_title", "", 0)
    token.content, token.map = f"[{found[1]}] " + "\n".join(lines), [start, last]
    state.line = last
    return True
