"""Which language is a question in, among those the corpus has?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from headgate.text.terms import STOP_WORDS

_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile("[\u3040-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
#: Below this probability of the language identifier the default language is taken.
_MIN_PROBABILITY = 0.9


@lru_cache(maxsize=8)
def _identifier(languages: tuple[str, ...]) -> object:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(languages))
    return identifier


def detect_language(text: str, languages: Sequence[str], *, default: str) -> str:
    """ISO 639-1 code out of `languages`.

    Questions are short, where statistical identification errs: script decides first, then function words, and only then
    py3langid, whose guess counts from a probability of 0.9.

    Args:
        text: the question.
        languages: codes to choose from.
        default: taken when nothing speaks for another.
    """
    candidates = [language for language in languages if language]
    if len(candidates) < 2:
        return candidates[0] if candidates else default
    if "ja" in candidates and _KANA.search(text):
        return "ja"
    if _HAN.search(text):
        return next((language for language in ("zh", "ja") if language in candidates), default)
    words = [word.casefold() for word in _WORD.findall(text)]
    counts = {language: sum(word in STOP_WORDS.get(language, ()) for word in words) for language in candidates}
    ranked = sorted(candidates, key=lambda language: (-counts[language], language != default))
    if counts[ranked[0]] > counts[ranked[1]]:
        return ranked[0]
    if len(words) < 3:
        return default if default in candidates else ranked[0]
    identifier = _identifier(tuple(sorted(candidates)))
    language, probability = identifier.classify(text)  # type: ignore[attr-defined]
    return str(language) if probability >= _MIN_PROBABILITY else default
