"""PDFs of the kinds that are read wrongly: boxes under text, tables over pages, columns, raised digits, forms, glyphs without meaning.

Every word is made up and stands once, so that what is lost, joined or out of order shows. Every second one of the first lot was looked at
while the rules were written; the others, and the later lot, were not.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

from tests.ingest.parse.pdf_samples import boxes, columns, glyphs, later, margins, unseen
from tests.ingest.parse.pdf_samples.sheet import PdfSample

SAMPLES: dict[str, Callable[[], PdfSample]] = {
    name: make
    for module in (boxes, columns, glyphs, unseen, later, margins)
    for name, make in vars(module).items()
    if inspect.isfunction(make) and make.__module__ == module.__name__ and name[0] != "_"
}


def replaced(content: bytes, *pairs: tuple[bytes, bytes]) -> bytes:
    """A PDF with bytes exchanged for others of the same length, so that its table of places stays right."""
    for old, new in pairs:
        assert len(old) == len(new), (old, new)
        assert old in content, old
        content = content.replace(old, new)
    return content
