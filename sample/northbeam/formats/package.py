"""Office files (docx, pptx, xlsx) byte for byte: fixed order, fixed times, one way to write the properties, no compression.

Compressed bytes differ between zlib builds, so entries are stored; git compresses the objects in the repository anyway.
"""

from __future__ import annotations

import io
import zipfile
from html import escape

from formats.page import Page

#: The earliest time that a ZIP entry can carry.
_ENTRY_TIME = (1980, 1, 1, 0, 0, 0)


def pack(content: bytes, page: Page) -> bytes:
    """The package `content` with `docProps/core.xml` written from the page's labels."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        # Readers take [Content_Types].xml for the first entry (ECMA-376 part 2 only recommends it).
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _ENTRY_TIME)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            new.writestr(entry, _core_properties(page) if name == "docProps/core.xml" else old.read(name))
    return target.getvalue()


def _core_properties(page: Page) -> bytes:
    labels = {name: escape(value) for name, value in page.labels.items()}
    day = f"{labels['effective_date']}T09:00:00Z"
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" \
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\
<dc:title>{labels["title"]}</dc:title><dc:creator>{labels["owner"]}</dc:creator><cp:lastModifiedBy>{labels["owner"]}</cp:lastModifiedBy>\
<cp:category>{labels["topic"]}</cp:category><dc:language>{labels["language"]}</dc:language><cp:keywords>{escape(page.keywords)}</cp:keywords>\
<cp:revision>1</cp:revision><dcterms:created xsi:type="dcterms:W3CDTF">{day}</dcterms:created>\
<dcterms:modified xsi:type="dcterms:W3CDTF">{day}</dcterms:modified></cp:coreProperties>
""".encode()
