"""Charts, diagrams and shapes of office files say what they show."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pptx
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from tests.ingest.parse.test_policies import kinds, parse

DGM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def with_parts(content: bytes, changes: dict[str, Any], added: dict[str, str]) -> bytes:
    """A zip with some parts changed and some added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            text = source.read(name)
            made.writestr(name, changes[name](text.decode()) if name in changes else text)
        for name, text in added.items():
            made.writestr(name, text)
    return target.getvalue()


def saved(made: Any) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_a_chart_is_the_table_of_its_values() -> None:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    data = CategoryChartData(number_format="0.0%")
    data.categories = ["North", "South"]
    data.add_series("2025", (0.125, 0.5))
    data.add_series("2026", (0.25, 0.75))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data)
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "Share of orders"
    assert kinds(parse(saved(show), "pptx")) == [
        ("text", "Share of orders"),
        ("table", "North – 2025: 12.5%; 2026: 25.0%\nSouth – 2025: 50.0%; 2026: 75.0%"),
    ]


def test_a_diagram_is_the_list_of_its_shapes() -> None:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    slide.shapes.add_table(1, 1, 0, 0, Inches(1), Inches(1))
    points = "".join(
        f'<dgm:pt modelId="{number}" type="{kind}"><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>'
        for number, (kind, text) in enumerate([("doc", "unseen"), ("node", "Order"), ("node", "Pay"), ("pres", "unseen")])
    )
    model = f'<dgm:dataModel xmlns:dgm="{DGM}" xmlns:a="{DRAWING}"><dgm:ptLst>{points}</dgm:ptLst></dgm:dataModel>'

    def place(text: str) -> str:
        start, end = text.index("<a:tbl>"), text.index("</a:tbl>") + len("</a:tbl>")
        return f'{text[:start]}<dgm:relIds xmlns:dgm="{DGM}" xmlns:r="{REL}" r:dm="rIdD"/>{text[end:]}'

    link = f'<Relationship Id="rIdD" Type="{REL}/diagramData" Target="../diagrams/data1.xml"/></Relationships>'
    content = with_parts(
        saved(show),
        {
            "ppt/slides/slide1.xml": place,
            "ppt/slides/_rels/slide1.xml.rels": lambda text: text.replace("</Relationships>", link),
        },
        {"ppt/diagrams/data1.xml": model},
    )
    assert kinds(parse(content, "pptx")) == [("list_item", "Order"), ("list_item", "Pay")]


def test_a_text_box_on_a_sheet_is_read() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "Orders of the week, as counted"
    shape = (
        '<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
        f'xmlns:a="{DRAWING}"><xdr:sp><xdr:txBody><a:p><a:r><a:t>Ask Ana first.</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>'
    )
    rels = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="{REL}/drawing" Target="../drawings/drawing1.xml"/></Relationships>'
    content = with_parts(saved(book), {}, {"xl/worksheets/_rels/sheet1.xml.rels": rels, "xl/drawings/drawing1.xml": shape})
    assert kinds(parse(content, "xlsx")) == [
        ("title", "Sheet"),
        ("text", "Orders of the week, as counted"),
        ("text", "Ask Ana first."),
    ]
