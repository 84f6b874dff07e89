from __future__ import annotations

import pytest

from headgate.answer.question.small_talk import small_talk


@pytest.mark.parametrize(
    ("message", "kind", "language"),
    [
        ("thanks!", "thanks", "en"),
        ("Hi there, thank you so much", "thanks", "en"),
        ("hi", "greeting", "en"),
        ("Danke schön", "thanks", "de"),
        ("ありがとうございます！", "thanks", "ja"),
        ("bye bye", "goodbye", "en"),
    ],
)
def test_greetings_thanks_and_goodbyes(message: str, kind: str, language: str) -> None:
    talk = small_talk(message)
    assert talk is not None
    assert (talk.kind, talk.language) == (kind, language)


@pytest.mark.parametrize(
    "message", ["hi, when is the office open", "hello?", "ok", "", "thanks for nothing, my router is broken", "hi fi", "tak en"]
)
def test_whatever_says_more_is_no_small_talk(message: str) -> None:
    assert small_talk(message) is None
