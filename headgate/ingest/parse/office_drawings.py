"""Charts and diagrams inside office files → blocks: a chart as the table of its values, a diagram as the list of its shapes' texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.office_package import Link, Package
from headgate.ingest.parse.sheet_values import number_text
from headgate.ingest.parse.table_grid import plain_rows
from headgate.ingest.parse.tables import table_blocks
from headgate.text.numbers import whole_number

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_D = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
CHART, DIAGRAM = _C + "chart", _D + "relIds"
_MAX_POINTS = 2000


def drawing_blocks(mark: Any, links: Mapping[str, Link], package: Package, *, page: int | None = None) -> list[Block]:
    """Blocks of what a `CHART` or `DIAGRAM` mark refers to; none where that is missing or broken."""
    link = links.get(mark.get(f"{_R}id" if mark.tag == CHART else f"{_R}dm", ""))
    if link is None or not package.has(link.target):
        return []
    try:
        root = package.xml(link.target)
    except ParseFailure as failure:
        if failure.reason != "malformed":
            raise
        return []
    return _chart(root, page) if mark.tag == CHART else _diagram(root, page)


def _diagram(root: Any, page: int | None) -> list[Block]:
    shapes = (point for point in root.iter(_D + "pt") if point.get("type", "node") == "node")
    texts = (" ".join(filter(None, map(_text, shape.iter(A + "p")))) for shape in shapes)
    return [Block("list_item", text, page=page) for text in texts if text.strip()]


def _chart(root: Any, page: int | None) -> list[Block]:
    blocks = []
    title = root.find(f"{_C}chart/{_C}title")
    if title is not None and (text := " ".join(filter(None, map(_text, title.iter(A + "p"))))):
        blocks.append(Block("text", text, page=page))
    axes = [" ".join(map(_text, axis.iter(A + "p"))) for axis in root.iter(f"{_C}catAx", f"{_C}valAx", f"{_C}dateAx")]
    blocks += [Block("text", text, page=page) for text in axes if text.strip()]
    series = list(root.iter(_C + "ser"))
    points = [
        (
            _points(one.find(_C + "cat")) or _points(one.find(_C + "xVal")),
            _points(one.find(_C + "val")) or _points(one.find(_C + "yVal")),
        )
        for one in series
    ]
    names = [next(iter(_points(one.find(_C + "tx")).values()), "") for one in series]
    numbers = sorted({number for found in points for part in found for number in part})
    if not numbers:
        return blocks
    labels: dict[int, str] = {}
    for categories, _ in points:
        labels = {**categories, **labels}
    rows = [["", *names], *([labels.get(number, ""), *(values.get(number, "") for _, values in points)] for number in numbers)]
    return [*blocks, *table_blocks(plain_rows(rows, header_rows=1), page=page)]


def _points(part: Any) -> dict[int, str]:
    """Position → text, as the chart keeps them; numbers under their format."""
    if part is None:
        return {}
    code = next((found.text or "" for found in part.iter(_C + "formatCode")), "General")
    points: dict[int, str] = {}
    for point in part.iter(_C + "pt"):
        number, value = whole_number(point.get("idx", "")), point.findtext(_C + "v") or ""
        if number is not None and len(points) < _MAX_POINTS and number not in points:
            own = point.get("formatCode") or code
            points[number] = (
                value
                if next(point.iterancestors(_C + "strCache", _C + "strLit"), None) is not None
                else number_text(value, own, from_1904=False)
            )
    if not points and (value := part.findtext(_C + "v")):
        points[0] = value
    return points


def _text(paragraph: Any) -> str:
    return "".join(run.text or "" for run in paragraph.iter(A + "t"))
