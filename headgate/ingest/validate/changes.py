"""What became of a document since the last accepted ingest, as the row that changes.yaml looks at.

A loss is what is not there any more, on this page or another one. A page whose text stands elsewhere now, or that says where it went, has
lost nothing that could not be found; one whose text, tables or cells are gone has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headgate.ingest.parse.cell_kinds import cell_kind
from headgate.ingest.validate.facts.resemblance import marks
from headgate.ingest.validate.moves import MovedText, find_moved, leads_into
from headgate.ingest.validate.rows import is_looser
from headgate.ingest.validate.shapes import Shape
from headgate.settings import ValidationSetup

#: A document shorter than this before says nothing when it shrinks further, characters.
_SMALL = 300
#: Tables smaller than this are not judged by their rows and cells.
_SMALL_TABLE = 4
#: Text counts as kept, when structure is judged, down to this share of it.
_TEXT_STAYED = 0.7
#: From this share of the lost lines on they count as moved; fewer are phrases that pages share.
_MOVED = 0.5
_MAX_NAMED = 6  # names of columns that a reason tells

CHANGE_COLUMNS: Mapping[str, str] = {
    "doc_id": "path in the corpus",
    "characters": "now",
    "characters_before": "",
    "characters_kept": f"share, 0 to 1; 1 when there were fewer than {_SMALL}, or it is emptied",
    "text_kept": "the same, with what stands in other documents now, if that is half of what is lost; 1 for a page that became a redirect",
    "moved_share": "share of its earlier lines that stand in other documents now, which did not have them then, 0 to 1",
    "became_redirect": "1 when little is left but a link that it did not have, to a document of this ingest or out of the corpus",
    "whereto": "where its text went, in words",
    "emptied": f"1 when it had {_SMALL} or more, is quarantined now, and has less than a tenth of them or than validation.min_characters; "
    "0 when half of its lines stand in other documents, or it became a redirect",
    "language": "now",
    "language_before": "",
    "language_switched": "1 when both are known for certain and differ",
    "headings": "now",
    "headings_before": "",
    "headings_vanished": f"1 when three or more fell to none while {_TEXT_STAYED:.0%} of the text stayed",
    "links": "now",
    "links_before": "",
    "tables": "now; tables of one column, or of one row without names, are none",
    "tables_before": "",
    "tables_vanished": f"1 when there are fewer while {_TEXT_STAYED:.0%} of the text stayed",
    "all_tables_vanished": "1 when there are none any more while that much of the text stayed, and what is lost stands nowhere else",
    "table_rows": "now",
    "table_rows_before": "",
    "table_rows_kept": f"share, 0 to 1; 1 when there were fewer than {_SMALL_TABLE}, or what is lost stands elsewhere",
    "table_columns": "of the widest table, now",
    "table_columns_before": "",
    "table_columns_kept": "share, 0 to 1; 1 when what is lost stands elsewhere",
    "table_header_kept": "share of the column names that are still there, 0 to 1",
    "table_header_lost": "1 when the tables are there, most names are gone, and none, or values, stand in their place",
    "names_lost": "names of columns that are gone",
    "names_new": "names of columns that are new",
    "empty_cells": "share of empty cells, now",
    "empty_cells_before": "",
    "empty_cells_grown": "the difference, where the tables are large enough to tell",
    "confidentiality": "now",
    "confidentiality_before": "",
    "confidentiality_loosened": "1 when an audience may see it now that could not before",
}


_NOWHERE = MovedText()


@dataclass(frozen=True, slots=True)
class Change:
    """A document before and now, and where what it lost went. `redirect` holds the targets of a page that became a redirect."""

    path: str
    before: Shape
    now: Shape
    quarantined: bool
    moved: MovedText = _NOWHERE
    redirect: tuple[str, ...] = ()


def find_changes(
    shapes: Mapping[str, Shape],
    before: Mapping[str, Shape],
    *,
    quarantined: Collection[str],
    leads_to: Mapping[str, Sequence[str]],
) -> list[Change]:
    """Documents that were indexed then and differ now.

    Args:
        shapes: of all documents of this ingest.
        before: of those that were indexed at the last accepted one.
        leads_to: targets of the pages that say little else (`DocumentFacts.leads_to`).
    """
    changed = [path for path, shape in shapes.items() if path in before and before[path] != shape]
    indexed = {path: shape for path, shape in shapes.items() if path not in quarantined}
    lost = {path: marks(before[path].lines) - marks(shapes[path].lines) for path in changed}
    moved = find_moved({path: lines for path, lines in lost.items() if lines}, before, indexed)
    return [
        Change(
            path,
            before[path],
            shapes[path],
            path in quarantined,
            moved.get(path, _NOWHERE),
            _redirect(path, before[path], shapes[path], leads_to.get(path, ()), indexed),
        )
        for path in changed
    ]


def change_row(change: Change, setup: ValidationSetup) -> dict[str, Any]:
    """The columns of `CHANGE_COLUMNS`."""
    before, now, moved = change.before, change.now, change.moved
    kept = now.characters / before.characters if before.characters >= _SMALL else 1.0
    few = now.characters < max(setup.validation.min_characters, before.characters / 10)
    emptied = change.quarantined and few and before.characters >= _SMALL
    return {
        "doc_id": change.path,
        "characters": now.characters,
        "characters_before": before.characters,
        "characters_kept": 1.0 if emptied else min(kept, 1.0),
        "text_kept": 1.0 if emptied or change.redirect else min(kept + (moved.of_all if moved.of_lost >= _MOVED else 0.0), 1.0),
        "moved_share": round(moved.of_all, 4),
        "became_redirect": int(bool(change.redirect)),
        "whereto": _whereto(change),
        "emptied": int(emptied and moved.of_all < _MOVED and not change.redirect),
        "language": now.language,
        "language_before": before.language,
        "language_switched": int(bool(now.language and before.language and now.language != before.language)),
        "headings": now.headings,
        "headings_before": before.headings,
        "headings_vanished": int(kept >= _TEXT_STAYED and before.headings >= 3 and now.headings == 0),
        "links": now.links,
        "links_before": before.links,
        **_table_columns(change, stayed=kept >= _TEXT_STAYED),
        "confidentiality": now.confidentiality,
        "confidentiality_before": before.confidentiality,
        "confidentiality_loosened": int(is_looser(now.confidentiality, before.confidentiality, setup.access)),
    }


def _table_columns(change: Change, *, stayed: bool) -> dict[str, Any]:
    """What became of its tables, where the text stayed or they did; where they went with their text, the text says it."""
    before, now = change.before, change.now
    elsewhere = change.moved.of_lost >= _MOVED
    large = before.rows >= _SMALL_TABLE and now.rows >= _SMALL_TABLE
    same_tables = stayed or (before.tables > 0 and now.tables >= before.tables)
    gone, new = set(before.header) - set(now.header), set(now.header) - set(before.header)
    header_kept = 1 - len(gone) / len(before.header) if before.header and now.tables else 1.0
    return {
        "tables": now.tables,
        "tables_before": before.tables,
        "tables_vanished": int(stayed and now.tables < before.tables),
        "all_tables_vanished": int(stayed and bool(before.tables) and not now.tables and not elsewhere),
        "table_rows": now.rows,
        "table_rows_before": before.rows,
        "table_rows_kept": min(now.rows / before.rows, 1.0)
        if before.rows >= _SMALL_TABLE and same_tables and not elsewhere
        else 1.0,
        "table_columns": now.columns,
        "table_columns_before": before.columns,
        "table_columns_kept": min(now.columns / before.columns, 1.0)
        if before.columns >= 2 and now.columns and not elsewhere
        else 1.0,
        "table_header_kept": header_kept,
        "table_header_lost": int(
            len(gone) * 2 > len(before.header) and now.tables >= before.tables > 0 and _are_values(new, gone)
        ),
        "names_lost": _named(gone),
        "names_new": _named(new),
        "empty_cells": now.empty_cells,
        "empty_cells_before": before.empty_cells,
        "empty_cells_grown": max(now.empty_cells - before.empty_cells, 0.0) if large else 0.0,
    }


def _redirect(path: str, before: Shape, now: Shape, leads_to: Sequence[str], indexed: Collection[str]) -> tuple[str, ...]:
    """Where a page leads that says little else, if it did not lead there before and a reader can go there."""
    new = marks(now.targets) - marks(before.targets)
    if not leads_to or not before.lines or not new or now.characters * 2 > before.characters:
        return ()
    return tuple(target for target in leads_to if leads_into(path, target, indexed))


def _whereto(change: Change) -> str:
    told = ""
    if change.redirect:
        told += f"; it leads to {', '.join(map(repr, change.redirect))} now"
    if change.moved.places:
        told += f"; {change.moved.of_all:.0%} of its lines stand in {', '.join(map(repr, change.moved.places))} now"
    return told


def _are_values(new: Collection[str], gone: Collection[str]) -> bool:
    """Whether names are gone without others in their place: there are none, or they are values, which the earlier ones were not."""
    return _share_of_values(new) > _share_of_values(gone) + 0.5 if new else True


def _share_of_values(names: Collection[str]) -> float:
    return sum(cell_kind(name) != "words" for name in names) / len(names) if names else 0.0


def _named(names: Collection[str]) -> str:
    shown = [repr(name) for name in sorted(names)]
    more = f" and {len(shown) - _MAX_NAMED} more" if len(shown) > _MAX_NAMED else ""
    return f"{', '.join(shown[:_MAX_NAMED])}{more}" or "none"
