"""How far can a measured figure be from the truth? Intervals, paired differences, and how many cases a question needs.

All intervals are two-sided, 95 % unless told otherwise. Functions are pure; randomness comes from a seed.

- Shares of yes/no cases: Wilson 1927, which holds its level down to few cases (Brown, Cai & DasGupta 2001).
- Means of graded scores: BCa bootstrap (Efron 1987, through scipy). It needs variety: where fewer than `MIN_VARIED` values differ from the
  most common one, resamples hardly differ and the interval comes out too narrow; then Wilson's formula is used on the mean, which is
  on the safe side, since no score from 0 to 1 varies more than yes/no with the same mean.
- Percentiles: order statistics (Hahn & Meeker 1991, ch. 5): exact for any distribution; a bound that the sample is too small for is None.
- Differences that a release hangs on: over cases in clusters, since cases on one page fail together. Variance by linearisation of the two
  means (Liang & Zeger 1986; Cochran 1977, ch. 6), not below that of independent cases, Student's t with clusters − 1 degrees of freedom, and
  half a case's change added, so that few cases without any change do not look like certainty (as Agresti & Min 2005 do).
- Events that must not happen: the exact upper bound of Clopper & Pearson 1934. Several gates at once: Holm 1979.
- Paired differences: bootstrap over the cases both have; where few cases differ, the interval of Agresti & Min 2005 (half a
  case added to each cell of the paired table), extended from yes/no to scores from 0 to 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE = 0.95
MIN_VARIED = 10
_BATCH_VALUES = 4_000_000  # values resampled at a time: 32 MB
_LEAST_ERROR = 1e-12
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

    The mean of the cases' differences; cases that only one side has are left out. Cases count as independent: see `clustered_difference`.
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


@dataclass(frozen=True, slots=True)
class Difference:
    """candidate − baseline of a figure over cases in clusters. `n` counts cases, `clusters` their sources."""

    value: float
    standard_error: float
    n: int
    clusters: int
    changed: int  # cases whose value differs, or that only one side has

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Lower and upper bound, each missed with probability `alpha`."""
        half = self._quantile(1 - alpha) * self.standard_error
        return self.value - half, self.value + half

    def at_least(self, limit: float) -> float:
        """p-value against "the difference is at least `limit`": small when it is certainly below."""
        return float(stats.t.cdf((self.value - limit) / self.standard_error, self._freedom))

    def detectable(self, alpha: float, power: float) -> float:
        """The smallest true loss that these cases tell from none with probability `power`; also the margin that they can decide."""
        return (self._quantile(1 - alpha) + self._quantile(power)) * self.standard_error

    def needed(self, margin: float, alpha: float, power: float) -> int | None:
        """About how many such cases pass a margin with probability `power` when nothing changed; None without a margin."""
        return None if margin <= 0 else math.ceil(self.n * (self.detectable(alpha, power) / margin) ** 2)

    @property
    def _freedom(self) -> int:
        return max(1, self.clusters - 1)

    def _quantile(self, share: float) -> float:
        return _t_quantile(share, self._freedom)


def clustered_difference(
    candidate: Floats, baseline: Floats, clusters: npt.NDArray[np.intp], *, change: float = 1.0
) -> Difference:
    """candidate − baseline of two means over the same cases; NaN where a side has no value for a case, which then is in its mean no more.

    Args:
        clusters: number of each case's cluster, 0, 1, …, all used.
        change: by how much one case can change the figure, in its unit.
    """
    ours, theirs = ~np.isnan(candidate), ~np.isnan(baseline)
    first, second = float(candidate[ours].mean()), float(baseline[theirs].mean())
    influence = np.where(ours, candidate - first, 0.0) / ours.sum() - np.where(theirs, baseline - second, 0.0) / theirs.sum()
    n, groups = len(candidate), int(clusters.max()) + 1
    independent = float((influence**2).sum()) * n / max(1, n - 1)
    together = float((np.bincount(clusters, weights=influence, minlength=groups) ** 2).sum()) * groups / max(1, groups - 1)
    changed = int((~((candidate == baseline) | (~ours & ~theirs))).sum())
    error = max(_LEAST_ERROR, math.sqrt(max(independent, together) + (change / (n + 2)) ** 2))
    return Difference(first - second, error, n, groups, changed)


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Which hypotheses are rejected so that any wrong rejection has probability `alpha` at most (Holm 1979)."""
    rejected = [False] * len(p_values)
    for rank, position in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        if p_values[position] > alpha / (len(p_values) - rank):
            break
        rejected[position] = True
    return rejected


def rate_bound(events: int, n: int, *, confidence: float = CONFIDENCE) -> float:
    """The highest rate that `events` in `n` cases leave possible at one-sided `confidence` (Clopper & Pearson 1934)."""
    return 1.0 if events >= n else float(stats.beta.ppf(confidence, events + 1, n - events))


def cases_without_event(rate: float, *, confidence: float = CONFIDENCE) -> int:
    """How many cases without an event rule out a higher rate than `rate`."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-rate))


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


@lru_cache(maxsize=1024)
def _t_quantile(share: float, freedom: int) -> float:
    return float(stats.t.ppf(share, freedom))


def _z(confidence: float) -> float:
    return float(stats.norm.ppf((1 + confidence) / 2))
