"""Fits the weights and the threshold of `headgate/detect/role_score.py` on the development half, and prints them.

    python -m benchmarks.fit_roles

Parts to play: jailbreaks and extractions of `inj_prompts` direct, development half of the clusters. Questions: NotInject and XSTest-safe of
that half, half of banking77 and of CLINC, questions of qa_mtrag_un, and beginnings of documents as customers paste them. The threshold
lets all of them pass. The honest questions of tests/detect/honest_questions.py are not read.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.injection_data import HALVES, clean_twins, half_of, knowledge_base, ordinary_questions, passages
from benchmarks.validation import read_rows
from headgate.detect.role_score import measure

REGULARISATION = 1.0
#: Characters of a document that a customer pastes.
PASTED = 1500


def main() -> None:
    rows = [row for row in read_rows("inj_prompts", "direct.jsonl") if half_of(str(row["cluster"] or row["id"])) == HALVES[0]]
    parts = [row["text"] for row in rows if row["label"] == "attack"]
    questions = [row["text"] for row in rows if row["label"] == "benign"]
    questions += [text for name, text in ordinary_questions() if half_of(name) == HALVES[0]]
    questions += list(_pasted())
    matrix = np.array([list(measure(text).values()) for text in (*parts, *questions)])
    wanted = np.array([True] * len(parts) + [False] * len(questions))
    model = LogisticRegression(C=REGULARISATION, max_iter=5000)
    model.fit(matrix, wanted)
    scores = model.predict_proba(matrix)[:, 1]
    threshold = float(scores[~wanted].max()) + 0.005
    weights = ", ".join(f'"{name}": {weight:.2f}' for name, weight in zip(measure(""), model.coef_[0], strict=True))
    print(f"{len(parts)} parts, {len(questions)} questions")
    print(f"INTERCEPT = {model.intercept_[0]:.2f}\nWEIGHTS = {{{weights}}}\nREFUSED = {threshold:.2f}")
    print(f"above it: {(scores[wanted] >= threshold).mean():.3f} of the parts")
    for at in np.argsort(scores[~wanted])[::-1][:12]:
        print(f"  {scores[~wanted][at]:.2f} {questions[at][:110]!r}")


def _pasted() -> Iterator[str]:
    for page in (*clean_twins(), *knowledge_base("handbook"), *passages("qa_xquad")):
        if page.half == HALVES[0]:
            yield page.text[:PASTED]


if __name__ == "__main__":
    main()
