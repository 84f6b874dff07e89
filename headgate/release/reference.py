"""The reference release of a track: what candidates must never fall behind, beside the release in service.

    references/<track>/00000001.json   release 3, set by …, because …
    references/<track>/00000002.json   release 7, …                     ◄ the highest number holds

Compared only with the bundle in service, losses creep: each release may be a little worse than the one before. The reference stands still. Until
somebody names another it is the first release of the track; it is moved by name and with a reason, and this ledger only grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from pydantic import ValidationError

from headgate.errors import AlreadyExistsError, IntegrityError, ReleaseRefused
from headgate.records import Reference, Release
from headgate.storage import Store
from headgate.storage.layout import REFERENCES


def references(store: Store, track: str, releases: Sequence[Release]) -> list[Reference]:
    """Every reference that a track has had, oldest first; the first one is release 1, which nobody had to name.

    Args:
        releases: the track's history, oldest first.

    Raises:
        IntegrityError: a number is missing, a line can't be read, or it names a release that there is not: the ledger was tampered with.
    """
    if not releases:
        return []
    found = [Reference(track=track, number=0, release=1, bundle_id=releases[0].bundle_id, set_at="")]
    keys = list(store.list(REFERENCES.prefix(track)))
    for number, (key, content) in enumerate(zip(keys, store.get_many(keys), strict=True), start=1):
        try:
            line = Reference.model_validate_json(content)
        except ValidationError as error:
            raise IntegrityError(
                f"references of track {track!r}: {key!r} is not a reference ({error.error_count()} problems)"
            ) from error
        if line.number != number or line.track != track:
            raise IntegrityError(
                f"references of track {track!r}: number {number} is missing, {key!r} is number {line.number}; restore it from a backup"
            )
        if not 1 <= line.release <= len(releases) or releases[line.release - 1].bundle_id != line.bundle_id:
            raise IntegrityError(f"references of track {track!r}: {key!r} is not about a release of this ledger")
        found.append(line)
    return found


def reference_release(store: Store, track: str, releases: Sequence[Release]) -> Reference | None:
    """The reference of a track, None before its first release.

    Raises:
        IntegrityError: as `references`.
    """
    lines = references(store, track, releases)
    return lines[-1] if lines else None


def set_reference(store: Store, track: str, releases: Sequence[Release], number: int, *, set_by: str, reason: str) -> Reference:
    """Make release `number` the reference.

    Raises:
        ReleaseRefused: no name, no reason, no such release, it is the reference already, or somebody else moved it meanwhile.
    """
    if not set_by.strip() or not reason.strip():
        raise ReleaseRefused("the reference is moved by name and with a reason: say who decides it and why")
    if not 1 <= number <= len(releases):
        raise ReleaseRefused(f"track {track!r} has no release {number}; it has {f'1 to {len(releases)}' if releases else 'none'}")
    lines = references(store, track, releases)
    if lines[-1].release == number and lines[-1].set_at:
        raise ReleaseRefused(f"track {track!r}: release {number} is the reference already")
    line = Reference(
        track=track,
        number=lines[-1].number + 1,
        release=number,
        bundle_id=releases[number - 1].bundle_id,
        set_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        set_by=set_by,
        reason=reason,
    )
    try:
        store.create(REFERENCES.key(track, f"{line.number:08d}"), orjson.dumps(line.model_dump(), option=orjson.OPT_INDENT_2))
    except AlreadyExistsError:
        raise ReleaseRefused(
            f"track {track!r}: somebody else moved the reference meanwhile; look at it and decide again"
        ) from None
    return line
