"""Every table is read as a person reads it: each value with its own labels, none with another's."""

from __future__ import annotations

import pytest

from headgate.ingest.parse.file import parse_file
from headgate.sources.media import CONVERTED, EXTENSIONS
from tests.ingest.parse.readings import READINGS, Reading
from tests.ingest.parse.readings_later import LATER

ALL = [*READINGS, *LATER]

#: Titles that the makers give to pages and sheets.
_OWN_TITLES = ("Page", "Sheet")


def read_lines(reading: Reading) -> tuple[str, ...]:
    parsed = parse_file(reading.content, (EXTENSIONS | CONVERTED)[reading.extension], path=f"file.{reading.extension}")
    return tuple(line for element in parsed.elements if element.text not in _OWN_TITLES for line in element.text.split("\n"))


@pytest.mark.parametrize("reading", ALL, ids=[f"{reading.extension}: {reading.name}" for reading in ALL])
def test_a_table_is_read_as_a_person_reads_it(reading: Reading) -> None:
    assert read_lines(reading) == reading.lines
