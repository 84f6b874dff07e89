"""Stage 4, a bundle → a report → a verdict: how well it answers, and whether that is good enough to release."""

import dagster as dg
from pydantic import Field

from assets.bundle import bundle
from assets.canary import canary
from headgate.evaluate.gates.gate import gate
from headgate.evaluate.run import evaluate
from headgate.orchestration import checks, views
from headgate.orchestration.failures import library_errors
from headgate.orchestration.progress import log_progress
from headgate.orchestration.references import BundleReference, ReportReference, VerdictReference, to_metadata, upstream
from headgate.orchestration.resources import Project

GROUP = "4_evaluate"


class EvaluationConfig(dg.Config):
    """Which bundle is evaluated."""

    bundle_id: str = Field(default="", description="64 hex digits; empty = the bundle that this run made, else the newest one")


@dg.asset(group_name=GROUP, kinds={"mlflow"}, deps=[bundle], check_specs=checks.EVALUATION_REPORT)
def evaluation_report(context: dg.AssetExecutionContext, config: EvaluationConfig, project: Project) -> dg.MaterializeResult:
    """The bundle's answers to the suites of questions, scored: is the right page found, cited, is what it says supported, does it decline.

    Asked exactly as the service asks. Every metric comes with its 95 % interval; questions that could not be scored are counted.
    """
    settings = project.settings()
    bundle_id = config.bundle_id or upstream(context, "bundle", BundleReference).bundle_id
    with library_errors():
        report = evaluate(settings, bundle_id, progress=log_progress(context, "questions answered"))
    reference = ReportReference(bundle_id=bundle_id, report_id=report.report_id)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(report.report_id),
        metadata=views.report(report, settings, mlflow_ui=project.mlflow_ui) | to_metadata(reference),
        check_results=checks.check_report(report),
    )


@dg.asset(group_name=GROUP, deps=[evaluation_report, canary], check_specs=checks.VERDICT)
def verdict(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """The decision about the bundle: passed, failed or inconclusive, gate by gate, also against the bundle in service.

    A regression that the canary found is one more gate that failed. The check `gates_passed` shows it here; the promotion itself refuses a bundle without a passing verdict, however it is called.
    """
    report = upstream(context, "evaluation_report", ReportReference)
    with library_errors():
        decided = gate(project.settings(), report.bundle_id, report_id=report.report_id)
    reference = VerdictReference(bundle_id=decided.bundle_id, verdict_id=decided.verdict_id)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(decided.verdict_id),
        metadata=views.verdict(decided) | to_metadata(reference),
        check_results=checks.check_verdict(decided),
    )
