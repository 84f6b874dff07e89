from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.errors import SuiteError
from headgate.evaluate.suites.suite import Case, choose_variant, index_documents, load_suite, load_suites, resolve_suite
from tests.evaluate.builders import make_case, unanswerable, write_suite

PAGES = index_documents(
    {
        "billing/refunds.md": ["Refunds arrive within 10 working days."],
        "plans/plus.md": ["plan: Home Plus; price a month: £31.00"],
    }
)


def test_a_suite_keeps_its_cases_in_order_under_the_digest_of_its_bytes(tmp_path: Path) -> None:
    path = write_suite(tmp_path, [make_case("b"), unanswerable("a")])
    suite = load_suite(path)
    assert (suite.name, [case.id for case in suite.cases], suite.lines) == ("golden", ["b", "a"], (1, 2))
    assert suite.cases[0].variants[0].gold_passages[0].quote == "within 10 working days"
    path.write_bytes(path.read_bytes() + b"\n")
    assert load_suite(path).digest != suite.digest


def test_a_byte_order_mark_is_no_part_of_a_suite(tmp_path: Path) -> None:
    path = write_suite(tmp_path, [make_case("a"), unanswerable("b")])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [case.id for case in load_suite(path).cases] == ["a", "b"]


def test_all_problems_of_a_file_are_named_at_once_with_line_and_case(tmp_path: Path) -> None:
    path = write_suite(
        tmp_path, [make_case("one"), make_case("two", colour="red"), make_case("one"), make_case("four", question="")]
    )
    path.write_text(path.read_text() + "{not json\n[]\n")
    with pytest.raises(SuiteError) as caught:
        load_suite(path)
    message = str(caught.value)
    assert "golden.jsonl" in message
    assert "line 2: case 'two': unknown key 'colour'; " in message
    assert "line 3: case 'one': the id is used in line 1 already" in message
    assert "line 4: case 'four': question:" in message
    assert "line 5: not JSON" in message
    assert "line 6: not a JSON object" in message
    assert "5 problem(s)" in message


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (make_case(gold_documents=["other.md"]), "which gold_documents does not name"),
        (make_case(gold_documents=[], gold_passages=[]), "an answerable variant needs gold_documents"),
        (make_case(answerable=False), "can't be answered has no gold_documents"),
        (make_case(gold_passages=[{"document": "billing/refunds.md", "quote": "x", "page": 3}]), "unknown key"),
        (make_case(gold_docs=["a.md"]), "unknown key 'gold_docs'; did you mean 'gold_documents'?"),
        ({"id": "x", "question": "y"}, "says nothing about the right answer; give answerable, expect, gold_documents"),
        ({"id": "x", "question": "y", "variants": []}, "variants"),
        (
            {"id": "x", "question": "y", "variants": [{"answerable": False}, {"answerable": True, "gold_documents": ["a"]}]},
            "must be the last one",
        ),
        (make_case(conversation=[{"role": "system", "content": "x"}]), "conversation.0.role"),
    ],
)
def test_a_case_that_contradicts_itself_is_refused(tmp_path: Path, case: dict[str, object], words: str) -> None:
    with pytest.raises(SuiteError, match=words):
        load_suite(write_suite(tmp_path, [case]))


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda folder: folder / "none.jsonl", "does not exist"),
        (lambda folder: write_suite(folder, []), "it has no cases"),
        (lambda folder: write_suite(folder, [make_case()], "all"), "rename the file"),
        (lambda folder: write_suite(folder, [make_case()], "two words"), "rename the file"),
    ],
)
def test_a_missing_empty_or_badly_named_file_is_refused(tmp_path: Path, prepare: Callable[[Path], Path], words: str) -> None:
    with pytest.raises(SuiteError, match=words):
        load_suite(prepare(tmp_path))


def test_problems_of_several_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    paths = [
        tmp_path / "none.jsonl",
        write_suite(tmp_path, []),
        write_suite(tmp_path, [make_case()], "a"),
        write_suite(tmp_path / "other", [make_case()], "a"),
    ]
    with pytest.raises(SuiteError) as caught:
        load_suites(paths)
    for words in ("none.jsonl", "no cases", "two suites are named 'a'"):
        assert words in str(caught.value)
    with pytest.raises(SuiteError, match="no suite to run"):
        load_suites([])


def test_gold_that_does_not_exist_is_named_with_document_and_quote(tmp_path: Path) -> None:
    cases = [
        make_case("typo", gold_documents=["billing/refund.md"], gold_passages=[]),
        make_case("changed", gold_passages=[{"document": "billing/refunds.md", "quote": "within 5 days"}]),
        make_case("good"),
    ]
    suite = load_suite(write_suite(tmp_path, cases))
    with pytest.raises(SuiteError) as caught:
        resolve_suite(suite, PAGES)
    message = str(caught.value)
    assert (
        "line 1: case 'typo': gold document 'billing/refund.md' is not indexed in this bundle (did you mean 'billing/refunds.md'?)"
        in message
    )
    assert "line 2: case 'changed': quote 'within 5 days' does not stand in 'billing/refunds.md'" in message
    assert "good" not in message
    resolved = resolve_suite(suite, PAGES, skip_inapplicable=True)
    assert resolved.skipped == ("typo", "changed")
    assert [entry.case.id for entry in resolved.cases] == ["good"]


def test_the_first_variant_whose_documents_and_quotes_exist_applies() -> None:
    def price(amount: str) -> dict[str, object]:
        passages = [{"document": "plans/plus.md", "quote": f"Home Plus | {amount}"}]
        return {"answerable": True, "gold_documents": ["plans/plus.md"], "gold_passages": passages, "reference_answer": amount}

    case = Case.model_validate(
        {"id": "p", "question": "?", "variants": [price("£33.00"), price("£31.00"), {"answerable": False}]}
    )
    chosen = choose_variant(case, PAGES)
    assert chosen is not None
    assert chosen.reference_answer == "£31.00"
    newer = index_documents({"plans/plus.md": ["plan: Home Plus; price a month: £33.00"]})
    assert choose_variant(case, newer) == case.variants[0]
    assert choose_variant(case, {}) == case.variants[2]
    assert choose_variant(Case.model_validate(make_case()), {}) is None


def test_passages_are_alternatives_unless_they_name_parts() -> None:
    def parts(*passages: tuple[str, str, str]) -> list[list[tuple[str, str]]]:
        content = [{"document": document, "quote": quote, "part": part} for document, quote, part in passages]
        case = Case.model_validate(make_case(gold_documents=["a", "b", "c"], gold_passages=content))
        return [[(passage.document, passage.quote) for passage in part] for part in case.variants[0].parts]

    assert parts() == [[("a", ""), ("b", ""), ("c", "")]]
    assert parts(("a", "x", ""), ("b", "y", ""), ("c", "z", "")) == [[("a", "x"), ("b", "y"), ("c", "z")]]
    assert parts(("a", "x", "fee"), ("b", "y", "fee"), ("c", "z", "date")) == [[("a", "x"), ("b", "y")], [("c", "z")]]
