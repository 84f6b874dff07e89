"""Lines that stand in many documents, and what share of each document they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: A line is boilerplate when it stands in this many documents or more, and in this share of them.
_BOILERPLATE_DOCUMENTS = 10
_BOILERPLATE_SHARE = 0.05
_MIN_LINES = 5  # documents with fewer different lines are not judged by their boilerplate


def boilerplate_shares(lines: Sequence[bytes]) -> list[float | None]:
    """For each document the share of its lines that stand in many of the documents; None where it has too few lines, or they are too few.

    Args:
        lines: of each document, see `resemblance.hash_lines`.
    """
    limit = max(_BOILERPLATE_DOCUMENTS, _BOILERPLATE_SHARE * len(lines))
    if len(lines) <= limit:
        return [None] * len(lines)
    hashes = np.frombuffer(b"".join(lines), "<u8")
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    common = np.concatenate([[0], np.cumsum(counts[inverse] >= limit)])
    ends = np.cumsum([len(one) // 8 for one in lines])
    shares: list[float | None] = []
    for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        enough = end - start >= _MIN_LINES
        shares.append(round(float(common[end] - common[start]) / (end - start), 2) if enough else None)
    return shares
