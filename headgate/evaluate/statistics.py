"""How far can a measured figure be from the truth? Intervals, paired differences, and how many cases a question needs.

All intervals are two-sided, 95 % unless told otherwise. Functions are pure; randomness comes from a seed.

- Shares of yes/no cases: Wilson 1927, which holds its level down to few cases (Brown, Cai & DasGupta 2001).
- Means of graded scores: BCa bootstrap (Efron 1987, through scipy). It needs variety: where fewer than `MIN_VARIED` values differ from the
  most common one, resamples hardly differ and the interval comes out too narrow; then Wilson's formula is used on the mean, which is
  on the safe side, since no score from 0 to 1 varies more than yes/no with the same mean.
- Percentiles: order statistics (Hahn & Meeker 1991, ch. 5): exact for any distribution; a bound that the sample is too small for is None.
- Paired differences: bootstrap over the cases both have; where few cases differ, the interval of Agresti & Min 2005 (half a
  case added to each cell of the paired table), extended from yes/no to scores from 0 to 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE = 0.95
MIN_VARIED = 10
_BATCH_VALUES = 4_000_000  # values resampled at a time: 32 MB
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval. Bounds are None where too few values give none; `n` counts the values."""

    value: float
    low: float | None
    high: float | None
    n: int
    standard_error: float | None


def wilson_interval(mean: float, n: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a share; `mean` 0 to 1 may come from graded scores (then it is conservative)."""
    z = _z(confidence)
    centre = (mean + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(mean * (1 - mean) / n + z * z / (4 * n * n))
    return max(0.0, min(mean, centre - half)), min(1.0, max(mean, centre + half))


def estimate_mean(
    values: Sequence[float], *, bounded: bool, seed: int, samples: int = 2000, confidence: float = CONFIDENCE
) -> Estimate:
    """The mean with its interval and standard error.

    Args:
        values: at least one, finite.
        bounded: whether the score can only be 0 to 1.
        samples: bootstrap resamples.
    """
    array = np.asarray(values, dtype=np.float64)
    n, mean = len(array), float(array.mean())
    error = float(array.std(ddof=1) / math.sqrt(n)) if n > 1 else None
    if bounded and (set(values) <= {0.0, 1.0} or _varied(values) < MIN_VARIED):
        low, high = wilson_interval(min(1.0, max(0.0, mean)), n, confidence=confidence)
        return Estimate(mean, low, high, n, error)
    if n < 2:
        return Estimate(mean, None, None, n, None)
    if _varied(values) == 0:
        return Estimate(mean, mean, mean, n, 0.0)
    low, high = _bootstrap_mean(array, seed=seed, samples=samples, confidence=confidence)
    return Estimate(mean, low, high, n, error)


def estimate_percentile(values: Sequence[float], share: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """The `share` quantile (0 to 1) with an interval of order statistics; no standard error."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n, tail = len(ordered), (1 - confidence) / 2
    lower = int(stats.binom.ppf(tail, n, share)) - 1
    upper = int(stats.binom.ppf(1 - tail, n, share))
    low = float(ordered[lower]) if lower >= 0 else None
    high = float(ordered[upper]) if upper < n else None
    return Estimate(float(np.quantile(ordered, share)), low, high, n, None)


def paired_difference(
    candidate: Mapping[str, float],
    baseline: Mapping[str, float],
    *,
    bounded: bool,
    seed: int,
    samples: int = 2000,
    confidence: float = CONFIDENCE,
) -> Estimate | None:
    """candidate − baseline of the mean, over cases by id; None where the two share no case.

    Where the metric applies to the same cases on both sides this is the mean of the cases' differences. A share whose denominator
    depends on the answers (refusal precision) applies to other cases in each: see `ratio_difference`.
    """
    shared = sorted(candidate.keys() & baseline.keys())
    if not shared:
        return None
    differences = np.array([candidate[name] - baseline[name] for name in shared])
    n, mean = len(differences), float(differences.mean())
    error = float(differences.std(ddof=1) / math.sqrt(n)) if n > 1 else None
    if bounded and _varied(differences.tolist()) < MIN_VARIED:
        adjusted = float(differences.sum()) / (n + 2)
        spread = math.sqrt((float((differences**2).sum()) + 1) / (n + 2) - adjusted**2)
        half = _z(confidence) * spread / math.sqrt(n + 2)
        return Estimate(mean, max(-1.0, min(mean, adjusted - half)), min(1.0, max(mean, adjusted + half)), n, error)
    if n < 2:
        return Estimate(mean, None, None, n, None)
    if _varied(differences.tolist()) == 0:
        return Estimate(mean, mean, mean, n, 0.0)
    low, high = _bootstrap_mean(differences, seed=seed, samples=samples, confidence=confidence)
    return Estimate(mean, low, high, n, error)


def ratio_difference(
    candidate: Mapping[str, float], baseline: Mapping[str, float], *, confidence: float = CONFIDENCE
) -> Estimate | None:
    """candidate − baseline of two shares whose cases differ; the intervals are joined by square-and-add (Newcombe 1998, method 10).

    Ignores that most cases are common to both, which makes it wider than need be, not narrower.
    """
    if not candidate or not baseline:
        return None
    first, second = float(np.mean(list(candidate.values()))), float(np.mean(list(baseline.values())))
    first_low, first_high = wilson_interval(first, len(candidate), confidence=confidence)
    second_low, second_high = wilson_interval(second, len(baseline), confidence=confidence)
    difference = first - second
    low = difference - math.hypot(first - first_low, second_high - second)
    high = difference + math.hypot(first_high - first, second - second_low)
    error = (high - low) / (2 * _z(confidence))
    return Estimate(difference, max(-1.0, low), min(1.0, high), min(len(candidate), len(baseline)), error)


def paired_percentile_difference(
    candidate: Mapping[str, float],
    baseline: Mapping[str, float],
    share: float,
    *,
    seed: int,
    samples: int = 2000,
    confidence: float = CONFIDENCE,
) -> Estimate | None:
    """candidate − baseline of a quantile: percentile bootstrap over the shared cases, which are drawn in pairs."""
    shared = sorted(candidate.keys() & baseline.keys())
    if len(shared) < 2:
        return None
    first = np.array([candidate[name] for name in shared])
    second = np.array([baseline[name] for name in shared])
    draws = np.random.default_rng(seed).integers(0, len(shared), size=(samples, len(shared)))
    spread = np.quantile(first[draws], share, axis=1) - np.quantile(second[draws], share, axis=1)
    low, high = np.quantile(spread, [(1 - confidence) / 2, (1 + confidence) / 2])
    value = float(np.quantile(first, share) - np.quantile(second, share))
    return Estimate(value, float(low), float(high), len(shared), float(spread.std(ddof=1)))


def minimum_detectable_effect(standard_error: float, *, power: float = 0.8, confidence: float = CONFIDENCE) -> float:
    """Smallest true difference that a test at this confidence finds with probability `power`, in the metric's unit (Cohen 1988)."""
    return (_z(confidence) + float(stats.norm.ppf(power))) * standard_error


def cases_needed(n: int, half_width: float, distance: float) -> int | None:
    """About how many cases make an interval of half width `half_width` at `n` cases narrower than `distance`; None where none does."""
    if distance <= 0:
        return None
    return math.ceil(n * (half_width / distance) ** 2)


def _bootstrap_mean(values: Floats, *, seed: int, samples: int, confidence: float) -> tuple[float, float]:
    result = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=samples,
        batch=max(1, _BATCH_VALUES // len(values)),
        confidence_level=confidence,
        method="BCa",
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def _varied(values: Sequence[float]) -> int:
    """How many values differ from the most common one."""
    return len(values) - Counter(round(value, 12) for value in values).most_common(1)[0][1]


def _z(confidence: float) -> float:
    return float(stats.norm.ppf((1 + confidence) / 2))
