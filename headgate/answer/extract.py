"""The built-in model: answers with the best supported units of the passages, word for word, each with its citation.

It needs no network and no key, says nothing that no passage says, and gives the same answer every time.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

from headgate.answer.generate import ChatRequest, Delta
from headgate.answer.score_units import ScoredUnit
from headgate.answer.sentences import units

#: A further unit must score at least this share of the best one …
_SAME_PASSAGE = 0.80
_SAME_DOCUMENT = 0.88
#: … and from another document also add this share of the question's terms.
_OTHER_DOCUMENT = 0.92
_OTHER_DOCUMENT_GAIN = 0.25
_MAX_STEPS = 10

_ITEM = re.compile(r"^\s*(?:[-*•‣▪]|\d{1,2}[.)])\s+")
_HOW_TO = re.compile(
    r"\bhow (?:do|can|should|would|to)\b|\bsteps?\b|\bwhat (?:should|do|can) i do\b|\bset ?up\b|\bcómo\b|\bwie (?:kann|richte|mache|melde|ändere)\b|\bcomment\b|方法|どうすれば|やり方",
    re.IGNORECASE,
)


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
        chosen = choose_units(request.units, how_to=bool(_HOW_TO.search(request.query.text)), limit=self._max_sentences)
        if not chosen:
            yield Delta(declined=True)
            return
        numbers = {hit.chunk_id: number for number, hit in enumerate(request.passages, start=1)}
        quotes: dict[int, str] = {}
        previous: ScoredUnit | None = None
        for entry in chosen:
            number = numbers[entry.hit.chunk_id]
            separator = "" if previous is None else "\n" if _is_item(entry) or _is_item(previous) else " "
            quotes[number] = f"{quotes[number]}\n{entry.unit.text}" if number in quotes else entry.unit.text
            yield Delta(text=f"{separator}{entry.unit.text} [{number}]")
            previous = entry
        yield Delta(quotes=quotes)


def choose_units(scored: Sequence[ScoredUnit], *, how_to: bool, limit: int) -> list[ScoredUnit]:
    """The units to quote, in reading order: the best passage's first, then other passages by rank.

    Args:
        scored: best first.
        how_to: whether steps are asked for; then the whole list that the best unit opens or belongs to is quoted.
        limit: at most this many units, lists aside.
    """
    if not scored:
        return []
    best = scored[0]
    chosen = {_key(best): best}
    covered = set(best.terms)
    if how_to or best.unit.text.endswith(":") or _is_item(best):
        for entry in _whole_list(best, scored, everything=how_to or best.unit.text.endswith(":")):
            chosen.setdefault(_key(entry), entry)
    seen = {_normalised(entry) for entry in chosen.values()}
    for entry in scored[1:]:
        if len(chosen) >= limit:
            break
        if _normalised(entry) in seen or entry.unit.text.endswith("?"):
            continue
        if entry.hit.chunk_id == best.hit.chunk_id:
            wanted = entry.score >= _SAME_PASSAGE * best.score
        elif entry.hit.doc_id == best.hit.doc_id:
            wanted = entry.score >= _SAME_DOCUMENT * best.score
        else:
            gain = entry.coverage - best.coverage if not entry.terms - covered else entry.coverage
            wanted = entry.score >= _OTHER_DOCUMENT * best.score and gain >= best.coverage + _OTHER_DOCUMENT_GAIN
        if wanted:
            chosen[_key(entry)] = entry
            covered |= entry.terms
            seen.add(_normalised(entry))
    return sorted(chosen.values(), key=lambda entry: (entry.hit.chunk_id != best.hit.chunk_id, entry.passage, entry.unit.start))


def _whole_list(best: ScoredUnit, scored: Sequence[ScoredUnit], *, everything: bool) -> list[ScoredUnit]:
    """The list items next to `best` in its passage, in order, at most ten."""
    if not everything and not re.match(r"^\s*\d", best.unit.text):
        return []
    by_start = {entry.unit.start: entry for entry in scored if entry.hit.chunk_id == best.hit.chunk_id}
    ordered = [by_start[unit.start] for unit in units(best.hit.text) if unit.start in by_start]
    position = ordered.index(best)
    items: list[ScoredUnit] = []
    after = position + 1 if not _is_item(best) else position
    while after < len(ordered) and _belongs(ordered, after):
        items.append(ordered[after])
        after += 1
    before = position - 1
    while _is_item(best) and before >= 0 and _belongs(ordered, before):
        items.insert(0, ordered[before])
        before -= 1
    return items[:_MAX_STEPS]


def _belongs(ordered: Sequence[ScoredUnit], position: int) -> bool:
    """Whether a unit is a list item or the rest of one's line."""
    entry = ordered[position]
    if _is_item(entry):
        return True
    first_of_line = next(other for other in ordered if other.unit.line == entry.unit.line)
    return _is_item(first_of_line)


def _is_item(entry: ScoredUnit) -> bool:
    return bool(_ITEM.match(entry.unit.text))


def _key(entry: ScoredUnit) -> tuple[str, int]:
    return entry.hit.chunk_id, entry.unit.start


def _normalised(entry: ScoredUnit) -> str:
    return " ".join(entry.unit.text.casefold().split())
