"""How alike are two rankings? 1 = the same, 0 = nothing in common."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

#: Weight of a rank against the one above it; 0.9 gives the first ten ranks 86 % of all weight (Webber et al. 2010, table 1).
PERSISTENCE = 0.9


def jaccard(left: Sequence[Hashable], right: Sequence[Hashable], k: int) -> float:
    """Shared items over all items of the first k ranks; two empty rankings are the same."""
    first, second = set(left[:k]), set(right[:k])
    return len(first & second) / len(first | second) if first | second else 1.0


def rank_biased_overlap(left: Sequence[Hashable], right: Sequence[Hashable], *, persistence: float = PERSISTENCE) -> float:
    """RBO of two rankings without ties, extrapolated from their length (Webber, Moffat & Zobel 2010, equation 32 for the longer one).

    A ranking that is shorter agrees in none of the ranks that it lacks.
    """
    depth = max(len(left), len(right))
    if not depth:
        return 1.0
    seen_left: set[Hashable] = set()
    seen_right: set[Hashable] = set()
    total, agreement = 0.0, 0.0
    for rank in range(1, depth + 1):
        seen_left.update(left[rank - 1 : rank])
        seen_right.update(right[rank - 1 : rank])
        agreement = len(seen_left & seen_right) / rank
        total += agreement * persistence**rank
    return agreement * persistence**depth + (1 - persistence) / persistence * total
