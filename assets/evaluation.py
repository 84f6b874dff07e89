"""Stage 4, a bundle → a report → a verdict: how well it answers, and whether that is good enough to release."""

import dagster as dg

from assets.bundle import bundle
from assets.canary import canary
from headgate.orchestration import checks, stages
from headgate.orchestration.resources import Project

GROUP = "4_evaluate"


@dg.asset(group_name=GROUP, kinds={"mlflow"}, deps=[bundle], check_specs=checks.EVALUATION_REPORT)
def evaluation_report(
    context: dg.AssetExecutionContext, config: stages.EvaluationConfig, project: Project
) -> dg.MaterializeResult:
    """The bundle's answers to the suites of questions, scored: is the right page found, cited, is what it says supported, does it decline.

    Asked exactly as the service asks. Every metric comes with its 95 % interval; questions that could not be scored are counted.
    """
    return stages.evaluation_report(context, config, project)


@dg.asset(group_name=GROUP, deps=[evaluation_report, canary], check_specs=checks.VERDICT)
def verdict(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """The decision about the bundle: passed, failed or inconclusive, gate by gate, also against the bundle in service.

    A regression that the canary found is one more gate that failed. The check `gates_passed` shows it here; the promotion itself refuses a bundle without a passing verdict, however it is called.
    """
    return stages.verdict(context, project)
