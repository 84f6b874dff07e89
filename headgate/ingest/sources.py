"""A corpus at a revision → its files: path, digest, size, media type.

folder   revision = first 32 hex digits of SHA-256 over (path, digest) pairs; files are read where they lie
DVC      revision = the directory's digest without `.dir`; materialised below <store>/corpora/<revision>/ (dvc_corpus.py)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path, PurePosixPath

from headgate.errors import CorpusError
from headgate.ingest.media import Media, detect_media
from headgate.records import SourceFile
from headgate.settings import Settings

_HEAD = 4096  # bytes looked at to tell a media type
_SYMLINK_RULE = "symlink: links are not followed"


@dataclass(frozen=True, slots=True)
class Corpus:
    """`excluded` maps paths to the rule that left them out; `media` says of every file what stands against parsing it."""

    revision: str
    root: Path
    files: tuple[SourceFile, ...]
    excluded: dict[str, str]
    media: dict[str, Media]


def open_corpus(settings: Settings, *, revision: str = "", folder: Path | None = None) -> Corpus:
    """The files of `folder`, else of the settings' folder or DVC directory at `revision`.

    Args:
        revision: "" = what is there now; for DVC also a name of `corpus.revisions`, a directory digest or a git revision.

    Raises:
        CorpusError: no corpus, no remote, an unknown revision, a corrupted object, an empty folder.
    """
    if folder is None and settings.corpus.dvc_file:
        from headgate.ingest.dvc_corpus import materialise

        found = materialise(settings, revision)
        return _read(settings, found.root, found.revision)
    if revision:
        raise CorpusError(
            f"revision {revision!r} was asked of a plain folder, which has none; set corpus.dvc_file, or leave the revision out"
        )
    if folder is None and not settings.corpus.folder:
        raise CorpusError("no documents are named: set corpus.folder or corpus.dvc_file, or pass a folder")
    root = folder if folder is not None else settings.place(settings.corpus.folder)
    if not root.is_dir():
        raise CorpusError(f"corpus folder {str(root)!r} does not exist or is not a folder; set corpus.folder or pass another one")
    return _read(settings, root.resolve(), "")


def _read(settings: Settings, root: Path, revision: str) -> Corpus:
    excluded: dict[str, str] = {}
    media: dict[str, Media] = {}
    files: list[SourceFile] = []
    for path, rule in walk(root):
        reason = rule or next((f"corpus.exclude: {glob}" for glob in settings.corpus.exclude if matches(path, glob)), "")
        if reason:
            excluded[path] = reason
        file, found = _source_file(root / path, path, is_link=rule == _SYMLINK_RULE)
        media[path] = found
        files.append(file)
    if not files:
        raise CorpusError(f"corpus {str(root)!r} holds no files; put documents there, or point the corpus settings elsewhere")
    if not revision:
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.path}\0{file.digest}\n".encode("utf-8", "surrogateescape"))
        revision = digest.hexdigest()[:32]
    return Corpus(revision, root, tuple(files), excluded, media)


def walk(root: Path) -> Iterator[tuple[str, str]]:
    """(corpus path, rule that excludes it or "") of everything below `root` that is no folder, sorted by path.

    Links are listed and not followed; hidden folders such as `.git` are not entered.
    """
    found: list[tuple[str, str]] = []
    pending = [root]
    while pending:
        for entry in pending.pop().iterdir():
            path = entry.relative_to(root).as_posix()
            if entry.is_symlink():
                found.append((path, _SYMLINK_RULE))
            elif entry.is_dir():
                if not entry.name.startswith("."):
                    pending.append(entry)
            elif entry.name.startswith("."):
                found.append((path, "hidden: names that start with a dot"))
            elif entry.is_file():
                found.append((path, ""))
            else:
                found.append((path, "special: not a regular file"))
    yield from sorted(found)


def _source_file(file: Path, path: str, *, is_link: bool) -> tuple[SourceFile, Media]:
    if is_link or not file.is_file():
        target = str(file.readlink()) if is_link else ""
        return SourceFile(
            path,
            hashlib.sha256(target.encode("utf-8", "surrogateescape")).hexdigest(),
            0,
            "inode/symlink" if is_link else "inode/x-special",
        ), Media("")
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            stream.seek(0)
            head = stream.read(_HEAD)
            size = file.stat().st_size
            content = head + stream.read() if head.startswith(b"PK\x03\x04") and size <= 2**26 else None
    except OSError as error:
        raise CorpusError(f"file {path!r} of the corpus can't be read: {error.strerror or error}") from error
    found = detect_media(path, head, content)
    return SourceFile(path, digest, size, found.media_type), found


def matches(path: str, glob: str) -> bool:
    """Whether a corpus path matches: `*` stays inside a folder, `**` crosses folders, a pattern without `/` looks at the name."""
    if "/" not in glob and "**" not in glob:
        return fnmatchcase(PurePosixPath(path).name, glob)
    return _glob_pattern(glob).fullmatch(path) is not None


@lru_cache(maxsize=512)
def _glob_pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    translated = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(translated.get(part, re.escape(part)) for part in parts), re.DOTALL)
