"""Chunks within the embedding model's own token budget, and the strategies that hand on more than they search."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.errors import IntegrityError
from headgate.ingest.chunk.chunker import chunk_document
from headgate.ingest.parse.blocks import Block
from headgate.models.tokens import TokenCounter
from headgate.records import Chunk
from headgate.settings import ChunkSettings, parse_settings
from tests.conftest import REPOSITORY
from tests.ingest.chunk.test_chunker import BLOCKS, SENTENCES, count_words, document
from tests.small_project import write_project
from tests.verbs import token_counter

Strategy = Literal["structure", "sentence_window", "parent_document"]
STRATEGIES: tuple[Strategy, ...] = ("structure", "sentence_window", "parent_document")


@pytest.fixture(scope="session")
def count() -> TokenCounter:
    """The tokenizer of the default model."""
    return token_counter(parse_settings({}, project_dir=REPOSITORY))


def embedded(chunk: Chunk) -> str:
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


#: What real tokenizers stumble over: marks, scripts without spaces, endless words, zero-width joiners.
ODD = st.sampled_from(
    [
        "返金は10営業日以内に元の支払い方法に戻ります" * 9,
        "x" * 900,
        "รีเซ็ตเราเตอร์โดยกดปุ่ม" * 20,
        "क्षेत्रीय" * 60,
        "👩‍👩‍👧‍👦" * 80,
        "é́́" * 50,
        "ﷺ" * 90,
        "a/b-c_d.e" * 70,
    ]
)
ODD_BLOCKS = st.lists(
    st.builds(
        Block,
        kind=st.sampled_from(["title", "text", "list_item", "table", "code"]),
        text=st.lists(SENTENCES | ODD, min_size=1, max_size=5).map(" ".join),
        level=st.integers(1, 6),
    ),
    max_size=5,
)


@settings(max_examples=120, deadline=None)
@given(
    blocks=BLOCKS,
    strategy=st.sampled_from(STRATEGIES),
    budget=st.integers(32, 90),
    wider=st.integers(0, 200),
    around=st.integers(0, 3),
    title=SENTENCES,
)
def test_every_strategy_keeps_offsets_budget_and_all_text(
    blocks: list[Block], strategy: Strategy, budget: int, wider: int, around: int, title: str
) -> None:
    made = document(*blocks, title=title[:20])
    limits = ChunkSettings(
        strategy=strategy, max_tokens=budget, child_tokens=budget, parent_tokens=max(64, budget + wider), window_sentences=around
    )
    chunks = chunk_document(made, limits, count_words)

    covered = set()
    for chunk in chunks:
        assert made.text[chunk.start : chunk.end] == chunk.text
        assert made.text[chunk.window_start : chunk.window_end] == chunk.window
        assert chunk.text in (chunk.window or chunk.text)
        assert count_words(embedded(chunk)) <= budget
        if chunk.window:
            assert chunk.window_start <= chunk.start
            assert chunk.end <= chunk.window_end
        covered.update(range(chunk.start, chunk.end))
    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks)
    for element in made.elements:
        if element.kind != "title":
            assert all(at in covered or made.text[at].isspace() for at in range(element.start, element.end))


@settings(max_examples=60, deadline=None)
@given(blocks=ODD_BLOCKS, strategy=st.sampled_from(STRATEGIES), budget=st.integers(32, 200))
def test_no_chunk_is_over_the_models_own_count(count: TokenCounter, blocks: list[Block], strategy: Strategy, budget: int) -> None:
    made = document(*blocks, title="A title of some length")
    limits = ChunkSettings(strategy=strategy, max_tokens=budget, child_tokens=budget, parent_tokens=600)
    for chunk in chunk_document(made, limits, count):
        assert made.text[chunk.start : chunk.end] == chunk.text
        assert count(embedded(chunk)) <= budget


def test_a_chunk_over_the_budget_is_an_error_and_no_remark() -> None:
    def count(text: str) -> int:
        """A tokenizer for which the whole is far more than its parts: no cutting helps."""
        return 2 + len(text.split()) + (500 if "\n" in text else 0)

    made = document(Block("title", "Prices", level=1), Block("text", "The price is £24.00."), title="Plans")
    with pytest.raises(IntegrityError, match=r"'a\.md' at character \d+ has \d+ tokens .* over the 64 allowed"):
        chunk_document(made, ChunkSettings(max_tokens=64), count)


def test_counting_by_slices_changes_no_chunk(count: TokenCounter) -> None:
    prose = (REPOSITORY / "CONTRIBUTING.md").read_text() + (REPOSITORY / "README.md").read_text()
    parts = [Block("text", part) for part in prose.split("\n\n")]
    made = document(Block("title", "All", level=1), *parts, Block("text", "返金は10営業日以内に。" * 90))
    for strategy in STRATEGIES:
        limits = ChunkSettings(strategy=strategy)
        assert chunk_document(made, limits, count) == chunk_document(made, limits, lambda text: count(text))


def test_code_stays_whole_where_it_fits_and_is_cut_between_lines_where_not() -> None:
    short = "\n".join(f"step_{number}(value)" for number in range(8))
    long = "\n".join(f"other_step_{number}(value, other)" for number in range(80))
    made = document(
        Block("text", "Run this first. " * 12), Block("code", short), Block("text", "Then. " * 30), Block("code", long)
    )
    chunks = chunk_document(made, ChunkSettings(max_tokens=60, min_tokens=0), count_words)
    assert sum(short in chunk.text for chunk in chunks) == 1
    lines = [line for chunk in chunks if "other_step" in chunk.text for line in chunk.text.split("\n") if "other_step" in line]
    assert lines == long.split("\n")


def test_text_without_spaces_is_cut_after_a_pause_and_never_before_a_combining_mark(count: TokenCounter) -> None:
    japanese = "返金は元の支払い方法に戻ります、手数料はかかりません、詳しくは窓口へ、" * 20
    chunks = chunk_document(document(Block("text", japanese)), ChunkSettings(max_tokens=64), count)
    assert len(chunks) > 5
    assert all(chunk.text.endswith("、") for chunk in chunks)
    hindi = "क्षेत्रीयनिदेशालयकी" * 60
    made = document(Block("text", hindi))
    for chunk in chunk_document(made, ChunkSettings(max_tokens=64), count):
        assert not unicodedata.category(chunk.text[0]).startswith("M")


def test_a_sentence_is_searched_with_its_neighbours_within_the_section() -> None:
    first = [f"Fact {number} is here." for number in range(6)]
    made = document(
        Block("title", "One", level=1), Block("text", " ".join(first)), Block("title", "Two", level=1), Block("text", "Alone."),
    )  # fmt: skip
    chunks = chunk_document(made, ChunkSettings(strategy="sentence_window", window_sentences=2), count_words)
    assert [chunk.text for chunk in chunks] == [*first, "Alone."]
    assert chunks[3].window == " ".join(first[1:6])
    assert chunks[0].window == " ".join(first[0:3])
    assert chunks[6].window == ""


def test_a_child_is_searched_and_its_section_handed_on() -> None:
    sentences = [f"Refund rule {number} says to wait {number} days." for number in range(12)]
    made = document(
        Block("title", "Refunds", level=1),
        Block("text", " ".join(sentences)),
        Block("title", "Post", level=1),
        Block("text", "Write."),
    )
    limits = ChunkSettings(strategy="parent_document", child_tokens=40, parent_tokens=400, min_tokens=0)
    chunks = chunk_document(made, limits, count_words)
    section = [chunk for chunk in chunks if chunk.heading_path == ("Refunds",)]
    assert len(section) > 3
    assert {chunk.window for chunk in section} == {" ".join(sentences)}
    assert chunks[-1].text == "Write."
    assert chunks[-1].window == ""
    longer = replace(made, metadata=replace(made.metadata, title="Help"))
    parents = {
        chunk.window
        for chunk in chunk_document(longer, limits.model_copy(update={"parent_tokens": 64}), count_words)
        if chunk.window
    }
    assert len(parents) > 1
    assert "".join(sorted(re.sub(r"\s", "", "".join(parents)))) == "".join(sorted(re.sub(r"\s", "", " ".join(sentences))))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_ids_stay_when_other_parts_change(strategy: Strategy) -> None:
    limits = ChunkSettings(strategy=strategy, max_tokens=64, min_tokens=0)
    kept = [Block("title", "Refunds", level=1), Block("text", " ".join(f"Refund {n} takes {n} working days." for n in range(30)))]
    before = chunk_document(document(Block("title", "News", level=1), Block("text", "Old."), *kept), limits, count_words)
    after = chunk_document(document(Block("title", "News", level=1), Block("text", "New. " * 40), *kept), limits, count_words)
    ids = [
        [(chunk.chunk_id, chunk.window) for chunk in chunks if chunk.heading_path == ("Refunds",)] for chunks in (before, after)
    ]
    assert ids[0] == ids[1] != []


# --- from file to answer --------------------------------------------------------------------------------------------

RULES = """# Refunds

## By card
Card refunds are made by hand. The money arrives after seven working days. Banks may need two more. Ask billing for proof.

## By voucher
Voucher refunds are instant. The voucher is sent by e-mail to the address of the account. It is valid for three years. It can't be paid out.
"""


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_answer_cites_the_right_place_with_every_strategy(tmp_path: Path, exported_model: Path, strategy: Strategy) -> None:
    from headgate.build import build
    from headgate.bundle import open_bundle
    from headgate.records import Question
    from headgate.storage import open_store

    small_project = write_project(tmp_path / "small", exported_model)
    small_project.write_page("billing/rules.md", RULES)
    chunks = {"strategy": strategy, "child_tokens": 32, "min_tokens": 0, "window_sentences": 1}
    configured = small_project.settings.model_copy(update={"chunks": ChunkSettings.model_validate(chunks)})
    built = build(configured)
    answerer = open_bundle(open_store(configured), built.bundle_id)
    answer = answerer.answer_now(Question(text="How long is a refund voucher valid?"))

    assert not answer.refused
    assert "It is valid for three years." in answer.text
    cited = answer.citations[0]
    assert (cited.doc_id, cited.heading) == ("billing/rules.md", "Refunds > By voucher")
    assert "valid for three years" in cited.quote
    passage = answer.contexts[cited.number - 1]
    assert passage in RULES
    if strategy == "sentence_window":
        assert "address of the account. It is valid for three years. It can't be paid out." in passage
        assert "Voucher refunds are instant" not in passage
    else:
        assert passage.startswith("Voucher refunds are instant")
        assert sum("Voucher refunds are instant" in context for context in answer.contexts) == 1
    assert len(set(answer.contexts)) == len(answer.contexts)
