"""What the ingest before left: which files it saw, what became of them, and the last good versions it kept. And what changed since.

    ingest_state/<corpus>.json     path → digest, outcome, where its parsed form is, the kept version if there is one
    kept/<corpus>/<digest>.json    parsed forms of kept versions, named by their SHA-256

The state says nothing about how the corpus came to be, only what it is: an ingest from scratch that is given the same state and files
makes the same chunks (docs/decisions/0009-moves.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

import orjson
from pydantic import ValidationError

from headgate.errors import IntegrityError, NotFoundError
from headgate.records import Changes, CorpusState, FileState, KeptVersion, SourceFile
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import INGEST_STATE, KEPT


@dataclass(frozen=True, slots=True)
class FileChanges:
    """`moved` maps new paths to old ones."""

    changes: Changes
    moved: Mapping[str, str]


def read_state(store: Store, corpus: str) -> CorpusState:
    """The state that the last ingest of `corpus` left.

    Raises:
        IntegrityError: it can't be read. Going on without it would drop kept versions in silence.
    """
    try:
        content = store.get(_state_key(corpus))
    except NotFoundError:
        return CorpusState(corpus=corpus)
    try:
        return CorpusState.model_validate_json(content)
    except ValidationError as error:
        raise IntegrityError(
            f"{_state_key(corpus)!r} can't be read ({error.error_count()} problems); restore it, or delete it: then documents that "
            "can't be read any more leave the index at once, and this ingest is compared with nothing"
        ) from error


def write_state(store: Store, state: CorpusState) -> None:
    store.put(_state_key(state.corpus), orjson.dumps(state.model_dump(exclude_defaults=True)))


def copy_state(source: Store, target: Store, corpus: str) -> None:
    """Give `target` what an ingest from scratch needs to be equal to one in `source`: the state and the kept versions."""
    state = read_state(source, corpus)
    for file in state.files.values():
        if file.kept is not None:
            target.put(file.kept.key, source.get(file.kept.key))
    write_state(target, state)


def compare_files(before: CorpusState, files: Iterable[SourceFile]) -> FileChanges:
    """What changed since `before`. A new path with the content of a path that is gone is a move; each path is in one move at most.

    Among several candidates those with the same file name are paired first, then by path, so that the result depends on the two
    states alone.
    """
    now = {file.path: file for file in files}
    gone: dict[str, list[str]] = defaultdict(list)
    for path, state in sorted(before.files.items()):
        if path not in now and state.digest:
            gone[state.digest].append(path)
    added = [path for path in sorted(now) if path not in before.files]
    moved: dict[str, str] = {}
    for same_name in (True, False):
        for path in added:
            if path in moved:
                continue
            candidates = gone.get(now[path].digest, [])
            name = PurePosixPath(path).name
            found = next((old for old in candidates if not same_name or PurePosixPath(old).name == name), None)
            if found is not None:
                moved[path] = found
                candidates.remove(found)
    changed = sum(path in before.files and before.files[path].digest != file.digest for path, file in now.items())
    return FileChanges(
        Changes(
            added=len(added) - len(moved),
            changed=changed,
            moved=len(moved),
            removed=sum(path not in now for path in before.files) - len(moved),
            unchanged=len(now) - len(added) - changed,
        ),
        moved,
    )


def keep_version(store: Store, corpus: str, state: FileState, parsed: bytes, today: date) -> KeptVersion:
    """Put the parsed form of a last good version where it outlives the cache."""
    key = KEPT.key(corpus, sha256_hex(parsed))
    if not store.exists(key):
        store.put(key, parsed)
    return KeptVersion(key=key, digest=state.digest, media_type=state.media_type, since=today.isoformat())


def read_kept(store: Store, kept: KeptVersion) -> bytes | None:
    """The parsed form of a kept version; None when it is gone or not what its name says."""
    try:
        content = store.get(kept.key)
    except NotFoundError:
        return None
    return content if (KEPT.parse(kept.key) or ("", ""))[1] == sha256_hex(content) else None


def is_expired(kept: KeptVersion, today: date, days: int) -> bool:
    """Whether a version kept since `kept.since` has been kept for more than `days`."""
    return (today - date.fromisoformat(kept.since)).days > days


def _state_key(corpus: str) -> str:
    return INGEST_STATE.key(corpus)
