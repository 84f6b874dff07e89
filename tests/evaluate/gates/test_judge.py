"""The gate file's second version on reports whose scores are written by hand: no model, no bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.evaluate.gates.gate_file import load_gates
from headgate.evaluate.gates.judge import NO_CORRECTNESS, Reports, judge
from headgate.evaluate.gates.results import overall
from headgate.evaluate.gates.schema import Family, Gate, GateFile, KnownFailure, Primary
from headgate.evaluate.report.stored_reports import make_report
from headgate.evaluate.report.summary import resolved_by_slice, summarise
from headgate.evaluate.suites.suite import Case, Suite, Variant
from headgate.records import Answer, CaseResult, GateResult, Report, Score, SuiteResult
from headgate.settings import EvaluationSettings
from tests.conftest import REPOSITORY

QUICK = EvaluationSettings(bootstrap_samples=200)
DAY = date(2026, 2, 2)
PRIMARY = Primary(margin=0.05)


def case(name: str, value: float | None, *, text: str = "", cluster: str = "", **more: Any) -> CaseResult:
    """A case with `resolved`; None = not answered."""
    scores = (Score(metric="resolved", value=value, error="" if value is not None else "not answered"),)
    answer = Answer(text=text or f"{name} {value}", refused=False) if value is not None else None
    return CaseResult(case_id=name, question="?", cluster=cluster or name, answer=answer, scores=scores, **more)


def report(values: Sequence[float | None] | Sequence[CaseResult], bundle: str = "b", **more: Any) -> Report:
    """A report of one suite, `golden`."""
    cases = [one if isinstance(one, CaseResult) else case(f"g{place}", one, **more) for place, one in enumerate(values)]
    figures = summarise(cases, (1,), seed=1, samples=200)
    golden = SuiteResult(digest="d", n=len(cases), metrics=figures, cases=tuple(cases))
    everything = SuiteResult(digest="e", n=len(cases), metrics=figures)
    return make_report(bundle * 64, {"golden": golden, "all": everything}, created_at="2026-02-02T00:00:00+00:00")


def verdict_on(
    candidate: Report, service: Report | None = None, reference: Report | None = None, suites: Sequence[Suite] = (), **file: Any
) -> tuple[str, dict[str, GateResult], list[str]]:
    gates = GateFile(digest="", **({"primary": PRIMARY} | file))
    results, warnings = judge(gates, Reports(candidate, service, reference), suites, QUICK, day=file.pop("day", DAY))
    return overall(results), {one.name: one for one in results}, warnings


def share(right: int, wrong: int, text: str = "") -> list[CaseResult]:
    """Cases of which the first `right` are resolved; `text` makes the answers differ from those of other reports."""
    return [case(f"g{place}", float(place < right), text=f"{text} {place}") for place in range(right + wrong)]


# --- primary --------------------------------------------------------------------------------------------------------

SERVICE = "primary: not worse than the release in service"
REFERENCE = "primary: not worse than the reference release"


def test_the_primary_gate_holds_against_the_release_in_service_and_against_the_reference() -> None:
    same, worse, far = report(share(700, 100, "a")), report(share(690, 110, "b")), report(share(600, 200, "c"))
    assert verdict_on(same, worse, worse)[0] == "passed"
    decision, results, _ = verdict_on(far, far, same)
    assert (decision, results[SERVICE].verdict, results[REFERENCE].verdict) == ("failed", "passed", "failed")
    decision, results, _ = verdict_on(worse, same, None)
    assert (decision, results[REFERENCE].reason) == ("passed", "there is no reference release yet")
    assert "a loss of 0.05 is ruled out" in results[SERVICE].reason


def test_small_losses_in_a_row_pass_against_the_release_before_but_not_against_the_reference() -> None:
    steps = [report(share(700 - 8 * step, 100 + 8 * step, f"step {step}")) for step in range(12)]
    outcomes = [verdict_on(steps[step], steps[step - 1], steps[0])[1] for step in range(1, 12)]
    assert {outcome[SERVICE].verdict for outcome in outcomes} == {"passed"}
    assert outcomes[0][REFERENCE].verdict == "passed"
    assert outcomes[-1][REFERENCE].verdict == "failed"


def test_too_few_cases_are_inconclusive_and_the_reason_says_what_would_decide() -> None:
    decision, results, _ = verdict_on(report(share(18, 2, "a")), report(share(18, 2, "b")))
    assert decision == "inconclusive"
    reason = results[SERVICE].reason
    assert "about " in reason
    assert "such cases would decide if nothing changed" in reason
    assert "these tell a loss of " in reason
    lenient = Primary(margin=0.05, on_inconclusive="warn")
    assert verdict_on(report(share(18, 2, "a")), report(share(18, 2, "b")), primary=lenient)[0] == "passed"
    assert verdict_on(report(share(2, 18, "a")), report(share(18, 2, "b")), primary=lenient)[0] == "failed"
    wanted = Primary(margin=0.05, least_cases=900)
    decision, results, _ = verdict_on(report(share(700, 100, "a")), report(share(700, 100, "b")), primary=wanted)
    assert (decision, "800 cases, 900 are wanted; about " in results[SERVICE].reason) == ("inconclusive", True)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_the_same_answers_pass_however_few_the_cases(values: list[float], margin: float) -> None:
    primary = Primary(margin=margin, least_cases=500)
    gate = Gate(name="x", metric="golden/resolved", not_worse_than_baseline=0.0, least_cases=500)
    decision, results, _ = verdict_on(report(values), report(values, "c"), report(values, "d"), primary=primary, gates=(gate,))
    assert decision == "passed"
    assert {results[name].verdict for name in (SERVICE, REFERENCE, "x")} == {"passed"}


def test_one_other_answer_among_few_is_a_sample_again() -> None:
    assert verdict_on(report([1.0] * 6), report([*share(5, 0), case("g5", 1.0, text="in other words")], "c"))[0] == "inconclusive"


def test_cases_of_one_source_count_less_than_cases_of_many() -> None:
    def reports(size: int) -> tuple[Report, Report]:
        rows = range(400)
        before = report([case(f"g{row}", 1.0, cluster=f"s{row // size}") for row in rows], "c")
        after = report(
            [case(f"g{row}", float(row >= 10), cluster=f"s{row // size}", text="other") for row in rows]
        )  # the ten lost ones are together
        return after, before

    assert verdict_on(*reports(1))[0] == "passed"
    assert verdict_on(*reports(10))[0] == "inconclusive"


def test_superior_asks_for_a_certain_gain() -> None:
    superior = Primary(margin=0.05, superior=True)
    better, before = report(share(760, 40, "a")), report(share(700, 100, "b"), "c")
    assert verdict_on(better, before, before, primary=superior)[0] == "passed"
    decision, results, _ = verdict_on(before, before.model_copy(update={"bundle_id": "d" * 64}), None, primary=superior)
    assert (decision, results["primary: better than the release in service"].verdict) == ("failed", "failed")
    slightly = report(share(703, 97, "d"))
    assert verdict_on(slightly, before, before, primary=superior)[0] == "inconclusive"


# --- families, slices ------------------------------------------------------------------------------------------------


def test_alarms_of_a_family_are_corrected_together() -> None:
    before, after = report(share(700, 100, "a"), "c"), report(share(672, 128, "b"))
    gates = tuple(
        Gate(name=name, metric="golden/resolved", not_worse_than_baseline=0.0, family="f", on_inconclusive="warn")
        for name in "abc"
    )
    slight = report(share(695, 105, "b"))
    assert verdict_on(slight, before, gates=gates[:1], families={"f": Family()}, primary=None)[1]["a"].verdict == "failed"
    assert verdict_on(slight, before, gates=gates, families={"f": Family()}, primary=None)[1]["a"].verdict == "inconclusive"
    decision, results, _ = verdict_on(after, before, gates=gates, families={"f": Family()}, primary=None)
    assert (decision, {results[name].verdict for name in "abc"}) == ("failed", {"failed"})


def test_the_worst_slice_speaks_for_a_gate_by_language() -> None:
    def rows(german: float) -> list[CaseResult]:
        english = [case(f"e{row}", 1.0, text=f"{german}", language="en") for row in range(200)]
        return [
            *english,
            *(case(f"d{row}", german, language="de") for row in range(20)),
            *(case(f"f{row}", 1.0, language="fr") for row in range(3)),
        ]

    gate = Gate(name="x", metric="golden/resolved", not_worse_than_baseline=0.1, by="language", family="f", least_cases=10)
    file: dict[str, Any] = {"gates": (gate,), "families": {"f": Family()}, "primary": None}
    _, results, _ = verdict_on(report(rows(0.0)), report(rows(1.0), "c"), **file)
    assert results["x"].verdict == "failed"
    assert results["x"].reason.startswith("the worst of 2, language=de: ")
    assert "not judged, with fewer than 10 cases: language=fr" in results["x"].reason
    only = Gate(name="x", metric="golden/resolved", at_least=0.5, slice="language=de")
    assert verdict_on(report(rows(0.0)), gates=(only,))[1]["x"].verdict == "failed"
    assert verdict_on(report(rows(1.0)), gates=(only,))[1]["x"].verdict == "passed"
    nowhere = Gate(name="x", metric="golden/resolved", at_least=0.5, slice="language=pl")
    assert verdict_on(report(rows(1.0)), gates=(nowhere,))[1]["x"].reason == "no case of the suite is in language=pl"


def test_resolved_is_counted_by_language_slice_and_tag() -> None:
    found = resolved_by_slice(
        [
            case("a", 1.0, language="de", tags=("price",), slices={"topic": "billing"}),
            case("b", 0.0, language="de"),
            case("c", None, language="de", tags=("price",)),
        ]
    )
    assert list(found) == ["language=de", "tag=price", "topic=billing"]
    assert (found["language=de"].n, found["language=de"].value) == (3, pytest.approx(1 / 3))
    assert found["tag=price"].value == 0.5  # what could not be scored is not resolved


# --- events that must not happen -------------------------------------------------------------------------------------


def said(events: int, n: int) -> Report:
    rows = [
        case(f"g{row}", 1.0).model_copy(
            update={"scores": (Score(metric="resolved", value=1.0), Score(metric="forbidden", value=float(row < events)))}
        )
        for row in range(n)
    ]
    return report(rows)


def test_zero_events_state_the_rate_that_they_bound() -> None:
    gate = Gate(name="x", metric="all/forbidden", no_events=0.01)
    passed = verdict_on(said(0, 300), gates=(gate,))[1]["x"]
    assert (passed.verdict, passed.reason) == ("passed", "0 of 300: ≤ 1.0 % at 95 %")
    few = verdict_on(said(0, 100), gates=(gate,))[1]["x"]
    assert few.verdict == "inconclusive"
    assert few.reason == "0 of 100: ≤ 3.0 % at 95 %; to rule out more than 1 % takes 299 cases without an event"
    one = verdict_on(said(1, 3000), gates=(gate,))[1]["x"]
    assert one.verdict == "failed"
    assert "this must not happen at all: golden/g0" in one.reason


# --- single cases, fail closed ---------------------------------------------------------------------------------------


def suite_of(names: Sequence[str]) -> Suite:
    cases = tuple(Case(id=name, question="?", variants=(Variant(answerable=False, expect="decline"),)) for name in names)
    return Suite(name="golden", digest="d", source="golden.jsonl", cases=cases, lines=tuple(range(len(cases))))


def test_a_case_that_is_missing_twice_or_unscored_fails_the_verdict() -> None:
    whole = report([1.0] * 3)
    suites = [suite_of(["g0", "g1", "g2"])]
    assert verdict_on(whole, suites=suites)[0] == "passed"
    assert verdict_on(report([1.0] * 2), suites=suites)[1]["every case is judged once"].reason == "golden/g2 is missing"
    twice = report([case("g0", 1.0), case("g0", 1.0), case("g1", 1.0), case("g2", 1.0)])
    assert verdict_on(twice, suites=suites)[1]["every case is judged once"].reason == "golden/g0 is there 2 times"
    unscored = report([1.0, 1.0, None])
    decision, results, _ = verdict_on(unscored, suites=suites)
    assert (decision, results["primary: every case is scored"].verdict) == ("failed", "failed")


def test_a_baseline_that_lacks_cases_or_scores_is_not_compared_with() -> None:
    suites = [suite_of(["g0", "g1", "g2"])]
    for damaged in (report([1.0] * 2, "c"), report([1.0, 1.0, None], "c")):
        decision, results, _ = verdict_on(report([1.0] * 3), damaged, suites=suites)
        assert (decision, results["what is compared with is whole"].verdict) == ("failed", "failed")


def test_cases_that_must_pass_and_failures_that_are_known() -> None:
    values = report([1.0, 0.0, 0.0])
    must: dict[str, Any] = {"must_pass": ("golden/g0", "golden/g1")}
    assert verdict_on(values, **must)[1]["cases that must pass"].reason == "golden/g1 is not resolved"
    known = (KnownFailure(case="golden/g1", owner="A. Person", until=DAY, reason="page is rewritten"),)
    decision, results, warnings = verdict_on(values, **must, known_failures=known)
    assert (decision, warnings) == ("passed", [])
    assert "golden/g1 until 2026-02-02, A. Person" in results["known failures"].reason
    gates = GateFile(digest="", primary=PRIMARY, must_pass=must["must_pass"], known_failures=known)
    later, _ = judge(gates, Reports(values), [], QUICK, day=date(2026, 2, 3))
    assert overall(later) == "failed"
    assert "accepted until 2026-02-02 (A. Person: page is rewritten)" in later[-1].reason
    gone = (KnownFailure(case="golden/g9", owner="A. Person", until=DAY, reason="x"),)
    assert verdict_on(values, known_failures=gone)[0] == "failed"
    assert verdict_on(values, must_pass=("golden/g9",))[1]["cases that must pass"].reason == "golden/g9 is not in the report"
    fixed = (KnownFailure(case="golden/g0", owner="A. Person", until=date(2020, 1, 1), reason="x"),)
    decision, _, warnings = verdict_on(values, known_failures=fixed)
    assert decision == "passed"
    assert "is resolved now; take it out" in warnings[0]


# --- what `headgate init` writes --------------------------------------------------------------------------------------


def starter(right: int, text: str, bundle: str) -> Report:
    """Twenty questions with an answer, of which some are resolved, and three without."""
    rows = [case(f"a{row}", float(row < right), text=f"{text} {row}") for row in range(20)]
    for row in range(3):
        scores = (Score(metric="resolved", value=1.0), Score(metric="refusal_recall", value=1.0))
        rows.append(case(f"r{row}", 1.0, text="declined").model_copy(update={"scores": scores}))
    made = report(rows, bundle)
    suites = {"starter": made.suites["golden"], "all": made.suites["all"]}
    return make_report(made.bundle_id, suites, created_at=made.created_at)


def test_the_first_suite_of_a_project_catches_nonsense_and_lets_equal_bundles_through() -> None:
    path = REPOSITORY / "headgate" / "cli" / "template" / "evals" / "gates.yaml"
    gates = load_gates(path, suites={"starter", "all"}, recall_at=QUICK.recall_at)

    def decided(candidate: Report, service: Report | None) -> tuple[str, list[str]]:
        results, warnings = judge(gates, Reports(candidate, service, service), [], QUICK, day=DAY)
        assert warnings == []
        return overall(results), [one.name for one in results if one.blocks]

    good = starter(17, "a", "c")
    assert decided(good, None) == ("passed", [])
    assert decided(starter(17, "b", "d"), good) == ("passed", [])
    assert decided(starter(1, "nonsense", "d"), good) == ("failed", [SERVICE, REFERENCE])


# --- the file as a whole ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "loud"),
    [
        ({"primary": PRIMARY}, False),
        ({"primary": Primary(margin=0.05, severity="warn")}, True),
        ({"primary": None, "gates": (Gate(name="x", metric="all/groundedness", at_least=0.9),)}, True),
        ({"primary": None, "gates": (Gate(name="x", metric="all/answer_correctness", not_worse_than_baseline=0.1),)}, False),
        ({"primary": None, "gates": (Gate(name="x", metric="all/answer_correctness", at_least=0.1, severity="warn"),)}, True),
    ],
)
def test_a_gate_file_that_judges_no_correctness_says_so(file: Mapping[str, Any], loud: bool) -> None:
    assert (NO_CORRECTNESS in verdict_on(report([1.0]), **file)[2]) == loud


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0])), min_size=2, max_size=40), st.randoms())
def test_the_same_reports_and_the_same_file_give_the_same_results_whatever_the_order(
    rows: list[tuple[float, float]], random: Any
) -> None:
    ours = [case(f"g{place}", one, cluster=f"s{place % 5}") for place, (one, _) in enumerate(rows)]
    theirs = [case(f"g{place}", other, cluster=f"s{place % 5}") for place, (_, other) in enumerate(rows)]
    mixed = random.sample(ours, len(ours)), random.sample(theirs, len(theirs))
    first = verdict_on(report(ours), report(theirs, "c"), report(theirs, "c"))
    second = verdict_on(report(mixed[0]), report(mixed[1], "c"), report(mixed[1], "c"))
    assert first == second
