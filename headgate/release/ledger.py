"""The release ledger: which bundle a track serves, and how that came to be. It only grows.

    releases/<track>/00000001.json   promote  bundle A   verdict …
    releases/<track>/00000002.json   promote  bundle B   verdict …, rehearsed against A
    releases/<track>/00000003.json   rollback bundle A   rehearsed against B

The highest number is in force. A promotion needs a passed verdict for this very bundle, gate file, suites and baseline; there is no
way around it but a verdict that records who overrode and why.
"""

from __future__ import annotations

import getpass
import time
from datetime import UTC, datetime

import orjson
from pydantic import ValidationError

from headgate.bundle import OpenBundle, hold_bundle, load_manifest, open_bundle
from headgate.errors import AlreadyExistsError, IntegrityError, NotFoundError, ReleaseRefused
from headgate.records import Question, Record, Rehearsal, Release, Verdict
from headgate.release.reference import reference_release
from headgate.release.verdicts import list_verdicts, standing
from headgate.settings import GateFiles, ReleaseSettings
from headgate.storage import Store, sha256_file
from headgate.storage.layout import RELEASES

#: How often a number may be lost to another promoter before giving up.
_MAX_RACES = 5


class Status(Record):
    """What a track serves now, and which release candidates must not fall behind."""

    track: str
    release: int
    bundle_id: str
    promoted_at: str
    table: str
    version: int
    corpus_revision: str
    reference_release: int
    reference_set_by: str = ""  # "" while it is the first release, which nobody had to name
    reference_reason: str = ""


def history(store: Store, track: str) -> list[Release]:
    """All releases of a track, oldest first.

    Raises:
        IntegrityError: a number is missing or a release can't be read: the ledger was tampered with.
    """
    releases = []
    keys = list(store.list(RELEASES.prefix(track)))
    for number, (key, content) in enumerate(zip(keys, store.get_many(keys), strict=True), start=1):
        try:
            release = Release.model_validate_json(content)
        except ValidationError as error:
            raise IntegrityError(
                f"ledger of track {track!r}: {key!r} is not a release ({error.error_count()} problems)"
            ) from error
        if release.release != number or release.track != track:
            raise IntegrityError(
                f"ledger of track {track!r}: release {number} is missing, {key!r} is number {release.release}; restore it from a backup"
            )
        releases.append(release)
    return releases


def current_release(store: Store, track: str) -> Release | None:
    """The release in force, None before the first promotion."""
    releases = history(store, track)
    return releases[-1] if releases else None


def latest_number(store: Store, track: str) -> int:
    """The highest release number by file name alone, 0 before the first promotion: cheap enough to ask every second."""
    numbers = [parts[1] for key in store.list(RELEASES.prefix(track)) if (parts := RELEASES.parse(key))]
    return max((int(number) for number in numbers if number.isdigit()), default=0)


def status(store: Store, track: str) -> Status:
    """What a track serves.

    Raises:
        NotFoundError: nothing was promoted yet.
    """
    releases = history(store, track)
    reference = reference_release(store, track, releases)
    if reference is None:
        raise NotFoundError(f"nothing was promoted to track {track!r} yet; run `headgate promote`")
    release = releases[-1]
    manifest = load_manifest(store, release.bundle_id)
    return Status(
        track=release.track,
        release=release.release,
        bundle_id=release.bundle_id,
        promoted_at=release.promoted_at,
        table=manifest.table.table,
        version=manifest.table.version,
        corpus_revision=manifest.corpus.revision,
        reference_release=reference.release,
        reference_set_by=reference.set_by,
        reference_reason=reference.reason,
    )


def promote(
    store: Store,
    bundle_id: str,
    rules: ReleaseSettings,
    gate_files: GateFiles,
    *,
    promoted_by: str = "",
    reason: str = "",
    opener: OpenBundle = open_bundle,
) -> Release:
    """Put `bundle_id` in force on the track that `rules` name.

    Raises:
        NotFoundError, IntegrityError: no such bundle, or a tampered one.
        ReleaseRefused: no passed verdict for this bundle under today's gate file, suites and baseline; or the rehearsal failed.
    """
    track = rules.track
    for _ in range(_MAX_RACES):
        load_manifest(store, bundle_id)
        hold_bundle(store, bundle_id)
        releases = history(store, track)
        current = releases[-1] if releases else None
        reference = reference_release(store, track, releases)
        verdict = find_passed_verdict(
            store,
            bundle_id,
            current.bundle_id if current else "",
            gate_files,
            reference_bundle_id=reference.bundle_id if reference else "",
        )
        release = Release(
            track=track,
            release=(current.release if current else 0) + 1,
            kind="promote",
            bundle_id=bundle_id,
            previous_bundle_id=current.bundle_id if current else "",
            verdict_id=verdict.verdict_id,
            promoted_at=_now(),
            promoted_by=promoted_by or _user(),
            reason=reason,
            rehearsals=rehearse(store, [*([current.bundle_id] if current else []), bundle_id], rules.probe_question, opener),
        )
        if _append(store, release):
            return release
    raise ReleaseRefused(f"track {track!r}: other promotions came first {_MAX_RACES} times; try again")


def rollback(
    store: Store,
    rules: ReleaseSettings,
    *,
    to_release: int | None = None,
    promoted_by: str = "",
    reason: str = "",
    opener: OpenBundle = open_bundle,
) -> Release:
    """Put an earlier bundle in force again, as a new release.

    Args:
        to_release: number of the release whose bundle is wanted; by default the latest one with another bundle than today's.

    Raises:
        ReleaseRefused: there is nothing to go back to, or the rehearsal failed.
    """
    track = rules.track
    decided_from = ""
    for _ in range(_MAX_RACES):
        releases = history(store, track)
        target = _rollback_target(releases, track, to_release)
        current = releases[-1]
        if decided_from and current.bundle_id != decided_from:
            raise ReleaseRefused(
                f"track {track!r}: release {current.release} ({current.kind}, by {current.promoted_by}) came first and put bundle "
                f"{current.bundle_id[:16]}… in force; look at `headgate history` and decide again"
            )
        decided_from = current.bundle_id
        hold_bundle(store, target.bundle_id)
        release = Release(
            track=track,
            release=current.release + 1,
            kind="rollback",
            bundle_id=target.bundle_id,
            previous_bundle_id=current.bundle_id,
            verdict_id=target.verdict_id,
            promoted_at=_now(),
            promoted_by=promoted_by or _user(),
            reason=reason or f"back to release {target.release}",
            rehearsals=rehearse(store, [target.bundle_id], rules.probe_question, opener),
        )
        if _append(store, release):
            return release
    raise ReleaseRefused(f"track {track!r}: other releases came first {_MAX_RACES} times; try again")


def find_passed_verdict(
    store: Store, bundle_id: str, baseline_bundle_id: str, gate_files: GateFiles, *, reference_bundle_id: str = ""
) -> Verdict:
    """The newest passed verdict that fits bundle, gate file, suites, baseline and, where it was compared with one, the reference.

    Raises:
        ReleaseRefused: none fits; says what does not and what to do.
    """
    verdicts = [verdict for verdict in list_verdicts(store) if verdict.bundle_id == bundle_id]
    short = bundle_id[:16]
    if not verdicts:
        raise ReleaseRefused(f"bundle {short}… was never judged; run `headgate evaluate` and `headgate gate`")
    gates_digest, suite_digests = gate_inputs(gate_files)
    newest = verdicts[-1]
    problems: dict[str, str] = {}
    for verdict in reversed(verdicts):
        if verdict.gates_digest != gates_digest:
            problems.setdefault("gates", f"it was judged by another version of {gate_files.shown}")
        elif verdict.suite_digests != suite_digests:
            problems.setdefault("suites", "it was judged on other versions of the suites")
        elif verdict.baseline_bundle_id != baseline_bundle_id:
            compared = f"bundle {verdict.baseline_bundle_id[:16]}…" if verdict.baseline_bundle_id else "nothing"
            problems.setdefault(
                "baseline", f"it was compared with {compared}, in force is {baseline_bundle_id[:16] or 'nothing'}…"
            )
        elif verdict.reference_bundle_id not in ("", reference_bundle_id):
            problems.setdefault(
                "reference",
                f"it was compared with the reference {verdict.reference_bundle_id[:16]}…, now it is {reference_bundle_id[:16]}…",
            )
        elif (verdict := standing(store, verdict)).verdict != "passed":
            names = ", ".join(gate.name for gate in verdict.gates if gate.blocks)
            raise ReleaseRefused(
                f"bundle {short}…: the newest fitting verdict is {verdict.verdict} ({names}); see `headgate gate`"
            )
        else:
            return verdict
    raise ReleaseRefused(
        f"bundle {short}…: no verdict fits ({'; '.join(problems.values()) or newest.verdict}); run `headgate gate` again"
    )


def gate_inputs(gate_files: GateFiles) -> tuple[str, dict[str, str]]:
    """SHA-256 of the gate file, and of each suite by its file's stem.

    Raises:
        ReleaseRefused: a file is missing.
    """
    paths = [gate_files.gates, *gate_files.suites]
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise ReleaseRefused(f"missing: {', '.join(missing)}; see the settings evaluation.gates and evaluation.suites")
    return sha256_file(paths[0]), {path.stem: sha256_file(path) for path in paths[1:]}


def rehearse(store: Store, bundle_ids: list[str], probe_question: str, opener: OpenBundle) -> tuple[Rehearsal, ...]:
    """Open each bundle and ask it the probe question: the way forward and the way back both work before anything is written.

    Raises:
        ReleaseRefused: a bundle does not open or does not answer.
    """
    question = Question(text=probe_question)
    rehearsals = []
    for bundle_id in dict.fromkeys(bundle_ids):
        started = time.monotonic()
        try:
            answerer = opener(store, bundle_id)
            try:
                answer = answerer.answer_now(question)
            finally:
                answerer.close()
        except Exception as error:  # whatever it is, a release must not rest on it
            raise ReleaseRefused(
                f"rehearsal: bundle {bundle_id[:16]}… does not answer: {error or type(error).__name__}; nothing was released"
            ) from error
        if not answer.text:
            raise ReleaseRefused(f"rehearsal: bundle {bundle_id[:16]}… gave an empty answer to {question.text!r}")
        seconds = time.monotonic() - started
        rehearsals.append(Rehearsal(question=question.text, bundle_id=bundle_id, answered=not answer.refused, seconds=seconds))
    return tuple(rehearsals)


def _rollback_target(releases: list[Release], track: str, to_release: int | None) -> Release:
    if not releases:
        raise ReleaseRefused(f"nothing was promoted to track {track!r} yet, so there is nothing to roll back")
    if to_release is not None:
        if not 1 <= to_release <= len(releases):
            raise ReleaseRefused(f"track {track!r} has no release {to_release}; it has 1 to {len(releases)}")
        if releases[to_release - 1].bundle_id == releases[-1].bundle_id:
            raise ReleaseRefused(
                f"track {track!r}: the bundle of release {to_release} is in force already (release {releases[-1].release})"
            )
        return releases[to_release - 1]
    earlier = [release for release in releases if release.bundle_id != releases[-1].bundle_id]
    if not earlier:
        raise ReleaseRefused(
            f"track {track!r} only ever served bundle {releases[-1].bundle_id[:16]}…; there is nothing to go back to"
        )
    return earlier[-1]


def _append(store: Store, release: Release) -> bool:
    """Write the release if its number is still free."""
    try:
        store.create(
            RELEASES.key(release.track, f"{release.release:08d}"),
            orjson.dumps(release.model_dump(), option=orjson.OPT_INDENT_2),
        )
    except AlreadyExistsError:
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
