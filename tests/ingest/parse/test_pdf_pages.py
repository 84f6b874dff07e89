"""Pages put together by chance: each word once, sentences whole over columns, pages and notes, everything in the order in which it is read."""

from __future__ import annotations

import re

import pytest

from headgate.ingest.parse.file import parse_file
from tests.ingest.parse.pdf_samples.pages import make_pages
from tests.ingest.parse.words import unaccounted


@pytest.mark.parametrize("seed", range(24))
def test_columns_boxes_tables_and_notes_are_read_in_order(seed: int) -> None:
    made = make_pages(seed)
    parsed = parse_file(made.sample.content, "application/pdf", left_out_sample=None)
    sentences = [sentence for text in made.order for sentence in re.split(r"(?<=[.]) ", text)]
    places = [parsed.text.find(sentence) for sentence in sentences]

    assert unaccounted(made.sample.lines, parsed, added=[*made.sample.sentences, *made.sample.rows]) == []
    assert [sentence for sentence, place in zip(sentences, places, strict=True) if place < 0] == []
    assert places == sorted(places)
    assert parsed.left_out == ()
