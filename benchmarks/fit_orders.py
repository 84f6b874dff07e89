"""Fits the weights and thresholds of `headgate/detect/order_score.py` on the development half, and prints them.

    python -m benchmarks.fit_orders

Orders: the development half of `inj_prompts` indirect where they stand, and `written_orders.py` put into clean documents of the development
half. Sentences that are none: all others of those documents, of the knowledge bases and of messy_docs. The thresholds are the lowest at which
no source of clean documents has more than the stated share above them. What is held out is not read (benchmarks/injection.py reports it).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, fields

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks import written_orders
from benchmarks.injection_data import HALVES, Clean, as_markdown, clean_documents, poisoned
from headgate.detect.order_score import Features, Sentence, measure

#: Inverse strength of the L2 penalty; features lie between 0 and 1.
REGULARISATION = 1.0
#: Shares of clean documents of a source that may be above the thresholds.
SURE_SHARE = 0.004
SUSPECT_SHARE = 0.03
#: Documents that each written order is put into.
PLACES = 4
SEED = 20261127


def main() -> None:
    development = HALVES[0]
    clean = [page for page in clean_documents() if page.half == development]
    orders: list[Features] = []
    others: list[Features] = []
    unseen = 0
    for document in (*_found_orders(), *_written_in(clean)):
        before = len(orders)
        text, attack = document
        start = text.find(attack)
        if start < 0:
            unseen += 1
            continue
        for sentence in measure(text):
            (orders if start <= sentence.start < start + len(attack) else others).append(sentence.features)
        unseen += len(orders) == before
    pages = [(page, list(measure(page.text))) for page in clean]
    for _, sentences in pages:
        others += [sentence.features for sentence in sentences]
    matrix = np.array([list(asdict(features).values()) for features in (*orders, *others)])
    wanted = np.array([True] * len(orders) + [False] * len(others))
    model = LogisticRegression(C=REGULARISATION, max_iter=5000)
    model.fit(matrix, wanted)
    print(
        f"{len(orders)} orders in {unseen + len(orders)} places, {unseen} of which are no candidates; {len(others)} other sentences"
    )
    weights = ", ".join(f"{field.name}={weight:.2f}" for field, weight in zip(fields(Features), model.coef_[0], strict=True))
    print(f"INTERCEPT = {model.intercept_[0]:.2f}\nWEIGHTS = Features({weights})")
    highest: dict[str, list[float]] = defaultdict(list)
    for page, sentences in pages:
        highest[page.source].append(_highest(model, sentences))
    for name, share in (("SURE", SURE_SHARE), ("SUSPECT", SUSPECT_SHARE)):
        lowest = {
            source: sorted(scores)[::-1][int(share * len(scores))]
            for source, scores in highest.items()
            if name == "SURE" or source != "ordinary page"  # written to be near orders: a remark on them is no fault
        }
        print(
            f"{name} = {max(lowest.values()) + 0.005:.2f}  # { ({source: round(score, 2) for source, score in lowest.items()}) }"
        )


def _found_orders() -> Iterator[tuple[str, str]]:
    """As a text file and as a Markdown file give them; there the order's first line is looked for, whose marks may be gone."""
    for document in poisoned():
        if document.half == HALVES[0]:
            yield document.text, document.attack
            yield as_markdown(document.text), document.attack.strip().split("\n")[0]


def _written_in(clean: list[Clean]) -> Iterator[tuple[str, str]]:
    """Each written order at a line break of some clean documents."""
    chance = random.Random(SEED)
    sources: dict[str, list[Clean]] = defaultdict(list)
    for page in clean:
        if 200 < len(page.text) < 20_000:
            sources[page.source].append(page)
    names = sorted(sources)
    coded = [f"{order}\n{written_orders.CODE}" for order in written_orders.ON_CODE]
    for order in (*written_orders.ON_ANSWERS, *written_orders.OTHER_TASKS, *written_orders.ON_ANSWERS_OTHER, *coded):
        for _ in range(PLACES):
            page = chance.choice(sources[chance.choice(names)])
            lines = page.text.split("\n")
            at = chance.randrange(len(lines) + 1)
            yield "\n".join([*lines[:at], order, *lines[at:]]), order


def _highest(model: LogisticRegression, sentences: list[Sentence]) -> float:
    if not sentences:
        return 0.0
    rows = np.array([list(asdict(sentence.features).values()) for sentence in sentences])
    return float(model.predict_proba(rows)[:, 1].max())


if __name__ == "__main__":
    main()
