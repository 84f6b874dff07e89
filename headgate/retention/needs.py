"""Which bundles are needed, and what for. Everything else that the store keeps follows from them.

releases, logged answers, reports, verdicts, canaries, holds, the newest bundles ──► bundle id → reasons
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import orjson

from headgate.errors import NotFoundError
from headgate.index.versions import read_versions
from headgate.interactions.log import InteractionLog
from headgate.settings import RetentionSettings
from headgate.storage import Store, StoredFile
from headgate.storage.layout import LAST_BUILD

#: Seconds.
DAY = 86400.0


def needed_bundles(store: Store, rules: RetentionSettings, now: datetime) -> dict[str, tuple[str, ...]]:
    """Bundle id → why it stays, for every bundle in the store that something needs."""
    present = {stem(entry.key): entry.modified for entry in store.entries("bundles")}
    reasons: dict[str, list[str]] = defaultdict(list)
    for channel, releases in all_releases(store).items():
        newest = releases[-rules.releases_keep :] if rules.releases_keep else releases
        other = [release for release in releases if release["bundle_id"] != releases[-1]["bundle_id"]]
        for release in [*newest, *(other[-1:] if rules.releases_keep else ())]:
            reasons[release["bundle_id"]].append(f"release {release['release']} of {channel}")
    with suppress(NotFoundError):
        reasons[str(orjson.loads(store.get(LAST_BUILD.key()))["bundle_id"])].append("built last")
    by_age = sorted(present, key=lambda bundle_id: (-present[bundle_id], bundle_id))
    for bundle_id in by_age[: rules.bundles_keep]:
        reasons[bundle_id].append(f"one of the newest {rules.bundles_keep}")
    for bundle_id, modified in present.items():
        if age(now, modified) <= max(rules.unreleased_days * DAY, rules.grace_hours * 3600):
            reasons[bundle_id].append(f"younger than {rules.unreleased_days} days")
    for folder, what in (("reports", "report"), ("verdicts", "verdict"), ("canaries", "canary")):
        for entry in records_in(store, folder):
            if age(now, entry.modified) <= rules.unreleased_days * DAY:
                content = orjson.loads(store.get(entry.key))
                for key in ("bundle_id", "baseline_bundle_id"):
                    if bundle_id := content.get(key):
                        reasons[bundle_id].append(f"{what} {stem(entry.key)[:12]}…")
    for entry in store.entries("holds"):
        if age(now, entry.modified) <= rules.grace_hours * 3600:
            reasons[stem(entry.key)].append("held")
    answered: dict[str, int] = defaultdict(int)
    for interaction in InteractionLog(store).since(now - timedelta(days=rules.interactions_days)):
        answered[interaction.answer.bundle_id] += 1
    for bundle_id, count in answered.items():
        reasons[bundle_id].append(f"{count} logged answers")
    return {bundle_id: tuple(dict.fromkeys(why)) for bundle_id, why in sorted(reasons.items()) if bundle_id in present}


def needed_versions(store: Store, rules: RetentionSettings, table: str, named: Collection[int], now: datetime) -> dict[int, str]:
    """Version of a table → why it stays.

    Args:
        named: versions that bundles name which stay.
    """
    grace = rules.grace_hours * 3600
    ages = {entry.key: age(now, entry.modified) for entry in store.entries(f"table_refs/{table}")}
    notes = [(ages.get(key, 0.0), pinned.ref.version) for key, pinned in read_versions(store, table)]
    needed = dict.fromkeys(named, "a bundle names it")
    for old, version in notes:
        if old <= grace:
            needed.setdefault(version, f"indexed in the last {rules.grace_hours:g} hours")
    if notes and (needed or min(old for old, _ in notes) <= max(rules.unreleased_days * DAY, grace)):
        needed.setdefault(max(version for _, version in notes), "newest of its table")  # the next index run counts on from it
    return needed


def all_releases(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Channel → its releases, oldest first. Read without the ledger's rules: a damaged ledger must not make anything unneeded."""
    channels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for key in store.list("releases"):
        channels[key.split("/")[1]].append(orjson.loads(store.get(key)))
    return channels


def records_in(store: Store, folder: str) -> list[StoredFile]:
    """The JSON files directly in a folder."""
    return [entry for entry in store.entries(folder) if entry.key.count("/") == 1 and entry.key.endswith(".json")]


def age(now: datetime, modified: float) -> float:
    return now.timestamp() - modified


def stem(key: str) -> str:
    return key.rsplit("/", 1)[-1].removesuffix(".json")
