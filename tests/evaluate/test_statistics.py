from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.evaluate.statistics import (
    cases_needed,
    cases_without_event,
    clustered_difference,
    estimate_mean,
    estimate_percentile,
    holm,
    minimum_detectable_effect,
    paired_difference,
    rate_bound,
    wilson_interval,
)

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_wilson_gives_the_published_intervals() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
    assert wilson_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson_interval(0 / 20, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson_interval(1 / 29, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


@settings(deadline=None, max_examples=60)
@given(SCORES)
def test_an_interval_holds_its_mean_and_stays_in_range(values: list[float]) -> None:
    found = estimate_mean(values, bounded=True, seed=1, samples=200)
    assert found.n == len(values)
    assert found.low is not None
    assert found.high is not None
    assert -1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1 + 1e-9


def test_the_same_seed_gives_the_same_interval() -> None:
    values = list(np.random.default_rng(5).beta(4, 2, 80))
    assert estimate_mean(values, bounded=True, seed=7) == estimate_mean(values, bounded=True, seed=7)
    assert estimate_mean(values, bounded=True, seed=7) != estimate_mean(values, bounded=True, seed=8)


def test_equal_scores_leave_doubt_unless_they_are_many() -> None:
    few, many = estimate_mean([1.0] * 5, bounded=True, seed=1), estimate_mean([1.0] * 500, bounded=True, seed=1)
    assert few.low is not None
    assert many.low is not None
    assert few.low < 0.6 < 0.99 < many.low
    assert estimate_mean([0.3], bounded=False, seed=1).low is None
    assert estimate_mean([0.0, 0.0], bounded=False, seed=1).high == 0.0


def coverage(draw: object, truth: float, repeats: int, n: int) -> float:
    """Share of simulated samples whose interval holds the truth."""
    random = np.random.default_rng(11)
    hits = 0
    for _ in range(repeats):
        found = estimate_mean(draw(random, n), bounded=True, seed=3, samples=400)  # type: ignore[operator]
        hits += found.low <= truth <= found.high  # type: ignore[operator]
    return hits / repeats


@pytest.mark.parametrize(
    ("name", "draw", "truth"),
    [
        ("shares near one", lambda random, n: (random.random(n) < 0.95).astype(float).tolist(), 0.95),
        ("graded scores", lambda random, n: random.beta(4, 2, n).tolist(), 4 / 6),
        (
            "recall: mostly 1, some 0 and 1/2",
            lambda random, n: random.choice([1.0, 0.5, 0.0], n, p=[0.9, 0.06, 0.04]).tolist(),
            0.93,
        ),
        ("rare misses", lambda random, n: random.choice([1.0, 0.5], n, p=[0.97, 0.03]).tolist(), 0.985),
    ],
)
@pytest.mark.parametrize("n", [20, 60, 160])
def test_intervals_hold_the_truth_about_95_times_in_100(name: str, draw: object, truth: float, n: int) -> None:
    assert coverage(draw, truth, 150, n) >= 0.90, name


def test_percentiles_have_bounds_only_where_the_sample_is_large_enough() -> None:
    values = [float(value) for value in range(1, 101)]
    median = estimate_percentile(values, 0.5)
    assert (median.value, median.low, median.high) == (50.5, 40.0, 61.0)  # ranks 40 and 61 of 100
    tail = estimate_percentile(values, 0.99)
    assert tail.high is None
    assert tail.low is not None
    assert tail.low < tail.value


def test_percentile_intervals_hold_the_truth() -> None:
    random = np.random.default_rng(2)
    hits = 0
    for _ in range(300):
        found = estimate_percentile(random.exponential(1.0, 120).tolist(), 0.95)
        hits += (found.low or 0) <= -np.log(0.05) <= (np.inf if found.high is None else found.high)
    assert hits / 300 >= 0.92


def named(values: object) -> dict[str, float]:
    return {str(number): float(value) for number, value in enumerate(values)}  # type: ignore[arg-type]


def test_a_paired_difference_uses_shared_cases_only() -> None:
    found = paired_difference({"a": 1.0, "b": 0.5, "x": 0.0}, {"a": 0.5, "b": 0.5, "y": 1.0}, bounded=True, seed=1)
    assert found is not None
    assert (found.value, found.n) == (0.25, 2)
    assert paired_difference({"a": 1.0}, {"b": 1.0}, bounded=True, seed=1) is None


def test_no_difference_in_few_cases_proves_little_and_in_many_much() -> None:
    few = paired_difference(named([1.0] * 5), named([1.0] * 5), bounded=True, seed=1)
    many = paired_difference(named([1.0] * 200), named([1.0] * 200), bounded=True, seed=1)
    assert few is not None
    assert many is not None
    assert few.low is not None
    assert many.low is not None
    assert few.low < -0.2 < -0.03 < many.low


def test_pairing_sees_what_separate_intervals_cannot() -> None:
    random = np.random.default_rng(4)
    base = random.beta(2, 2, 100)
    found = paired_difference(named(np.clip(base + 0.03 + random.normal(0, 0.01, 100), 0, 1)), named(base), bounded=True, seed=1)
    assert found is not None
    assert found.low is not None
    assert found.low > 0.02
    first, second = (estimate_mean((base + shift).tolist(), bounded=True, seed=1) for shift in (0.03, 0.0))
    assert first.low is not None
    assert second.high is not None
    assert first.low < second.high


@pytest.mark.parametrize("changed", [0.02, 0.3])
def test_paired_intervals_hold_the_truth(changed: float) -> None:
    random = np.random.default_rng(9)
    hits = 0
    for _ in range(150):
        before = (random.random(120) < 0.8).astype(float)
        flips = random.random(120) < changed
        after = np.where(flips, (random.random(120) < 0.5).astype(float), before)
        found = paired_difference(named(after), named(before), bounded=True, seed=3, samples=400)
        truth = changed * (0.5 - 0.8)
        hits += found.low <= truth <= found.high  # type: ignore[operator, union-attr]
    assert hits / 150 >= 0.90


@settings(deadline=None, max_examples=40)
@given(SCORES, st.integers(0, 3))
def test_swapping_the_sides_turns_a_difference_around(values: list[float], shift: int) -> None:
    left, right = named(values), named(values[shift % len(values) :] + values[: shift % len(values)])
    there, back = (paired_difference(a, b, bounded=True, seed=1, samples=200) for a, b in ((left, right), (right, left)))
    assert there is not None
    assert back is not None
    assert there.value == pytest.approx(-back.value)


def test_power_and_sample_size_agree_with_the_textbook() -> None:
    # Two-sided 5 %, power 80 %: 1.960 + 0.842 = 2.802 standard errors (Cohen 1988).
    assert minimum_detectable_effect(0.01) == pytest.approx(0.02802, abs=1e-5)
    assert cases_needed(100, 0.04, 0.02) == 400
    assert cases_needed(100, 0.04, 0.0) is None


# --- differences that a release hangs on ----------------------------------------------------------------------------


def flat(n: int, groups: int) -> npt.NDArray[np.intp]:
    return np.arange(n, dtype=np.intp) % groups


def test_cases_that_fail_together_are_no_independent_samples() -> None:
    base = np.ones(400)
    spread, together = base.copy(), base.copy()
    spread[:40] = 0  # one case of each of 40 sources
    together[flat(400, 40) < 4] = 0  # all ten cases of 4 sources
    apart, joint = (clustered_difference(changed, base, flat(400, 40)) for changed in (spread, together))
    assert apart.value == joint.value == pytest.approx(-0.1)
    assert (apart.changed, apart.clusters) == (joint.changed, joint.clusters) == (40, 40)
    assert joint.standard_error > 2.5 * apart.standard_error
    assert clustered_difference(together, base, flat(400, 400)).standard_error < joint.standard_error


def test_nothing_changed_in_few_cases_is_not_certainty_and_in_many_nearly() -> None:
    few, many = (clustered_difference(np.ones(n), np.ones(n), flat(n, n)) for n in (5, 800))
    assert few.bounds(0.025)[0] < -0.3
    assert many.bounds(0.025)[0] > -0.005
    assert few.changed == many.changed == 0


def test_a_case_that_one_side_lacks_counts_for_the_other_alone() -> None:
    ours, theirs = np.array([1.0, 1.0, np.nan, 0.0]), np.array([1.0, 0.0, 1.0, np.nan])
    found = clustered_difference(ours, theirs, flat(4, 4))
    assert (found.value, found.n, found.changed) == (pytest.approx(0.0), 4, 3)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 5)), min_size=2, max_size=60))
def test_a_difference_turned_round_is_the_same_with_the_other_sign(rows: list[tuple[float, float, int]]) -> None:
    ours, theirs = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    groups = np.unique([row[2] for row in rows], return_inverse=True)[1].astype(np.intp)
    one, other = clustered_difference(ours, theirs, groups), clustered_difference(theirs, ours, groups)
    assert one.value == pytest.approx(-other.value, abs=1e-12)
    assert one.standard_error == pytest.approx(other.standard_error)
    low, high = one.bounds(0.025)
    assert low <= one.value <= high
    assert one.at_least(low) > 0.5 > one.at_least(high)


@pytest.mark.parametrize("together", [0.0, 0.3])
def test_clustered_bounds_miss_no_more_than_they_say(together: float) -> None:
    random = np.random.default_rng(21)
    groups, n, missed = 90, 500, 0
    clusters = flat(n, groups)
    for _ in range(400):
        own, shared = random.random(n), random.random(groups)[clusters]
        draw = np.where(random.random(n) < together, shared, own)
        change = np.where(draw < 0.08, -1.0, np.where(draw > 0.97, 1.0, 0.0))  # true difference -0.05
        missed += clustered_difference(0.5 + change / 2, 0.5 - change / 2, clusters).bounds(0.025)[0] > -0.05
    assert missed / 400 <= 0.05


def test_holm_rejects_what_the_published_example_rejects() -> None:
    # Holm 1979: the smallest against alpha/m, the next against alpha/(m-1), …; the first that fails ends it.
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]
    assert holm([0.01, 0.013, 0.02, 0.005], 0.05) == [True, True, True, True]
    assert holm([], 0.05) == []


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.001, 0.2))
def test_holm_is_between_bonferroni_and_no_correction(p_values: list[float], alpha: float) -> None:
    for p, rejected in zip(p_values, holm(p_values, alpha), strict=True):
        assert rejected or p > alpha / len(p_values)
        assert not rejected or p <= alpha


def test_no_event_bounds_a_rate_by_the_exact_interval() -> None:
    assert rate_bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert round(rate_bound(0, 300), 4) == 0.0099
    assert rate_bound(3, 3) == 1.0
    for rate in (0.001, 0.01, 0.05):
        n = cases_without_event(rate)
        assert rate_bound(0, n) <= rate < rate_bound(0, n - 1)
