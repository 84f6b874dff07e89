"""The order of candidates: words and vectors by share, languages, pages, copies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from headgate.answer.question.language import QuestionLanguages
from headgate.answer.rank import Ranker, SearchedText
from headgate.index.search import Candidate
from headgate.index.vocabulary import Vocabulary, count_vocabulary
from headgate.settings import RetrievalSettings

ENGLISH = QuestionLanguages("en", {"en": 1.0})


def candidate(name: str, text: str, *, page: str = "", language: str = "en", cosine: float = 0.0, headings: int = 0) -> Candidate:
    vector = np.array([cosine, (1 - cosine**2) ** 0.5], dtype=np.float32)
    return Candidate(
        row=0, chunk_id=name, doc_id=page or name, language=language, terms=tuple(text.split()), headings=headings, vector=vector
    )


def vocabulary(*candidates: Candidate) -> Vocabulary:
    return count_vocabulary((one.terms, " ".join(one.terms), one.language) for one in candidates)


def order(
    question: str,
    candidates: list[Candidate],
    *,
    share: float,
    languages: QuestionLanguages = ENGLISH,
    shares: dict[str, float] | None = None,
    limit: int = 10,
) -> list[str]:
    known = vocabulary(*candidates)
    text = SearchedText(dict.fromkeys(known.languages, question.split()), np.array([1.0, 0.0], dtype=np.float32))
    ranked = Ranker(known, shares or {}, share=share).rank([text], candidates, languages, limit=limit)
    assert all(0 <= one.score <= 1 for one in ranked)
    return [one.candidate.chunk_id for one in ranked]


def test_the_share_decides_between_words_and_vectors() -> None:
    candidates = [candidate("near", "money back", cosine=0.9), candidate("worded", "refund of the fee", cosine=0.1)]
    assert order("refund fee", candidates, share=0.0) == ["worded", "near"]
    assert order("refund fee", candidates, share=1.0) == ["near", "worded"]


def test_each_language_has_its_own_share() -> None:
    japanese = [
        candidate("ja-near", "料金 月額", language="ja", cosine=0.9),
        candidate("ja-worded", "返金 手数", language="ja", cosine=0.1),
    ]
    languages = QuestionLanguages("ja", {"ja": 1.0})
    assert order("返金", japanese, share=1.0, shares={"ja": 0.0}, languages=languages)[0] == "ja-worded"
    assert order("返金", japanese, share=1.0, languages=languages)[0] == "ja-near"


def test_every_candidate_has_both_measures_however_it_was_found() -> None:
    candidates = [candidate("a", "refund", cosine=0.5), candidate("b", "other", cosine=0.25)]
    known = vocabulary(*candidates)
    text = SearchedText({"en": ["refund"]}, np.array([1.0, 0.0], dtype=np.float32))
    ranked = {
        one.candidate.chunk_id: one.candidate for one in Ranker(known, {}, share=0.5).rank([text], candidates, ENGLISH, limit=2)
    }
    assert ranked["b"].bm25 == 0
    assert ranked["a"].bm25 is not None
    assert ranked["a"].bm25 > 0
    assert ranked["b"].cosine == pytest.approx(0.25)


def test_a_wrong_language_sets_a_page_back_and_does_not_lose_it() -> None:
    candidates = [
        candidate("ro", "factura plata termen", language="ro", cosine=0.5),
        candidate("es", "factura luz", language="es", cosine=0.5),
        candidate("es2", "agua", language="es", cosine=0.5),
    ]
    wrong = QuestionLanguages("es", {"es": 1.0})
    found = order("factura plata termen", candidates, share=0.0, languages=wrong)
    assert set(found) == {"ro", "es", "es2"}
    assert found.index("ro") < found.index("es2")
    close = QuestionLanguages("es", {"es": 0.6, "ro": 0.4})
    assert order("factura plata termen", candidates, share=0.0, languages=close)[0] == "ro"


def test_a_page_of_which_several_passages_fit_comes_before_one_of_which_one_does() -> None:
    candidates = [
        candidate("x", "fee x", page="one"),
        candidate("y", "fee y", page="many"),
        candidate("z", "fee z", page="many"),
    ]
    assert order("fee", candidates, share=0.0) == ["y", "z", "x"]


def test_copies_of_a_better_one_go_behind_unless_they_hold_other_numbers_or_more_of_the_question() -> None:
    text = "the fee for moving to another flat within the same town is due with the next bill and is not returned"
    copies = [candidate(f"c{n}", text) for n in range(3)]
    other = [
        candidate("number", f"{text} 12"),
        candidate("last", "moving fee terms for people who are moving soon and not often at all"),
    ]
    assert order("moving fee", [*copies, *other], share=0.0)[-2:] == ["c1", "c2"]
    assert set(order("moving fee", [*copies, *other], share=0.0)[:3]) == {"c0", "number", "last"}
    assert order("moving fee returned", [copies[0], candidate("a", text.replace("returned", "kept"))], share=0.0) == ["c0", "a"]


@given(
    st.lists(st.tuples(st.text("abc ", max_size=12), st.floats(-1, 1), st.sampled_from(["p", "q"])), min_size=1, max_size=12),
    st.floats(0, 1),
)
def test_every_candidate_is_ranked_once(rows: list[tuple[str, float, str]], share: float) -> None:
    candidates = [candidate(f"c{n}", text, page=page, cosine=cosine) for n, (text, cosine, page) in enumerate(rows)]
    assert sorted(order("a b", candidates, share=share)) == sorted(one.chunk_id for one in candidates)


def test_nothing_found_is_no_ranking() -> None:
    assert order("refund", [], share=0.5) == []


@pytest.mark.parametrize(
    ("dense", "text", "share"),
    [("auto", "auto", None), (0.0, "auto", 0.0), ("auto", 0.0, 1.0), (3, 1, 0.75), (1.0, "auto", 0.5)],
)
def test_weights_that_are_set_win_over_what_was_measured(dense: float | str, text: float | str, share: float | None) -> None:
    settings = RetrievalSettings.model_validate({"dense_weight": dense, "text_weight": text})
    assert settings.share == share


@pytest.mark.parametrize(("dense", "text"), [(0, 0), (-1, 1), ("off", 1), (float("inf"), 1)])
def test_weights_with_which_nothing_could_be_ranked_are_refused(dense: float | str, text: float) -> None:
    with pytest.raises(ValidationError):
        RetrievalSettings.model_validate({"dense_weight": dense, "text_weight": text})


def test_a_chunk_without_any_term_is_ranked_last() -> None:
    candidates = [candidate("empty", ""), candidate("full", "refund")]
    assert order("refund", candidates, share=0.0) == ["full", "empty"]


def test_a_language_of_few_chunks_is_weighed_like_one_of_many() -> None:
    many = [candidate(f"en{n}", f"page {n} of the manual") for n in range(60)]
    one = candidate("en", "beacon manual for the router")
    few = [
        candidate("fr", "beacon se recharge en trois heures", language="fr"),
        candidate("fr2", "beacon facture", language="fr"),
    ]
    languages = QuestionLanguages("fr", {"fr": 1.0})
    assert order("beacon recharge heures", [*many, one, *few], share=0.0, languages=languages)[0] == "fr"


def test_strays_of_a_language_are_weighed_like_their_relatives() -> None:
    chinese = [candidate(f"zh{n}", f"费用 用是 第{n}", language="zh") for n in range(40)]
    stray = candidate("wuu", "亚马 马逊 雨林", language="wuu")
    other = candidate("zh", "亚马 马逊 雨林 开垦 垦的", language="zh")
    languages = QuestionLanguages("zh", {"zh": 0.5, "wuu": 0.5})
    assert order("亚马 马逊 雨林 开垦 垦的", [*chinese, stray, other], share=0.0, languages=languages)[:2] == ["zh", "wuu"]
