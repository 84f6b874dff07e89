from __future__ import annotations

from pathlib import Path

import pytest

from headgate.cli.main import main
from headgate.errors import IntegrityError, ReleaseRefused
from headgate.release.ledger import find_passed_verdict, history, status
from headgate.release.reference import reference_release, references, set_reference
from headgate.release.verdicts import record_override, seal_verdict, standing, store_verdict, verdict_digest
from headgate.settings import Settings
from headgate.storage import Store, open_store
from tests.fakes import make_settings, put_bundle, put_release, put_verdict


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path)


@pytest.fixture
def store(settings: Settings) -> Store:
    store = open_store(settings)
    for number, name in enumerate(("one", "two", "three"), start=1):
        put_release(store, number, put_bundle(store, name))
    return store


def move(store: Store, number: int, by: str = "A. Person", reason: str = "twelve good weeks") -> None:
    set_reference(store, "production", history(store, "production"), number, set_by=by, reason=reason)


def test_the_first_release_is_the_reference_until_somebody_names_another(store: Store) -> None:
    releases = history(store, "production")
    first = reference_release(store, "production", releases)
    assert first is not None
    assert (first.release, first.set_by) == (1, "")
    assert reference_release(store, "staging", []) is None
    move(store, 3)
    move(store, 2, reason="3 was a mistake")
    now = reference_release(store, "production", releases)
    assert now is not None
    assert (now.number, now.release, now.bundle_id, now.reason) == (2, 2, releases[1].bundle_id, "3 was a mistake")
    assert [line.release for line in references(store, "production", releases)] == [1, 3, 2]
    shown = status(store, "production")
    assert (shown.release, shown.reference_release, shown.reference_set_by) == (3, 2, "A. Person")


def test_it_is_moved_by_name_and_reason_to_a_release_that_there_is(store: Store) -> None:
    for by, reason in (("", "why"), ("who", " ")):
        with pytest.raises(ReleaseRefused, match="by name and with a reason"):
            move(store, 2, by, reason)
    with pytest.raises(ReleaseRefused, match="has no release 4; it has 1 to 3"):
        move(store, 4)
    move(store, 2)
    with pytest.raises(ReleaseRefused, match="is the reference already"):
        move(store, 2)


def test_a_changed_or_missing_line_is_noticed(store: Store) -> None:
    releases = history(store, "production")
    move(store, 2)
    key = "references/production/00000001.json"
    content = store.get(key)
    store.put(key, content.replace(releases[1].bundle_id.encode(), b"0" * 64))
    with pytest.raises(IntegrityError, match="is not about a release"):
        references(store, "production", releases)
    store.put(key, content.replace(b'"number": 1', b'"number": 2'))
    with pytest.raises(IntegrityError, match="number 1 is missing"):
        references(store, "production", releases)
    store.put(key, b"{}")
    with pytest.raises(IntegrityError, match="is not a reference"):
        references(store, "production", releases)


def test_a_verdict_against_another_reference_releases_nothing(settings: Settings, store: Store) -> None:
    bundle_id = put_bundle(store, "candidate")
    in_service = history(store, "production")[-1].bundle_id
    plain = put_verdict(settings, bundle_id, baseline=in_service)
    against = seal_verdict(plain.model_copy(update={"reference_bundle_id": "1" * 64}))
    store_verdict(store, against)
    assert find_passed_verdict(store, bundle_id, in_service, settings.gate_files, reference_bundle_id="1" * 64)
    store.delete(f"verdicts/{plain.verdict_id}.json")
    with pytest.raises(ReleaseRefused, match="compared with the reference 1111"):
        find_passed_verdict(store, bundle_id, in_service, settings.gate_files, reference_bundle_id="2" * 64)


def test_judging_the_same_again_does_not_take_an_override_back(settings: Settings, store: Store) -> None:
    bundle_id = put_bundle(store, "candidate")
    failed = put_verdict(settings, bundle_id, verdict="failed")
    assert standing(store, failed) == failed
    override = record_override(store, failed, override_by="A. Person", reason="known")
    again = seal_verdict(failed.model_copy(update={"created_at": "2099-01-01T00:00:00+00:00"}))
    store_verdict(store, again)
    assert standing(store, again) == override
    assert find_passed_verdict(store, bundle_id, "", settings.gate_files) == override
    other = seal_verdict(again.model_copy(update={"report_id": "1" * 64, "created_at": "2099-01-02T00:00:00+00:00"}))
    store_verdict(store, other)
    assert standing(store, other) == other
    with pytest.raises(ReleaseRefused, match="newest fitting verdict is failed"):
        find_passed_verdict(store, bundle_id, "", settings.gate_files)


def test_verdicts_of_earlier_versions_keep_their_ids(settings: Settings, store: Store) -> None:
    verdict = put_verdict(settings, put_bundle(store, "candidate")).model_copy(
        update={"created_at": "2026-02-02T00:00:00+00:00", "gates_digest": "g", "suite_digests": {}, "bundle_id": "b"}
    )
    # Computed with the fields that a verdict had before it named a reference.
    assert verdict_digest(verdict) == "47a55075aeaf4c94bc8a8f70238c8fc135cb56fb7a9da8510a0c477270d8f49e"
    assert (
        verdict_digest(verdict.model_copy(update={"reference_bundle_id": "1"}))
        != "47a55075aeaf4c94bc8a8f70238c8fc135cb56fb7a9da8510a0c477270d8f49e"
    )


def test_the_command_line_moves_and_shows_it(settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    toml = settings.project_dir / "headgate.toml"
    toml.write_text('[corpus]\nfolder = "documents"\n')
    run = ["--settings", str(toml), "release"]
    assert main([*run, "reference", "2"]) == 2  # neither a name nor a reason
    assert main([*run, "reference", "2", "--by", "A. Person", "--reason", "twelve good weeks"]) == 0
    assert "Release 2 of track production is the reference" in capsys.readouterr().out
    assert main([*run, "list"]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[:3] for line in listed.splitlines() if "◄" in line] == [["2", "◄", "reference"]]
    assert "by A. Person: twelve good weeks" in listed
