"""Files that could not be parsed: why, how often, since when. One JSON file each in the store, gone when the file parses."""

from __future__ import annotations

import orjson

from headgate.errors import ParseFailure
from headgate.records import Record
from headgate.storage import Store, sha256_hex

_FOLDER = "dead_letters"


class DeadLetter(Record):
    """`attempts` counts ingests that tried this very content; other content starts at 1 again."""

    path: str
    digest: str
    reason: str
    detail: str
    transient: bool
    attempts: int
    first_seen: str  # ISO 8601, UTC
    last_seen: str
    parser: str = ""  # version and limits that it failed under; others try again


def list_dead_letters(store: Store) -> list[DeadLetter]:
    """All of them, by path."""
    letters = [DeadLetter.model_validate_json(store.get(key)) for key in store.list(_FOLDER)]
    return sorted(letters, key=lambda letter: letter.path)


def find_dead_letter(store: Store, path: str) -> DeadLetter | None:
    key = _key(path)
    return DeadLetter.model_validate_json(store.get(key)) if store.exists(key) else None


def record_dead_letter(store: Store, failure: ParseFailure, *, path: str, digest: str, parser: str, now: str) -> DeadLetter:
    """Add or update the letter of `path`.

    Args:
        now: ISO 8601, UTC.
    """
    before = find_dead_letter(store, path)
    same = before is not None and before.digest == digest
    letter = DeadLetter(
        path=path,
        digest=digest,
        reason=failure.reason,
        detail=failure.detail,
        transient=failure.transient,
        attempts=before.attempts + 1 if before and same else 1,
        first_seen=before.first_seen if before and same else now,
        last_seen=now,
        parser=parser,
    )
    store.put(_key(path), orjson.dumps(letter.model_dump(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    return letter


def clear_dead_letter(store: Store, path: str) -> None:
    """The file parses, was excluded or is gone."""
    store.delete(_key(path))


def _key(path: str) -> str:
    return f"{_FOLDER}/{sha256_hex(path.encode())}.json"
