"""Calibration on made-up questions, where the right threshold is known, and on a bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from headgate.answer.engine import ENGINE_VERSION
from headgate.answer.evidence import FEATURES, Features, evidence
from headgate.answer.reorder import FEATURES as ORDER_FEATURES
from headgate.bundle import Bundle, load_manifest
from headgate.cli.main import main
from headgate.cli.settings_file import settings_toml
from headgate.errors import SettingsError, SuiteError
from headgate.evaluate.calibrate import LEAST, Labelled, fit
from headgate.records import Calibration, IndexResult, OrderModel
from headgate.settings import Settings, parse_settings
from headgate.storage import open_store
from tests.verbs import create_bundle

SEPARATES = FEATURES.index("unit_cosine")


def questions(n: int, *, share: float = 0.5, spread: float = 0.15, language: str = "en", seed: int = 1) -> list[Labelled]:
    """`n` questions whose unit cosine lies about 0.7 when supported and 0.3 when not; no other feature says anything."""
    generator = np.random.default_rng(seed)
    made = []
    for number in range(n):
        supported = number < n * share
        values = [0.5] * len(FEATURES)
        values[SEPARATES] = float(np.clip(generator.normal(0.7 if supported else 0.3, spread), 0, 1))
        made.append(Labelled(language=language, answerable=supported, supported=supported, values=tuple(values)))
    return made


def calibration(labelled: list[Labelled], *, cost: float = 1.0) -> Calibration:
    return fit(
        labelled, wrong_answer_cost=cost, unanswerable_share=0.5, seed=3, embedding="m", questions_digest="d", source="q.jsonl"
    )


def test_what_separates_the_questions_gets_the_weight() -> None:
    found = calibration(questions(300))
    heaviest = max(found.evidence.weights, key=lambda name: abs(found.evidence.weights[name]))
    assert heaviest == "unit_cosine"
    assert found.evidence.weights["unit_cosine"] > 0
    assert found.auc_low <= found.auc <= found.auc_high
    assert found.auc > 0.95
    assert set(found.evidence.weights) == set(FEATURES)


def test_questions_that_nothing_tells_apart_are_said_to_be_so() -> None:
    generator = np.random.default_rng(7)
    same = [
        Labelled("en", bool(number % 2), bool(number % 2), tuple(float(value) for value in generator.random(len(FEATURES))))
        for number in range(300)
    ]
    found = calibration(same)
    assert found.auc_low < 0.5 < found.auc_high + 0.05


def test_the_dearer_a_wrong_answer_the_higher_the_threshold() -> None:
    labelled = questions(400, spread=0.25)
    cheap, even, dear = (calibration(labelled, cost=cost) for cost in (0.2, 1.0, 8.0))
    assert cheap.evidence.threshold < even.evidence.threshold < dear.evidence.threshold

    def at(found: Calibration) -> tuple[float, float]:
        point = next(point for point in found.curve if point.threshold == found.evidence.threshold)
        return point.wrongly_answered, point.wrongly_declined

    assert at(cheap)[0] > at(dear)[0]
    assert at(cheap)[1] < at(dear)[1]


def test_the_curve_says_what_each_threshold_costs_with_its_intervals() -> None:
    found = calibration(questions(300))
    thresholds = [point.threshold for point in found.curve]
    assert thresholds == sorted(thresholds)
    assert found.evidence.threshold in thresholds
    for earlier, later in zip(found.curve, found.curve[1:], strict=False):
        assert earlier.wrongly_answered >= later.wrongly_answered
        assert earlier.wrongly_declined <= later.wrongly_declined
    for point in found.curve:
        assert point.wrongly_answered_low <= point.wrongly_answered <= point.wrongly_answered_high
        assert point.wrongly_declined_low <= point.wrongly_declined <= point.wrongly_declined_high


def test_an_answer_that_was_not_found_is_to_be_declined_and_still_counts_as_a_wrong_decline() -> None:
    labelled = questions(300)
    lost = [Labelled("en", answerable=True, supported=False, values=one.values) for one in questions(100, share=0.0, seed=5)]
    found = calibration([*labelled, *lost])
    assert (found.questions, found.answerable, found.found) == (400, 250, 150)
    point = next(point for point in found.curve if point.threshold == found.evidence.threshold)
    assert point.wrongly_declined > 0.3  # the hundred that were not found


def test_the_same_questions_give_the_same_bytes() -> None:
    assert calibration(questions(200)) == calibration(questions(200))


def test_a_language_with_enough_questions_gets_an_intercept_of_its_own() -> None:
    english = questions(200)
    shifted = [
        Labelled("ja", one.answerable, one.supported, tuple(value - 0.25 for value in one.values))
        for one in questions(120, language="ja", seed=9)
    ]
    few = questions(10, language="de", seed=11)
    found = calibration([*english, *shifted, *few])
    assert set(found.evidence.languages) == {"ja"}
    assert found.evidence.languages["ja"] > 0  # its cosines are lower for the same answer
    assert any("'de'" in doubt for doubt in found.doubts)
    features = Features(**dict(zip(FEATURES, shifted[0].values, strict=True)))
    assert evidence(features, found.evidence, language="ja") > evidence(features, found.evidence, language="en")


def test_the_more_questions_have_no_answer_the_higher_the_threshold_whatever_their_share_in_the_file() -> None:
    labelled = questions(400, spread=0.25)

    def threshold(labelled: list[Labelled], share: float) -> float:
        return fit(
            labelled, wrong_answer_cost=1.0, unanswerable_share=share, seed=3, embedding="m", questions_digest="d", source="q"
        ).evidence.threshold

    rare, half, most = (threshold(labelled, share) for share in (0.05, 0.5, 0.9))
    assert rare < half < most


@pytest.mark.parametrize("share", [0.02, 0.98])
def test_too_few_questions_of_a_kind_are_refused(share: float) -> None:
    with pytest.raises(SuiteError, match=f"at least {LEAST} of each"):
        calibration(questions(200, share=share))


def test_few_questions_are_doubted_in_words() -> None:
    assert any("known only roughly" in doubt for doubt in calibration(questions(60)).doubts)
    assert not calibration(questions(400)).doubts


# --- in a project -------------------------------------------------------------------------------------------------------


def write(settings: Settings, found: Calibration, name: str = "evidence.json") -> Settings:
    settings.place(name).write_text(found.model_dump_json())
    content = settings.model_dump(mode="json", exclude={"project_dir"}, exclude_defaults=True)
    content["answer"] = {"calibration": name}
    return parse_settings(content, project_dir=settings.project_dir)


def test_a_bundle_carries_the_calibration_of_its_project(
    make_project: Callable[..., Settings], indexed: IndexResult, settings: Settings, bundle: Bundle
) -> None:
    found = calibration(questions(200)).model_copy(update={"engine": ENGINE_VERSION, "embedding": "all-MiniLM-L6-v2"})
    made = create_bundle(write(settings, found), indexed)
    assert made.bundle_id != bundle.bundle_id
    assert load_manifest(open_store(settings), made.bundle_id).evidence == found.evidence


def test_a_bundle_carries_the_fitted_order_of_passages_unless_it_has_no_built_in_re_ranker(
    indexed: IndexResult, settings: Settings
) -> None:
    order = OrderModel(weights=dict.fromkeys(ORDER_FEATURES, 2.0))
    found = calibration(questions(200)).model_copy(update={"order": order})
    changed = write(settings, found)
    manifest = load_manifest(open_store(settings), create_bundle(changed, indexed).bundle_id)
    assert (manifest.order, manifest.ordered) == (order, 40)
    content = changed.model_dump(mode="json", exclude={"project_dir"}, exclude_defaults=True) | {"reranker": {"engine": "none"}}
    plain = parse_settings(content, project_dir=settings.project_dir)
    manifest = load_manifest(open_store(settings), create_bundle(plain, indexed).bundle_id)
    assert (manifest.order, manifest.ordered) == (None, 0)
    other = found.model_copy(update={"order": OrderModel(weights={"luck": 1.0})})
    with pytest.raises(SettingsError, match=r"orders passages by luck.*headgate calibrate"):
        create_bundle(write(settings, other), indexed)


def test_a_calibration_that_does_not_fit_is_refused_with_what_to_do(settings: Settings, indexed: IndexResult) -> None:
    found = calibration(questions(200))
    other = found.evidence.model_copy(update={"weights": {"luck": 1.0}})
    with pytest.raises(SettingsError, match=r"weighs luck.*headgate calibrate"):
        create_bundle(write(settings, found.model_copy(update={"evidence": other})), indexed)
    changed = write(settings, found)
    settings.place("evidence.json").write_text("{}")
    with pytest.raises(SettingsError, match=r"not what `headgate calibrate` writes"):
        create_bundle(changed, indexed)
    settings.place("evidence.json").unlink()
    with pytest.raises(SettingsError, match=r"can't be read"):
        create_bundle(changed, indexed)


def test_one_of_another_engine_or_model_is_used_and_said(
    settings: Settings, indexed: IndexResult, caplog: pytest.LogCaptureFixture
) -> None:
    create_bundle(write(settings, calibration(questions(200))), indexed)
    assert "run `headgate calibrate` again" in caplog.text


def test_the_verb_writes_what_a_bundle_reads(
    settings: Settings, bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = []
    for number in range(LEAST):
        asked = "When does a refund reach my payment method?" + " Please tell me." * (number % 5)
        lines.append({"id": f"yes-{number}", "question": asked, "answerable": True, "gold_documents": ["billing/refunds.md"]})
        lines.append({"id": f"no-{number}", "question": f"Which song was number {number + 1} last week?", "answerable": False})
    file = tmp_path / "labelled.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    settings_file = settings.project_dir / "headgate.toml"
    settings_file.write_text(settings_toml(settings))
    code = main(
        [
            "--settings",
            str(settings_file),
            "calibrate",
            bundle.bundle_id,
            "--questions",
            str(file),
            "--output",
            str(tmp_path / "out.json"),
        ]
    )
    shown = capsys.readouterr().out
    assert code == 0
    assert "wrongly declined" in shown
    assert "known only roughly" in shown
    found = Calibration.model_validate_json((tmp_path / "out.json").read_bytes())
    assert (found.questions, found.answerable, found.found) == (2 * LEAST, LEAST, LEAST)
    assert found.engine == ENGINE_VERSION
    assert found.order is not None
    assert found.found_in_search <= LEAST
    assert found.found_reordered <= LEAST
    assert f"for {found.found_reordered} questions" in shown
