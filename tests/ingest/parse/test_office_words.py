"""Every word of generated office and data files is in the text, or among what was left out: whole, and on one line with its neighbours."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.table_grid import GridBuilder, PlacedCell
from headgate.ingest.parse.tables import read_tables
from headgate.sources.media import EXTENSIONS
from tests.conftest import public_data
from tests.ingest.parse.table_makers import html_table, page_file, sheet_file, slide_file, word_file
from tests.ingest.parse.test_policies import word
from tests.ingest.parse.test_word import LISTS, control, item, line, run
from tests.ingest.parse.words import unaccounted, words_of

_LETTERS = st.sampled_from("abcdeghkmnprtuäöéñ")
WORD = st.text(_LETTERS, min_size=2, max_size=7)
#: Words, numbers, codes, dates, labels; with line breaks, quotes and separators in places.
CELL = st.one_of(
    st.just(""),
    WORD,
    st.lists(WORD, min_size=2, max_size=9).map(" ".join),
    st.integers(0, 99_999).map(str),
    st.tuples(WORD, st.integers(1, 99)).map(lambda pair: f"{pair[0].upper()}-{pair[1]}"),
    st.sampled_from(
        [
            "2024",
            "2025",
            "Q1",
            "1 March",
            "n/a",
            "4.10",
            "12 kg",
            "Name",
            "Price",
            "Total:",
            "(kg)",
            "yes",
            'he said "no"',
            "one, two; three",
        ]
    ),
)
ROWS = st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6))


def read(content: bytes, extension: str) -> ParsedFile:
    return parse_file(content, EXTENSIONS[extension], path=f"a.{extension}", left_out_sample=None)


def fits(rows: Sequence[Sequence[str]]) -> bool:
    """Whether there is a word at all, and no row comes twice: a header that is repeated is kept once."""
    return any(cell.strip() for row in rows for cell in row) and len(set(map(tuple, rows))) == len(rows)


def lost(rows: Sequence[Sequence[str]], parsed: ParsedFile) -> list[str]:
    """Faults, but for what headers do on purpose: their words stand in other lines than their own, and what they say twice once."""
    there = {repr(one) for one in words_of(parsed.text)}
    twice = {
        repr(one) for one, count in Counter(one for row in rows for cell in row for one in words_of(cell)).items() if count > 1
    }
    faults = [fault for fault in unaccounted(rows, parsed) if not fault.startswith("out of order")]
    return [fault for fault in faults if not (fault.startswith("lost") and fault.split()[1] in there & twice)]


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, heads=st.integers(0, 2), left=st.integers(0, 1))
def test_no_word_of_an_html_table_is_lost_or_joined(rows: list[list[str]], heads: int, left: int) -> None:
    if fits(rows):
        assert not lost([*rows, ["Page"]], read(page_file(html_table(rows, heads=heads, left=left)), "html"))


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, separator=st.sampled_from(",;\t|"))
def test_no_word_of_a_data_file_is_lost_or_joined(rows: list[list[str]], separator: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(rows)
    if fits(rows):
        assert not lost(rows, read(file.getvalue().encode(), "csv"))


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, heads=st.integers(0, 1))
def test_no_word_of_a_table_of_an_office_file_is_lost_or_joined(rows: list[list[str]], heads: int) -> None:
    if fits(rows):
        assert not lost(rows, read(word_file(rows, header_rows=heads), "docx"))
        assert not lost([*rows, ["Sheet"]], read(sheet_file(rows), "xlsx"))
        assert not lost(rows, read(slide_file(rows), "pptx"))


PLACED = st.lists(
    st.lists(st.builds(PlacedCell, CELL, st.integers(1, 3), st.integers(1, 2), st.booleans()), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(rows=PLACED, marks=st.lists(st.sampled_from(["", "told", "shown"]), min_size=6, max_size=6), records=st.booleans())
def test_no_word_of_a_grid_with_merged_cells_is_lost(rows: list[list[PlacedCell]], marks: list[str], records: bool) -> None:
    builder = GridBuilder(max_columns=50)
    for row, mark in zip(rows, marks, strict=False):
        builder.add(row, header=mark)  # type: ignore[arg-type]
    read_words = {
        one
        for table in read_tables(builder.rows, records=records)
        for text in (*table.above, *table.lines)
        for one in words_of(text)
    }
    assert {one for row in rows for cell in row for one in words_of(cell.text)} <= read_words


LOOKS = {
    "": "",
    "hidden": "<w:vanish/>",
    "struck": "<w:strike/>",
    "raised": '<w:vertAlign w:val="superscript"/>',
    "bold": "<w:b/>",
}


@settings(max_examples=80, deadline=None)
@given(
    paragraphs=st.lists(st.lists(st.tuples(WORD, st.sampled_from(sorted(LOOKS))), min_size=1, max_size=6), min_size=1, max_size=6)
)
def test_no_word_of_a_letter_is_lost_whatever_its_look(paragraphs: list[list[tuple[str, str]]]) -> None:
    body = line(run("seen")) + "".join(line(*(run(f"{text} ", LOOKS[look]) for text, look in parts)) for parts in paragraphs)
    parsed = read(word(body), "docx")
    faults = [
        fault for fault in unaccounted([" ".join(text for text, _ in parts) for parts in paragraphs], parsed) if "lost" in fault
    ]
    assert not faults


def test_prompts_numbers_and_deletions_are_accounted_for() -> None:
    body = (
        item("first clause", 0)
        + line(
            run("kept "),
            "<w:del><w:r><w:delText>dropped words</w:delText></w:r></w:del>",
            control("<w:showingPlcHdr/>", run("type here")),
        )
        + line("<w:moveFrom><w:r><w:t>moved away</w:t></w:r></w:moveFrom>")
    )
    parsed = read(word(body, numbering=LISTS), "docx")
    assert not unaccounted(["first clause", "kept", "dropped words", "type here", "moved away"], parsed, added=["1"])


@pytest.mark.parametrize("extension", ["docx", "pptx", "xlsx"])
def test_a_lost_word_would_be_seen(extension: str) -> None:
    made = {"docx": word_file, "pptx": slide_file, "xlsx": sheet_file}[extension]([["alpha", "beta"], ["gamma", "delta"]])
    assert lost([["epsilon"]], read(made, extension)) == [
        "lost: 'epsilon' 1 time(s)",
        *(
            f"joined, split or added: {word!r}"
            for word in (["Sheet"] if extension == "xlsx" else []) + ["alpha", "beta", "gamma", "delta"]
        ),
    ]


_TEXTS = {
    "docx": r"word/(?:document|footnotes|endnotes)\.xml",
    "pptx": r"ppt/slides/slide\d+\.xml",
    "xlsx": r"xl/sharedStrings\.xml",
}
_SPACES = ("br", "tab", "ptab", "cr", "noBreakHyphen", "p", "si", "footnoteReference", "endnoteReference", "sym")


#: Equations are written on a line with signs between their parts, so their words are not those of the parts.
_OTHERWISE = {"docling__equations.docx"}


def texts_of(content: bytes, extension: str) -> str:
    """All strings of an office file as they stand in its parts, found without our reader; drawings that are there in two forms once."""
    parser = etree.XMLParser(resolve_entities=False, recover=True)
    texts: list[str] = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if not re.fullmatch(_TEXTS[extension], name):
                continue
            for element in etree.fromstring(archive.read(name), parser).iter(etree.Element):
                tag = etree.QName(element).localname
                if any(etree.QName(above).localname == "Fallback" for above in element.iterancestors()):
                    continue
                if tag in ("t", "delText"):
                    texts.append(element.text or "")
                elif tag in _SPACES:
                    texts.append("-" if tag == "noBreakHyphen" else "\n")
    return "".join(texts)


def test_at_least_98_percent_of_the_words_of_real_office_files_are_accounted_for() -> None:
    folder = public_data("messy_docs")
    low: dict[str, float] = {}
    compared = 0
    for row in map(json.loads, (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()):
        file = folder / row["file"]
        extension = file.suffix[1:]
        if row["expect"] != "ok" or extension not in _TEXTS:
            continue
        content = file.read_bytes()
        wanted = Counter(words_of(texts_of(content, extension)))
        parsed = read(content, extension)
        there = Counter(words_of("\n".join((parsed.text, *(one.sample for one in parsed.left_out), *parsed.labels.values()))))
        compared += bool(wanted)
        # A string that many cells of a sheet share stands in its part once.
        share = 1 - sum((wanted - there).values()) / max(sum(wanted.values()), 1)
        if share < 0.98 and file.name not in _OTHERWISE:
            low[file.name] = round(share, 3)
    assert compared > 20
    assert not low
