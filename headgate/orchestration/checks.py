"""What must hold of each stage, as asset checks. Blocking ones stop the rest of the run that they fail in.

They show what the library decides; none of them is the only guard. A bundle without a passing verdict is refused by the promotion.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from headgate.errors import SettingsError
from headgate.ingest.state.dead_letters import DeadLetter
from headgate.ingest.validate.judge.expectations import Expectation
from headgate.ingest.validate.outcome import named_checks
from headgate.orchestration.handed_on import CorpusReference
from headgate.records import Canary, ChunkSetRef, IndexResult, IngestResult, Report, ValidationCheck, Verdict
from headgate.settings import load_settings, parse_settings
from headgate.sources.state.freshness import SourceFreshness

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR

_UNLISTED = "no_unlisted_failure"
_STALE = "no_stale_source"
#: What becomes of what fails a check of the suites, by its level.
_CONSEQUENCES = {
    "quarantine": "A document that fails is quarantined, with the reason",
    "finding": "A document that fails is indexed, with the remark",
    "error": "A failure stops the build, with the reason",
}
#: Checks of `chunks` that are Dagster's own; all others are named by the project's suites.
OWN = {"counts_add_up", "nothing_lost", _UNLISTED}


def _named_checks() -> list[Expectation]:
    """The checks of the project's suites; those built in where no project is at hand (a code location is loaded anywhere)."""
    try:
        settings = load_settings()
    except SettingsError:
        settings = parse_settings({}, project_dir=Path.cwd())
    return named_checks(settings.validation, settings.project_dir)


def _spec(asset: str, name: str, description: str, *, blocking: bool = False) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name=name, asset=asset, description=description, blocking=blocking)


def _in_words(check: Expectation) -> str:
    """What becomes of what fails, in which words, and where the check can be changed."""
    file = Path(check.place)
    place = "/".join(file.parts[-3:]) if file.parts[-3:-1] == ("evals", "expectations") else file.name
    return f"{_CONSEQUENCES[check.level]}: “{check.wording}”. To change it: {place}"


_NAMED = _named_checks()
CHUNKS = (
    _spec("chunks", "counts_add_up", "files = indexed + quarantined + dead-lettered + excluded.", blocking=True),
    _spec("chunks", "nothing_lost", "Every file of the corpus has exactly one outcome.", blocking=True),
    _spec(
        "chunks",
        _UNLISTED,
        "No check that was added after Dagster loaded its definitions fails; reload them to see it by name.",
        blocking=True,
    ),
    *(_spec("chunks", check.name, _in_words(check), blocking=check.level == "error") for check in _NAMED),
)
DEAD_LETTERS = (
    _spec(
        "dead_letters", "dead_letter_share", "No more files than validation.max_dead_letter_share could not be read or parsed."
    ),
)
CHUNK_TABLE = (
    _spec("chunk_table", "holds_every_chunk", "The table version has exactly the chunks of the chunk set.", blocking=True),
)
#: Not made with the table but by the job `check_integrity`, which fails when it fails. Not blocking: automation would wait for it after
#: every change of the table.
CHUNK_TABLE_LATER = (
    _spec(
        "chunk_table",
        "integrity",
        "Every file, row, vector and index of every pinned version is what was pinned. See `headgate versions verify --all`.",
    ),
)
CANARY = (
    _spec(
        "canary",
        "no_regression",
        "The new index finds no less than the one before, within the limits of [canary].",
        blocking=True,
    ),
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
        *_validation_results(result.checks),
    ]


def _validation_results(found: Sequence[ValidationCheck]) -> list[dg.AssetCheckResult]:
    """One result for each check that Dagster knows; the others count together."""
    declared = {spec.name for spec in CHUNKS} - OWN
    by_name = {check.name: check for check in found}
    unlisted = [check.name for check in found if check.name not in declared and not check.passed and check.level == "error"]
    missing = sorted(declared - by_name.keys())
    return [
        *(_validation_result(by_name[name]) for name in sorted(declared & by_name.keys())),
        *(_result(name, False, WARN, {"note": "this ingest has no such check; reload the definitions"}) for name in missing),
        _result(_UNLISTED, not unlisted, ERROR, {"failed": ", ".join(unlisted)}),
    ]


def _validation_result(check: ValidationCheck) -> dg.AssetCheckResult:
    severity = ERROR if check.level == "error" and not check.accepted else WARN
    metadata = {
        "checked": check.checked,
        "failed": check.failed,
        "consequence": check.level,
        "accepted": check.accepted,
        "examples": ", ".join(check.examples),
    }
    return _result(check.name, check.passed, severity, metadata)


def check_freshness(sources: Sequence[SourceFreshness]) -> dg.AssetCheckEvaluation | None:
    """The check `no_stale_source` of `chunks` as of now, without an ingest; None where the project's suites have no such check."""
    level = next((check.level for check in _NAMED if check.name == _STALE), "")
    if not level:
        return None
    stale = [source.reason for source in sources if not source.fresh]
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("chunks"),
        check_name=_STALE,
        passed=not stale,
        severity=ERROR if level == "error" else WARN,
        metadata={"sources": len(sources), "failed": len(stale), "consequence": level, "examples": "; ".join(stale)},
    )


def check_dead_letters(letters: Sequence[DeadLetter], *, files: int, limit: float) -> list[dg.AssetCheckResult]:
    """The share of files that people should look at; those left out by decision do not count."""
    undecided = [letter.path for letter in letters if not letter.dropped_at]
    share = len(undecided) / files if files else 0.0
    metadata = {
        "files": files,
        "dead letters": len(undecided),
        "share": share,
        "limit": limit,
        "examples": ", ".join(undecided[:5]),
    }
    return [_result("dead_letter_share", share <= limit, ERROR, metadata)]


def check_chunk_table(result: IndexResult, chunk_set: ChunkSetRef) -> list[dg.AssetCheckResult]:
    return [
        _result(
            "holds_every_chunk", result.ref.rows == chunk_set.chunks, ERROR, {"rows": result.ref.rows, "chunks": chunk_set.chunks}
        )
    ]


def check_canary(canary: Canary) -> list[dg.AssetCheckResult]:
    """Failed is an error and ends the run; inconclusive is a warning."""
    short = [f"{check.name}: {check.reason}" for check in canary.checks if check.verdict != "passed"]
    severity = ERROR if canary.verdict == "failed" else WARN
    return [
        _result(
            "no_regression", canary.verdict == "passed", severity, {"verdict": canary.verdict, "not passed": "; ".join(short)}
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
    """Failed is an error and ends the run; inconclusive is a warning, and the promotion after it refuses. An override passes, and says so."""
    short = [f"{gate.name}: {gate.reason}" for gate in verdict.gates if gate.blocks]
    warned = [*verdict.warnings, *(f"{gate.name}: {gate.reason}" for gate in verdict.gates if gate.warns)]
    metadata = {
        "verdict": verdict.verdict,
        "gates": len(verdict.gates),
        "not passed": "; ".join(short),
        "warnings": "; ".join(warned),
    }
    if verdict.override_by:
        metadata["override"] = f"{verdict.override_by}: {verdict.override_reason}"
    return [_result("gates_passed", verdict.verdict == "passed", ERROR if verdict.verdict == "failed" else WARN, metadata)]


def _result(name: str, passed: bool, severity: dg.AssetCheckSeverity, metadata: Mapping[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(check_name=name, passed=passed, severity=severity, metadata=metadata)
