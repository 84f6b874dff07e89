"""Copies among documents: exact by digest of the normalised text, near by MinHash and then by the exact Jaccard similarity.

Of a group of copies one is kept, the most canonical. In this order: it lies in no folder called archive, legacy, old and the like;
its effective date is later; more words of its file name stand in its title; its text is shorter (a copy grows); its path comes first.
Copies are compared only inside one language and one confidentiality label: an internal page never displaces a public one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from headgate.records import Document
from headgate.storage import sha256_hex

_SHINGLE = 3  # words
_PERMUTATIONS = 128
#: MinHash only proposes; candidates this far below the threshold are still compared exactly (its error at 128 permutations).
_SLACK = 0.15
#: Documents with fewer shingles are too short to be called a near copy of anything.
_MIN_SHINGLES = 20
_SIDELINED = frozenset("archive archived archives legacy old backup backups copy copies draft drafts deprecated tmp".split())
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Copy:
    """`path` repeats `of`; `similarity` is the Jaccard similarity of word 3-shingles, 1.0 for equal texts."""

    path: str
    of: str
    similarity: float
    exact: bool


def find_copies(documents: Iterable[Document], *, threshold: float) -> dict[str, Copy]:
    """Copies by path; what they are copies of is never itself a copy."""
    copies: dict[str, Copy] = {}
    unique: list[Document] = []
    by_digest: dict[tuple[str, ...], list[Document]] = defaultdict(list)
    for document in documents:
        by_digest[sha256_hex(normalised(document.text).encode()), *_scope(document)].append(document)
    for group in by_digest.values():
        kept, *others = sorted(group, key=canonical_order)
        unique.append(kept)
        copies |= {other.doc_id: Copy(other.doc_id, kept.doc_id, 1.0, exact=True) for other in others}
    copies |= _near_copies(unique, threshold)
    return {path: _resolved(copy, copies) for path, copy in copies.items()}


def _resolved(copy: Copy, copies: dict[str, Copy]) -> Copy:
    """A copy of a near-copy is a copy of what that one copies."""
    of = copy.of
    while of in copies:
        of = copies[of].of
    return Copy(copy.path, of, copy.similarity, copy.exact)


def _scope(document: Document) -> tuple[str, str]:
    return document.metadata.language, document.metadata.confidentiality


def _near_copies(documents: Sequence[Document], threshold: float) -> dict[str, Copy]:
    from rensa import RMinHash

    shingles = {document.doc_id: shingle(document.text) for document in documents}
    candidates = sorted(
        (document for document in documents if len(shingles[document.doc_id]) >= _MIN_SHINGLES), key=canonical_order
    )
    bands: dict[tuple[object, ...], list[str]] = defaultdict(list)
    kept_hashes: dict[str, RMinHash] = {}
    copies: dict[str, Copy] = {}
    width = 4  # rows a band; with 32 bands a pair of similarity 0.7 is proposed with probability 0.9999
    for document in candidates:
        own = shingles[document.doc_id]
        minhash = RMinHash(num_perm=_PERMUTATIONS, seed=42)
        minhash.update(sorted(own))
        digest = minhash.digest()
        keys = [
            (position, *digest[position : position + width], *_scope(document)) for position in range(0, _PERMUTATIONS, width)
        ]
        proposed = {other for key in keys for other in bands[key]}
        best: tuple[float, str] | None = None
        for other in sorted(proposed):
            if minhash.jaccard(kept_hashes[other]) < threshold - _SLACK:
                continue
            similarity = len(own & shingles[other]) / len(own | shingles[other])
            if similarity >= threshold and (best is None or similarity > best[0]):
                best = similarity, other
        if best:
            copies[document.doc_id] = Copy(document.doc_id, best[1], best[0], exact=False)
            continue
        kept_hashes[document.doc_id] = minhash
        for key in keys:
            bands[key].append(document.doc_id)
    return copies


def canonical_order(document: Document) -> tuple[bool, str, float, int, str]:
    """Sort key: the most canonical first."""
    path = PurePosixPath(document.doc_id)
    name = _WORD.findall(path.stem.lower())
    title = set(_WORD.findall(document.metadata.title.lower()))
    agreement = sum(word in title for word in name) / len(name) if name else 0.0
    return (
        any(part.lower() in _SIDELINED for part in path.parts[:-1]),
        _descending(document.metadata.effective_date),
        -agreement,
        len(document.text),
        document.doc_id,
    )


def _descending(date: str) -> str:
    """ISO dates turned round, so that later ones sort first and a missing one last."""
    return "".join(chr(ord("9") - ord(digit) + ord("0")) if digit.isdigit() else digit for digit in date) or "~"


def normalised(text: str) -> str:
    """Text without case, punctuation and spacing."""
    return " ".join(_WORD.findall(text.lower()))


def shingle(text: str) -> set[str]:
    """Word 3-shingles; for Chinese and Japanese, which have no spaces, shingles of 5 characters."""
    lowered = text.lower()
    if len(_CJK.findall(lowered[:2000])) * 4 > len(lowered[:2000]):
        letters = "".join(_WORD.findall(lowered))
        return {letters[start : start + 5] for start in range(max(len(letters) - 4, 1))}
    words = _WORD.findall(lowered)
    return {" ".join(words[start : start + _SHINGLE]) for start in range(max(len(words) - _SHINGLE + 1, 1))}
