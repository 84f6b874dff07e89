"""ragas metrics that need no model call, row by row. The only module that imports ragas.

ragas can't be imported with some versions of its own dependencies and turns failures into NaN in places: every row ends here as a
value or as an exception, which the caller counts as unscored. `BleuScore` is left out: it hands
the reference's sentences to sacrebleu as alternatives for the answer's first sentence, so what follows that is never compared (a right
sentence and a wrong one score 1.0). `RougeScore` reads ASCII words only and stems them as English; `rouge_l` in `headgate.evaluate.suites.wording` serves all languages.
"""

from __future__ import annotations

import asyncio
import math
from functools import cache
from typing import Any

#: Metric in reports → class in `ragas.metrics.collections`. All 0 to 1, higher is better.
RAGAS_METRICS = {
    "ragas_exact_match": "ExactMatch",
    "ragas_string_similarity": "NonLLMStringSimilarity",
    "ragas_rouge_l": "RougeScore",
    "ragas_chrf": "CHRFScore",
}


@cache
def _metric(class_name: str) -> Any:
    import ragas.metrics.collections as collections

    return getattr(collections, class_name)()


def ragas_score(metric: str, answer: str, reference: str) -> float:
    """One value of one row, 0 to 1.

    Args:
        metric: a key of `RAGAS_METRICS`.

    Raises:
        ValueError: ragas gave something that is not a finite number. Whatever ragas raises passes through.
    """
    value = asyncio.run(_metric(RAGAS_METRICS[metric]).ascore(reference=reference, response=answer)).value
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"ragas {RAGAS_METRICS[metric]} gave {value!r}")
    return float(value)
