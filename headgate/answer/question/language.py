"""Which languages may a question be in, among those the corpus has?

    script         languages whose most frequent words are written otherwise are left out
    corpus         P(language | words) by naive Bayes over the chunks of each language that hold the question's words
    detection      py3langid, where too few of the words are known and the languages are still close
    relatives      languages that are told apart by chance are likely together

What is likely is a set, seldom a single language: close relatives share most of a short question, and nothing that follows may depend on
a guess between them.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from headgate.index.vocabulary import LanguageCounts, Vocabulary
from headgate.text.terms import STOP_WORDS, analyze

#: Languages less probable than this share of the best one are not likely.
_LIKELY = 0.02
#: The default language is assumed unless another one is so many times as probable.
_SURE_OVER = 20
#: With fewer words that a language of the corpus has, the identifier is asked too.
_FEW_WORDS = 3
#: Shorter questions tell the identifier nothing, words.
_IDENTIFIABLE = 4
#: Chunks of a language that may hold a word which was seen in none.
_UNSEEN = 0.05
#: Share of the chunks that hold a listed function word, at least; small languages have not shown all of theirs.
_FUNCTION_WORD_SHARE = 0.2
#: Most frequent terms of a language that show how it is written, and the share from which a script belongs to it.
_SHOWING, _SCRIPT_SHARE = 300, 0.05
#: Languages that detection takes for each other, in documents too.
RELATED = tuple(
    frozenset(group.split())
    for group in ("zh wuu yue lzh", "no nb nn da", "hr sr bs sh", "id ms", "cs sk", "gl pt", "be ru", "hi mr")
)
#: Weight of the identifier's probability against none at all.
_DOUBT = 0.05


@dataclass(frozen=True, slots=True)
class QuestionLanguages:
    """`likely` maps the likely languages to their probabilities, the most probable first; `main` is what to reply in."""

    main: str
    likely: Mapping[str, float]

    @property
    def sure(self) -> bool:
        """Whether one language is likely and no other."""
        return len(self.likely) == 1

    def closeness(self, language: str) -> float:
        """Probability of a language over that of the most probable one, 0 to 1."""
        return self.likely.get(language, 0.0) / max(self.likely.values(), default=1.0)


class LanguageDetector:
    """Tells the languages of questions by the vocabulary of one table version."""

    def __init__(self, vocabulary: Vocabulary, *, default: str) -> None:
        self._languages = {language: counts for language, counts in sorted(vocabulary.languages.items()) if language}
        self._scripts = {language: _scripts_of(counts) for language, counts in self._languages.items()}
        self._default = default

    def detect(self, text: str) -> QuestionLanguages:
        """The likely languages of a question; without any language in the corpus the default alone."""
        if len(self._languages) < 2:
            main = next(iter(self._languages), self._default)
            return QuestionLanguages(main, {main: 1.0})
        scripts = _scripts(text)
        written = [language for language in self._languages if scripts & self._scripts[language]]
        candidates = written or list(self._languages)
        scores, known = self._by_words(text, candidates)
        likely = _likely(scores)
        if len(likely) > 1 and known < _FEW_WORDS and len(text.split()) >= _IDENTIFIABLE:
            guesses = _identify(text, tuple(likely))
            likely = _likely({code: math.log(p * (_DOUBT + guesses.get(code, 0.0))) for code, p in likely.items()})
        likely = self._with_relatives(likely)
        best = next(iter(likely))
        unsure = not written or (self._default in likely and likely[best] < _SURE_OVER * likely[self._default])
        return QuestionLanguages(self._default if unsure else best, likely)

    def _with_relatives(self, likely: Mapping[str, float]) -> dict[str, float]:
        """The likely languages, and those of the corpus that are taken for them, as probable as they; of relatives the one with most chunks first."""
        related = dict(likely)
        for group in RELATED:
            members = [language for language in self._languages if language in group]
            if highest := max((likely.get(language, 0.0) for language in members), default=0.0):
                related |= dict.fromkeys(members, highest)
        order = sorted(related, key=lambda language: (-related[language], -self._languages[language].chunks, language))
        total = sum(related.values())
        return {language: related[language] / total for language in order}

    def _by_words(self, text: str, candidates: Iterable[str]) -> tuple[dict[str, float], int]:
        """Logarithm of each language's share of the chunks and of those that hold each word; and how many words any of them has."""
        terms = {language: analyze(text, language, keep_stop_words=True) for language in candidates}
        length = max(map(len, terms.values()))
        unstemmed = analyze(text, "", keep_stop_words=True)
        scores = {language: math.log(self._languages[language].chunks) for language in terms}
        known = 0
        for position in range(length):
            if len(unstemmed) <= position or unstemmed[position][0].isdigit():
                continue
            held = {
                language: _held(self._languages[language], language, words[position], unstemmed[position])
                for language, words in terms.items()
                if position < len(words)
            }
            if any(held.values()):
                known += 1
                for language, chunks in held.items():
                    scores[language] += math.log((chunks + _UNSEEN) / (self._languages[language].chunks + 1))
        return scores, known


def _held(counts: LanguageCounts, language: str, term: str, word: str) -> float:
    least = _FUNCTION_WORD_SHARE * counts.chunks if word in _function_words(language) else 0.0
    return max(float(counts.terms.get(term, 0)), least)


@lru_cache(maxsize=32)
def _function_words(language: str) -> frozenset[str]:
    return frozenset(term for word in STOP_WORDS.get(language, ()) for term in analyze(word, "", keep_stop_words=True))


def _likely(scores: Mapping[str, float]) -> dict[str, float]:
    """Probabilities of the languages that are likely, the most probable first."""
    best = max(scores.values())
    odds = {language: math.exp(score - best) for language, score in scores.items()}
    kept = sorted((language for language in odds if odds[language] >= _LIKELY), key=lambda language: (-odds[language], language))
    total = sum(odds[language] for language in kept)
    return {language: odds[language] / total for language in kept}


def _scripts_of(counts: LanguageCounts) -> frozenset[str]:
    """How the most frequent terms of a language are written."""
    frequent = sorted(counts.terms, key=lambda term: (-counts.terms[term], term))[:_SHOWING]
    found = Counter(script for term in frequent for script in _scripts(term))
    return frozenset(script for script, times in found.items() if times >= _SCRIPT_SHARE * len(frequent))


def _scripts(text: str) -> frozenset[str]:
    """Scripts of the letters of a text, as Unicode names them: LATIN, CYRILLIC, CJK, HIRAGANA, …"""
    return frozenset(unicodedata.name(letter, "?").split(" ", 1)[0] for letter in set(text) if letter.isalpha())


def _identify(text: str, languages: tuple[str, ...]) -> dict[str, float]:
    """Language → probability by py3langid among `languages`; those that it does not know are missing."""
    identifier = _identifier()
    ranked: list[tuple[str, float]] = identifier.rank(text)  # type: ignore[attr-defined]
    return {language: float(probability) for language, probability in ranked if language in languages}


@lru_cache(maxsize=1)
def _identifier() -> object:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
