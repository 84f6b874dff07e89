"""The library's verbs as the edge calls them: the store is opened from the settings, and each stage is given its part of them."""

from __future__ import annotations

from typing import Any

from headgate.records import Release
from headgate.release import ledger
from headgate.replay import Replay
from headgate.replay import replay as replay_from
from headgate.retention import clean_up
from headgate.settings import Settings
from headgate.storage import open_store


def promote(settings: Settings, bundle_id: str, **more: Any) -> Release:
    return ledger.promote(open_store(settings), bundle_id, settings.release, settings.gate_files, **more)


def rollback(settings: Settings, **more: Any) -> Release:
    return ledger.rollback(open_store(settings), settings.release, **more)


def status(settings: Settings) -> ledger.Status:
    return ledger.status(open_store(settings), settings.release.channel)


def replay(settings: Settings, interaction_id: str, **more: Any) -> Replay:
    return replay_from(open_store(settings), interaction_id, **more)


def prune(settings: Settings, **more: Any) -> clean_up.PruneResult:
    return clean_up.prune(open_store(settings), settings.retention, settings.corpus, **more)
