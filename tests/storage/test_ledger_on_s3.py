"""Promotions that race on a bucket: one wins, and the others decide again from what is in force."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.errors import ReleaseRefused
from headgate.release.ledger import current_release, history, latest_number
from headgate.release.verdicts import list_verdicts
from headgate.storage import open_store
from tests.fakes import FakeBundles, make_settings, put_bundle, put_verdict
from tests.s3 import Bucket
from tests.verbs import promote, rollback


def test_of_several_promotions_against_the_same_baseline_one_wins(bucket: Bucket, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, **bucket.sections())
    store = open_store(settings)
    bundles = [put_bundle(store, name) for name in "abcd"]
    for bundle_id in bundles:
        put_verdict(settings, bundle_id)

    def race(bundle_id: str) -> bool:
        try:
            promote(settings, bundle_id, opener=FakeBundles())
        except ReleaseRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        won = list(threads.map(race, bundles))
    assert won.count(True) == 1
    assert [release.bundle_id for release in history(store, "production")] == [bundles[won.index(True)]]
    assert latest_number(store, "production") == 1
    assert len(list_verdicts(store)) == 4


def test_a_rollback_is_a_release_too(bucket: Bucket, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, **bucket.sections())
    store = open_store(settings)
    first, second = put_bundle(store, "a"), put_bundle(store, "b")
    put_verdict(settings, first)
    promote(settings, first, opener=FakeBundles())
    put_verdict(settings, second, baseline=first)
    promote(settings, second, opener=FakeBundles())
    rollback(settings, opener=FakeBundles())
    release = current_release(store, "production")
    assert release is not None
    assert (release.release, release.kind, release.bundle_id) == (3, "rollback", first)
    with pytest.raises(ReleaseRefused):
        promote(settings, put_bundle(store, "c"), opener=FakeBundles())
