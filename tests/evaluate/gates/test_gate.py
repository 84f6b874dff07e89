from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from headgate.bundle import Bundle
from headgate.errors import GateFileError, IntegrityError, NotFoundError, ReleaseRefused
from headgate.evaluate.gates.judge import NO_CORRECTNESS, Reports, judge
from headgate.evaluate.gates.results import overall
from headgate.evaluate.gates.schema import Gate, GateFile
from headgate.evaluate.report.stored_reports import find_report, make_report
from headgate.evaluate.suite_run import run_suites
from headgate.evaluate.suites.suite import index_documents, load_suite, resolve_suite
from headgate.records import Answer, Canary, CanaryCheck, Decision, GateResult, IndexResult, Release, Report, Timings
from headgate.release.verdicts import load_verdict
from headgate.settings import EvaluationSettings, Settings, parse_settings
from headgate.storage import open_store
from tests.conftest import help_chunks, make_chunk, put_chunks
from tests.evaluate.builders import REFUNDS, ScriptedAnswerer, make_answer, make_case, unanswerable, write_suite
from tests.verbs import create_bundle, evaluate, gate, promote, update_table

QUICK = EvaluationSettings(bootstrap_samples=200)
RIGHT = make_answer(
    "Within 10 working days [1].", retrieved=[("c1", REFUNDS)], cited=[REFUNDS], contexts=["within 10 working days"]
)
WRONG = make_answer("Call us [1].", retrieved=[("c2", "x.md")], cited=["x.md"], contexts=["Call us."])
CHUNKS = {"c1": "Refunds arrive within 10 working days.", "c2": "Call us."}


def report_of(
    folder: Path, answers: list[Answer | None], bundle_id: str = "a" * 64, similarity: Any = lambda left, right: 0.5
) -> Report:
    """A report over one answerable case per answer, each of a source of its own; None = answering failed."""
    cases = [make_case(f"g{number}", f"question {number}", cluster=f"source {number}") for number in range(len(answers))]
    suite = resolve_suite(load_suite(write_suite(folder, cases)), index_documents({REFUNDS: [CHUNKS["c1"]]}))
    answerer = ScriptedAnswerer({f"question {number}": answer for number, answer in enumerate(answers) if answer})
    return make_report(
        bundle_id, run_suites(answerer, [suite], CHUNKS, similarity, QUICK), created_at="2026-02-02T00:00:00+00:00"
    )


def judge_one(candidate: Report, baseline: Report | None = None, /, **limits: Any) -> GateResult:
    gates = GateFile(digest="", gates=(Gate(**{"name": "x", "metric": "golden/recall@5"} | limits),))
    results, _ = judge(gates, Reports(candidate, baseline), [], QUICK, day=date(2026, 2, 2))
    return next(one for one in results if one.name == "x")


def decide(report: Report, baseline: Report | None = None, **limits: Any) -> tuple[str, str]:
    result = judge_one(report, baseline, **limits)
    return result.verdict, result.reason


def test_the_whole_interval_decides_and_few_cases_are_inconclusive(tmp_path: Path) -> None:
    many, few, bad = report_of(tmp_path, [RIGHT] * 80), report_of(tmp_path, [RIGHT] * 4), report_of(tmp_path, [WRONG] * 80)
    assert decide(many, at_least=0.9)[0] == "passed"
    assert decide(bad, at_least=0.9)[0] == "failed"
    decision, reason = decide(few, at_least=0.9)
    assert decision == "inconclusive"
    assert "over 4 cases holds 0.9; about" in reason
    assert decide(few, at_least=0.9, compare="value")[0] == "passed"
    assert decide(bad, at_least=0.9, compare="value") == ("failed", "0 is not ≥ 0.9")


def test_limits_from_above_look_at_the_other_side(tmp_path: Path) -> None:
    report = report_of(tmp_path, [RIGHT] * 60 + [WRONG] * 20)
    assert decide(report, at_most=0.9)[0] == "passed"
    assert decide(report, at_most=0.5)[0] == "failed"
    assert decide(report, at_most=0.75)[0] == "inconclusive"


def test_a_crashing_scorer_is_counted_unscored_and_fails_its_gate(tmp_path: Path) -> None:
    calls = iter(range(1000))

    def sometimes(left: str, right: str) -> float:
        if next(calls) == 7:
            raise RuntimeError("model gone")
        return 0.5

    report = report_of(tmp_path, [RIGHT] * 40, similarity=sometimes)
    figure = report.suites["golden"].metrics["semantic_similarity"]
    assert (figure.n, figure.unscored, figure.value) == (39, 1, 0.5)
    assert decide(report, metric="golden/semantic_similarity", at_least=0.1) == (
        "failed",
        "1 case(s) could not be scored, 0 allowed",
    )
    assert decide(report, metric="golden/semantic_similarity", at_least=0.1, max_unscored=1)[0] == "passed"
    assert decide(report, metric="golden/semantic_similarity", max_unscored=0)[0] == "failed"
    assert decide(report, metric="all/unscored", at_most=0, compare="value")[0] == "failed"
    assert decide(report, at_least=0.9)[0] == "passed"


def test_a_case_that_could_not_be_answered_is_unscored_everywhere(tmp_path: Path) -> None:
    report = report_of(tmp_path, [RIGHT] * 9 + [None])
    failed = report.suites["golden"].cases[-1]
    assert failed.answer is None
    assert "KeyError" in failed.error
    assert report.suites["golden"].metrics["errors"].value == 1
    assert report.suites["golden"].metrics["recall@5"].unscored == 1
    assert decide(report, at_least=0.1)[0] == "failed"


def test_not_worse_than_the_baseline_is_a_non_inferiority_test(tmp_path: Path) -> None:
    good = report_of(tmp_path, [RIGHT] * 90 + [WRONG] * 10)
    same = report_of(tmp_path, [RIGHT] * 90 + [WRONG] * 10, "b" * 64)
    worse = report_of(tmp_path, [RIGHT] * 60 + [WRONG] * 40, "b" * 64)
    slightly = report_of(tmp_path, [RIGHT] * 87 + [WRONG] * 13, "b" * 64)
    assert decide(good, None, not_worse_than_baseline=0.05) == (
        "passed",
        "nothing promoted yet: there is no baseline to be worse than",
    )
    assert decide(same, good, not_worse_than_baseline=0.05)[0] == "passed"
    assert decide(worse, good, not_worse_than_baseline=0.05)[0] == "failed"
    assert decide(slightly, good, not_worse_than_baseline=0.05)[0] == "inconclusive"
    assert decide(good, worse, not_worse_than_baseline=0.05)[0] == "passed"
    assert decide(good, good, not_worse_than_baseline=0.0) != ("failed", "")
    few = report_of(tmp_path, [RIGHT] * 3), report_of(tmp_path, [RIGHT] * 3, "b" * 64)
    assert decide(*few, not_worse_than_baseline=0.05) == ("passed", "every answer is the same in all 3 shared cases")
    other = report_of(tmp_path, [RIGHT.model_copy(update={"text": "10 working days [1]."})] * 3, "b" * 64)
    decision, reason = decide(other, few[0], not_worse_than_baseline=0.05)
    assert decision == "inconclusive"
    assert "about " in reason
    assert "such cases would decide if nothing changed; these tell a loss of " in reason
    assert decide(few[0], few[0], not_worse_than_baseline=0.0)[0] == "passed"


def test_dearer_is_worse_although_the_figure_grows(tmp_path: Path) -> None:
    cheap = report_of(tmp_path, [RIGHT] * 40)
    dear = report_of(tmp_path, [RIGHT.model_copy(update={"usage": RIGHT.usage.model_copy(update={"cost": 0.9})})] * 40, "b" * 64)
    limits = {"metric": "golden/cost_mean", "not_worse_than_baseline": 0.2}
    assert decide(dear, cheap, **limits)[0] == "failed"
    assert decide(cheap, dear, **limits)[0] == "passed"


@pytest.mark.parametrize(
    "limits",
    [
        {"at_most": 0.05, "compare": "value"},
        {"at_most": 0.05},
        {"at_least": 10.0},
        {"not_worse_than_baseline": 0.0},
        {"report": True},
    ],
)
@pytest.mark.parametrize("figure", ["latency_p50", "latency_p95", "latency_p99", "first_token_p95"])
def test_a_wall_time_is_shown_with_its_interval_and_decides_nothing(tmp_path: Path, figure: str, limits: dict[str, Any]) -> None:
    slow = RIGHT.model_copy(update={"timings": Timings(total=900.0, first_token=900.0)})
    report, baseline = report_of(tmp_path, [slow] * 60, "b" * 64), report_of(tmp_path, [RIGHT] * 60)
    result = judge_one(report, baseline, metric=f"all/{figure}", **limits)
    assert (result.verdict, result.value) == ("reported", 900.0)
    upper = "900" if figure == "latency_p50" else "unknown"
    assert f"95 % interval 900 to {upper} over 60 case(s): a wall time is reported, never judged" in result.reason
    assert ("its limit is not applied" in result.reason) != ("report" in limits)
    assert overall([result]) == "passed"


def test_any_figure_can_be_reported_and_says_how_many_cases_lack_it(tmp_path: Path) -> None:
    report = report_of(tmp_path, [WRONG] * 9 + [None])
    result = judge_one(report, report=True)
    assert (result.verdict, result.limit) == ("reported", None)
    assert result.reason.endswith("over 9 case(s); 1 case(s) could not be scored: reported, not judged")
    assert decide(report, metric="golden/latency_p95", max_unscored=0)[0] == "failed"


def test_a_figure_that_is_not_in_the_report_fails(tmp_path: Path) -> None:
    report = report_of(tmp_path, [RIGHT] * 5)
    assert decide(report, metric="hard/recall@5", at_least=0.1)[0] == "failed"
    assert decide(report, metric="golden/recall@2", at_least=0.1)[0] == "failed"
    assert decide(report, metric="golden/refusal_recall", at_least=0.1) == (
        "failed",
        "no case of the suite has this figure, so nothing can be said for it",
    )


def test_one_failed_gate_fails_the_verdict_and_doubt_keeps_it_open() -> None:
    passed, undecided, failed = (
        GateResult(name="x", metric="m", verdict=verdict, value=None, low=None, high=None, limit=None, reason="")
        for verdict in ("passed", "inconclusive", "failed")
    )
    assert overall([passed, undecided, failed]) == "failed"
    assert overall([passed, undecided]) == "inconclusive"
    assert overall([passed]) == "passed"
    for severity in ("warn", "report"):
        assert overall([passed, failed.model_copy(update={"severity": severity})]) == "passed"
    for instead in ("warn", "pass"):
        lenient = undecided.model_copy(update={"on_inconclusive": instead})
        assert overall([passed, lenient]) == "passed"
        assert lenient.warns == (instead == "warn")
        assert overall([passed, failed.model_copy(update={"on_inconclusive": instead})]) == "failed"


# --- with real bundles ----------------------------------------------------------------------------------------------

CASES = [
    make_case("g1"),
    make_case(
        "g2", "what does a red light on the router mean", gold_documents=["setup/lights.md"],
        gold_passages=[{"document": "setup/lights.md", "quote": "there is no internet"}], reference_answer="There is no internet.",
    ),
    unanswerable("r1", "Who won the football world cup in 1966?"),
]  # fmt: skip
EASY_GATES = """
gates:
  - {name: finds, metric: golden/recall@5, at_least: 0.9, compare: value}
  - {name: holds, metric: golden/recall@5, not_worse_than_baseline: 0.9}
  - {name: in time, metric: all/latency_p95, at_most: 0.0000001, compare: value}
  - {name: scored, metric: all/unscored, at_most: 0, compare: value}
"""


@pytest.fixture
def judged(settings: Settings) -> Settings:
    """A project with one suite and easy gates."""
    (settings.project_dir / "evals").mkdir()
    write_suite(settings.project_dir / "evals", CASES)
    (settings.project_dir / "evals" / "gates.yaml").write_text(EASY_GATES)
    content = settings.model_dump(mode="json", exclude={"project_dir"}, exclude_defaults=True)
    content["evaluation"] = {"suites": ["evals/golden.jsonl"], "bootstrap_samples": 200}
    return parse_settings(content, project_dir=settings.project_dir)


def test_a_verdict_names_all_it_rests_on_and_lets_the_bundle_be_promoted(judged: Settings, bundle: Bundle) -> None:
    report = evaluate(judged, bundle.bundle_id)
    verdict = gate(judged, bundle.bundle_id)
    assert verdict.verdict == "passed", verdict.gates
    assert [one.verdict for one in verdict.gates] == ["passed", "passed", "reported", "passed"]
    assert (verdict.bundle_id, verdict.report_id, verdict.baseline_bundle_id) == (bundle.bundle_id, report.report_id, "")
    assert verdict.suite_digests == report.suite_digests
    assert load_verdict(open_store(judged), verdict.verdict_id) == verdict
    assert promote(judged, bundle.bundle_id).verdict_id == verdict.verdict_id


def put_canary(settings: Settings, bundle_id: str, verdict: Decision, *, against: str = "") -> None:
    check = CanaryCheck(name="lost_hits", verdict=verdict, reason="a.md is found by no question any more")
    canary = Canary(
        canary_id=f"{verdict}-{bundle_id[:8]}",
        bundle_id=bundle_id,
        baseline_bundle_id=against,
        verdict=verdict,
        recall_at=5,
        checks=(check,),
        created_at="2026-02-02T00:00:00+00:00",
    )
    open_store(settings).put(f"canaries/{canary.canary_id}.json", canary.model_dump_json().encode())


@pytest.mark.parametrize(("canary", "decision"), [("passed", "passed"), ("inconclusive", "passed"), ("failed", "failed")])
def test_a_bundle_whose_canary_failed_is_refused(judged: Settings, bundle: Bundle, canary: Decision, decision: Decision) -> None:
    evaluate(judged, bundle.bundle_id)
    put_canary(judged, bundle.bundle_id, canary)
    put_canary(judged, "f" * 64, "failed")
    verdict = gate(judged, bundle.bundle_id)
    assert verdict.verdict == decision
    if decision == "failed":
        assert verdict.gates[-1].reason == "lost_hits: a.md is found by no question any more"
        with pytest.raises(ReleaseRefused):
            promote(judged, bundle.bundle_id)


def test_the_promoted_bundle_is_evaluated_when_it_has_no_report_on_these_suites(
    judged: Settings, indexed: IndexResult, bundle: Bundle
) -> None:
    store = open_store(judged)
    release = Release(
        track=judged.release.track,
        release=1,
        kind="promote",
        bundle_id=bundle.bundle_id,
        promoted_at="2026-02-02T00:00:00+00:00",
    )
    store.create(f"releases/{judged.release.track}/00000001.json", release.model_dump_json().encode())
    new_page = {"document": "new/page.md", "quote": "quick brown otters"}
    case = make_case(
        "new", "What is quick and brown?", gold_documents=["new/page.md"], gold_passages=[new_page], reference_answer="Otters."
    )
    write_suite(judged.project_dir / "evals", [*CASES, case])
    grown = update_table(
        judged, put_chunks(judged, [*help_chunks(), make_chunk("new/page.md", "These are quick brown otters.")], "r2")
    )
    candidate = create_bundle(judged, grown)
    report = evaluate(judged, candidate.bundle_id)
    assert find_report(store, bundle.bundle_id, report.suite_digests, allow_skipped=True) is None
    verdict = gate(judged, candidate.bundle_id)
    baseline = find_report(store, bundle.bundle_id, report.suite_digests, allow_skipped=True)
    assert baseline is not None
    assert baseline.suites["golden"].skipped == ("new",)
    assert (verdict.baseline_bundle_id, verdict.baseline_report_id) == (bundle.bundle_id, baseline.report_id)
    assert "2 shared cases" in verdict.gates[1].reason
    assert (verdict.reference_bundle_id, verdict.warnings) == ("", (NO_CORRECTNESS,))
    (judged.project_dir / "evals" / "gates.yaml").write_text("primary: {margin: 0.9}\n" + EASY_GATES.lstrip())
    compared = gate(judged, candidate.bundle_id, day=date(2026, 3, 4))
    assert (compared.reference_bundle_id, compared.reference_report_id) == (bundle.bundle_id, baseline.report_id)
    assert (compared.judged_on, compared.warnings) == ("2026-03-04", ())
    assert [one.name for one in compared.gates[:2]] == [
        "primary: not worse than the release in service",
        "primary: not worse than the reference release",
    ]
    again = gate(judged, candidate.bundle_id, day=date(2026, 3, 4))
    assert again.model_copy(update={"created_at": compared.created_at, "verdict_id": compared.verdict_id}) == compared
    with pytest.raises(NotFoundError, match="was not evaluated"):
        gate(judged, bundle.bundle_id)
    with pytest.raises(NotFoundError, match="leaves out cases"):
        gate(judged, bundle.bundle_id, report_id=baseline.report_id)


def test_what_was_not_evaluated_or_was_tampered_with_is_not_judged(judged: Settings, bundle: Bundle) -> None:
    store = open_store(judged)
    with pytest.raises(NotFoundError, match="headgate evaluate"):
        gate(judged, bundle.bundle_id)
    with pytest.raises(NotFoundError, match="no bundle"):
        gate(judged, "0" * 64)
    with pytest.raises(NotFoundError, match="no report"):
        gate(judged, bundle.bundle_id, report_id="0" * 64)
    report = evaluate(judged, bundle.bundle_id)
    (judged.project_dir / "evals" / "gates.yaml").write_text("gates:\n  - {name: a, metric: golden/beauty, at_least: 1}\n")
    with pytest.raises(GateFileError, match="nobody computes 'beauty'"):
        gate(judged, bundle.bundle_id)
    assert not list(store.list("verdicts"))
    key = f"reports/{report.report_id}.json"
    store.put(key, store.get(key).replace(b'"refused":false', b'"refused":true'))
    with pytest.raises(IntegrityError, match="changed after it was written"):
        gate(judged, bundle.bundle_id)
