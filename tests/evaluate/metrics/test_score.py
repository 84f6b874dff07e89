from __future__ import annotations

import math

import pytest

from headgate.evaluate.metrics.ragas_adapter import RAGAS_METRICS, ragas_score
from headgate.evaluate.metrics.score import applicable, score_case, scorers
from headgate.evaluate.suites.suite import Variant
from headgate.records import Usage
from tests.evaluate.builders import gold, make_answer, scorable

METRICS = scorers((1, 3, 5))
NO_ANSWER = Variant(answerable=False)
CHUNKS = {"c1": "Refunds take 10 days.", "c2": "A late fee is £7.50.", "c3": "Call us.", "c4": "The fee for late payment: £7.50."}


def values(variant: Variant, answer: object, **more: object) -> dict[str, float | None]:
    return {score.metric: score.value for score in score_case(scorable(variant, answer, CHUNKS, **more), METRICS)}  # type: ignore[arg-type]


def test_retrieval_figures_follow_the_ranks_of_what_is_needed() -> None:
    variant = gold(("a.md", "refunds take 10 days", "time"), ("b.md", "late fee is £7.50", "fee"))
    answer = make_answer(retrieved=[("c3", "a.md"), ("c1", "a.md"), ("c3", "c.md"), ("c2", "b.md")])
    got = values(variant, answer)
    assert (got["recall@1"], got["recall@3"], got["recall@5"]) == (0.0, 0.5, 1.0)
    assert (got["strict_recall@1"], got["strict_recall@3"]) == (0.0, 0.5)
    assert (got["doc_recall@1"], got["doc_recall@5"]) == (0.5, 1.0)
    assert got["mrr"] == 0.5
    ideal = 1 + 1 / math.log2(3)
    assert got["ndcg@5"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)


def test_the_right_text_of_the_wrong_document_is_not_found() -> None:
    got = values(gold(("a.md", "refunds take 10 days")), make_answer(retrieved=[("c1", "b.md")]))
    assert (got["recall@5"], got["mrr"], got["ndcg@5"]) == (0.0, 0.0, 0.0)


def test_one_of_several_alternatives_is_enough_for_their_part() -> None:
    variant = gold(("b.md", "late fee is £7.50"), ("d.md", "late payment: £7.50"))
    got = values(variant, make_answer(retrieved=[("c4", "d.md")], cited=["d.md"]))
    assert got["strict_recall@1"] == 0.5
    assert (got["recall@1"], got["ndcg@1"], got["citation_recall"], got["citation_precision"]) == (1.0, 1.0, 1.0, 1.0)


def test_a_chunk_with_everything_gives_no_more_than_full_gain() -> None:
    variant = gold(("a.md", "refunds take", "what"), ("a.md", "10 days", "when"))
    assert values(variant, make_answer())["ndcg@5"] == 1.0


def test_citations_are_judged_by_their_documents() -> None:
    variant = gold(("a.md", "refunds take 10 days", "time"), ("b.md", "late fee", "fee"))
    got = values(variant, make_answer(cited=["a.md", "x.md"]))
    assert (got["citation_precision"], got["citation_recall"]) == (0.5, 0.5)
    assert values(variant, make_answer(cited=[]))["citation_precision"] == 0.0


@pytest.mark.parametrize("text", ["When is the invoice sent? [1]", "Q: When is the invoice sent? [1]\nWhen? [1]"])
def test_an_answer_that_only_asks_is_not_grounded_and_cites_nothing(text: str) -> None:
    variant = gold(("a.md", "refunds take 10 days"))
    got = values(
        variant, make_answer(text=text, cited=["a.md"], contexts=("Q: When is the invoice sent? When? On the third day.",))
    )
    assert (got["groundedness"], got["citation_precision"], got["citation_recall"]) == (0.0, 0.0, 0.0)


def test_a_reply_to_small_talk_is_neither_an_answer_nor_a_refusal() -> None:
    got = values(NO_ANSWER, make_answer(text="You're welcome!", cited=[], contexts=()).model_copy(update={"small_talk": True}))
    assert not {"groundedness", "refusal_precision", "refusal_recall"} & set(got)


def test_refusing_what_has_an_answer_scores_zero_on_correctness_and_has_no_precision_of_citations() -> None:
    got = values(gold(("a.md", "refunds take 10 days")), make_answer(refused=True, contexts=()))
    for metric in ("answer_correctness", "token_f1", "rouge_l", "semantic_similarity", "citation_recall", *RAGAS_METRICS):
        assert got[metric] == 0.0, metric
    assert "citation_precision" not in got
    assert "groundedness" not in got
    assert (got["refusal_precision"], got["over_refusal"]) == (0.0, 1.0)
    assert "refusal_recall" not in got


@pytest.mark.parametrize("refused", [True, False])
def test_only_refusal_groundedness_time_and_cost_apply_where_nothing_answers(refused: bool) -> None:
    got = values(NO_ANSWER, make_answer(refused=refused))
    expected = {"resolved", "refusal_recall", "latency", "first_token", "cost"} | (
        {"refusal_precision"} if refused else {"groundedness"}
    )
    assert set(got) == expected
    assert got["refusal_recall"] == float(refused)


def test_correctness_rewards_facts_and_forgives_length() -> None:
    variant = gold(("a.md", "refunds take 10 days"), reference="Refunds take 10 days.")
    right = values(
        variant, make_answer("Please note the following. Refunds take 10 days [1]. Credit is quicker [1]."), similarity=0.8
    )
    wrong = values(variant, make_answer("Refunds take 30 days [1]."), similarity=0.9)
    assert right["answer_correctness"] == pytest.approx(0.75 + 0.25 * 0.8)
    assert wrong["answer_correctness"] is not None
    assert wrong["answer_correctness"] < 0.65 < right["answer_correctness"]  # type: ignore[operator]
    assert wrong["token_f1"] == 0.75
    assert right["token_f1"] < 0.75  # type: ignore[operator]


def test_a_scorer_that_raises_is_unscored_and_never_a_number() -> None:
    def broken(left: str, right: str) -> float:
        raise RuntimeError("model gone")

    case = scorable(gold(("a.md", "refunds take 10 days")), make_answer())
    scores = score_case(type(case)(case.variant, "en", case.answer, case.chunks, broken), METRICS)
    failed = {score.metric: score for score in scores if score.error}
    assert set(failed) == {"semantic_similarity", "answer_correctness"}
    assert all(score.value is None and "RuntimeError: model gone" in score.error for score in failed.values())


def test_not_a_number_and_an_unknown_price_are_unscored() -> None:
    case = scorable(
        gold(("a.md", "refunds take 10 days")), make_answer().model_copy(update={"usage": Usage(cost=None)}), similarity=math.nan
    )
    failed = {score.metric: score.error for score in score_case(case, METRICS | {"odd": lambda _: math.nan}) if score.error}
    assert "the metric gave nan" in failed["odd"]
    assert "price" in failed["cost"]


def test_a_retrieved_chunk_that_the_table_does_not_hold_is_an_error_not_a_miss() -> None:
    scores = score_case(scorable(gold(("a.md", "refunds")), make_answer(retrieved=[("gone", "a.md")])), METRICS)
    assert {score.metric for score in scores if score.error} == {
        f"{m}@{k}" for m in ("recall", "strict_recall", "ndcg") for k in (1, 3, 5)
    } | {"mrr"}


def test_what_applies_to_an_unanswered_case_depends_on_what_is_known() -> None:
    assert "refusal_recall" not in applicable(gold(("a", "b")), METRICS)
    assert "answer_correctness" not in applicable(gold(("a", "b"), reference=""), METRICS)
    assert "recall@5" not in applicable(NO_ANSWER, METRICS)


def test_ragas_scores_are_finite_values_of_their_own_row() -> None:
    got = {name: ragas_score(name, "Refunds take ten days.", "Refunds take ten days.") for name in RAGAS_METRICS}
    assert got == dict.fromkeys(RAGAS_METRICS, pytest.approx(1.0))
    assert all(0.0 <= ragas_score(name, "Refunds take ten days.", "Call us today.") < 0.6 for name in RAGAS_METRICS)
