"""What every chunk promises, for any document."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.ingest.chunk.chunker import chunk_document
from headgate.ingest.parse.blocks import Block, assemble
from headgate.records import Document, DocumentMetadata
from headgate.settings import ChunkSettings


def count_words(text: str) -> int:
    """A stand-in for a tokenizer: two special tokens, and one a word or every four characters of it."""
    return 2 + sum(1 + len(word) // 4 for word in text.split())


def document(*blocks: Block, title: str = "") -> Document:
    parsed = assemble(blocks)
    return Document("a.md", "0" * 64, "text/markdown", parsed.text, parsed.elements, DocumentMetadata(title=title), "test")


SENTENCES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=60)
BLOCKS = st.lists(
    st.builds(
        Block,
        kind=st.sampled_from(["title", "text", "list_item", "table", "code"]),
        text=st.lists(SENTENCES, min_size=1, max_size=12).flatmap(
            lambda parts: st.sampled_from([". ".join(parts), "\n".join(parts), "。".join(parts)])
        ),
        level=st.integers(1, 6),
        line=st.none() | st.integers(1, 1000),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(blocks=BLOCKS, max_tokens=st.integers(32, 120), min_tokens=st.integers(0, 60), overlap=st.integers(0, 3), title=SENTENCES)
def test_chunks_are_slices_within_their_budget_and_nothing_is_lost(
    blocks: list[Block], max_tokens: int, min_tokens: int, overlap: int, title: str
) -> None:
    made = document(*blocks, title=title[:20])
    limits = ChunkSettings(max_tokens=max_tokens, min_tokens=min_tokens, overlap_sentences=overlap)
    chunks = chunk_document(made, limits, count_words)

    covered = set()
    for ordinal, chunk in enumerate(chunks):
        assert made.text[chunk.start : chunk.end] == chunk.text
        assert chunk.text.strip() == chunk.text != ""
        assert chunk.ordinal == ordinal
        covered.update(range(chunk.start, chunk.end))
        if len(chunk.text.split()) > 8:
            assert count_words(f"{chunk.context}\n{chunk.text}") <= max_tokens
    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks)
    for element in made.elements:
        if element.kind != "title":
            missing = [
                position
                for position in range(element.start, element.end)
                if position not in covered and not made.text[position].isspace()
            ]
            assert not missing
    assert chunk_document(made, limits, count_words) == chunks


def test_chunk_ids_stay_when_other_parts_change() -> None:
    first = [Block("title", "Prices", level=1), Block("text", "The price is £24.00 a month. " * 4)]
    second = [Block("title", "Refunds", level=1), Block("text", "Refunds take 10 working days. " * 4)]
    limits = ChunkSettings(max_tokens=64, min_tokens=0)
    before = chunk_document(document(*first, *second), limits, count_words)
    after = chunk_document(
        document(Block("title", "News", level=1), Block("text", "Something new. " * 9), *second), limits, count_words
    )

    kept = [chunk.chunk_id for chunk in before if chunk.heading_path == ("Refunds",)]
    assert kept == [chunk.chunk_id for chunk in after if chunk.heading_path == ("Refunds",)]
    assert kept


def test_equal_passages_get_different_ids() -> None:
    blocks = [block for _ in range(3) for block in (Block("title", "Note", level=2), Block("text", "Call us first. " * 12))]
    chunks = chunk_document(document(*blocks), ChunkSettings(max_tokens=64, min_tokens=0), count_words)

    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks)


def test_a_row_over_the_budget_is_cut_between_its_cells() -> None:
    row = "; ".join(f"column {number}: value {number} of many" for number in range(40))
    chunks = chunk_document(document(Block("table", row)), ChunkSettings(max_tokens=60), count_words)
    assert len(chunks) > 2
    assert all(chunk.text.startswith("column ") and chunk.text.rstrip(";").endswith(" of many") for chunk in chunks)


def test_rows_of_a_table_are_never_split() -> None:
    rows = [f"plan: Plan {number}; price a month: £{number}.00; contract: {number} months" for number in range(40)]
    made = document(Block("title", "Prices", level=1), Block("table", "\n".join(rows)))
    chunks = chunk_document(made, ChunkSettings(max_tokens=80), count_words)

    assert len(chunks) > 3
    assert [line for chunk in chunks for line in chunk.text.splitlines()] == rows


def test_long_sections_are_cut_at_sentence_ends_and_repeat_the_last_sentence() -> None:
    sentences = [f"Sentence {number} costs £{number}.50, e.g. for No. {number} in the list." for number in range(30)]
    made = document(Block("text", " ".join(sentences)))
    chunks = chunk_document(made, ChunkSettings(max_tokens=80, overlap_sentences=1), count_words)

    for chunk, following in itertools.pairwise(chunks):
        assert chunk.text.endswith("in the list.")
        assert following.text.startswith("Sentence ")
        assert following.start < chunk.end
        assert chunk.text.split("Sentence ")[-1] in following.text


def test_small_neighbours_under_one_heading_are_joined_and_keep_their_headings_in_the_text() -> None:
    made = document(
        Block("title", "Contact", level=1), Block("title", "Phone", level=2), Block("text", "Call 01632 960200."),
        Block("title", "Post", level=2), Block("text", "Write to PO Box 88."), title="Contact",
    )  # fmt: skip
    (chunk,) = chunk_document(made, ChunkSettings(max_tokens=200, min_tokens=40), count_words)

    assert chunk.heading_path == ("Contact",)
    assert chunk.text == "Phone\n\nCall 01632 960200.\n\nPost\n\nWrite to PO Box 88."
    assert chunk.context == "Contact"


def test_the_context_names_title_and_headings_once() -> None:
    made = document(
        Block("title", "Refunds", level=1),
        Block("title", "By card", level=2),
        Block("text", "It takes 10 working days. " * 9),
        title="Refunds",
    )
    chunk = chunk_document(made, ChunkSettings(min_tokens=0), count_words)[0]

    assert chunk.context == "Refunds\nBy card"
    assert chunk.heading_path == ("Refunds", "By card")
    untitled = replace(made, metadata=DocumentMetadata(title="Help"))
    assert chunk_document(untitled, ChunkSettings(min_tokens=0), count_words)[0].context == "Help\nRefunds\nBy card"


def test_a_document_of_headings_only_is_not_lost() -> None:
    chunks = chunk_document(document(Block("title", "We are closed on 1 May", level=1)), ChunkSettings(), count_words)

    assert [chunk.text for chunk in chunks] == ["We are closed on 1 May"]
