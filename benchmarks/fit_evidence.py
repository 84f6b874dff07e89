"""Fits the weights of `headgate/answer/evidence.py` on evals/calibration.jsonl, which no gate uses, and prints them.

    python -m benchmarks.fit_evidence BUNDLE_ID

The bundle must be of the corpus revision `base`. Quality is printed out of fold (10 folds), so that it says something about
questions that were not fitted.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, fields

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from headgate.answer.evidence import Features
from headgate.bundle import last_built, open_bundle
from headgate.records import Question
from headgate.settings import load_settings
from headgate.storage import open_store

#: Inverse strength of the L2 penalty; features lie between 0 and 1.
REGULARISATION = 5.0


def main() -> None:
    settings = load_settings()
    store = open_store(settings)
    bundle_id = sys.argv[1] if len(sys.argv) > 1 else last_built(store)
    answerer = open_bundle(store, bundle_id)
    cases = [
        json.loads(line) for line in settings.place("evals/calibration.jsonl").read_text(encoding="utf-8").splitlines() if line
    ]
    rows, labels = [], []
    for case in cases:
        assessment = asyncio.run(answerer.assess(Question(text=case["question"], audience=case["audience"])))
        rows.append(list(asdict(assessment.features).values()))
        labels.append(case["variants"][0]["answerable"])
    matrix, wanted = np.array(rows), np.array(labels)
    model = LogisticRegression(C=REGULARISATION, max_iter=5000)
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    out_of_fold = cross_val_predict(model, matrix, wanted, cv=folds, method="predict_proba")[:, 1]
    print(f"{len(cases)} questions, {wanted.sum()} answerable; out-of-fold AUC {roc_auc_score(wanted, out_of_fold):.3f}")
    print("threshold  refusal precision  refusal recall")
    for threshold in np.arange(0.2, 0.85, 0.05):
        refused = out_of_fold < threshold
        precision = (refused & ~wanted).sum() / max(1, refused.sum())
        print(f"{threshold:9.2f}  {precision:17.3f}  {(refused & ~wanted).sum() / (~wanted).sum():14.3f}")
    model.fit(matrix, wanted)
    names = [field.name for field in fields(Features)]
    weights = ", ".join(f"{name}={weight:.2f}" for name, weight in zip(names, model.coef_[0], strict=True))
    print(f"INTERCEPT = {model.intercept_[0]:.2f}\nWEIGHTS = Features({weights})")


if __name__ == "__main__":
    main()
