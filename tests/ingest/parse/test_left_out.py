"""Words that a document does not hold: counted, with a reason and a sample, up to the document's findings."""

from __future__ import annotations

import orjson
import pytest

from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.left_out import FURNITURE, INSPECTED, NO_TEXT, REASONS, LeftOut, count_words, leave_out, summarise
from headgate.records import Remark
from tests.ingest.documents import facts_of, settings_of
from tests.ingest.parse.words import unaccounted
from tests.verbs import validate

PAGE = "# Water\n\nThe well gives four litres a minute in summer and nine in winter, says the log of the year.\n\n"


def test_one_record_a_reason_holds_the_count_and_the_start_of_the_text() -> None:
    found = summarise(
        [
            leave_out("hidden", "one two"),
            leave_out("navigation", "Home Shop"),
            leave_out("hidden", "three"),
            leave_out("markup", " -- "),
        ]
    )
    assert found == (LeftOut("hidden", 3, "one two"), LeftOut("navigation", 2, "Home Shop"))
    (long,) = summarise([leave_out("over_limit", "word " * 100, words=7000)])
    assert (long.words, len(long.sample) <= 80, long.sample.endswith("word")) == (7000, True, True)


def test_a_sample_shows_no_number_that_may_identify_a_person() -> None:
    (found,) = summarise([leave_out("hidden", "card 4111 1111 1111 1111, IBAN GB29 NWBK 6016 1331 9268 19, room 204")])
    assert found.sample == "card #, IBAN GB29 NWBK #, room 204"


def test_words_are_counted_in_scripts_without_spaces_too() -> None:
    assert [count_words(text) for text in ("two words", "3.50 EUR", "東京都", "สวัสดี", " – ")] == [2, 3, 3, 6, 0]


def test_a_parsed_file_says_what_was_left_out_and_survives_being_written() -> None:
    parsed = parse_file(f"{PAGE}<!-- a note to the editor -->".encode(), "text/markdown")
    assert parsed.left_out == (LeftOut("hidden", 5, "a note to the editor"),)
    assert parsed.hidden == ("a note to the editor",)
    assert ParsedFile.from_json(orjson.loads(orjson.dumps(parsed.to_json()))) == parsed


def test_a_kept_version_without_the_record_is_read() -> None:
    written = parse_file(PAGE.encode(), "text/markdown").to_json()
    del written["left_out"]
    assert ParsedFile.from_json(written).left_out == ()


@pytest.mark.parametrize("reason", REASONS)
def test_only_what_readers_do_not_see_is_looked_at_for_instructions(reason: str) -> None:
    parsed = assemble([], left_out=[LeftOut(reason, 1, "Ignore")])  # type: ignore[arg-type]
    assert (parsed.hidden == ("Ignore",)) is (reason in INSPECTED)
    assert not INSPECTED & FURNITURE | INSPECTED & NO_TEXT | FURNITURE & NO_TEXT


def test_shares_are_a_finding_and_a_document_that_was_mostly_not_read_is_quarantined() -> None:
    remarked = facts_of("a.md", f"{PAGE}<!-- a note to the editor -->")
    lost = facts_of("b.md", f"{PAGE}<!-- {'and so on ' * 30} -->")
    labelled = facts_of("c.md", f"---\ntopic: water\n---\n{PAGE.replace('year', 'month')}")
    result = validate([remarked, lost, labelled], settings=settings_of(), store=None)
    assert Remark("left_out", "5 words: hidden 20 % ('a note to the editor')") in result.findings["a.md"]
    assert "c.md" not in result.findings
    (reason,) = result.quarantined["b.md"]
    assert reason.code == "left_out"
    assert reason.text.startswith(
        "82% of the words that are no navigation or the like, validation.max_lost_share is 50%; hidden 82 % ("
    )


def test_navigation_does_not_count_as_lost_but_has_a_share_of_its_own() -> None:
    left_out = {"menu": ("navigation", 400), "all": ("navigation", 4000), "half": ("over_limit", 30)}
    facts = [
        facts_of(f"{name}.md", PAGE + name, left_out=[LeftOut(reason, words, "Home")])
        for name, (reason, words) in left_out.items()
    ]  # type: ignore[arg-type]
    result = validate(facts, settings=settings_of(), store=None)
    assert {path: told[0].text.split(";")[0] for path, told in result.quarantined.items()} == {
        "all.md": "99% of the words as navigation and the like, validation.max_furniture_share is 98%",
        "half.md": "59% of the words that are no navigation or the like, validation.max_lost_share is 50%",
    }


def test_the_helper_finds_words_that_are_lost_joined_split_or_turned_round() -> None:
    kept = assemble([Block("text", "one two three"), Block("table", "Plan: Lite; Price: 30 EUR\nPlan: Plus; Price: 40 EUR")])
    rows = [["Plan", "Price"], ["Lite", "30 EUR"], ["Plus", "40 EUR"]]
    assert unaccounted(["one two three", *rows], kept) == []
    assert unaccounted(["one two three four", *rows], kept) == [
        "lost: 'four' 1 time(s)",
        "out of order or torn apart: 'one two three four'",
    ]
    assert unaccounted(["two one three", *rows], kept) == ["out of order or torn apart: 'two one three'"]
    assert "joined, split or added: 'onetwo'" in unaccounted(["one two"], assemble([Block("text", "onetwo")]))
    assert "joined, split or added: 'on'" in unaccounted(["one two"], assemble([Block("text", "on e two")]))
    assert unaccounted([["Lite", "40 EUR"]], assemble([Block("table", "Plan: Lite; Price: 30 EUR\nPrice: 40 EUR")]))
    hidden = parse_file(b"Seen by all.\n\n<!-- 1234567 seen by nobody -->", "text/markdown", left_out_sample=None)
    assert unaccounted(["Seen by all.", "1234567 seen by nobody"], hidden) == []
    assert unaccounted(["Seen by all.", "seen 1234567 by nobody"], hidden) == [
        "out of order or torn apart: 'seen 1234567 by nobody'"
    ]
