"""What of a text is compared with other texts: a digest, a MinHash signature, the lines it is made of.

All three ignore case, punctuation and spacing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b, sha256

import numpy as np

#: Numbers of a signature, 4 bytes each. The standard error of an estimated similarity s is sqrt(s (1 - s) / 256): 0.019 at 0.9.
PERMUTATIONS = 256
_SHINGLE = 3  # words
_CJK_SHINGLE = 5  # characters
_MIN_LINE = 20  # characters; shorter lines repeat everywhere and say nothing
#: Lines kept of one document, 8 bytes each: those with the smallest hashes, so that equal lines are kept in all documents alike.
MAX_LINES = 192
#: Bytes of a hash by which lines and names of two versions are compared; of a million, two meet by chance once in a million.
MARK = 5
#: Telling words kept of one document, `MARK` bytes each: those with the smallest hashes.
MAX_TELLING = 64
_WORD = re.compile(r"[^\W_]+")
#: A number, an identifier, a region, an address: what holds a digit.
_WITH_DIGIT = re.compile(r"(?<![\w./:-])(?=[^\s\d|]{0,80}\d)[^\W_][^\s|<>()\[\]\"']{0,200}")
#: A day, a year or an hour tells two versions of one document apart, not two documents.
TIME = re.compile(r"(?:19|20)\d\d(?:[-/.](?:(?:19|20)?\d\d)){0,2}|\d\d?[-/.]\d\d?[-/.](?:19|20)?\d\d|\d\d?:\d\d(?::\d\d)?")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,30}\b")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def normalised(text: str) -> str:
    """Text without case, punctuation and spacing."""
    return " ".join(_WORD.findall(text.lower()))


def digest_text(text: str) -> str:
    """Digest of a text as it stands, white space aside: equal for identical texts alone."""
    return sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:32]


def hash_names(names: Iterable[str]) -> bytes:
    """`MARK` bytes of a hash of each different name, sorted."""
    return b"".join(sorted({blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()[:MARK] for name in names}))


def marks(hashes: bytes, *, width: int = MARK) -> set[bytes]:
    """The hashes of `hash_lines` (`width` 8) or `hash_names`, each cut to `MARK` bytes."""
    return {hashes[start : start + MARK] for start in range(0, len(hashes), width)}


def hash_telling(text: str, targets: Iterable[str], *, names: bool) -> bytes:
    """Hashes of the words that a page is looked up for, sorted, at most `MAX_TELLING`: numbers and codes, addresses, names that recur.

    Args:
        targets: where its links lead; only whole addresses count, a page under another path has other relative ones.
        names: whether a capital tells a name, which it does not in German.
    """
    words = {word for found in _WITH_DIGIT.findall(text) if not TIME.fullmatch(word := found.lower().rstrip(".,:;!?"))}
    words |= {target for target in targets if "://" in target}
    if names:
        words |= {name.lower() for name, times in Counter(_NAME.findall(text)).items() if times > 1}
    return hash_names(words)[: MAX_TELLING * MARK]


def foreign_share(one: bytes, other: bytes) -> float:
    """Share of the telling words of `one` that `other` lacks, 0 to 1, of what both sketches reach."""
    mine, others = marks(one, width=MARK), marks(other, width=MARK)
    if not mine:
        return 0.0
    if len(others) >= MAX_TELLING:
        mine = {mark for mark in mine if mark <= max(others)}
    return len(mine - others) / len(mine) if mine else 0.0


def shingle(text: str) -> set[str]:
    """Word 3-shingles; for Chinese and Japanese, which have no spaces, shingles of 5 characters."""
    lowered = text.lower()
    if len(_CJK.findall(lowered[:2000])) * 4 > len(lowered[:2000]):
        letters = "".join(_WORD.findall(lowered))
        return {letters[start : start + _CJK_SHINGLE] for start in range(max(len(letters) - _CJK_SHINGLE + 1, 1))}
    words = _WORD.findall(lowered)
    return {" ".join(words[start : start + _SHINGLE]) for start in range(max(len(words) - _SHINGLE + 1, 1))}


def sign(shingles: set[str]) -> bytes:
    """MinHash signature (Broder 1997), `PERMUTATIONS` little-endian unsigned 32-bit numbers."""
    from rensa import RMinHash

    minhash = RMinHash(num_perm=PERMUTATIONS, seed=42)
    minhash.update(sorted(shingles))
    return np.array(minhash.digest(), dtype="<u4").tobytes()


def estimate(one: bytes, other: bytes) -> float:
    """Estimated Jaccard similarity of the shingles behind two signatures, 0 to 1."""
    return float((np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")).mean())


def hash_lines(text: str) -> bytes:
    """8-byte hashes of the different lines of at least 20 characters, sorted, at most `MAX_LINES`."""
    lines = {normalised(line) for line in text.splitlines() if len(line) >= _MIN_LINE}
    return b"".join(sorted(blake2b(line.encode(), digest_size=8).digest() for line in lines)[:MAX_LINES])
