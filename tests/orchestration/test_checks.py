from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from headgate.ingest.state.dead_letters import DeadLetter
from headgate.orchestration import checks, views
from headgate.orchestration.checks import check_chunks, check_dead_letters, check_verdict
from headgate.orchestration.handed_on import CorpusReference
from headgate.records import (
    ChunkSetRef,
    Decision,
    FileOutcome,
    GateResult,
    IngestCounts,
    IngestResult,
    SourceState,
    ValidationCheck,
    Verdict,
)
from headgate.sources.corpus import Corpus


def verdict(decision: Decision) -> Verdict:
    gate = GateResult(
        name="finds it", metric="golden/recall@5", verdict=decision, value=0.8, low=0.7, high=0.9, limit=0.85, reason="why"
    )
    return Verdict(
        verdict_id="v",
        verdict=decision,
        bundle_id="b",
        report_id="r",
        gates_digest="g",
        suite_digests={},
        gates=(gate,),
        created_at="2026-02-02",
    )


@pytest.mark.parametrize(
    ("decision", "passed", "severity"),
    [("passed", True, "WARN"), ("failed", False, "ERROR"), ("inconclusive", False, "WARN")],
)
def test_gates_passed_tells_failed_from_inconclusive(decision: Decision, passed: bool, severity: str) -> None:
    (check,) = check_verdict(verdict(decision))
    assert (check.passed, check.severity.name) == (passed, severity)
    if not passed:
        assert check.metadata["not passed"].value == "finds it: why"


def test_gates_passed_shows_warnings_and_an_override() -> None:
    warning = verdict("failed").gates[0].model_copy(update={"severity": "warn"})
    decided = verdict("passed").model_copy(
        update={"gates": (warning,), "warnings": ("no gate judges",), "override_by": "Kim", "override_reason": "known"}
    )
    (check,) = check_verdict(decided)
    assert check.passed
    assert check.metadata["not passed"].value == ""
    assert check.metadata["warnings"].value == "no gate judges; finds it: why"
    assert check.metadata["override"].value == "Kim: known"


def ingest_result(counts: IngestCounts, paths: tuple[str, ...]) -> IngestResult:
    return IngestResult(
        corpus_revision="r",
        counts=counts,
        outcomes=tuple(FileOutcome(path=path, digest="d", outcome="indexed") for path in paths),
        chunk_set=ChunkSetRef(corpus_revision="r", key="k", digest="d", chunks=1, documents=1),
        parsed=0,
        seconds=0.0,
        checks=(ValidationCheck(name="not_empty", level="quarantine", passed=False, checked=2, failed=1, examples=("a.md",)),),
    )


def passed(result: IngestResult, files: int) -> dict[str, bool]:
    return {str(check.check_name): check.passed for check in check_chunks(result, CorpusReference(revision="r", files=files))}


def test_counts_that_do_not_add_up_and_lost_files_are_seen() -> None:
    good = IngestCounts(files=2, indexed=2, quarantined=0, dead_lettered=0, excluded=0)
    assert passed(ingest_result(good, ("a", "b")), 2) | {
        "counts_add_up": True,
        "nothing_lost": True,
        "not_empty": False,
        "no_unlisted_failure": True,
    } == passed(ingest_result(good, ("a", "b")), 2)
    assert not passed(ingest_result(good, ("a", "b")), 3)["nothing_lost"]
    assert not passed(ingest_result(good, ("a", "a")), 2)["nothing_lost"]
    bad = IngestCounts(files=3, indexed=2, quarantined=0, dead_lettered=0, excluded=0)
    assert not passed(ingest_result(bad, ("a", "b")), 2)["counts_add_up"]


def test_a_handled_document_is_a_warning_with_examples() -> None:
    counts = IngestCounts(files=2, indexed=2, quarantined=0, dead_lettered=0, excluded=0)
    results = check_chunks(ingest_result(counts, ("a", "b")), CorpusReference(revision="r", files=2))
    (check,) = [result for result in results if result.check_name == "not_empty"]
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert check.metadata["examples"].value == "a.md"


def test_a_failure_of_a_check_that_dagster_does_not_know_yet_blocks() -> None:
    counts = IngestCounts(files=1, indexed=1, quarantined=0, dead_lettered=0, excluded=0)
    new = ValidationCheck(name="added_since", level="error", passed=False, checked=1, failed=1)
    result = ingest_result(counts, ("a",)).model_copy(update={"checks": (new,)})
    assert not passed(result, 1)["no_unlisted_failure"]


def letter(path: str, *, dropped_at: str = "") -> DeadLetter:
    return DeadLetter(
        path=path,
        digest="d",
        reason="timeout",
        detail="60 s",
        transient=True,
        attempts=1,
        first_seen="2026-02-02T03:00:00+00:00",
        last_seen="2026-02-02T03:00:00+00:00",
        dropped_at=dropped_at,
    )


@pytest.mark.parametrize(("files", "passed"), [(20, True), (19, False), (0, True)])
def test_dead_letters_above_the_stated_share_fail_the_check(files: int, passed: bool) -> None:
    (check,) = check_dead_letters([letter("a.pdf"), letter("b.pdf", dropped_at="2026-02-02")], files=files, limit=0.05)
    assert (check.passed, check.severity.name) == (passed, "ERROR")
    assert check.metadata["examples"].value == "a.pdf"


def test_a_stale_source_is_a_row_of_the_corpus_with_its_reason() -> None:
    state = SourceState(
        corpus="kb",
        name="wiki",
        kind="http",
        listed=7,
        unchanged=7,
        last_success="2026-02-01T00:00:00+00:00",
        content_changed="2026-01-01T00:00:00+00:00",
        fresh_within_hours=12,
        silent_after_days=30,
    )
    shown = views.corpus(
        Corpus("r", Path(), (), {}, {}, sources=(state, SourceState(corpus="kb", name="new", kind="s3"))),
        now=datetime(2026, 2, 2, tzinfo=UTC),
    )
    wiki, new = (record.data for record in shown["sources"].value.records)
    assert (wiki["source"], wiki["listed"], wiki["objective"]) == ("wiki", 7, "read within 12 h")
    assert wiki["stale_or_silent"] == (
        "source 'wiki' was last read 24.0 h ago, its objective is 12 h; "
        "nothing in source 'wiki' has changed for 32.0 days, silent_after_days is 30"
    )
    assert (new["last_read_whole"], new["objective"], new["stale_or_silent"]) == ("never", "none", "")


def test_a_check_says_what_becomes_of_a_failure_in_which_words_and_where_it_stands() -> None:
    described = {spec.name: spec.description or "" for spec in checks.CHUNKS}
    assert described["no_language_switched"].startswith("A failure stops the build, with the reason: “")
    too_short, _, line = described["not_too_short"].rpartition(":")
    assert too_short == (
        "A document that fails is quarantined, with the reason: “… characters, validation.min_characters is 40”. "
        "To change it: evals/expectations/documents.yaml"
    )
    assert line.isdigit()
    assert not [text for text in described.values() if "{" in text or str(Path.cwd()) in text]
