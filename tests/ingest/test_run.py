"""Whole ingests: every file one outcome, nothing parsed twice, the same result twice."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import yaml

from headgate.detect.personal_data import PersonalValue, locate_personal_data
from headgate.errors import CorpusError, StorageError
from headgate.index.chunk_set import read_chunk_set
from headgate.ingest.sandbox import stream
from headgate.ingest.state.dead_letters import list_dead_letters
from headgate.ingest.validate.facts import document_facts as facts
from headgate.records import IngestResult
from headgate.settings import PersonalSearch, Settings
from headgate.storage import open_store
from tests.conftest import REPOSITORY, public_data
from tests.ingest import files
from tests.ingest.sandbox.test_pool import MISCHIEF
from tests.verbs import ingest

MakeSettings = Callable[..., Settings]


def page(title: str, words: str) -> bytes:
    return f"# {title}\n\n{words} This page explains {title.lower()} for customers of every plan.\n".encode()


def outcomes(result: IngestResult) -> dict[str, str]:
    return {outcome.path: outcome.outcome for outcome in result.outcomes}


def reasons(result: IngestResult, path: str) -> str:
    return "; ".join(map(str, next(outcome.reasons for outcome in result.outcomes if outcome.path == path)))


def test_every_file_ends_in_exactly_one_outcome_and_the_counts_add_up(corpus: Path, make_settings: MakeSettings) -> None:
    files.write(
        corpus, a__md=files.markdown(), empty__md=b"", blank__txt=b" \n\t\n", cut__pdf=files.pdf(pages=4)[:900], locked__pdf=files.pdf(password="x"),
        named__docx=files.pdf(), page__txt=files.html().replace(b"Refunds", b"Repayments"), skip__md=b"# Skipped", copy__md=files.markdown(), short__md=b"Hi.",
    )  # fmt: skip
    seen: list[tuple[int, int]] = []
    result = ingest(make_settings(corpus={"exclude": ["skip.*"]}), progress=lambda done, total: seen.append((done, total)))

    assert outcomes(result) == {
        "a.md": "indexed", "blank.txt": "quarantined", "copy.md": "quarantined", "cut.pdf": "dead_lettered", "empty.md": "quarantined",
        "locked.pdf": "dead_lettered", "named.docx": "dead_lettered", "page.txt": "indexed", "short.md": "quarantined", "skip.md": "excluded",
    }  # fmt: skip
    counts = result.counts
    assert counts.files == 10 == counts.indexed + counts.quarantined + counts.dead_lettered + counts.excluded
    assert all(outcome.reasons for outcome in result.outcomes if outcome.outcome != "indexed")
    assert reasons(result, "copy.md").startswith("duplicate: of 'a.md'")
    assert reasons(result, "skip.md") == "corpus.exclude: skip.*"
    assert seen[-1] == (10, 10)
    store = open_store(make_settings())
    assert IngestResult.model_validate_json(store.get(f"ingests/{result.corpus_revision}.json")) == result
    chunks = list(read_chunk_set(store, result.chunk_set))
    assert len(chunks) == result.chunk_set.chunks == sum(outcome.chunks for outcome in result.outcomes)
    assert {chunk.doc_id for chunk in chunks} == {"a.md", "page.txt"}
    assert {letter.path: letter.reason for letter in list_dead_letters(store)} == {
        "cut.pdf": "truncated", "locked.pdf": "encrypted", "named.docx": "wrong_extension",
    }  # fmt: skip
    share = next(check for check in result.checks if check.name == "dropped_share")
    assert (share.level, share.passed) == ("error", False)
    assert share.examples[0].startswith("7 of 9 files")


def test_a_second_run_parses_nothing_and_gives_the_same_chunks(corpus: Path, make_settings: MakeSettings) -> None:
    files.write(
        corpus, a__md=files.markdown(), b__html=files.html().replace(b"Refunds", b"Repayments"), c__pdf=files.pdf(pages=2)
    )
    first = ingest(make_settings())
    second = ingest(make_settings())
    elsewhere = ingest(make_settings(storage={"root": "other"}))

    assert (first.parsed, second.parsed, elsewhere.parsed) == (3, 0, 3)
    assert first.chunk_set == second.chunk_set == elsewhere.chunk_set


def test_ages_are_counted_from_the_day_of_each_ingest(corpus: Path, make_settings: MakeSettings) -> None:
    dated = b"---\neffective_date: 2026-01-01\n---\n" + page("Prices", "Lite costs £24.00.")
    files.write(corpus, a__md=dated, b__md=page("Refunds", "Ten days."), draft__md=page("Moving", "Tell us early."))
    modified = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    os.utime(corpus / "draft.md", (modified, modified))
    rule = {"name": "old", "action": "exclude", "pattern": "draft*", "older_than_days": 30}
    settings = make_settings(corpus={"rules": [rule]}, validation={"as_of": "today", "stale_after_days": 100})

    def at(month: int, hour: int = 8) -> IngestResult:
        return ingest(settings, now=datetime(2026, month, 20, hour, tzinfo=UTC))

    march, later, may = at(3), at(3, 20), at(5)
    assert set(outcomes(march).values()) == {"indexed"}
    assert (later.chunk_set, later.derived, later.as_of) == (march.chunk_set, 0, "2026-03-20")
    assert outcomes(may) == {"a.md": "quarantined", "b.md": "indexed", "draft.md": "excluded"}
    assert reasons(may, "a.md") == "stale: effective 2026-01-01, 139 days before 2026-05-20, limit 100"
    assert (may.parsed, may.derived, may.as_of) == (0, 0, "2026-05-20")


def test_only_what_changed_is_parsed_and_a_moved_file_is_not(corpus: Path, make_settings: MakeSettings) -> None:
    files.write(
        corpus,
        a__md=page("Prices", "Lite costs £24.00."),
        b__md=page("Refunds", "Ten days."),
        c__md=page("Moving", "Tell us early."),
    )
    ingest(make_settings())
    (corpus / "b.md").write_bytes(page("Refunds", "Twelve days now."))
    (corpus / "moved").mkdir()
    (corpus / "c.md").rename(corpus / "moved" / "c.md")
    result = ingest(make_settings())

    assert [outcome.path for outcome in result.outcomes if outcome.parsed] == ["b.md"]
    assert result.chunk_set == ingest(make_settings(storage={"root": "fresh"})).chunk_set


def test_labels_come_from_rules_and_changing_a_rule_parses_nothing(corpus: Path, make_settings: MakeSettings) -> None:
    (corpus / "internal").mkdir()
    (corpus / "internal" / "limits.md").write_bytes(page("Limits", "Up to thirty pounds."))
    files.write(corpus, own__md=files.markdown())
    rules = [
        {"pattern": "internal/**", "confidentiality": "internal"},
        {"pattern": "**", "confidentiality": "public", "region": "north"},
    ]
    ingest(make_settings())
    result = ingest(make_settings(corpus={"labels": rules}))

    labels = {chunk.doc_id: chunk.metadata for chunk in read_chunk_set(open_store(make_settings()), result.chunk_set)}
    assert result.parsed == 0
    assert (labels["internal/limits.md"].confidentiality, labels["internal/limits.md"].region) == ("internal", "north")
    assert (labels["own.md"].confidentiality, labels["own.md"].region) == ("public", "all")
    assert labels["internal/limits.md"].title == "Limits"
    assert labels["internal/limits.md"].language == "en"


def test_a_dead_letter_is_not_tried_again_until_the_file_changes_and_is_cleared_then(
    corpus: Path, make_settings: MakeSettings
) -> None:
    files.write(corpus, a__md=files.markdown(), cut__pdf=files.pdf(pages=4)[:900])
    store = open_store(make_settings())
    assert ingest(make_settings()).parsed == 2
    second = ingest(make_settings())

    assert second.parsed == 0
    assert outcomes(second)["cut.pdf"] == "dead_lettered"
    assert [letter.attempts for letter in list_dead_letters(store)] == [1]

    (corpus / "cut.pdf").write_bytes(files.pdf(pages=4).replace(b"Refunds", b"Payback"))
    assert ingest(make_settings()).parsed == 1
    assert list_dead_letters(store) == []


def test_a_file_over_the_limit_is_refused_unread(corpus: Path, make_settings: MakeSettings) -> None:
    files.write(corpus, a__md=files.markdown(), large__txt=b"word " * 300_000)
    result = ingest(make_settings(parse={"max_file_mib": 1}))

    assert reasons(result, "large.txt").startswith("too_large: 1.4 MiB")


def test_nothing_to_index_is_an_error(corpus: Path, make_settings: MakeSettings) -> None:
    files.write(corpus, a__md=b"")

    with pytest.raises(CorpusError, match=r"'a\.md': empty: no text; put readable documents there"):
        ingest(make_settings())


@pytest.fixture(scope="module")
def northbeam(tmp_path_factory: pytest.TempPathFactory) -> IngestResult:
    import subprocess
    import sys

    from headgate.settings import load_settings

    folder = tmp_path_factory.mktemp("northbeam")
    subprocess.run(
        [
            sys.executable,
            str(REPOSITORY / "sample" / "northbeam" / "render.py"),
            "--revision",
            "base",
            "--out",
            str(folder / "corpus"),
        ],
        check=True,
    )
    settings = load_settings(REPOSITORY / "headgate.toml", environment={"HEADGATE_STORE": str(folder / "store")})
    return ingest(settings, folder=folder / "corpus")


def test_the_sample_corpus_meets_its_list_of_defects(northbeam: IngestResult) -> None:
    found = outcomes(northbeam)
    defects = yaml.safe_load((REPOSITORY / "sample" / "northbeam" / "defects.yaml").read_text(encoding="utf-8"))
    expected = {defect["path"]: defect["expected"] for defect in defects}

    assert {path: found[path] for path in expected} == expected
    assert {path for path, outcome in found.items() if outcome != "indexed"} == {
        path for path, outcome in expected.items() if outcome != "indexed"
    }
    keywords = {
        "empty": "empty", "duplicate": "duplicate: of", "near_duplicate": "near_duplicate: of", "truncated_pdf": "truncated", "encrypted_pdf": "encrypted",
        "stale": "stale", "contradiction": "stale", "personal_data": "personal_data", "hidden_instruction": "instructions",
    }  # fmt: skip
    for defect in defects:
        if defect["expected"] != "indexed":
            assert reasons(northbeam, defect["path"]).startswith(keywords.get(defect["defect"], defect["defect"])), defect["path"]


def test_nothing_but_page_furniture_a_wrong_name_and_a_rare_suspicion_is_remarked_of_the_sample(northbeam: IngestResult) -> None:
    indexed = [outcome for outcome in northbeam.outcomes if outcome.outcome == "indexed"]
    found = [one for outcome in indexed for one in outcome.findings]
    # How often an ordinary page has a sentence that looks like an order is measured by benchmarks.injection, not judged here: it is a finding.
    assert {one.code for one in found} - {"suspected_instructions"} == {"left_out", "extension"}
    assert all("navigation" in one.text or "running header" in one.text for one in found if one.code == "left_out")


@pytest.mark.public_data
@pytest.mark.slow
def test_a_real_handbook_is_ingested_without_losing_a_page(tmp_path: Path, make_settings: MakeSettings) -> None:
    import tarfile

    with tarfile.open(public_data("kb_sourcegraph_handbook") / "base.tar.gz") as archive:
        archive.extractall(tmp_path / "handbook", filter="data")
    result = ingest(make_settings(parse={"workers": 2}), folder=tmp_path / "handbook")

    assert result.counts.files == 687
    assert result.counts.dead_lettered == 0
    assert result.counts.quarantined < 15
    assert ingest(make_settings(), folder=tmp_path / "handbook").parsed == 0


def stumble_over(monkeypatch: pytest.MonkeyPatch, word: str, error: Exception) -> None:
    """Have the search for personal numbers raise `error` at every text with `word`."""

    def locate(text: str, search: PersonalSearch) -> list[PersonalValue]:
        if word in text:
            raise error
        return locate_personal_data(text, search)

    monkeypatch.setattr(facts, "locate_personal_data", locate)


def test_a_text_that_a_rule_stumbles_over_fails_alone_and_is_tried_by_every_ingest(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(corpus, a__md=files.markdown(), b__md=page("Odd", "A word that no rule foresaw."), c__md=page("Fees", "None."))
    store = open_store(make_settings())
    with monkeypatch.context() as patch:
        stumble_over(patch, "foresaw", KeyError("4111 1111 1111 1111"))
        first = ingest(make_settings())
        second = ingest(make_settings())

    assert outcomes(first) == outcomes(second) == {"a.md": "indexed", "b.md": "dead_lettered", "c.md": "indexed"}
    assert second.parsed == 0
    assert reasons(first, "b.md").startswith("derive_error: its text could not be worked on: KeyError in test_run.py, line ")
    assert "4111" not in reasons(first, "b.md")
    assert outcomes(ingest(make_settings()))["b.md"] == "indexed"
    assert list_dead_letters(store) == []


def test_the_last_good_version_takes_its_place_unless_that_fails_too(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(corpus, a__md=files.markdown(), b__md=page("Odd", "Words that all rules know."))
    ingest(make_settings())
    files.write(corpus, b__md=page("Odd", "A word that no rule foresaw."))
    with monkeypatch.context() as patch:
        stumble_over(patch, "foresaw", KeyError("x"))
        kept = ingest(make_settings())
        stumble_over(patch, "rule", KeyError("x"))
        # Another own number has all facts made anew.
        lost = ingest(make_settings(validation={"own_numbers": ["12345678Z"]}))

    assert outcomes(kept) == {"a.md": "indexed", "b.md": "indexed"}
    assert outcomes(lost) == {"a.md": "indexed", "b.md": "dead_lettered"}
    findings = next(outcome.findings for outcome in lost.outcomes if outcome.path == "b.md")
    assert any(finding.code == "last_good" and "fails too: derive_error" in finding.text for finding in findings)


@pytest.mark.parametrize(
    "error", [StorageError("the store is down"), OSError(28, "No space left on device"), MemoryError(), ImportError("presidio")]
)
def test_what_is_wrong_with_the_machine_is_no_documents_failure(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    files.write(corpus, a__md=files.markdown(), b__md=page("Odd", "A word that no rule foresaw."))
    stumble_over(monkeypatch, "foresaw", error)
    with pytest.raises(type(error)):
        ingest(make_settings())
    assert list_dead_letters(open_store(make_settings())) == []


def test_a_full_disk_stops_the_run_and_leaves_no_dead_letter(
    corpus: Path, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(corpus, a__md=files.markdown(), b__md=b"full of words, as " + page("Moving", "Tell us early."))
    with monkeypatch.context() as patch:
        patch.setattr(stream, "ParserPool", partial(stream.ParserPool, command=(sys.executable, "-c", MISCHIEF)))
        with pytest.raises(StorageError, match="free space there and run again"):
            ingest(make_settings())
    assert list_dead_letters(open_store(make_settings())) == []

    again = ingest(make_settings())
    assert set(outcomes(again).values()) == {"indexed"}, [(one.path, one.reasons) for one in again.outcomes]
