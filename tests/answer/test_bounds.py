"""One request asks for a bounded number of searches and embeddings, and the reply says what was left out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from headgate.answer.question.bounds import MOST_PARTS, texts_to_search, within_bounds
from headgate.bundle import Bundle, open_bundle
from headgate.index.vocabulary import MOST_UNKNOWN, count_vocabulary
from headgate.models.embedder import Embedder
from headgate.records import Answer, Question, Turn
from headgate.settings import GuardSettings, Settings
from headgate.storage import open_store


def test_a_question_of_one_sentence_is_searched_once() -> None:
    assert texts_to_search(Question(text="How long does a refund take?")) == (("How long does a refund take?",), ())


def test_the_story_before_a_question_is_searched_by_sentence_too() -> None:
    found = texts_to_search(Question(text="I paid twice last month. How do I get my money back? Thanks!"))
    assert found.texts[1:] == ("I paid twice last month.", "How do I get my money back?")
    assert not found.notes


def test_of_many_sentences_those_that_ask_and_the_last_are_searched_and_the_rest_is_counted() -> None:
    story = " ".join(f"This is sentence number {number}." for number in range(200))
    found = texts_to_search(Question(text=f"Where is my parcel today? {story}"))
    assert len(found.texts) == 1 + MOST_PARTS
    assert found.texts[1] == "Where is my parcel today?"
    assert found.texts[-1] == "This is sentence number 199."
    assert found.notes == ("of 201 sentences of the question 4 are searched each on its own, beside the whole question",)


def test_a_sentence_that_is_said_again_is_searched_once() -> None:
    found = texts_to_search(Question(text="Where is my parcel today? " * 100))
    assert found.texts[1:] == ("Where is my parcel today?",)
    assert not found.notes


def test_of_a_long_question_before_the_end_is_searched_along_and_the_reply_says_so() -> None:
    asked = Question(text="And then?", conversation=(Turn(role="user", content="word " * 1000 + "refund"),))
    found = texts_to_search(asked)
    assert found.texts[1].endswith("word refund And then?")
    assert len(found.texts[1]) < 700
    assert found.notes == ("of the question before, the last 600 of 5006 characters are searched along",)


def test_the_newest_turns_that_fit_are_kept_whole_and_the_others_are_counted() -> None:
    turns = tuple(Turn(role="user", content="x" * 40) for _ in range(10))
    bounded = within_bounds(Question(text="q", conversation=turns), GuardSettings(max_conversation_characters=100))
    assert len(bounded.question.conversation) == 2
    assert bounded.notes[0].startswith("the 8 oldest of 10 earlier messages are not used")
    assert within_bounds(Question(text="q", conversation=turns), GuardSettings()) == (Question(text="q", conversation=turns), ())


def test_of_many_unknown_words_a_few_are_looked_up() -> None:
    vocabulary = count_vocabulary([(["refund"], "refund takes days", "en")] * 3)
    misspelt = [f"refun{letter}" for letter in "abcefghijklmnopqrstuvwxyz"]
    assert len(vocabulary.spell(" ".join(misspelt), "en").corrections) == MOST_UNKNOWN < len(misspelt)


def test_of_many_questions_at_once_none_fails_and_each_gets_the_answer_it_gets_alone(settings: Settings, bundle: Bundle) -> None:
    answerer = open_bundle(open_store(settings), bundle.bundle_id)
    questions = [Question(text=f"How long does a refund take{'?' * (1 + number % 3)}") for number in range(48)]

    async def all_at_once() -> list[Answer]:
        return await asyncio.gather(*(answerer.answer(question) for question in questions))

    alone = {question.text: answerer.answer_now(question).text for question in questions[:3]}
    answers = asyncio.run(all_at_once())
    answerer.close()
    assert [answer.text for answer in answers] == [alone[question.text] for question in questions]


class Counting:
    """An embedding model that counts texts."""

    def __init__(self, real: Embedder) -> None:
        self._real = real
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str], **more: object) -> np.ndarray:
        self.texts += texts
        return self._real.embed(texts)

    def close(self) -> None:
        self._real.close()


@pytest.mark.parametrize(
    "question",
    [
        Question(text=" ".join(f"Wher is parcl number {number} now?" for number in range(150))),
        Question(
            text="How lng does a refund take?",
            conversation=tuple(Turn(role="user", content="Wher is it? " * 500) for _ in range(40)),
        ),
        Question(text="Refund please now, thank you! " * 100),
    ],
    ids=["many sentences", "a long conversation", "one sentence again and again"],
)
def test_no_request_has_many_texts_embedded_and_none_is_embedded_twice(
    settings: Settings, bundle: Bundle, question: Question
) -> None:
    answerer = open_bundle(open_store(settings), bundle.bundle_id)
    counting = Counting(answerer._retriever._embedder)
    answerer._retriever._embedder = counting
    answer = answerer.answer_now(question)
    answerer.close()
    assert len(counting.texts) == len(set(counting.texts)) <= 2 * (2 + MOST_PARTS)
    assert answer.notes or len(set(question.text.split("! "))) <= 2
