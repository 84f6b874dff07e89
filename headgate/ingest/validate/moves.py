"""Where the text of a page went that is not on it any more: into other documents, or to where its links lead.

lines that pages lost ──find_moved──► share of them that stand elsewhere, and where
path + target of a link ──leads_into──► whether that is a document of this ingest
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from headgate.ingest.validate.facts.resemblance import MARK, marks
from headgate.ingest.validate.shapes import Shape

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]{1,20}:|//", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_MAX_PLACES = 3  # that are named
_MAX_HOLDERS = 5  # a line in more documents is a phrase that pages are made with


@dataclass(frozen=True, slots=True)
class MovedText:
    """What became of the lines that a page lost.

    `of_all` is the share of the page's earlier lines that stand in other documents now, which did not have them then, `of_lost` that of the
    lines it lost; 0 to 1.
    `places` are the documents that most of them are in.
    """

    of_all: float = 0.0
    of_lost: float = 0.0
    places: tuple[str, ...] = ()


def find_moved(lost: Mapping[str, set[bytes]], before: Mapping[str, Shape], indexed: Mapping[str, Shape]) -> dict[str, MovedText]:
    """For each page what became of the lines it lost.

    Args:
        lost: path → lines, as `resemblance.marks`; what a page still holds itself is not among them.
        before: all documents when the pages held them.
        indexed: all documents that are indexed now.
    """
    wanted = set().union(*lost.values())
    found: dict[bytes, list[str]] = {line: [] for line in wanted}
    if wanted:
        for path, shape in indexed.items():
            for line in wanted.intersection(_split(shape.lines)):
                found[line].append(path)
    for line, places in found.items():
        few = places if len(places) <= _MAX_HOLDERS else []
        found[line] = [path for path in few if path not in before or line not in marks(before[path].lines)]
    return {path: _moved(lines, len(before[path].lines) // MARK, found) for path, lines in lost.items()}


def leads_into(path: str, target: str, paths: Collection[str]) -> bool:
    """Whether a link of a page leads out of the corpus, or to a document in it; one to a page that is not there leads nowhere."""
    if _ELSEWHERE.match(target):
        return True
    place = unquote(target).partition("#")[0].partition("?")[0]
    if not place:
        return False
    # An address from the root of a site is a path below a folder that nobody has told.
    wanted = _bare(normpath(place.lstrip("/") if place.startswith("/") else join(dirname(path), place)))
    return any(one == wanted or (place.startswith("/") and one.endswith(f"/{wanted}")) for one in map(_bare, paths))


def _bare(path: str) -> str:
    """A path without what addresses leave out: the extension, and the name of a folder's first page."""
    path = _EXTENSION.sub("", path.strip("/"))
    return path.removesuffix("/index").removesuffix("/README").removesuffix("/_index")


def _split(lines: bytes) -> Iterable[bytes]:
    return (lines[start : start + MARK] for start in range(0, len(lines), MARK))


def _moved(lines: set[bytes], all_lines: int, found: Mapping[bytes, list[str]]) -> MovedText:
    there = Counter(place for line in lines for place in found[line])
    if not there:
        return MovedText()
    moved = sum(bool(found[line]) for line in lines)
    ranked = sorted(there, key=lambda place: (-there[place], place))
    return MovedText(moved / max(all_lines, 1), moved / len(lines), tuple(ranked[:_MAX_PLACES]))
