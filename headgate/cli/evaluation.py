"""Bundle → report → verdict: calibrate, evaluate, gate, override."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from headgate.cli.display import SHORT, coloured, interval, number, print_json, print_table, progress_lines, say
from headgate.cli.invocation import Invocation, bundle_argument, chosen, json_option, pass_invocation
from headgate.errors import NotFoundError
from headgate.records import Calibration, MetricSummary, Report, Verdict

#: Where `calibrate` writes in a project whose settings name no file.
DEFAULT_CALIBRATION = "evals/evidence.json"
#: Exit codes of `gate`, for CI.
EXIT_CODES = {"passed": 0, "failed": 1, "inconclusive": 3}
#: Slices with fewer cases are left out of the table that people read; the JSON has them all.
_LEAST_OF_SLICE = 5


@click.command()
@bundle_argument
@click.option("--questions", type=click.Path(path_type=Path), help="Labelled questions instead of evaluation.calibration.")
@click.option(
    "--wrong-answer-cost",
    type=click.FloatRange(min=0, min_open=True),
    help="Cost of a wrong answer, in wrong declines, instead of evaluation.wrong_answer_cost.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="File to write instead of answer.calibration or evals/evidence.json."
)
@json_option
@pass_invocation
def calibrate(
    invocation: Invocation,
    bundle: str | None,
    bundle_option: str | None,
    questions: Path | None,
    wrong_answer_cost: float | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Fit how much evidence an answer needs on labelled questions, and write it for the next bundle. By default on the bundle built last."""
    bundle_id = invocation.bundle_id(chosen(bundle, bundle_option))
    settings = invocation.settings
    shown = settings.answer.calibration or DEFAULT_CALIBRATION
    target = output or settings.place(shown)
    from headgate.evaluate.calibrate import calibrate as run

    with progress_lines() as progress:
        found = run(
            invocation.store,
            bundle_id,
            questions or settings.place(settings.evaluation.calibration),
            wrong_answer_cost=wrong_answer_cost or settings.evaluation.wrong_answer_cost,
            unanswerable_share=settings.evaluation.unanswerable_share,
            seed=settings.evaluation.seed,
            progress=lambda done, total: progress("calibrate", done, total),
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json(found.model_dump() | {"written": str(target)})
        return
    _print_calibration(found)
    say(f"Written to {output or shown}.")
    if not output and not settings.answer.calibration:
        say(f'Set calibration = "{shown}" below [answer] in headgate.toml, so that bundles carry it.')
    if settings.answer.evidence_threshold != "calibrated":
        say(f"answer.evidence_threshold is {settings.answer.evidence_threshold:g} and goes before the threshold found here.")
    say("`headgate bundle` makes a bundle with it; its gates decide whether it is better.")


@click.command()
@click.argument("arguments", nargs=-1, metavar="[BUNDLE]")
@click.option("--bundle", "bundle_option", metavar="ID", help="The same as the argument BUNDLE.")
@click.option(
    "--suite",
    "suites",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A suite file instead of the configured ones; may be repeated.",
)
@json_option
@pass_invocation
def evaluate(
    invocation: Invocation, arguments: tuple[str, ...], bundle_option: str | None, suites: tuple[Path, ...], as_json: bool
) -> None:
    """Ask a bundle every question of the suites and score the answers. By default the bundle that was built last."""
    named, more = _split(arguments, suites)
    bundle_id = invocation.bundle_id(chosen(named, bundle_option))
    from headgate.evaluate.suite_run import evaluate as run

    with progress_lines() as progress:
        report = run(
            invocation.store,
            bundle_id,
            invocation.settings.evaluation_setup,
            suites=[*suites, *more] or None,
            progress=lambda done, total: progress("evaluate", done, total),
        )
    if as_json:
        print_json(report_summary(report))
        return
    _print_report(report)


@click.command()
@bundle_argument
@click.option(
    "--report",
    "report_id",
    default="",
    metavar="ID",
    help="The report to judge; by default the bundle's newest on today's suites.",
)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day by which known failures expire; by default today. The same reports, gate file and day give the same verdict.",
)
@json_option
@pass_invocation
def gate(
    invocation: Invocation,
    bundle: str | None,
    bundle_option: str | None,
    report_id: str,
    day: datetime | None,
    as_json: bool,
) -> int:
    """Judge a bundle's report by the gate file and against the bundle in service. Exit 0 passed, 1 failed, 3 inconclusive."""
    bundle_id = invocation.bundle_id(chosen(bundle, bundle_option))
    from headgate.evaluate.gates.gate import gate as run

    verdict = run(
        invocation.store, bundle_id, invocation.settings.evaluation_setup, report_id=report_id, day=day.date() if day else None
    )
    if as_json:
        print_json(verdict_summary(verdict))
    else:
        _print_verdict(verdict)
    return EXIT_CODES[verdict.verdict]


@click.command()
@bundle_argument
@click.option("--by", "override_by", required=True, help="Who decides it.")
@click.option("--reason", required=True, help="Why.")
@json_option
@pass_invocation
def override(
    invocation: Invocation, bundle: str | None, bundle_option: str | None, override_by: str, reason: str, as_json: bool
) -> None:
    """Record that a bundle may be promoted in spite of its gates. The gates' own results stay in the record."""
    from headgate.release.verdicts import list_verdicts, record_override

    bundle_id = invocation.bundle_id(chosen(bundle, bundle_option))
    verdicts = [verdict for verdict in list_verdicts(invocation.store) if verdict.bundle_id == bundle_id]
    if not verdicts:
        raise NotFoundError(f"bundle {bundle_id[:SHORT]}… was never judged; run `headgate evaluate` and `headgate gate` first")
    verdict = record_override(invocation.store, verdicts[-1], override_by=override_by, reason=reason)
    if as_json:
        print_json(verdict_summary(verdict))
        return
    say(
        f"Recorded: {override_by} lets bundle {bundle_id[:SHORT]}… pass ({reason}). Verdict {verdict.verdict_id[:SHORT]}…; now `headgate promote`."
    )


def _split(arguments: tuple[str, ...], suites: tuple[Path, ...]) -> tuple[str | None, list[Path]]:
    """BUNDLE, and suite files written behind one `--suite`, as in `--suite a.jsonl b.jsonl`."""
    bundles = [argument for argument in arguments if re.fullmatch(r"[0-9a-f]{8,64}", argument)]
    rest = [argument for argument in arguments if argument not in bundles]
    if len(bundles) > 1:
        raise click.UsageError(f"several bundles are named: {', '.join(bundles)}; name one")
    if rest and not suites:
        raise click.UsageError(f"{rest[0]!r} is no bundle id; suite files are given with --suite")
    return (bundles[0] if bundles else None), [Path(argument) for argument in rest]


def report_summary(report: Report) -> dict[str, Any]:
    """What `evaluate --json` prints."""
    return {
        "report_id": report.report_id,
        "bundle_id": report.bundle_id,
        "suites": {
            name: {
                "digest": suite.digest,
                "n": suite.n,
                "metrics": {metric: _figure(summary) for metric, summary in suite.metrics.items()},
            }
            for name, suite in report.suites.items()
        },
        "resolved": {name: _figure(summary) for name, summary in _resolved_by_slice(report).items()},
        "mlflow_run_id": report.mlflow_run_id,
    }


def _resolved_by_slice(report: Report) -> dict[str, MetricSummary]:
    from headgate.evaluate.report.summary import resolved_by_slice
    from headgate.evaluate.suite_run import pooled_cases

    return resolved_by_slice(pooled_cases(report.suites))


def verdict_summary(verdict: Verdict) -> dict[str, Any]:
    """What `gate --json` prints."""
    content = verdict.model_dump(
        include={
            "verdict",
            "bundle_id",
            "baseline_bundle_id",
            "reference_bundle_id",
            "verdict_id",
            "report_id",
            "baseline_report_id",
            "reference_report_id",
            "judged_on",
            "warnings",
        }
    )
    content["gates"] = [gate.model_dump() | {"blocks": gate.blocks} for gate in verdict.gates]
    if verdict.override_by:
        content |= {"override_by": verdict.override_by, "override_reason": verdict.override_reason}
    return content


def _figure(summary: MetricSummary) -> dict[str, float | int | None]:
    return {"value": summary.value, "low": summary.low, "high": summary.high, "n": summary.n, "unscored": summary.unscored}


def _print_calibration(found: Calibration) -> None:
    rows = [
        (
            f"{point.threshold:.2f}{' ◄' if point.threshold == found.evidence.threshold else ''}",
            f"{point.wrongly_answered:.3f}",
            interval(point.wrongly_answered_low, point.wrongly_answered_high),
            f"{point.wrongly_declined:.3f}",
            interval(point.wrongly_declined_low, point.wrongly_declined_high),
            f"{point.cost:.3f}",
        )
        for point in found.curve
    ]
    print_table(
        f"{found.questions} questions, {found.answerable} can be answered, for {found.found} of them the answer was found",
        ("threshold", "wrongly answered", "95 % interval", "wrongly declined", "95 % interval", "cost"),
        rows,
        right=("threshold", "wrongly answered", "wrongly declined", "cost"),
    )
    if found.order is not None:
        say(
            f"\nPassages in a new order: the whole answer is among those handed on for {found.found_reordered} questions, each ordered by weights "
            f"fitted without it; in the order of the search for {found.found_in_search}."
        )
    say("\nWrongly answered: of the questions without an answer. Wrongly declined: of those that have one, found or not.")
    say(
        f"Each question was scored by weights fitted without it; area under the curve {found.auc:.3f} {interval(found.auc_low, found.auc_high)}."
    )
    say(
        f"A wrong answer costs as much as {found.wrong_answer_cost:g} wrong declines, and {found.unanswerable_share:.0%} of what is asked has no "
        f"answer: threshold {found.evidence.threshold:.2f}."
    )
    for doubt in found.doubts:
        say(f"Doubt: {doubt}.")


def _print_report(report: Report) -> None:
    for name, suite in report.suites.items():
        rows = [
            (metric, number(summary.value), interval(summary.low, summary.high), summary.n, summary.unscored or "")
            for metric, summary in suite.metrics.items()
            if summary.n or summary.unscored
        ]
        print_table(
            f"{name}: {suite.n} cases",
            ("metric", "value", "95 % interval", "n", "unscored"),
            rows,
            right=("value", "n", "unscored"),
        )
        say()
    slices = [
        (name, number(summary.value), interval(summary.low, summary.high), summary.n)
        for name, summary in _resolved_by_slice(report).items()
        if summary.n >= _LEAST_OF_SLICE
    ]
    if slices:
        print_table("resolved, by slice", ("slice", "resolved", "95 % interval", "n"), slices, right=("resolved", "n"))
        say()
    failed = sum(bool(case.error) for suite in report.suites.values() for case in suite.cases)
    say(f"Report {report.report_id}")
    say(f"Bundle {report.bundle_id}")
    say(f"MLflow run {report.mlflow_run_id or '– (not logged)'}")
    if failed:
        say(f"{failed} case(s) could not be answered; the report names the errors")


def _print_verdict(verdict: Verdict) -> None:
    rows = [
        (
            gate.name,
            gate.metric,
            coloured(gate.verdict) + (" (warning)" if gate.warns else ""),
            number(gate.value),
            interval(gate.low, gate.high),
            "–" if gate.limit is None else f"{gate.limit:g}",
            gate.reason,
        )
        for gate in verdict.gates
    ]
    print_table(
        "Gates",
        ("gate", "metric", "verdict", "value", "interval", "limit", "reason"),
        rows,
        right=("value", "limit"),
        markup=("verdict",),
    )
    for warning in verdict.warnings:
        print_table("", ("",), [(f"[bold yellow]WARNING[/] {escape(warning)}",)], markup=("",))
    against = f"{verdict.baseline_bundle_id[:SHORT]}…" if verdict.baseline_bundle_id else "nothing (first release)"
    fixed = f", reference {verdict.reference_bundle_id[:SHORT]}…" if verdict.reference_bundle_id else ""
    say(f"\nBundle {verdict.bundle_id[:SHORT]}… against {against}{fixed}")
    print_table("", ("",), [(f"Verdict: {coloured(verdict.verdict)}",)], markup=("",))
