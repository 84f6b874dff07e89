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


#: Files of which independent readers find other words than there are in the text, with the reason.
LISTED = {
    "pdfjs__ThuluthFeatures.pdf": "its fonts do not say which characters they draw: a dead letter",
    "docling__skipped_1page.pdf": "glyphs without a character inside of words, which the reader replaces by wrong ones",
    "docling__right_to_left_01.pdf": "the reader parts Latin from Arabic words that are drawn without a space",
    "pdfjs__rotated.pdf": "letters strewn over the page make two words of twelve",
    "docling__html_rich_table_cells.html": "the reader parts H2O at its tags",
    "docling__wiki_duck.html": "buttons and labels that operate the page are left out",
    "docling__escaped_characters.md": "the number of a Markdown list is a mark",
}


@pytest.mark.public_data
@pytest.mark.slow
def test_words_that_independent_readers_find_in_real_files_are_accounted_for() -> None:
    data = public_data("messy_docs").parent
    found = {file.name: account(file.name, file.read_bytes(), row["ext"]) for row, file in awkward_files(data)}
    assert len(found) == 84
    assert {name: one for name, one in found.items() if one.accounted < 0.98 and name not in LISTED} == {}
    assert LISTED.keys() <= found.keys()
