"""What rst and org files say to nobody who reads them, and what they ask pandoc to fetch: found by line, before pandoc reads them.

rst    `.. words`, a comment; include, literalinclude and tables or raw text by `:file:` or `:url:`; toctree, index and the like
org    `# words` and comment blocks; headings that are COMMENT or tagged noexport, with all below them; `#+NAME: value` are properties
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from headgate.ingest.parse.left_out import LeftOut, leave_out

#: (name, value, 1-based line).
Property = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Markup:
    """`text` is what pandoc is given; `not_included` names what the file asks to be read from elsewhere."""

    text: str
    left_out: tuple[LeftOut, ...] = ()
    properties: tuple[Property, ...] = ()
    not_included: tuple[str, ...] = ()


_RST_EXPLICIT = re.compile(r"^(\s*)\.\.(?:\s+(.*))?$")
_RST_DIRECTIVE = re.compile(r"^([\w:+.-]+)\s*::\s*(.*)$")
#: Targets, footnotes, citations, substitutions: no comments.
_RST_MARKED = re.compile(r"^(_|\[[^\]]+\]|\|[^|]+\||__)")
_RST_FILE = re.compile(r"^[ \t]{1,60}:(?:file|url):[ \t]{0,20}(\S.*)$", re.MULTILINE)
_RST_FETCHES = frozenset({"include", "literalinclude", "csv-table", "raw", "highlightfile", "graphviz"})
_RST_LITERAL = frozenset(
    {"code", "code-block", "sourcecode", "math", "raw", "parsed-literal", "csv-table", "productionlist", "doctest"}
)
_RST_ALWAYS_FETCHES = frozenset({"include", "literalinclude"})
#: Directives for the tools that make the pages: their words are no text.
_RST_TOOLING = frozenset(
    "toctree index highlight contents sectnum section-numbering default-role meta currentmodule module py:currentmodule py:module "
    "tabularcolumns cssclass rst-class role header footer target-notes autosummary automodule autoclass autofunction".split()
)

_ORG_KEYWORD = re.compile(r"^\s*#\+([A-Za-z][\w-]*):\s*(.*)$")
_ORG_COMMENT = re.compile(r"^\s*#(?:\s+(.*))?$")
_ORG_HEADING = re.compile(r"^(\*+)\s+(.*)$")
_ORG_HIDDEN_HEADING = re.compile(r"^(?:[A-Z]+\s+)?(?:\[#\w\]\s+)?COMMENT\b|:noexport:[\w@#%:]*\s*$")
_ORG_BLOCK = re.compile(r"^\s*#\+begin_(\w+)", re.IGNORECASE)
#: Keywords that name a file, or say what stands below them.
_ORG_FILES = frozenset({"include", "setupfile", "bibliography"})
_ORG_ATTACHED = frozenset({"caption", "name", "results", "header", "plot", "tblfm", "begin", "end"})


def read_rst(text: str) -> Markup:
    """An rst file without its comments and without what it would fetch."""
    lines = text.split("\n")
    kept: list[str] = []
    left_out: list[LeftOut] = []
    fetched: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        found = _RST_EXPLICIT.match(line)
        end = _block_end(lines, position + 1, len(line) - len(line.lstrip()))
        if not found:
            # A line that ends so is followed by literal text.
            end = end if line.rstrip().endswith("::") else position + 1
            kept += lines[position:end]
            position = end
            continue
        if not (found[2] or "").strip() and not (position + 1 < len(lines) and lines[position + 1].strip()):
            # An empty comment: it ends what stands above, and has nothing of what follows.
            kept.append(line)
            position += 1
            continue
        block, words = lines[position:end], found[2] or ""
        directive = _RST_DIRECTIVE.match(words)
        name = directive[1] if directive else ""
        files = _RST_FILE.findall("\n".join(block)) if name in _RST_FETCHES else []
        if name in _RST_ALWAYS_FETCHES or files:
            fetched += files or [directive[2] if directive else ""]
            kept += [""] * len(block)
        elif name in _RST_TOOLING:
            left_out.append(leave_out("markup", "\n".join([directive[2] if directive else "", *block[1:]])))
            kept += [""] * len(block)
        elif not name and not _RST_MARKED.match(words):
            left_out.append(leave_out("comment", "\n".join([words, *block[1:]])))
            kept += [""] * len(block)
        elif name and name not in _RST_LITERAL:
            # Its content is read on: it may hold comments and directives.
            kept.append(line)
            end = position + 1
        else:
            kept += block
        position = end
    return Markup("\n".join(kept), tuple(left_out), not_included=tuple(fetched))


def _block_end(lines: list[str], position: int, indent: int) -> int:
    """The line behind all that is indented more than `indent`, empty lines before it not counted."""
    end = position
    while position < len(lines):
        line = lines[position]
        if line.strip():
            if len(line) - len(line.lstrip()) <= indent:
                break
            end = position + 1
        position += 1
    return end


def read_org(text: str) -> Markup:
    """An org file without its comments and hidden headings, and its properties."""
    kept: list[str] = []
    left_out: list[LeftOut] = []
    properties: list[Property] = []
    fetched: list[str] = []
    hidden: list[str] | None = None
    level, block = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        heading = _ORG_HEADING.match(line) if not block else None
        if hidden is not None and heading and len(heading[1]) <= level:
            left_out.append(leave_out("hidden", "\n".join(hidden)))
            hidden = None
        if heading and hidden is None and _ORG_HIDDEN_HEADING.search(heading[2]):
            hidden, level = [], len(heading[1])
        opened = _ORG_BLOCK.match(line)
        if block and re.match(rf"^\s*#\+end_{re.escape(block)}\b", line, re.IGNORECASE):
            kept.append("" if hidden is not None or block.lower() == "comment" else line)
            block = ""
            continue
        keyword, comment = _ORG_KEYWORD.match(line), _ORG_COMMENT.match(line)
        keep = True
        if hidden is not None:
            hidden.append(line)
            keep = False
        elif block:
            keep = block.lower() != "comment"
            if not keep:
                left_out.append(leave_out("comment", line))
        elif opened:
            keep = opened[1].lower() != "comment"
        elif keyword:
            name = keyword[1].lower()
            if name in _ORG_FILES:
                fetched.append(keyword[2].strip())
                keep = False
            elif name == "property":
                properties.append((*_pair(keyword[2]), number))
            elif name not in _ORG_ATTACHED:
                properties.append((name, keyword[2].strip(), number))
        elif comment:
            left_out.append(leave_out("comment", comment[1] or ""))
            keep = False
        if opened and not block:
            block = opened[1]
        kept.append(line if keep else "")
    if hidden:
        left_out.append(leave_out("hidden", "\n".join(hidden)))
    return Markup("\n".join(kept), tuple(left_out), tuple(properties), tuple(fetched))


def _pair(value: str) -> tuple[str, str]:
    name, _, rest = value.strip().partition(" ")
    return name, rest.strip()
