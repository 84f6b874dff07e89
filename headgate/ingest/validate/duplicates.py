"""Copies among documents, from their facts: exact by digest of the text, near by MinHash signature or when only case, signs or spacing differ.

Forms that were filled in are no copies, however alike they are: their titles differ and their links lead elsewhere, or each title has a
word that the other lacks ("Accepted risks of 4.0.1" and "… of 4.0.0"; not "Refunds" and "Refunds, old", nor a year). Nor are pages that
differ in what readers look them up for: a page for each region, with one title, whose numbers, codes, addresses or names are others. Where
one lies in a folder for old pages or has a later date, they are versions of one page all the same, and copies.

Of a group of copies one is kept, the most canonical. In this order: it lies in no folder called archive, legacy, old and the like;
its effective date is later; its format is richer; more words of its file name stand in its title; its text is shorter (a copy
grows); its path is shorter; its path comes first. Copies are compared only inside one language and one confidentiality label: an
internal page never displaces a public one. Documents that are alike across confidentiality labels are told as conflicts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from headgate.ingest.validate.facts.document_facts import DocumentFacts
from headgate.ingest.validate.facts.resemblance import PERMUTATIONS, TIME, foreign_share

#: Documents with fewer shingles are too short to be called a near copy of anything.
_MIN_SHINGLES = 20
#: 42 bands of 6 numbers propose a pair of similarity 0.9 with probability 1 - 1e-14, 0.7 with 0.995, 0.5 with 0.48.
_BANDS, _WIDTH = 42, 6
SIDELINED = frozenset("archive archived archives legacy old backup backups copy copies draft drafts deprecated tmp".split())
#: Formats from rich in structure to poor; the same content keeps more of its headings and tables in the former.
_RICHNESS = {
    "text/html": 0,
    "text/markdown": 0,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 0,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": 1,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 1,
    "application/pdf": 2,
    "message/rfc822": 3,
    "text/plain": 4,
}
_RULES = (
    "it lies in no folder for old pages",
    "its effective date is later",
    "its format is richer",
    "its name fits its title better",
    "it is shorter",
    "its path is shorter",
    "its path comes first",
)
_WORD = re.compile(r"[^\W_]+")
_TITLE_WORD = re.compile(r"[^\W_]++(?:[.:/+#-]++[^\W_]++)*+[+#]{0,2}")
#: From this share of telling words on that the other lacks, on both sides, two pages are about two things. Near copies share nine tenths of
#: their text, so that of words changed here and there hardly a tenth is telling.
_OTHER_THINGS = 0.2

Order = tuple[bool, str, int, float, int, int, str]


@dataclass(frozen=True, slots=True)
class Comparable:
    """What of a document's facts is compared; 1.7 KB in memory."""

    doc_id: str
    language: str
    confidentiality: str
    order: Order  # the most canonical first
    text_digest: str
    identical_digest: str
    shingles: int
    signature: bytes
    title: tuple[str, ...]  # words of what it calls itself
    targets: bytes  # see resemblance.hash_names
    telling: bytes  # see resemblance.hash_telling


@dataclass(frozen=True, slots=True)
class Copy:
    """`path` repeats `of`; `similarity` is the estimated Jaccard similarity of word 3-shingles, 1.0 for equal texts."""

    path: str
    of: str
    similarity: float
    exact: bool
    because: str  # why the other one is kept


@dataclass(frozen=True, slots=True)
class Conflict:
    """`path` is like `other`, which has another confidentiality label."""

    path: str
    other: str
    other_confidentiality: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies and conflicts by path. What a copy is a copy of is never itself a copy."""

    copies: dict[str, Copy]
    conflicts: dict[str, Conflict]


def comparable(facts: DocumentFacts) -> Comparable:
    """The part of `facts` that `compare` needs."""
    labels = facts.labels
    path = PurePosixPath(facts.doc_id)
    name = _WORD.findall(path.stem.lower())
    title = set(_WORD.findall(facts.title.lower()))
    agreement = sum(word in title for word in name) / len(name) if name else 0.0
    order = (
        any(part.lower() in SIDELINED for part in path.parts[:-1]),
        _descending(labels.get("effective_date", "")),
        _RICHNESS.get(facts.media_type, 2),
        -agreement,
        facts.characters,
        len(facts.doc_id),
        facts.doc_id,
    )
    return Comparable(
        facts.doc_id,
        labels.get("language", ""),
        labels.get("confidentiality", ""),
        order,
        facts.text_digest,
        facts.identical_digest,
        facts.shingles,
        facts.signature,
        tuple(_TITLE_WORD.findall(facts.heading.lower())),
        facts.targets,
        facts.telling,
    )


def find_copies(documents: Iterable[Comparable], *, threshold: float) -> Copies:
    """Documents that say the same, and those that say the same under other labels.

    Args:
        threshold: similarity from which a document counts as a near copy, 0 to 1; 1 = identical texts alone are copies.
    """
    ordered = sorted(documents, key=lambda document: document.order)
    copies: dict[str, Copy] = {}
    conflicts: dict[str, Conflict] = {}
    unique: list[Comparable] = []
    kept: dict[tuple[str, str, str], list[Comparable]] = defaultdict(list)
    by_text: dict[tuple[str, str], Comparable] = {}
    for document in ordered:
        key = document.text_digest, document.language, document.confidentiality
        same = [other for other in kept[key] if not _lead_apart(document, other)]
        identical = next((other for other in same if other.identical_digest == document.identical_digest), None)
        if identical or (same and threshold < 1):
            copies[document.doc_id] = _copy(document, identical or same[0], 1.0, exact=identical is not None)
            continue
        kept[key].append(document)
        unique.append(document)
        if (twin := by_text.setdefault(key[:2], document)).confidentiality != document.confidentiality:
            conflicts[document.doc_id] = Conflict(document.doc_id, twin.doc_id, twin.confidentiality, 1.0)
    long_enough = [document for document in unique if document.shingles >= _MIN_SHINGLES]
    if threshold < 1:
        _compare_signatures(long_enough, threshold, copies, conflicts)
    by_id = {document.doc_id: document for document in ordered}
    return Copies({path: _resolved(copy, copies, by_id) for path, copy in copies.items()}, conflicts)


def _compare_signatures(
    documents: Sequence[Comparable], threshold: float, copies: dict[str, Copy], conflicts: dict[str, Conflict]
) -> None:
    """Add near copies and conflicts; each document is compared with the more canonical ones that are kept."""
    if len(documents) < 2:
        return
    signatures = np.frombuffer(b"".join(document.signature for document in documents), "<u4").reshape(-1, PERMUTATIONS)
    kept: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(_BANDS)]
    groups = _groups(signatures, [document.language for document in documents])
    for position, document in enumerate(documents):
        bands = [(band, int(group)) for band, group in enumerate(groups[position]) if group >= 0]
        proposed = np.array(sorted({other for band, group in bands for other in kept[band].get(group, ())}), dtype=int)
        best: tuple[float, int] | None = None
        if len(proposed):
            shares = (signatures[proposed] == signatures[position]).mean(axis=1)
            for other, share in zip(proposed.tolist(), shares.tolist(), strict=True):
                similarity = min(share, _bound(document, documents[other]))
                if similarity < threshold:
                    continue
                if documents[other].confidentiality != document.confidentiality:
                    conflicts.setdefault(
                        document.doc_id,
                        Conflict(document.doc_id, documents[other].doc_id, documents[other].confidentiality, similarity),
                    )
                elif (best is None or similarity > best[0]) and not _are_apart(document, documents[other]):
                    best = similarity, other
        if best:
            copies[document.doc_id] = _copy(document, documents[best[1]], best[0], exact=False)
            continue
        for band, group in bands:
            kept[band][group].append(position)


def _groups(signatures: np.ndarray, languages: Sequence[str]) -> np.ndarray:
    """(n, bands) int: which documents of one language share a band; -1 where a document is alone."""
    codes = {language: number for number, language in enumerate(sorted(set(languages)))}
    own = np.array([codes[language] for language in languages], dtype=np.uint64)
    groups = np.full((len(signatures), _BANDS), -1, dtype=np.int64)
    for band in range(_BANDS):
        mixed = own.copy()
        for column in signatures[:, band * _WIDTH : (band + 1) * _WIDTH].T:
            mixed = (mixed * np.uint64(0x9E3779B97F4A7C15)) ^ (mixed >> np.uint64(29)) ^ column.astype(np.uint64)
        _, inverse, counts = np.unique(mixed, return_inverse=True, return_counts=True)
        shared = counts[inverse] > 1
        groups[shared, band] = inverse[shared]
    return groups


def _are_apart(one: Comparable, other: Comparable) -> bool:
    """Whether two documents are about two things though they say nearly the same."""
    names, others = _names(one.title), _names(other.title)
    return _lead_apart(one, other) or bool(names - others and others - names) or _tell_other_things(one, other)


def _tell_other_things(one: Comparable, other: Comparable) -> bool:
    """Whether each tells much that the other does not, and nothing says that one of them is the older version."""
    if one.order[:2] != other.order[:2]:
        return False
    return min(foreign_share(one.telling, other.telling), foreign_share(other.telling, one.telling)) >= _OTHER_THINGS


def _lead_apart(one: Comparable, other: Comparable) -> bool:
    """Whether their titles differ, and where their links lead."""
    return one.title != other.title and one.targets != other.targets


def _names(title: Sequence[str]) -> set[str]:
    return {word for word in title if not TIME.fullmatch(word)}


def _bound(one: Comparable, other: Comparable) -> float:
    """The greatest similarity that sets of these sizes can have."""
    return min(one.shingles, other.shingles) / max(one.shingles, other.shingles)


def _copy(document: Comparable, of: Comparable, similarity: float, *, exact: bool) -> Copy:
    return Copy(document.doc_id, of.doc_id, similarity, exact, _because(of, document))


def _because(kept: Comparable, copy: Comparable) -> str:
    differing = next(number for number, (one, other) in enumerate(zip(kept.order, copy.order, strict=True)) if one != other)
    return _RULES[differing]


def _resolved(copy: Copy, copies: dict[str, Copy], by_id: dict[str, Comparable]) -> Copy:
    """A copy of a near copy is a copy of what that one copies."""
    of = copy.of
    while of in copies:
        of = copies[of].of
    return Copy(copy.path, of, copy.similarity, copy.exact, _because(by_id[of], by_id[copy.path]))


def _descending(date: str) -> str:
    """ISO dates turned round, so that later ones sort first and a missing one last."""
    return "".join(chr(ord("9") - ord(digit) + ord("0")) if digit.isdigit() else digit for digit in date) or "~"
