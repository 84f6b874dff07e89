from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.evaluate.statistics import (
    cases_needed,
    estimate_mean,
    estimate_percentile,
    minimum_detectable_effect,
    paired_difference,
    paired_percentile_difference,
    ratio_difference,
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
    loose = ratio_difference(named(base + 0.03), named(base))
    assert loose is not None
    assert loose.low is not None
    assert loose.low < 0


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


def test_percentile_differences_are_drawn_in_pairs() -> None:
    base = named(np.random.default_rng(1).exponential(1.0, 80))
    slower = {name: value + 0.5 for name, value in base.items()}
    found = paired_percentile_difference(slower, base, 0.95, seed=1)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))


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
