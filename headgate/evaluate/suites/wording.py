"""How close is an answer's wording to a reference? Pure functions over two texts, all 0 to 1, higher is better.

Tokens are case-folded words and numbers without punctuation and English articles (as SQuAD's script does, Rajpurkar et al. 2016), and
character bigrams for scripts written without spaces, so that one measure serves every language.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from headgate.answer.ground import canonical_number
from headgate.text.terms import analyze

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"\d+(?:[.,:/]\d+)*|[{_UNSPACED}ー々]+|[^\W{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_ARTICLES = frozenset({"a", "an", "the"})
#: A full stop, colon or semicolon after a word or number; no decimal point, no time.
_CLAUSE_END = re.compile(r"(?<=[\w%)])[.;:](?=\s)|[。;]")
#: A number is most often the fact itself (a price, a deadline), so it weighs as much as this many words.
_NUMBER_WEIGHT = 3.0


def tokens(text: str) -> list[str]:
    """Tokens in order, repeats included."""
    found: list[str] = []
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        token = match.group()
        if _IS_UNSPACED.match(token):
            found.extend(token[i : i + 2] for i in range(max(1, len(token) - 1)))
        elif token not in _ARTICLES:
            found.append(canonical_number(token) if token[0].isdigit() else token)
    return found


def token_f1(answer: str, reference: str) -> float:
    """Harmonic mean of token precision and recall, repeats counted (SQuAD's F1)."""
    got, wanted = Counter(tokens(answer)), Counter(tokens(reference))
    if not got or not wanted:
        return float(got == wanted)
    shared = (got & wanted).total()
    return 2 * shared / (got.total() + wanted.total())


def rouge_l(answer: str, reference: str) -> float:
    """F1 of the longest common subsequence of tokens (Lin 2004)."""
    got, wanted = tokens(answer), tokens(reference)
    if not got or not wanted:
        return float(got == wanted)
    return 2 * _common_subsequence(got, wanted) / (len(got) + len(wanted))


def fact_recall(answer: str, reference: str, language: str) -> float:
    """Weighted share of the reference's content terms that the answer holds; numbers weigh three times a word.

    Terms are stemmed and function words left out (`headgate.text.terms`). A reference without content terms falls back to its tokens.
    """
    wanted = set(analyze(reference, language)) or set(tokens(reference))
    if not wanted:
        return 1.0
    got = set(analyze(answer, language, keep_stop_words=True)) | set(tokens(answer))
    weights = {term: _NUMBER_WEIGHT if term[0].isdigit() else 1.0 for term in wanted}
    return sum(weight for term, weight in weights.items() if term in got) / sum(weights.values())


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text, in one notation."""
    return frozenset(token for token in tokens(text) if token[0].isdigit())


def decisive_numbers(reference: str) -> frozenset[str]:
    """The numbers of a reference's first clause: it gives the answer, the others say when it holds."""
    return numbers(_CLAUSE_END.split(reference, maxsplit=1)[0])


def _common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    row = [0] * (len(right) + 1)
    for token in left:
        diagonal = 0
        for position, other in enumerate(right, start=1):
            above = row[position]
            row[position] = diagonal + 1 if token == other else max(above, row[position - 1])
            diagonal = above
    return row[-1]
