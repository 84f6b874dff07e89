"""The files of a corpus revision as they were read, so that the revision can be opened again without asking any source.

    corpora/<revision>/tree.json     in the store: path, digest, size … of every file, left out and failed ones too

The revision is the first 32 hex digits of SHA-256 over path, digest and source of every file, and what its source says that it is: it names
the content, not the moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from headgate.errors import CorpusError, FailureReason, IntegrityError, NotFoundError, ParseFailure
from headgate.records import Remark
from headgate.records.names import SourceDigest
from headgate.records.remarks import read_remark
from headgate.storage import Store
from headgate.storage.layout import TREES

#: 3: rules hold code and words apart; 2: content type and charset count for the revision.
_FORMAT = 3
_DECLARED = 2


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a revision. In trees of format 1 content type and charset do not count for the revision."""

    format: int
    files: tuple[TreeFile, ...]


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a revision. `rule` left it out; `failure` is (reason, detail, transient). `digest` "" = its bytes were never had."""

    path: str
    source: str
    digest: SourceDigest
    size: int
    modified: str = ""
    url: str = ""
    charset: str = ""
    content_type: str = ""
    rule: Remark | None = None
    failure: tuple[FailureReason, str, bool] | None = None

    def parse_failure(self) -> ParseFailure | None:
        if self.failure is None:
            return None
        reason, detail, transient = self.failure
        return ParseFailure(self.path, reason, detail, transient=transient)


def tree_revision(files: Iterable[TreeFile], *, declared: bool = True) -> str:
    """32 hex digits; the same files give the same, in whatever order they come.

    Args:
        declared: whether content type and charset count; in trees of format 1 they did not.
    """
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.path):
        mark = "\0failed" if file.failure else ""
        told = f"\0{file.content_type}\0{file.charset}" if declared and (file.content_type or file.charset) else ""
        digest.update(f"{file.path}\0{file.digest}\0{file.source}{told}{mark}\n".encode())
    return digest.hexdigest()[:32]


def write_tree(store: Store, revision: str, files: Iterable[TreeFile]) -> None:
    """Keep the files of a revision; one that is kept already stays as it is."""
    if not store.exists(_key(revision)):
        content = {"format": _FORMAT, "files": [{name: getattr(file, name) for name in TreeFile.__slots__} for file in files]}
        store.put(_key(revision), orjson.dumps(content))


def parse_tree(content: bytes) -> Tree:
    """A tree from its bytes.

    Raises:
        ValueError, KeyError, TypeError: they are no tree.
    """
    tree = orjson.loads(content)
    files = (
        TreeFile(
            **{
                **entry,
                "rule": read_remark(entry["rule"]) if entry["rule"] else None,
                "failure": tuple(entry["failure"]) if entry["failure"] else None,
            }
        )
        for entry in tree["files"]
    )
    return Tree(int(tree["format"]), tuple(files))


def read_tree(store: Store, revision: str, *, names: Mapping[str, str]) -> tuple[str, tuple[TreeFile, ...]]:
    """A revision in full and its files.

    Args:
        revision: 32 hex digits, or a name of `corpus.revisions`.

    Raises:
        CorpusError: it is not kept here.
        IntegrityError: what is kept is not what its name says.
    """
    named = names.get(revision, revision).removesuffix(".dir")
    try:
        tree = parse_tree(store.get(_key(named)))
    except NotFoundError:
        known = ", ".join(sorted(names)) or "none"
        raise CorpusError(
            f"corpus revision {revision!r} is not kept here; it is told by ingest, 32 hex digits; names in corpus.revisions: {known}"
        ) from None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{_key(named)!r}, the files of a corpus revision, can't be read: {error}") from error
    if tree_revision(tree.files, declared=tree.format >= _DECLARED) != named:
        raise IntegrityError(f"{_key(named)!r} is not the list of files that its revision names; it was changed")
    return named, tree.files


def _key(revision: str) -> str:
    return TREES.key(revision)
