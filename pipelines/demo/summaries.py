"""Records → what the demo prints. Nothing is computed here that is not in the records."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from headgate.orchestration.views.of_documents import counts_line, reused_files
from headgate.orchestration.views.of_evaluation import HEADLINES, interval_text
from headgate.records import GateDecision, IndexResult, IngestResult, Release, Report, Verdict
from pipelines.demo.traffic import Outcome

#: Left-out files shown; the rest is in the Dagster UI.
MAX_LEFT_OUT = 14
STYLES: dict[GateDecision, str] = {"passed": "green", "failed": "bold red", "inconclusive": "yellow", "reported": "dim"}


def build_table(ingest: IngestResult, index: IndexResult, bundle_id: str) -> Table:
    """What each stage did, with counts that add up."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column()
    table.add_row("corpus", f"revision {ingest.corpus_revision}")
    table.add_row("ingest", f"{counts_line(ingest)}")
    parsing = f"{ingest.parsed} parsed now, {reused_files(ingest)} known from before"
    table.add_row("", f"{parsing}; {ingest.chunk_set.chunks} chunks of {ingest.chunk_set.documents} documents")
    table.add_row(
        "index",
        f"{index.total} chunks = {index.embedded} embedded now + {index.reused} reused; {index.deleted} old ones left out",
    )
    table.add_row("", f"table {index.ref.table}, version {index.ref.version}, pinned")
    table.add_row("bundle", Text(bundle_id, style="cyan"))
    return table


def left_out_table(ingest: IngestResult) -> Table | None:
    """The files that were not indexed, with their first reason; None when all were."""
    left_out = [outcome for outcome in ingest.outcomes if outcome.outcome != "indexed"]
    if not left_out:
        return None
    table = Table(
        title="left out, with reasons", title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="dim", expand=True
    )
    table.add_column("file", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("reason", no_wrap=True, overflow="ellipsis", ratio=1)
    for outcome in left_out[:MAX_LEFT_OUT]:
        table.add_row(outcome.path, outcome.outcome.replace("_", "-"), Text(str(outcome.reasons[0]) if outcome.reasons else ""))
    if len(left_out) > MAX_LEFT_OUT:
        table.add_row(f"… and {len(left_out) - MAX_LEFT_OUT} more", "", "")
    return table


def report_table(report: Report) -> Table:
    """Headline figures with 95 % intervals, a column a suite."""
    suites = sorted(report.suites, key=lambda name: name == "all")
    table = Table(
        title="evaluation: value [95 % interval]", title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="dim"
    )
    table.add_column("metric", style="bold")
    for suite in suites:
        table.add_column(f"{suite} (n={report.suites[suite].n})")
    for name in HEADLINES:
        cells = [interval_text(report.suites[suite].metrics.get(name)) for suite in suites]
        if any(cells):
            table.add_row(name, *map(Text, cells))
    return table


def verdict_table(verdict: Verdict) -> Table:
    """The decision of every gate."""
    baseline = (
        f"against {verdict.baseline_bundle_id[:12]}…" if verdict.baseline_bundle_id else "first bundle, nothing to compare with"
    )
    table = Table(
        title=f"verdict: {verdict.verdict} ({baseline})", title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="dim"
    )
    for column in ("gate", "verdict", "value", "interval", "limit", "reason"):
        table.add_column(column)
    for gate in verdict.gates:
        style = STYLES["inconclusive" if gate.warns else gate.verdict]
        said = f"{gate.verdict} (warning)" if gate.warns else gate.verdict
        interval = "" if gate.low is None or gate.high is None else f"[{gate.low:.3f}, {gate.high:.3f}]"
        value = "" if gate.value is None else f"{gate.value:.3f}"
        limit = "" if gate.limit is None else f"{gate.limit:g}"
        table.add_row(gate.name, Text(said, style=style), value, Text(interval), limit, Text(gate.reason))
    for warning in verdict.warnings:
        table.add_row(Text("WARNING", style=STYLES["failed"]), "", "", "", "", Text(warning))
    return table


def override_text(override: Verdict) -> Text:
    """That a bundle is released although gates blocked it, who says so and why; one line a gate."""
    lines = [f"  {line}" for line in override.override_reason.split("; ")]
    return Text.assemble(
        ("released all the same, by a recorded override", "bold yellow"),
        f" of {override.override_by!r}, verdict {override.verdict_id[:16]}…:\n",
        "\n".join(lines),
        ("\n  your own project: `headgate override --by … --reason …`, or better answers", "dim"),
    )


def release_line(release: Release) -> Text:
    """`release 2 of track production: bundle …`, and what was rehearsed."""
    rehearsed = ", ".join(
        f"{rehearsal.bundle_id[:12]}… answered in {rehearsal.seconds:.1f} s" for rehearsal in release.rehearsals
    )
    line = Text.assemble(
        (f"release {release.release}", "bold green"),
        f" of track {release.track} ({release.kind}): bundle ",
        (release.bundle_id, "cyan"),
    )
    return line.append(f"\n  rehearsed before it was written: {rehearsed}", style="dim") if rehearsed else line


def traffic_table(outcomes: Sequence[Outcome]) -> Table:
    """Requests by the release that answered them."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("answered by", "bundle", "requests", "failed"):
        table.add_column(column, justify="right" if column in ("requests", "failed") else "left")
    answered = [outcome for outcome in outcomes if not outcome.problem]
    for release in sorted({outcome.release for outcome in answered}):
        group = [outcome for outcome in answered if outcome.release == release]
        table.add_row(f"release {release}", Text(group[0].bundle_id[:16] + "…", style="cyan"), str(len(group)), "0")
    failed = len(outcomes) - len(answered)
    table.add_row("all", "", str(len(outcomes)), Text(str(failed), style="bold red" if failed else "bold green"))
    return table
