"""Which bundles are needed, and what for. Everything else that the store keeps follows from them.

releases, logged answers, reports, verdicts, canaries, holds, the newest bundles ──► bundle id → reasons
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from headgate.errors import IntegrityError, NotFoundError
from headgate.index.versions import read_versions
from headgate.interactions.log import InteractionLog
from headgate.records import Release
from headgate.records.names import names_in
from headgate.retention.references import read_record
from headgate.settings import RetentionSettings
from headgate.storage import Store
from headgate.storage.keys import Folder, Spared
from headgate.storage.layout import BUNDLES, CANARIES, HOLDS, LAST_BUILD, REFERENCES, RELEASES, REPORTS, TABLE_REFS, VERDICTS

#: What a bundle is needed for.
NeedKind = Literal["release", "reference", "last_build", "newest", "young", "judgement", "held", "answered", "unreadable"]
#: Judgements that keep the bundles they are about, and what each is called.
_JUDGEMENTS = ((REPORTS, "report"), (VERDICTS, "verdict"), (CANARIES, "canary"))
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Need:
    """One reason why a bundle stays: its kind for programs, words for people."""

    kind: NeedKind
    text: str
    name: str = ""  # of a release: `7 of production`

    def __str__(self) -> str:
        return self.text


def spared_seconds(rules: RetentionSettings, spared: Spared) -> float:
    """Up to which age nothing goes, seconds."""
    grace = rules.grace_hours * 3600
    return grace if spared == "grace_hours" else max(rules.unreleased_days * _DAY, grace)


def needed_bundles(store: Store, rules: RetentionSettings, now: datetime) -> dict[str, tuple[Need, ...]]:
    """Bundle id → why it stays, for every bundle in the store that something needs. A record that can't be read keeps all of them."""
    present = {BUNDLES.first(entry.key): entry.modified for entry in store.entries(BUNDLES.prefix()) if BUNDLES.first(entry.key)}
    reasons: dict[str, list[Need]] = defaultdict(list)

    def keep_all(error: IntegrityError) -> None:
        for bundle_id in present:
            reasons[bundle_id].append(Need("unreadable", str(error)))

    for track, releases in _releases(store, keep_all).items():
        newest = releases[-rules.releases_keep :] if rules.releases_keep else releases
        other = [release for release in releases if release.bundle_id != releases[-1].bundle_id]
        for release in [*newest, *(other[-1:] if rules.releases_keep else ())]:
            reasons[release.bundle_id].append(_release_need(release, track))
        lines = list(store.list(REFERENCES.prefix(track)))
        reference = _named(store, REFERENCES, lines[-1], keep_all) if lines else [releases[0].bundle_id]
        for bundle_id in reference:
            reasons[bundle_id].append(Need("reference", f"reference release of {track}"))
    for bundle_id in _named(store, LAST_BUILD, LAST_BUILD.key(), keep_all):
        reasons[bundle_id].append(Need("last_build", "built last"))
    by_age = sorted(present, key=lambda bundle_id: (-present[bundle_id], bundle_id))
    for bundle_id in by_age[: rules.bundles_keep]:
        reasons[bundle_id].append(Need("newest", f"one of the newest {rules.bundles_keep}"))
    for bundle_id, modified in present.items():
        if age(now, modified) <= spared_seconds(rules, "unreleased_days"):
            reasons[bundle_id].append(Need("young", f"younger than {rules.unreleased_days} days"))
    for folder, what in _JUDGEMENTS:
        for entry in store.entries(folder.prefix()):
            if (name := folder.first(entry.key)) and age(now, entry.modified) <= rules.unreleased_days * _DAY:
                for bundle_id in _named(store, folder, entry.key, keep_all):
                    reasons[bundle_id].append(Need("judgement", f"{what} {name[:12]}…"))
    for entry in store.entries(HOLDS.prefix()):
        if age(now, entry.modified) <= spared_seconds(rules, HOLDS.spared):
            reasons[HOLDS.first(entry.key)].append(Need("held", "held"))
    answered: dict[str, int] = defaultdict(int)
    for interaction in InteractionLog(store).since(now - timedelta(days=rules.interactions_days)):
        answered[interaction.answer.bundle_id] += 1
    for bundle_id, count in answered.items():
        reasons[bundle_id].append(Need("answered", f"{count} logged answers"))
    return {bundle_id: tuple(dict.fromkeys(why)) for bundle_id, why in sorted(reasons.items()) if bundle_id in present}


def _release_need(release: Release, track: str) -> Need:
    name = f"{release.release} of {track}"
    return Need("release", f"release {name}", name)


def needed_versions(store: Store, rules: RetentionSettings, table: str, named: Collection[int], now: datetime) -> dict[int, str]:
    """Version of a table → why it stays.

    Args:
        named: versions that bundles name which stay.
    """
    grace = spared_seconds(rules, "grace_hours")
    ages = {entry.key: age(now, entry.modified) for entry in store.entries(TABLE_REFS.prefix(table))}
    notes = [(ages.get(key, 0.0), pinned.ref.version) for key, pinned in read_versions(store, table)]
    needed = dict.fromkeys(named, "a bundle names it")
    for old, version in notes:
        if old <= grace:
            needed.setdefault(version, f"indexed in the last {rules.grace_hours:g} hours")
    if notes and (needed or min(old for old, _ in notes) <= spared_seconds(rules, "unreleased_days")):
        needed.setdefault(max(version for _, version in notes), "newest of its table")  # the next index run counts on from it
    return needed


def age(now: datetime, modified: float) -> float:
    """Seconds."""
    return now.timestamp() - modified


def _releases(store: Store, unreadable: Callable[[IntegrityError], None]) -> dict[str, list[Release]]:
    """Track → its releases, oldest first. Read without the ledger's rules: a damaged ledger must not make anything unneeded."""
    tracks: dict[str, list[Release]] = defaultdict(list)
    for key in store.list(RELEASES.prefix()):
        if RELEASES.parse(key) is not None:
            try:
                release: Release = read_record(store, RELEASES, key)
            except IntegrityError as error:
                unreadable(error)
            else:
                tracks[RELEASES.first(key)].append(release)
    return tracks


def _named(store: Store, folder: Folder, key: str, unreadable: Callable[[IntegrityError], None]) -> list[str]:
    """Bundles that a record names."""
    try:
        return [value for mark, value in names_in(read_record(store, folder, key)) if mark.folder == BUNDLES.name]
    except NotFoundError:
        return []
    except IntegrityError as error:
        unreadable(error)
        return []
