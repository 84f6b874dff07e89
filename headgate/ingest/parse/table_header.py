"""Which rows of a table name its columns: marks first, then what the cells hold.

Where a format does not mark a header, the first rows are one when what stands below them is of another kind and nothing speaks against it:

    for        words above numbers, codes or dates; years, months or dates above numbers; words that name attributes (`Name`, `City`);
               short words above sentences; another way of writing (`first_name` above `Ana`); an empty upper left corner
    against    a number above numbers, a date above dates, a code above codes; a value that comes again below; a missing value

Two columns are label and value unless both names are attributes and a column is of another kind than its name, or the first column is. In doubt no
row is a header: rows of equal standing say less, and nothing wrong.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from headgate.ingest.parse.cell_kinds import cell_kind, is_attribute
from headgate.ingest.parse.table_grid import Row

_MAX_HEADER_ROWS = 4
_LOOKED_AT = 300  # rows; more tell nothing new
_MAX_LABEL = 80  # characters; longer cells are text
_SAME_SHARE = 0.75  # of the filled cells of a column that make its kind
_BASE_UNIT = r"(?:[µmckMGT]?(?:m|g|l|s|W|A|V|Hz|Pa|J|N|K|B|Wh|bit|bar|mol)|min|h|d|t|yr|°[CFK]?|in|ft|lb|oz|mi|pcs|pieces|Stück|[A-Z]{3}|[£$€¥%‰])"
_UNIT = re.compile(
    rf"^(?:[(\[][^()\[\]]{{1,40}}[)\]]|{_BASE_UNIT}(?:\s?\^?-?[²³23])?(?:\s?[/·*]\s?{_BASE_UNIT}(?:\s?\^?-?[²³23])?)?|in [^\d]{{1,30}})$"
)
_LOWER_NAME = re.compile(r"^[a-zß-ÿ][a-z0-9_ß-ÿ-]*$")
_UPPER_NAME = re.compile(r"^[A-ZÀ-Þ][A-Z0-9_À-Þ -]+$")


def header_depth(rows: Sequence[Row], *, records: bool) -> int:
    """How many of the first rows name the columns, 0 to 4. Rows are tidy and have no title above.

    Args:
        records: the rows are those of a data file, where two columns are no pairs of label and value.
    """
    rows = rows[:_LOOKED_AT]
    told = _marked(rows, ("told",))
    if told:
        return told + _hanging(rows, told)
    shown = _marked(rows, ("told", "shown"))
    if shown and shown < len(rows) and _agrees(rows, shown):
        return shown + _hanging(rows, shown)
    least = _rows_above_corner(rows)
    if not (least and _bears_levels(rows, least) and _evidence(rows, least) > 0):
        least = 0
    for depth in range(min(_MAX_HEADER_ROWS, len(rows) - 1), least, -1):
        levels = all(_is_upper(rows[level], rows[level + 1]) for level in range(depth - 1))
        if levels and _names_columns(rows, depth, records=records) and (depth == 1 or _bears_levels(rows, depth)):
            return depth
    return least


def _rows_above_corner(rows: Sequence[Row]) -> int:
    """First rows with an empty first cell, where two or more columns stand beside it and the next row names itself; else 0."""
    depth = 0
    while depth < len(rows) and not rows[depth].cells[0].text:
        depth += 1
    fits = 0 < depth <= _MAX_HEADER_ROWS + 1 and depth < len(rows) and len(rows[0].cells) > 2
    return depth if fits and sum(map(bool, _lowest(rows, depth))) * 3 >= 2 * (len(rows[0].cells) - 1) else 0


def is_units(row: Row) -> bool:
    """Whether a row says in what its columns are measured."""
    filled = [cell.text for cell in row.cells if not cell.left and cell_kind(cell.text) != "missing"]
    return bool(filled) and all(map(_UNIT.match, filled))


def spreads(text: str, names: Sequence[str]) -> bool:
    """Whether a lone name in the middle of an upper row stands over all columns: those below are named alike, by periods or by words."""
    kinds = {cell_kind(name) in ("period", "date") for name in names if name and not _UNIT.match(name)}
    return len(kinds) == 1 or bool(_UNIT.match(text))


def lone_text(row: Row) -> str | None:
    """The text of a row that has one cell only: the first one, or one merged over all columns; else None."""
    first, rest = row.cells[0], row.cells[1:]
    merged = sum(cell.left for cell in rest)
    if not first.text or first.above or merged not in (0, len(rest)) or any(cell.text and not cell.left for cell in rest):
        return None
    return first.text


def _marked(rows: Sequence[Row], marks: tuple[str, ...]) -> int:
    depth = 0
    while depth < len(rows) and rows[depth].header in marks and not (depth and lone_text(rows[depth]) is not None):
        depth += 1
    return depth


def _hanging(rows: Sequence[Row], depth: int) -> int:
    """Rows below a marked header that merged cells of it reach into, or that split what it merged."""
    extra = 0
    while depth + extra < len(rows) - 1:
        row, above = rows[depth + extra], rows[depth + extra - 1]
        if any(cell.above for cell in row.cells):
            needed = 0
        elif any(cell.left for cell in above.cells) and _is_upper(above, row):
            needed = 1
        else:
            break
        if _evidence(rows, depth + extra + 1) < needed:
            break
        extra += 1
    return extra


def _agrees(rows: Sequence[Row], depth: int) -> bool:
    """Whether the cells bear out a header that is shown by looks alone. Two columns need more: every new table of an office program
    has a first row of its own look."""
    evidence = _evidence(rows, depth)
    if len(rows[0].cells) == 2:
        return evidence > 0 or (evidence == 0 and all(is_attribute(text) for text in _lowest(rows, depth)))
    return evidence >= 0


def _is_upper(row: Row, below: Row) -> bool:
    """Whether `row` can stand above `below` as a wider level of the same header."""
    if is_units(below):
        return True
    cells = list(zip(row.cells, below.cells, strict=True))
    if any(cell.left for cell in row.cells) or any(cell.above for cell in below.cells):
        return sum(1 for _, under in cells if under.text) > 1
    return any(not cell.text and under.text for cell, under in cells[1:])


def _bears_levels(rows: Sequence[Row], depth: int) -> bool:
    """Whether several unmarked rows are one header: merged cells say so, or most columns below are of another kind than words."""
    upper = rows[: depth - 1]
    if any(cell_kind(cell.text) == "number" for row in upper for cell in row.cells):
        return False
    if any(cell.left for row in upper for cell in row.cells) or any(cell.above for row in rows[1:depth] for cell in row.cells):
        return True
    others = len(rows[0].cells) - 1
    return sum(vote.strong for vote in _votes(rows, depth)) * 2 >= others


def _lowest(rows: Sequence[Row], depth: int) -> list[str]:
    """The text that stands lowest among the first `depth` rows, for each column; units leave the name above them."""
    names = []
    for column in range(len(rows[0].cells)):
        texts = [row.cells[column].text for row in rows[:depth] if row.cells[column].text and not is_units(row)]
        names.append(texts[-1] if texts else "")
    return names


def _names_columns(rows: Sequence[Row], depth: int, *, records: bool) -> bool:
    names = _lowest(rows, depth)
    filled = [name for name in names if name]
    body = rows[depth:]
    if any(row.cells[0].header and not row.cells[1].header for row in rows[:depth]) or _are_labels(rows, depth):
        return False
    if len(names) < 2 or any(len(name) > _MAX_LABEL for name in filled):
        return False
    if depth == 1 and (len(set(filled)) < len(filled) or len(filled) * 2 < len(names) or len(filled) < (2 if names[0] else 1)):
        return False
    votes = _votes(rows, depth)
    if _evidence(rows, depth) < 0:
        return False
    strong, weak = sum(vote.strong for vote in votes), sum(vote.weak for vote in votes)
    attributes = sum(map(is_attribute, filled))
    if len(names) == 2 and not records:
        # Labels of pairs are words; where all of the first column but its head is times, codes or numbers, that head names it.
        return (votes[0].strong and len(body) > 1) or (bool(strong) and attributes == 2)
    if not names[0] and all(names[1:]) and len(names) > 2 and all(row.cells[0].text for row in body):
        return bool(strong) or len(set(filled)) == len(filled)
    return bool(strong) or weak * 2 >= len(filled) or attributes >= max(2, len(filled) / 2)


def _are_labels(rows: Sequence[Row], depth: int) -> bool:
    """Whether the first column holds labels that end with a colon, in the rows that might be a header too."""
    return rows[depth - 1].cells[0].text.endswith((":", "：")) and any(
        row.cells[0].text.endswith((":", "：")) for row in rows[depth:]
    )


class _Vote(NamedTuple):
    """What a column says of the name above it: of another kind than what is below, written in another way, or one of what is below."""

    strong: bool = False
    weak: bool = False
    against: bool = False


def _evidence(rows: Sequence[Row], depth: int) -> int:
    """Columns that speak for the first `depth` rows as header; -1 where one speaks against and not four times as many speak for."""
    votes = _votes(rows, depth)
    speaking = sum(vote.strong or vote.weak for vote in votes)
    return -1 if sum(vote.against for vote in votes) * 4 > speaking else speaking


def _votes(rows: Sequence[Row], depth: int) -> list[_Vote]:
    names = _lowest(rows, depth)
    numbered = _counts_up(names)
    return [
        _vote(
            name,
            [row.cells[column].text for row in rows[depth:] if not row.cells[column].left],
            corner=not column,
            numbered=numbered,
        )
        for column, name in enumerate(names)
    ]


def _counts_up(names: Sequence[str]) -> bool:
    """Whether the columns are named by numbers that grow, beside an empty corner."""
    numbers = [float(name) if re.fullmatch(r"\d+(?:\.\d+)?", name) else None for name in names[1:]]
    told = [number for number in numbers if number is not None]
    return not names[0] and len(told) == len(numbers) > 1 and all(low < high for low, high in itertools.pairwise(told))


def _vote(name: str, below: Sequence[str], *, corner: bool, numbered: bool) -> _Vote:
    values = [text for text in below if cell_kind(text) != "missing"]
    if not name:
        return _Vote()
    kind = cell_kind(name)
    if set(values) == {name} and kind == "words":
        return _Vote()  # a column of links that all say the same
    if kind == "missing" or (name in values and kind != "period"):
        return _Vote(against=True)
    if kind == "number":
        return _Vote(against=not numbered)
    if not values:
        return _Vote()
    kinds = Counter(map(cell_kind, values))
    common, count = kinds.most_common(1)[0]
    alike = common if count >= _SAME_SHARE * len(values) else ""
    if kind == alike and kind != "words":
        return _Vote(against=not (kind == "period" and corner))
    if kind in ("code", "quantity", "time") and kinds[kind]:
        return _Vote(against=True)
    if alike and alike != "words":
        return _Vote(strong=True)
    return _Vote(weak=alike == kind == "words" and _is_written_apart(name, values))


def _is_written_apart(name: str, values: Sequence[str]) -> bool:
    """Whether words differ from the words below: a short name above sentences, or a form of writing that none of them has."""
    if len(values) < 2:
        return False
    for form in (_LOWER_NAME, _UPPER_NAME):
        if form.match(name) and not any(map(form.match, values)) and any(value[:1].isupper() for value in values):
            return True
    return len(name.split()) <= 3 and statistics.median(len(value.split()) for value in values) >= 5
