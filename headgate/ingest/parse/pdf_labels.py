"""Labels of a PDF: its information dictionary, and what its XMP packet says of labels beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headgate.ingest.parse.label_keys import access_label
from headgate.ingest.parse.label_statements import read_keywords
from headgate.ingest.parse.labels import LabelReading, LabelSlip, Stated, merge_readings, read_labels

#: Properties that say nothing of who may read a PDF, or are read by name.
_STANDARD = frozenset(
    {"Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate", "Trapped", "SourceModified"}
)
#: What producers write where the author wrote nothing.
_NOTHING_SAID = frozenset({"untitled", "anonymous", "unspecified", "(anonymous)", "(unspecified)", "(untitled)"})
_XMP = re.compile(rb"<x:xmpmeta\b.{0,200000}?</x:xmpmeta>", re.DOTALL)
_XMP_PAIR = re.compile(
    r"""<?(?:[\w-]{1,40}:)?([A-Za-z_][\w-]{3,40})(?:>|\s{0,5}=\s{0,5}["'])\s{0,5}([^<>"']{1,60}?)\s{0,5}(?:<|["'])"""
)


def pdf_labels(properties: Mapping[str, Any], content: bytes, *, password: str = "") -> LabelReading:
    """Labels of a PDF; its dates say when the file was made, not from when it holds.

    Args:
        properties: the information dictionary as pdfminer reads it; empty where it could not.
    """
    pairs = [(name, _property_text(value)) for name, value in properties.items()]
    slips: tuple[LabelSlip, ...] = ()
    if not pairs and b"/Info" in content:
        pairs = _by_pdfium(content, password)
        if not pairs:
            slips = (LabelSlip("unreadable", 0, "the PDF's properties, which may hold its labels, can't be read; save it anew"),)
    keywords = next((value for name, value in pairs if name == "Keywords"), "")
    named = [(name, value) for name, value in pairs if name in ("Title", "Author", "Subject") and value not in _NOTHING_SAID]
    others = [(name, value) for name, value in pairs if name not in _STANDARD]
    reading = merge_readings(read_keywords(keywords), read_labels(others), read_labels(named))
    return replace(reading, slips=(*reading.slips, *slips), stated=(*reading.stated, *_stated_by_xmp(content)))


def _stated_by_xmp(content: bytes) -> list[Stated]:
    found = _XMP.search(content)
    pairs = _XMP_PAIR.findall(found[0].decode("utf-8", "replace")) if found else []
    return [Stated(name, value.lower(), 0, "property") for name, value in pairs if access_label(name)]


def _by_pdfium(content: bytes, password: str) -> list[tuple[str, str]]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content, password=password or None)
        try:
            return [(name, value) for name, value in document.get_metadata_dict().items() if value]
        finally:
            document.close()
    except pypdfium2.PdfiumError:
        return []


def _property_text(value: Any) -> str:
    if isinstance(value, bytes):
        from pdfminer.utils import decode_text

        return str(decode_text(value))
    return str(value) if isinstance(value, (str, int)) else ""
