"""Is each sentence of an answer supported by the passages it cites? Words and numbers only: no model, no network.

    "Refunds take 10 days [1]. Cards are quicker [2]."  +  contexts  →  Grounding(sentences=(supported, not supported), share=0.5)

A sentence is supported by a passage when it stands there word for word, or when at least `MIN_COVERAGE` of its content words and every
number of it do. A sentence that cites is compared with the cited passages together, one that cites nothing with all of them. A number
that is in no compared passage makes a sentence unsupported, whatever else matches: a wrong price is the costliest mistake.

What this can't see: a negation, or the right words in another relation. It errs towards "not supported" for free paraphrase.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from headgate.text.terms import STOP_WORDS, analyze
from headgate.text.units import units

#: Share of a sentence's distinct content terms that the passages must hold. Best balanced accuracy (0.85) on 2,727 human labels of BEGIN,
#: where it keeps 88 % of the grounded answers and catches 82 % of the others; benchmarks/groundedness.py.
MIN_COVERAGE = 0.75

_MARKER = re.compile(r"\s*\[(\d{1,2})\]")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_LONE_MARKERS = re.compile(r"^[\s.,;:!?]*(?:\[\d{1,2}\][\s.,;:!?]*)+$")
#: A marker after the full stop belongs to the sentence before it: "… 10 days. [1] Cards …".
_TRAILING = re.compile(r"([.!?…。！？][\"'”’)\]]*)((?:\s*\[\d{1,2}\])+)")


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """One sentence without its markers. `coverage` is the share of its content terms found, 0 to 1."""

    text: str
    cited: tuple[int, ...]  # 1-based passage numbers
    supported: bool
    coverage: float
    missing_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grounding:
    sentences: tuple[SentenceSupport, ...]

    @property
    def share(self) -> float:
        """Share of sentences that are supported, 0 to 1; an answer that states nothing is fully supported."""
        if not self.sentences:
            return 1.0
        return sum(sentence.supported for sentence in self.sentences) / len(self.sentences)


def ground(text: str, contexts: Sequence[str], *, language: str = "en", min_coverage: float = MIN_COVERAGE) -> Grounding:
    """Compare an answer with the passages it was made from.

    Args:
        text: the answer, citing passages as [1].
        contexts: texts of the passages, [1] first.
        language: ISO 639-1 code of the answer, for stems and function words.
        min_coverage: share of content terms that must be found, 0 to 1.
    """
    moved = _TRAILING.sub(lambda match: f"{match.group(2)}{match.group(1)}", text)
    sentences = []
    for unit in units(moved):
        if _LONE_MARKERS.match(unit.text):
            continue
        cited = tuple(dict.fromkeys(n for n in (int(found) for found in _MARKER.findall(unit.text)) if 1 <= n <= len(contexts)))
        statement = _MARKER.sub("", unit.text).strip()
        compared = [contexts[number - 1] for number in cited] or list(contexts)
        sentences.append(_support(statement, cited, compared, language, min_coverage))
    return Grounding(tuple(sentences))


def without_markers(text: str) -> str:
    """`text` without its citation markers."""
    return _MARKER.sub("", text).strip()


def _support(
    statement: str, cited: tuple[int, ...], contexts: Sequence[str], language: str, min_coverage: float
) -> SentenceSupport:
    squeezed = _squeeze(statement)
    if squeezed and any(squeezed in _squeeze(context) for context in contexts):
        return SentenceSupport(statement, cited, True, 1.0, ())
    language = language if language in STOP_WORDS else "en"
    terms = set(analyze(statement, language))
    known = {term for context in contexts for term in analyze(context, language)}
    coverage = len(terms & known) / len(terms) if terms else 1.0
    numbers = set(_numbers(statement))
    missing = tuple(sorted(numbers - {number for context in contexts for number in _numbers(context)}))
    return SentenceSupport(statement, cited, bool(contexts) and not missing and coverage >= min_coverage, coverage, missing)


def _squeeze(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def canonical_number(number: str) -> str:
    """One notation for a number: 1,320.00 and 1.320,00 become 1320; three digits after a mark are taken for thousands."""
    joined = re.sub(r"(?<=\d)[.,](?=\d{3}(?:\D|$))", "", number)
    return re.sub(r"[.,]0{1,2}$", "", joined)


def _numbers(text: str) -> list[str]:
    return [canonical_number(number) for number in _NUMBER.findall(unicodedata.normalize("NFKC", text))]
