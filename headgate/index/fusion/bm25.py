"""BM25 of chunks of one language, by the counts of that language alone: Robertson & Zaragoza 2009, with headings as a field of their own.

    weight of a term in a chunk = heading weight * (times in title and headings) + (times in the text)        (BM25F, one length for both)

The full-text index counts over all languages at once: function words of a small language look rare to it, and passages of another length
in another script shift what is long. It finds the candidates; this says how well they fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.index.vocabulary import LanguageCounts

#: Saturation and length normalisation, the textbook's values, which are LanceDB's too.
K1 = 1.2
B = 0.75
#: What a term in title or headings counts against one in the text.
HEADING_WEIGHT = 1.5


def term_weights(terms: Sequence[str], counts: LanguageCounts) -> dict[str, float]:
    """Search term → its inverse document frequency in a language; terms that no chunk of it has are left out."""
    return {term: counts.idf(term) for term in terms if term in counts.terms}


def bm25(found: Sequence[str], headings: int, weights: Mapping[str, float], counts: LanguageCounts) -> float:
    """Score of one chunk, 0 upwards.

    Args:
        found: search terms of the chunk, repeats included.
        headings: how many of them, the first ones, are of its title and headings.
        weights: of the question's terms, from `term_weights`.
        counts: of the chunk's language.
    """
    times: dict[str, float] = {}
    for position, term in enumerate(found):
        if term in weights:
            times[term] = times.get(term, 0.0) + (HEADING_WEIGHT if position < headings else 1.0)
    average = counts.length / counts.chunks if counts.chunks else 1.0
    length = K1 * (1 - B + B * len(found) / max(average, 1.0))
    return sum(weights[term] * count * (K1 + 1) / (count + length) for term, count in times.items())
