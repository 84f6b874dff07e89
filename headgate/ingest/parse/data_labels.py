"""Labels of files that hold data: JSON, XML, CSV, and the properties of old workbooks.

A label stands at the top level of the file. One that stands deeper, or in a column of rows, labels a part of the file; since a file has one
label, that is a slip.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from headgate.ingest.parse.label_keys import access_label
from headgate.ingest.parse.label_statements import read_keywords
from headgate.ingest.parse.labels import LabelReading, LabelSlip, Stated, merge_readings, read_labels

#: Parts of an XML file that say something about the rest.
_ABOUT = frozenset({"metadata", "meta", "head", "header", "info", "prolog", "front", "properties"})
_MOST = 20_000  # values looked into
_FIRST_ROWS = 5
_CELLS = re.compile(r"[,;\t|]")
_SUMMARIES = ("\x05SummaryInformation", "\x05DocumentSummaryInformation")
_PROPERTY_TEXT = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}|(?:[\x20-\x7e]\x00){4,}")


def json_labels(content: Any) -> LabelReading:
    """Of an object its own names; of anything else none."""
    if not isinstance(content, Mapping):
        return LabelReading(slips=tuple(_deeper(content)))
    entries = [(name, value) for name, value in content.items() if access_label(name)]
    others = [(name, value) for name, value in content.items() if not access_label(name)]
    stated = read_labels((name, value) for name, value in others if isinstance(value, (str, bool, int)))
    slips = [slip for name, value in others for slip in _deeper(value, inside=str(name))]
    return merge_readings(read_labels(entries), LabelReading(stated=stated.stated, slips=tuple(slips)))


def xml_labels(root: Any) -> LabelReading:
    """Of the root its attributes and the plain tags right below it, or below a tag such as <metadata> there."""
    about = [root, *(child for child in root if isinstance(child.tag, str) and _local(child.tag).lower() in _ABOUT)]
    entries: list[tuple[str, Any, int]] = []
    top: set[Any] = set()
    for part in about:
        entries += [(_local(name), value, part.sourceline or 0) for name, value in part.attrib.items()]
        for child in part:
            if isinstance(child.tag, str) and not len(child):
                named = child.get("name") if child.get("name") and access_label(child.get("name")) else _local(child.tag)
                entries.append((named, child.text or child.get("content") or child.get("value"), child.sourceline or 0))
                top.add(child)
    reading = read_labels([entry for entry in entries if access_label(entry[0])])
    stated = read_labels([entry for entry in entries if not access_label(entry[0])]).stated
    slips = []
    for number, element in enumerate(root.iter()):
        if number > _MOST:
            break
        if not isinstance(element.tag, str) or element in top or element in about:
            continue
        slips += [
            LabelSlip("nested", element.sourceline or 0, f"{name!r} labels a part of the file", "confidentiality")
            for name in (_local(element.tag), *map(_local, element.attrib))
            if access_label(name) == "confidentiality" and name.lower() != "classification"
        ]
    return merge_readings(reading, LabelReading(stated=stated, slips=tuple(slips[:10])))


def csv_labels(text: str) -> LabelReading:
    """Of the first lines those of two cells; a column that labels rows is a slip."""
    stated: list[Stated] = []
    slips: list[LabelSlip] = []
    for line, row in enumerate(text[:20_000].splitlines()[:_FIRST_ROWS], 1):
        cells = [cell for part in _CELLS.split(row) if (cell := part.strip("\"' \ufeff#"))]
        if len(cells) == 2 and access_label(cells[0]):
            stated.append(Stated(cells[0], cells[1].lower()[:60], line, "text"))
        elif len(cells) > 1:
            slips += [
                LabelSlip("nested", line, f"the column {cell[:40]!r} labels rows, and a file has one label", "confidentiality")
                for cell in cells
                if access_label(cell) == "confidentiality" and cell.lower() != "classification"
            ]
    return LabelReading(stated=tuple(stated), slips=tuple(slips[:1]))


def old_office_labels(content: bytes) -> LabelReading:
    """Keywords among the properties of an OLE file; a label among its other properties is a slip, since these are not read."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            raw = [file.openstream(name).read() for name in _SUMMARIES if file.exists(name)]
    except Exception as error:  # noqa: BLE001 - whatever a damaged container makes of it
        slip = LabelSlip(
            "unreadable", 0, f"the file's properties, which may hold its labels, can't be read: {type(error).__name__}"
        )
        return LabelReading(slips=(slip,))
    readings: list[LabelReading] = []
    for found in (text for stream in raw for text in _PROPERTY_TEXT.findall(stream)):
        text = found.replace(b"\0", b"").decode("cp1252", "replace").strip()
        if "=" in text or ":" in text:
            reading = read_keywords(text)
            readings.append(LabelReading(reading.labels, slips=reading.slips, written=reading.written))
        elif label := access_label(text):
            slip = LabelSlip(
                "unreadable", 0, f"its property {text!r} is not read from old workbooks; save the file as xlsx", label
            )
            readings.append(LabelReading(slips=(slip,)))
    return merge_readings(*readings)


def _deeper(value: Any, inside: str = "") -> list[LabelSlip]:
    """A slip for the first name inside a value that names confidentiality."""
    waiting = [value]
    for _ in range(_MOST):
        if not waiting:
            break
        one = waiting.pop()
        if isinstance(one, Mapping):
            for name, inner in one.items():
                if access_label(name) == "confidentiality" and str(name).lower() != "classification":
                    where = f" {inside!r}" if inside else ""
                    return [
                        LabelSlip("nested", 0, f"{str(name)[:40]!r} inside{where} labels a part of the file", "confidentiality")
                    ]
                waiting.append(inner)
        elif isinstance(one, list):
            waiting += one
    return []


def _local(name: str) -> str:
    return name.rpartition("}")[2]
