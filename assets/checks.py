"""What must hold of each stage, as asset checks. Blocking ones stop the rest of the run that they fail in.

They show what the library decides; none of them is the only guard. A bundle without a passing verdict is refused by the promotion.
"""

import dagster as dg

from assets.references import CorpusReference
from headgate.records import ChunkSetRef, IndexResult, IngestResult, Report, ValidationCheck, Verdict

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR

#: Checks of the ingest (Great Expectations and plain counts) by their names in `IngestResult.checks`.
VALIDATION = {
    "dropped_share": "Not too many files were quarantined or dead-lettered (validation.max_dropped_share).",
    "not_empty": "Every document has text.",
    "not_too_short": "No document is shorter than validation.min_characters.",
    "not_stale": "No document is older than validation.stale_after_days.",
    "no_personal_data": "No document holds card numbers, bank accounts or the like.",
    "no_instructions": "No document holds text that addresses the model instead of the reader.",
    "no_hidden_text": "No document holds text that its readers do not see.",
    "no_duplicate": "No document is there twice.",
    "no_near_duplicate": "No document is nearly the same as another.",
    "has_title": "Every document has a title.",
    "readable": "Most characters of every document could be decoded.",
    "cleanly_decoded": "Every character of every document could be decoded.",
    "chunks_are_slices": "Every chunk is found in its document where it says.",
    "chunk_ids_are_unique": "No chunk id is there twice.",
    "chunks_have_text": "Every chunk has text.",
    "chunks_fit_their_budget": "Every chunk fits the embedding model (chunks.max_tokens).",
}
#: Failing these means that the stage itself is wrong; the others mark documents that were handled, or that people should look at.
_VALIDATION_BLOCKS = ("dropped_share", "chunks_are_slices", "chunk_ids_are_unique", "chunks_have_text")


def _spec(asset: str, name: str, description: str, *, blocking: bool = False) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name=name, asset=asset, description=description, blocking=blocking)


CHUNKS = (
    _spec("chunks", "counts_add_up", "files = indexed + quarantined + dead-lettered + excluded.", blocking=True),
    _spec("chunks", "nothing_lost", "Every file of the corpus has exactly one outcome.", blocking=True),
    *(_spec("chunks", name, description, blocking=name in _VALIDATION_BLOCKS) for name, description in VALIDATION.items()),
)
CHUNK_TABLE = (
    _spec("chunk_table", "holds_every_chunk", "The table version has exactly the chunks of the chunk set.", blocking=True),
)
EVALUATION_REPORT = (
    _spec("evaluation_report", "every_question_answered", "No question of a suite ended in an error."),
    _spec("evaluation_report", "every_metric_scored", "No metric failed to be computed for a question it applies to."),
)
VERDICT = (
    _spec("verdict", "gates_passed", "Every gate of the gate file passed, also against the bundle in service.", blocking=True),
)


def check_chunks(result: IngestResult, corpus: CorpusReference) -> list[dg.AssetCheckResult]:
    """Counts, and what the validation found."""
    counts = result.counts
    total = counts.indexed + counts.quarantined + counts.dead_lettered + counts.excluded
    paths = {outcome.path for outcome in result.outcomes}
    return [
        _result("counts_add_up", counts.files == total, ERROR, {"files": counts.files, "sum of outcomes": total}),
        _result(
            "nothing_lost",
            len(paths) == len(result.outcomes) == corpus.files,
            ERROR,
            {"files of the corpus": corpus.files, "files with an outcome": len(paths), "outcomes": len(result.outcomes)},
        ),
        *(_validation_result(check) for check in result.checks if check.name in VALIDATION),
    ]


def _validation_result(check: ValidationCheck) -> dg.AssetCheckResult:
    severity = ERROR if check.level == "error" else WARN
    metadata = {
        "checked": check.checked,
        "failed": check.failed,
        "consequence": check.level,
        "examples": ", ".join(check.examples),
    }
    return _result(check.name, check.passed, severity, metadata)


def check_chunk_table(result: IndexResult, chunk_set: ChunkSetRef) -> list[dg.AssetCheckResult]:
    return [
        _result(
            "holds_every_chunk", result.ref.rows == chunk_set.chunks, ERROR, {"rows": result.ref.rows, "chunks": chunk_set.chunks}
        )
    ]


def check_report(report: Report) -> list[dg.AssetCheckResult]:
    cases = [case for suite in report.suites.values() for case in suite.cases]
    failed = [case.case_id for case in cases if case.error]
    unscored = [f"{case.case_id}: {score.metric}" for case in cases for score in case.scores if score.error]
    return [
        _result(
            "every_question_answered",
            not failed,
            WARN,
            {"questions": len(cases), "failed": len(failed), "examples": ", ".join(failed[:5])},
        ),
        _result("every_metric_scored", not unscored, WARN, {"unscored": len(unscored), "examples": ", ".join(unscored[:5])}),
    ]


def check_verdict(verdict: Verdict) -> list[dg.AssetCheckResult]:
    """Failed is an error and ends the run; inconclusive is a warning, and the promotion after it refuses."""
    short = [f"{gate.name}: {gate.reason}" for gate in verdict.gates if gate.verdict != "passed"]
    metadata = {"verdict": verdict.verdict, "gates": len(verdict.gates), "not passed": "; ".join(short)}
    return [_result("gates_passed", verdict.verdict == "passed", ERROR if verdict.verdict == "failed" else WARN, metadata)]


def _result(name: str, passed: bool, severity: dg.AssetCheckSeverity, metadata: dict[str, object]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(check_name=name, passed=passed, severity=severity, metadata=metadata)
