"""How much vectors count against words in each language of a table, found out with questions made from its own passages.

    passages of a language ──► at most 48 probes ──► ranked by words, by vectors, and by both in eleven shares ──► LanguageFusion

A probe is a text whose passage is known (known-item search, inverse cloze task: Lee et al. 2019, https://arxiv.org/abs/1906.00300):

    held out    a sentence; its passage is searched without it
    heading     the last heading of a passage; the passage is searched without title and headings
    reworded    a sentence without its frequent words and without every second of the others; its passage stays whole

What is searched for is never there letter by letter, so words are not favoured by how a probe was made. The same rows give the same
shares: passages and sentences are chosen by SHA-256, everything is compared exactly, and a language whose rows are the same is not
measured again. Words alone (share 0) and vectors alone (1) are candidates like the others.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from headgate.index.fusion.bm25 import bm25, term_weights
from headgate.index.fusion.combine import fuse
from headgate.index.table_rows import quoted
from headgate.index.vocabulary import LanguageCounts
from headgate.records import LanguageFusion, PinnedVersion
from headgate.text.sentences import split_sentences
from headgate.text.terms import analyze

#: Raised when the same rows would give other shares.
PROBES_VERSION = 1
#: Passages that probes are made of, and those that they are searched among, at most.
PROBED, SEARCHED = 48, 2000
#: With fewer probes nothing is measured.
FEWEST = 16
#: Of the vectors, 0 to 1: what is tried.
SHARES = tuple(step / 10 for step in range(11))
#: What is assumed until probes say otherwise: of a language that the embedding model was made for, and of another one.
DEFAULT_SHARE, UNTRAINED_SHARE = 0.5, 0.0
#: Results that count: nDCG@10.
_DEPTH = 10
#: Candidates of each kind that are fused, as `retrieval.candidates` unless said otherwise.
_CANDIDATES = 40
#: Terms of a sentence that is asked for.
_FEWEST_TERMS, _MOST_TERMS = 6, 60
#: Terms in more than this share of the passages are frequent.
_FREQUENT = 0.1
_BATCH = 500
_COLUMNS = ["chunk_id", "doc_id", "context", "text", "search_text", "heading_terms", "vector"]
_KINDS: tuple[Literal["held_out", "heading", "reworded"], ...] = ("held_out", "heading", "reworded")


@dataclass(frozen=True, slots=True)
class Passage:
    """A row as probes need it."""

    chunk_id: str
    doc_id: str
    context: str
    text: str
    terms: tuple[str, ...]  # search terms, repeats included
    headings: int  # how many of them are of the context
    vector: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Probe:
    """`passage` is what is left of the passage `number` while `question` is searched for."""

    kind: str
    number: int
    question: str
    terms: tuple[str, ...]
    context: str
    text: str


Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]


def measure_fusion(
    language: str, passages: Sequence[Passage], embed: Embed, *, trained: bool, digest: str = ""
) -> LanguageFusion:
    """The share of the vectors for one language.

    Args:
        passages: of the language, sorted by chunk id; all of them or a sample.
        embed: texts → (n, d) float32, unit length.
        trained: whether the embedding model was made for the language, as far as is known.
        digest: of the rows, noted with the result.
    """
    counts = _count(passages)
    probes = make_probes(language, passages, counts)
    anchor = DEFAULT_SHARE if trained else UNTRAINED_SHARE
    if len(probes) < FEWEST:
        return LanguageFusion(language=language, share=anchor, probes=len(probes), measured=False, digest=digest)
    gains = probe_gains(language, passages, counts, probes, embed)
    share = choose_share(gains, anchor)
    found = {f"{each:g}": round(float(gains[:, place].mean()), 4) for place, each in enumerate(SHARES)}
    return LanguageFusion(language=language, share=share, probes=len(probes), measured=True, ndcg=found, digest=digest)


def make_probes(language: str, passages: Sequence[Passage], counts: LanguageCounts) -> list[Probe]:
    """At most `PROBED` probes, of all kinds in turn, each of another passage."""
    order = sorted(range(len(passages)), key=lambda number: _rank(passages[number].text))
    probes: list[Probe] = []
    for number in order:
        if len(probes) == PROBED:
            break
        kinds = [_KINDS[(len(probes) + turn) % len(_KINDS)] for turn in range(len(_KINDS))]
        made = (_probe(kind, number, passages[number], language, counts) for kind in kinds)
        if (probe := next((one for one in made if one is not None), None)) is not None:
            probes.append(probe)
    return probes


def _probe(kind: str, number: int, passage: Passage, language: str, counts: LanguageCounts) -> Probe | None:
    if kind == "heading":
        heading = passage.context.rsplit("\n", 1)[-1].rsplit(" > ", 1)[-1].strip()
        terms = _asked(heading, language)
        return Probe(kind, number, heading, terms, "", passage.text) if len(terms) > 1 else None
    spans = [(start, end) for start, end in split_sentences(passage.text) if _fits(passage.text[start:end], language)]
    if not spans:
        return None
    start, end = min(spans, key=lambda span: _rank(passage.text[span[0] : span[1]]))
    sentence = passage.text[start:end]
    if kind == "reworded":
        question = _reworded(sentence, language, counts)
        terms = _asked(question, language)
        return Probe(kind, number, question, terms, passage.context, passage.text) if len(terms) > 1 else None
    left = f"{passage.text[:start].rstrip()} {passage.text[end:].lstrip()}".strip()
    if len(analyze(left, language, keep_stop_words=True)) < _FEWEST_TERMS:
        return None
    return Probe(kind, number, sentence, _asked(sentence, language), passage.context, left)


def _fits(sentence: str, language: str) -> bool:
    return _FEWEST_TERMS <= len(analyze(sentence, language, keep_stop_words=True)) <= _MOST_TERMS


def _asked(text: str, language: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(analyze(text, language)))


def _reworded(sentence: str, language: str, counts: LanguageCounts) -> str:
    """Every second of the words that are not frequent; of a sentence without spaces its first half."""
    words = sentence.split()
    if len(words) < _FEWEST_TERMS:
        return sentence[: len(sentence) // 2]
    rare = [
        word for word in words if any(counts.terms.get(term, 0) <= _FREQUENT * counts.chunks for term in analyze(word, language))
    ]
    return " ".join(rare[::2])


def probe_gains(
    language: str,
    passages: Sequence[Passage],
    counts: LanguageCounts,
    probes: Sequence[Probe],
    embed: Embed,
) -> npt.NDArray[np.float64]:
    """(probes, shares) nDCG@10 of each probe's passage. Other passages of its page do not count against it."""
    changed = [place for place, probe in enumerate(probes) if probe.kind != "reworded"]
    embedded = embed([probe.question for probe in probes] + [_embedding_text(probes[place]) for place in changed])
    questions, left = embedded[: len(probes)], dict(zip(changed, embedded[len(probes) :], strict=True))
    matrix = np.stack([passage.vector for passage in passages])
    postings = _postings(passages, {term for probe in probes for term in probe.terms})
    pages: dict[str, list[int]] = {}
    for number, passage in enumerate(passages):
        pages.setdefault(passage.doc_id, []).append(number)
    gains = np.zeros((len(probes), len(SHARES)))
    for place, probe in enumerate(probes):
        weights = term_weights(probe.terms, counts)
        words = np.zeros(len(passages))
        for number in sorted({number for term in weights for number in postings[term]}):
            words[number] = bm25(passages[number].terms, passages[number].headings, weights, counts)
        cosines = (matrix @ questions[place]).astype(np.float64)
        page = pages[passages[probe.number].doc_id]
        words[page], cosines[page] = -1.0, -2.0
        if place in left:
            context = analyze(probe.context, language, keep_stop_words=True)
            own = [*context, *analyze(probe.text, language, keep_stop_words=True)]
            words[probe.number] = bm25(own, len(context), weights, counts)
            cosines[probe.number] = float(left[place] @ questions[place])
        else:
            passage = passages[probe.number]
            words[probe.number] = bm25(passage.terms, passage.headings, weights, counts)
            cosines[probe.number] = float(passage.vector @ questions[place])
        gains[place] = _gains(words, cosines, probe.number)
    return gains


def _gains(words: npt.NDArray[np.float64], cosines: npt.NDArray[np.float64], wanted: int) -> list[float]:
    by_words = [number for number in np.argsort(-words, kind="stable")[:_CANDIDATES] if words[number] > 0]
    near = [number for number in np.argsort(-cosines, kind="stable")[:_CANDIDATES] if cosines[number] > -2]
    if wanted not in (found := sorted({*by_words, *near})):
        return [0.0] * len(SHARES)
    place = found.index(wanted)
    gains = []
    for share in SHARES:
        scores = fuse(np.maximum(words[found], 0.0), cosines[found], share)
        better = int((scores > scores[place]).sum()) + int((scores[:place] == scores[place]).sum())
        gains.append(1 / math.log2(better + 2) if better < _DEPTH else 0.0)
    return gains


def choose_share(gains: npt.NDArray[np.float64], anchor: float) -> float:
    """The share nearest to `anchor` of those that are not told apart from the best one: within one standard error of the paired difference.

    Args:
        gains: (probes, shares) of each probe, at `SHARES`.
        anchor: what is assumed until the probes say otherwise.
    """
    best = int(np.argmax(gains.mean(axis=0)))
    behind = gains[:, [best]] - gains
    error = behind.std(axis=0, ddof=1) / math.sqrt(len(gains))
    fitting = [place for place in range(len(SHARES)) if behind[:, place].mean() <= error[place]]
    return SHARES[min(fitting, key=lambda place: (abs(SHARES[place] - anchor), place))]


def _count(passages: Sequence[Passage]) -> LanguageCounts:
    terms: Counter[str] = Counter()
    for passage in passages:
        terms.update(set(passage.terms))
    return LanguageCounts(chunks=len(passages), length=sum(len(passage.terms) for passage in passages), terms=dict(terms))


def _postings(passages: Sequence[Passage], wanted: set[str]) -> Mapping[str, list[int]]:
    postings: dict[str, list[int]] = {term: [] for term in wanted}
    for number, passage in enumerate(passages):
        for term in set(passage.terms) & wanted:
            postings[term].append(number)
    return postings


def _embedding_text(probe: Probe) -> str:
    return f"{probe.context}\n{probe.text}" if probe.context else probe.text


def _rank(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def table_fusion(
    table: Any, earlier: PinnedVersion | None, embed: Embed, *, trained: frozenset[str]
) -> tuple[LanguageFusion, ...]:
    """The shares of every language of an open LanceDB table, sorted by language.

    Args:
        earlier: a version of the same table; what it says of languages whose rows are the same is not measured again.
        trained: languages that the embedding model was made for; empty = not known, and then it is taken to be made for all.
    """
    known = {one.digest: one for one in earlier.fusion} if earlier is not None else {}
    rows = table.search().select(["chunk_id", "language", "row_mark"]).limit(table.count_rows() or 1).to_arrow()
    ids: dict[str, list[tuple[str, bytes]]] = {}
    for chunk_id, language, mark in zip(*(rows[name].to_pylist() for name in ("chunk_id", "language", "row_mark")), strict=True):
        ids.setdefault(language, []).append((chunk_id, mark))
    fusion = []
    for language, members in sorted(ids.items()):
        made_for = not trained or language in trained
        state = hashlib.sha256(f"{PROBES_VERSION} {language} {made_for}".encode())
        for _, mark in sorted(members):
            state.update(mark)
        if (digest := state.hexdigest()) in known:
            fusion.append(known[digest])
            continue
        sample = sorted(sorted((chunk_id for chunk_id, _ in members), key=_rank)[:SEARCHED])
        fusion.append(measure_fusion(language, _passages(table, sample), embed, trained=made_for, digest=digest))
    return tuple(fusion)


def _passages(table: Any, chunk_ids: Sequence[str]) -> list[Passage]:
    """The rows with these ids, in their order."""
    found: dict[str, Passage] = {}
    for start in range(0, len(chunk_ids), _BATCH):
        condition = f"chunk_id IN ({quoted(chunk_ids[start : start + _BATCH])})"
        rows = table.search().where(condition).select(_COLUMNS).limit(table.count_rows()).to_arrow()
        matrix = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(rows), -1)
        for row, vector in zip(rows.drop_columns(["vector"]).to_pylist(), matrix, strict=True):
            found[row["chunk_id"]] = Passage(
                chunk_id=row["chunk_id"],
                doc_id=row["doc_id"],
                context=row["context"],
                text=row["text"],
                terms=tuple(row["search_text"].split()),
                headings=row["heading_terms"],
                vector=vector,
            )
    return [found[chunk_id] for chunk_id in chunk_ids]
