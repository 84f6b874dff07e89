"""The built-in model: answers with the best supported units of the passages, word for word, each with its citation.

It needs no network and no key, says nothing that no passage says, and gives the same answer every time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from headgate.answer.generate import ChatRequest, Delta
from headgate.answer.weigh import ScoredUnit, asks_how

#: A further unit must score at least this share of the best one …
_SAME_PASSAGE = 0.80
_SAME_DOCUMENT = 0.88
#: … from another document also hold this much more of the question's term weight.
_OTHER_DOCUMENT = 0.92
_OTHER_DOCUMENT_GAIN = 0.25
_MAX_STEPS = 10


class ExtractiveModel:
    """See the module.

    Args:
        max_sentences: units in an answer; a list of steps may be longer.
    """

    name = "extractive"

    def __init__(self, max_sentences: int) -> None:
        self._max_sentences = max_sentences

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """One delta a quoted unit, then one with the quotes."""
        chosen = choose_units(request.units, how_to=asks_how(request.query.text), limit=self._max_sentences)
        if not chosen:
            yield Delta(declined=True)
            return
        numbers = {hit.chunk_id: number for number, hit in enumerate(request.passages, start=1)}
        quotes: dict[int, str] = {}
        previous: ScoredUnit | None = None
        for entry in chosen:
            number = numbers[entry.hit.chunk_id]
            separator = "" if previous is None else "\n" if _own_line(entry) or _own_line(previous) else " "
            quotes[number] = f"{quotes[number]}\n{entry.unit.text}" if number in quotes else entry.unit.text
            yield Delta(text=f"{separator}{entry.unit.text} [{number}]")
            previous = entry
        yield Delta(quotes=quotes)


def choose_units(scored: Sequence[ScoredUnit], *, how_to: bool, limit: int) -> list[ScoredUnit]:
    """The units to quote, in reading order: the best passage's first, then other passages by rank.

    Args:
        scored: best first.
        how_to: whether steps are asked for; then the list that follows or holds the best unit is quoted whole.
        limit: at most this many units, lists aside.
    """
    if not scored:
        return []
    best = scored[0]
    chosen = {_key(entry): entry for entry in [best, *(_steps(best, scored, how_to=how_to))]}
    seen = {_normalised(entry) for entry in chosen.values()}
    for entry in scored[1:]:
        if len(chosen) >= limit:
            break
        if _normalised(entry) in seen or entry.unit.text.endswith(":"):
            continue
        if entry.hit.chunk_id == best.hit.chunk_id:
            wanted = entry.score >= _SAME_PASSAGE * best.score
        elif entry.hit.doc_id == best.hit.doc_id:
            wanted = entry.score >= _SAME_DOCUMENT * best.score
        else:
            wanted = entry.score >= _OTHER_DOCUMENT * best.score and entry.coverage >= best.coverage + _OTHER_DOCUMENT_GAIN
        if wanted:
            chosen[_key(entry)] = entry
            seen.add(_normalised(entry))
    return sorted(chosen.values(), key=lambda entry: (entry.hit.chunk_id != best.hit.chunk_id, entry.passage, entry.unit.start))


def _steps(best: ScoredUnit, scored: Sequence[ScoredUnit], *, how_to: bool) -> list[ScoredUnit]:
    """The list that answers along with `best`: the one it belongs to or opens, or for a how-to the next one in its passage."""
    opens = best.unit.text.endswith(":")
    if not (how_to or opens) or best.unit.row:
        return []
    passage = sorted((entry for entry in scored if entry.hit.chunk_id == best.hit.chunk_id), key=lambda entry: entry.unit.start)
    lists = sorted({entry.unit.block for entry in passage if entry.unit.item and entry.unit.block >= best.unit.block})
    if not lists or (opens and not how_to and lists[0] > best.unit.block + 1):
        return []
    steps = [entry for entry in passage if entry.unit.block == lists[0]]
    opening = [entry for entry in passage if entry.unit.block == lists[0] - 1 and entry.unit.text.endswith(":")]
    return [*opening, *steps[:_MAX_STEPS]]


def _own_line(entry: ScoredUnit) -> bool:
    return entry.unit.item or entry.unit.row


def _key(entry: ScoredUnit) -> tuple[str, int]:
    return entry.hit.chunk_id, entry.unit.start


def _normalised(entry: ScoredUnit) -> str:
    return " ".join(entry.unit.text.casefold().split())
