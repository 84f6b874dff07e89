"""Every word of a source is in the text or among what was left out, whole, and in the order of its line: for every format."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.words import account, awkward_files
from headgate.ingest.parse.file import parse_file
from tests.conftest import public_data
from tests.ingest.parse.generated import FORMATS
from tests.ingest.parse.generated.model import Document, documents
from tests.ingest.parse.words import unaccounted


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(document=documents())
def test_every_word_of_a_generated_document_is_accounted_for(name: str, document: Document) -> None:
    form = FORMATS[name]
    content, lines = form.write(document)
    parsed = parse_file(content, form.media_type, left_out_sample=None)
    assert unaccounted(lines, parsed, added=form.added) == []


#: Files of which independent readers find other words than there are in the text, or in another order, with the reason. Each page was looked at.
LISTED = {
    "pdfjs__ThuluthFeatures.pdf": "its fonts do not say which characters they draw: a dead letter",
    "docling__skipped_1page.pdf": "glyphs without a character inside of words, which the readers replace by wrong ones",
    "docling__right_to_left_01.pdf": "the readers part Latin from Arabic words that are drawn without a space",
    "pdfjs__rotated.pdf": "the readers part a word of letters that stand below each other, and one that is aslant",
    "pdfjs__prefilled_f1040.pdf": "a tax form: the readers go across boxes that stand side by side, we go box by box",
    "uns__multi-column-2p.pdf": "indices of formulas: below and above each other, which each reader puts in another order",
    "uns__korean-text-with-tables.pdf": "the readers join two captions of boxes that stand side by side into one line",
    "mail__content_transfer_encoding_7-bit.eml": "the reader takes bytes in UTF-8 for the Latin-1 that the mail declares",
    "docling__html_rich_table_cells.html": "one line holds a crossed-out word, which is left out",
}


@pytest.mark.public_data
@pytest.mark.slow
def test_words_that_independent_readers_find_in_real_files_are_accounted_for_in_order() -> None:
    data = public_data("messy_docs").parent
    found = {file.name: account(file.name, file.read_bytes(), row["ext"]) for row, file in awkward_files(data)}
    assert len(found) == 84
    short = {name: one for name, one in found.items() if min(one.accounted, one.in_order) < 0.98}
    assert {name: one for name, one in short.items() if name not in LISTED} == {}
    assert LISTED.keys() - short.keys() == set()
