"""Records → Dagster metadata: what a person wants to see of each asset. Keys use the library's words."""

import base64
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath

import dagster as dg

from headgate.bundle import Bundle
from headgate.evaluate.report.failures import find_failures
from headgate.evaluate.report.plots import draw_plots
from headgate.evaluate.suites.suite import ALL
from headgate.ingest.state.dead_letters import DeadLetter
from headgate.records import (
    Canary,
    EmbeddingUsage,
    GateResult,
    IndexResult,
    IngestResult,
    IntegrityReport,
    MetricSummary,
    Release,
    Report,
    SourceState,
    Verdict,
)
from headgate.retention.clean_up import PruneResult
from headgate.settings import Settings
from headgate.sources.corpus import Corpus

Metadata = dict[str, dg.MetadataValue]
#: Rows of a table in the metadata; the whole list lies in the store.
MAX_ROWS = 100
WORST_CASES = 15
#: The figures to read first, in reading order.
HEADLINES = (
    "recall@5",
    "mrr",
    "ndcg@5",
    "citation_precision",
    "citation_recall",
    "answer_correctness",
    "groundedness",
    "over_refusal",
    "refusal_recall",
    "refusal_precision",
    "latency_p50",
    "latency_p95",
    "cost_total",
    "errors",
    "unscored",
)


def corpus(found: Corpus, *, now: datetime) -> Metadata:
    """What `corpus` shows: revision, number of files, sizes per format, how each source stands at `now`."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for file in found.files:
        suffix = PurePosixPath(file.path).suffix.removeprefix(".") or "(none)"
        files[suffix] += 1
        sizes[suffix] += file.size
    rows = [{"format": suffix, "files": count, "bytes": sizes[suffix]} for suffix, count in files.most_common()]
    return {
        "corpus_revision": dg.MetadataValue.text(found.revision),
        "files": dg.MetadataValue.int(len(found.files)),
        "excluded": dg.MetadataValue.int(len(found.excluded)),
        "bytes": dg.MetadataValue.int(sum(sizes.values())),
        "formats": _table(rows),
        "sources": _table([_source_row(state, now) for state in found.sources], empty={"source": ""}),
    }


def _source_row(state: SourceState, now: datetime) -> dict[str, str | int]:
    return {
        "source": state.name,
        "kind": state.kind,
        "listed": state.listed,
        "fetched": state.fetched,
        "unchanged": state.unchanged,
        "failed": state.failed,
        "excluded": state.excluded,
        "last_read_whole": state.last_success or "never",
        "content_unchanged_since": state.content_changed,
        "objective": f"read within {state.fresh_within_hours:g} h" if state.fresh_within_hours else "none",
        "stale_or_silent": "; ".join(filter(None, (state.staleness(now), state.silence(now)))),
    }


def changes_line(result: IngestResult) -> str:
    """What happened to the files since the ingest before, in one line."""
    changes = result.changes
    return ", ".join(f"{count} {name}" for name, count in changes.model_dump().items() if count) if changes else "not known"


def canary(found: Canary) -> Metadata:
    """What `canary` shows: its checks, then what is found worse."""
    checks = [{"check": check.name, "verdict": check.verdict, "reason": check.reason} for check in found.checks]
    slices = [
        {
            "slice": one.name,
            "questions": one.n,
            "before": round(one.before, 3),
            "after": round(one.after, 3),
            "interval": "" if one.low is None or one.high is None else f"{one.low:+.3f} to {one.high:+.3f}",
        }
        for one in found.slices
    ]
    lost = [{"document": name, "what": "can't be found any more"} for name in found.unreachable]
    lost += [{"document": name, "what": "no question finds it any more"} for name in found.lost_hits]
    return {
        "verdict": dg.MetadataValue.text(found.verdict),
        "against": dg.MetadataValue.text(found.baseline_bundle_id or "nothing; the check `baseline` says why"),
        "questions": dg.MetadataValue.int(found.questions),
        "probes": dg.MetadataValue.int(found.probes),
        "changed_not_probed": dg.MetadataValue.int(found.probes_left_out),
        "checks": _table(checks, empty={"check": "", "verdict": "", "reason": ""}),
        f"recall@{found.recall_at}": _table(
            slices, empty=dict.fromkeys(("slice", "questions", "before", "after", "interval"), "")
        ),
        "lost": _table(lost, empty={"document": "", "what": ""}),
        "never_retrieved": dg.MetadataValue.int(found.never_retrieved_count),
        "seconds": dg.MetadataValue.float(round(found.seconds, 2)),
    }


def dead_letters(letters: Sequence[DeadLetter]) -> Metadata:
    """What `dead_letters` shows."""
    rows = [
        {
            "file": letter.path,
            "reason": letter.reason,
            "detail": letter.detail,
            "attempts": letter.attempts,
            "first_seen": letter.first_seen,
            "next": f"left out: {letter.dropped_because}" if letter.dropped_at else letter.next_retry or "when it changes",
            "advice": letter.advice,
        }
        for letter in letters
    ]
    empty = dict.fromkeys(("file", "reason", "detail", "attempts", "first_seen", "next", "advice"), "")
    return {"dead_letters": dg.MetadataValue.int(len(rows)), "letters": _table(rows, empty=empty)}


def ingest(result: IngestResult, *, reports_ui: str) -> Metadata:
    """What `chunks` shows: counts that add up, and every file that was left out, with its reasons."""
    counts = result.counts
    left_out = [
        {"file": outcome.path, "outcome": outcome.outcome, "reasons": "; ".join(outcome.reasons)}
        for outcome in result.outcomes
        if outcome.outcome != "indexed"
    ]
    return {
        "counts": dg.MetadataValue.text(counts_line(result)),
        "corpus_revision": dg.MetadataValue.text(result.corpus_revision),
        "files": dg.MetadataValue.int(counts.files),
        "indexed": dg.MetadataValue.int(counts.indexed),
        "quarantined": dg.MetadataValue.int(counts.quarantined),
        "dead_lettered": dg.MetadataValue.int(counts.dead_lettered),
        "excluded": dg.MetadataValue.int(counts.excluded),
        "changes": dg.MetadataValue.text(changes_line(result)),
        "kept_stale": dg.MetadataValue.int(len(result.kept)),
        "left_out": _table(left_out, empty={"file": "", "outcome": "", "reasons": ""}),
        **({"data_docs": dg.MetadataValue.url(f"{reports_ui}/{result.corpus_revision}/index.html")} if result.data_docs else {}),
        "parsed": dg.MetadataValue.int(result.parsed),
        "reused": dg.MetadataValue.int(reused_files(result)),
        "chunks": dg.MetadataValue.int(result.chunk_set.chunks),
        "chunk_set_digest": dg.MetadataValue.text(result.chunk_set.digest),
        "seconds": dg.MetadataValue.float(round(result.seconds, 2)),
    }


def counts_line(result: IngestResult) -> str:
    """`98 files = 88 indexed + 8 quarantined + 2 dead-lettered + 0 excluded`."""
    counts = result.counts
    parts = f"{counts.indexed} indexed + {counts.quarantined} quarantined + {counts.dead_lettered} dead-lettered + {counts.excluded} excluded"
    return f"{counts.files} files = {parts}"


def reused_files(result: IngestResult) -> int:
    """Files whose earlier parse was taken; those that are refused unread, or known to fail, are neither parsed nor reused."""
    return sum(not outcome.parsed and outcome.outcome in ("indexed", "quarantined") for outcome in result.outcomes)


def index(result: IndexResult) -> Metadata:
    """What `chunk_table` shows: the version, and what this run had to do for it."""
    return {
        "table": dg.MetadataValue.text(result.ref.table),
        "version": dg.MetadataValue.int(result.ref.version),
        "digest": dg.MetadataValue.text(result.ref.digest),
        "dagster/row_count": dg.MetadataValue.int(result.ref.rows),
        "corpus_revision": dg.MetadataValue.text(result.corpus_revision),
        "embedded": dg.MetadataValue.int(result.embedded),
        "reused": dg.MetadataValue.int(result.reused),
        "deleted": dg.MetadataValue.int(result.deleted),
        "seconds": dg.MetadataValue.float(round(result.seconds, 2)),
        **_usage(result.usage),
    }


def _usage(usage: EmbeddingUsage) -> Metadata:
    """What a provider was paid for vectors; engines on this machine have nothing to show."""
    if not usage.requests:
        return {}
    cost = dg.MetadataValue.text("price not known") if usage.cost is None else dg.MetadataValue.float(usage.cost)
    return {
        "embedding_requests": dg.MetadataValue.int(usage.requests),
        "embedding_tokens": dg.MetadataValue.int(usage.tokens),
        "embedding_cost_usd": cost,
    }


def integrity(reports: Sequence[IntegrityReport]) -> Metadata:
    """What the check `integrity` shows: a row for every version, and every check of one that is not passed."""
    rows = [
        {
            "version": f"{report.table}@{report.version}",
            "rows": report.rows,
            "passed": report.passed,
            "wrong": "; ".join(f"{check.name}: {check.detail}" for check in report.checks if check.outcome == "failed"),
            "not_checked": "; ".join(
                f"{check.name}: {check.detail}" for check in report.checks if check.outcome == "not_checked"
            ),
        }
        for report in sorted(reports, key=lambda report: (report.passed, -report.version))
    ]
    return {
        "versions": dg.MetadataValue.int(len(rows)),
        "damaged": dg.MetadataValue.int(sum(not report.passed for report in reports)),
        "found": _table(rows, empty={"version": "", "rows": 0, "passed": True, "wrong": "", "not_checked": ""}),
    }


def pruned(result: PruneResult) -> Metadata:
    """What a clean-up shows: what the store holds, why bundles stay, what went."""
    sizes = [
        {"folder": name, "mib": round(size / 2**20, 1)}
        for name, size in sorted(result.sizes.items(), key=lambda item: item[1], reverse=True)
    ]
    kept = [{"bundle": bundle_id[:16], "because": "; ".join(why)} for bundle_id, why in result.kept.items()]
    kinds: dict[str, list[int]] = {}
    for item in result.removed:
        kinds.setdefault(item.kind, []).append(item.bytes_freed)
    removed = [{"what": kind, "number": len(freed), "mib": round(sum(freed) / 2**20, 1)} for kind, freed in kinds.items()]
    return {
        "store_mib": dg.MetadataValue.float(round(sum(result.sizes.values()) / 2**20, 1)),
        "limit_mib": dg.MetadataValue.float(round(result.limit / 2**20, 1)),
        "freed_mib": dg.MetadataValue.float(round(result.bytes_freed / 2**20, 1)),
        "bundles_kept": dg.MetadataValue.int(len(kept)),
        "holds": _table(sizes, empty={"folder": "", "mib": 0.0}),
        "kept": _table(kept, empty={"bundle": "", "because": ""}),
        "removed": _table(removed, empty={"what": "", "number": 0, "mib": 0.0}),
        "left_alone": dg.MetadataValue.text("; ".join(result.skipped)),
    }


def bundle(made: Bundle) -> Metadata:
    """What `bundle` shows: the id, and what it stands for."""
    manifest = made.manifest
    parts = {
        "corpus": f"{manifest.corpus.name} at {manifest.corpus.revision}",
        "table": f"{manifest.table.table}, version {manifest.table.version}, {manifest.table.rows} chunks",
        "embedding model": f"{manifest.embedding.name}, {manifest.embedding.precision}",
        "chat model": manifest.model.name,
        "prompts": ", ".join(f"{name} ({digest[:12]}…)" for name, digest in sorted(manifest.prompts.items())),
        "retrieval": f"{manifest.retrieval.candidates} candidates of each search, the best {manifest.retrieval.top_k} kept",
        "declines below evidence": f"{manifest.answer.evidence_threshold:g}",
        "languages": ", ".join(manifest.languages),
    }
    return {
        "bundle_id": dg.MetadataValue.text(made.bundle_id),
        "corpus_revision": dg.MetadataValue.text(manifest.corpus.revision),
        "made_of": _table([{"part": part, "value": value} for part, value in parts.items()]),
        "manifest": dg.MetadataValue.json(manifest.model_dump(mode="json")),
    }


def report(evaluated: Report, settings: Settings, *, mlflow_ui: str) -> Metadata:
    """What `evaluation_report` shows: metrics with intervals, the plot, the cases to look at first, the MLflow run."""
    link = (
        {"mlflow_run": dg.MetadataValue.url(f"{mlflow_ui}/#/runs/{evaluated.mlflow_run_id}")} if evaluated.mlflow_run_id else {}
    )
    # Single numbers, so that Dagster draws them over time.
    figures = {f"{ALL}/{name}": summary.value for name, summary in evaluated.suites[ALL].metrics.items() if name in HEADLINES}
    return {
        "questions": dg.MetadataValue.int(sum(suite.n for name, suite in evaluated.suites.items() if name != ALL)),
        "failures": dg.MetadataValue.int(len(find_failures(evaluated))),
        **link,
        "metrics": _table(_metric_rows(evaluated), empty={"metric": ""}),
        "all_metrics": dg.MetadataValue.md(_metrics_markdown(evaluated)),
        "intervals": dg.MetadataValue.md(f"![metrics with 95 % intervals]({_quality_plot(evaluated, settings)})"),
        "worst_cases": _table(
            worst_cases(evaluated), empty=dict.fromkeys(("suite", "case", "question", "failure", "detail"), "")
        ),
        **{name: dg.MetadataValue.float(value) for name, value in figures.items() if value is not None},
        "bundle_id": dg.MetadataValue.text(evaluated.bundle_id),
        "report_id": dg.MetadataValue.text(evaluated.report_id),
    }


def _quality_plot(evaluated: Report, settings: Settings) -> str:
    """The picture `quality` of the MLflow run, as an address for markdown."""
    with tempfile.TemporaryDirectory() as folder:
        paths = draw_plots(
            evaluated, Path(folder), recall_at=settings.evaluation.recall_at, threshold=settings.answer.evidence_threshold
        )
        drawn = {path.stem: path for path in paths}
        return "data:image/png;base64," + base64.b64encode(drawn["quality"].read_bytes()).decode()


def _metric_rows(evaluated: Report) -> list[dict[str, str]]:
    """One row a headline, one column a suite: value and 95 % interval; empty where the suite does not have it."""
    columns = {f"{suite} (n={result.n})": result.metrics for suite, result in evaluated.suites.items()}
    # Spaces that don't break: Dagster's tables fold cells into narrow columns.
    return [
        {"metric": name}
        | {column: interval_text(metrics.get(name)).replace(" ", "\N{NO-BREAK SPACE}") for column, metrics in columns.items()}
        for name in HEADLINES
    ]


def _metrics_markdown(evaluated: Report) -> str:
    """Every metric of every suite, as a table."""
    suites = evaluated.suites.values()
    rows = [["metric", *(f"{name} (n={suite.n})" for name, suite in evaluated.suites.items())], ["---"] * (len(suites) + 1)]
    names = dict.fromkeys(name for suite in suites for name in suite.metrics)
    rows += [[name, *(interval_text(suite.metrics.get(name)) for suite in suites)] for name in names]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def interval_text(summary: MetricSummary | None) -> str:
    """`0.953 [0.92, 0.98]`, with the number of unscored cases if there are any; empty without a value to show."""
    if summary is None or (summary.value is None and not summary.unscored):
        return ""
    value = "not scored" if summary.value is None else f"{summary.value:.3f}"
    interval = "" if summary.low is None or summary.high is None else f" [{summary.low:.2f}, {summary.high:.2f}]"
    return value + interval + (f", {summary.unscored} unscored" if summary.unscored else "")


def worst_cases(evaluated: Report) -> list[dict[str, str]]:
    """The first WORST_CASES failures, most serious kind first."""
    return [
        {
            "suite": failure.suite,
            "case": failure.case_id,
            "question": failure.question,
            "failure": failure.kind,
            "detail": failure.detail,
        }
        for failure in find_failures(evaluated)[:WORST_CASES]
    ]


def verdict(decided: Verdict) -> Metadata:
    """What `verdict` shows: the decision and every gate it rests on."""
    rows = [_gate_row(gate) for gate in decided.gates]
    return {
        "verdict": dg.MetadataValue.text(decided.verdict),
        "bundle_id": dg.MetadataValue.text(decided.bundle_id),
        "baseline_bundle_id": dg.MetadataValue.text(decided.baseline_bundle_id or "none: nothing was promoted before"),
        "gates": _table(rows, empty=dict.fromkeys(("gate", "verdict", "value", "low", "high", "limit", "reason"), "")),
        "verdict_id": dg.MetadataValue.text(decided.verdict_id),
        "report_id": dg.MetadataValue.text(decided.report_id),
    }


def _gate_row(gate: GateResult) -> dict[str, str]:
    numbers = {"value": gate.value, "low": gate.low, "high": gate.high, "limit": gate.limit}
    shown = {name: "" if number is None else f"{number:.4g}" for name, number in numbers.items()}
    return {"gate": gate.name, "verdict": gate.verdict} | shown | {"reason": gate.reason}


def release(released: Release) -> Metadata:
    """What `release` shows: the ledger's line, and the rehearsal of the way there and back."""
    rehearsals = [
        {
            "bundle": rehearsal.bundle_id[:16],
            "question": rehearsal.question,
            "answered": rehearsal.answered,
            "seconds": round(rehearsal.seconds, 2),
        }
        for rehearsal in released.rehearsals
    ]
    return {
        "release": dg.MetadataValue.int(released.release),
        "channel": dg.MetadataValue.text(released.channel),
        "kind": dg.MetadataValue.text(released.kind),
        "bundle_id": dg.MetadataValue.text(released.bundle_id),
        "previous_bundle_id": dg.MetadataValue.text(released.previous_bundle_id or "none: the first release"),
        "promoted_by": dg.MetadataValue.text(released.promoted_by),
        "reason": dg.MetadataValue.text(released.reason),
        "rehearsals": _table(rehearsals, empty={"bundle": "", "question": "", "answered": False, "seconds": 0.0}),
    }


def _table(rows: list[dict], *, empty: dict | None = None) -> dg.MetadataValue:
    """A table of at most MAX_ROWS rows; Dagster needs the columns of an empty one."""
    kinds = {bool: "bool", int: "int", float: "float", str: "string"}
    columns = [dg.TableColumn(name=name, type=kinds[type(value)]) for name, value in (rows[0] if rows else empty or {}).items()]
    return dg.MetadataValue.table(
        records=[dg.TableRecord(row) for row in rows[:MAX_ROWS]], schema=dg.TableSchema(columns=columns)
    )
