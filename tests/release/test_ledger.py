"""Tests of the ledger: what is refused, that it only grows, and that of several promoters exactly one wins."""

from __future__ import annotations

import itertools
import multiprocessing
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headgate.errors import IntegrityError, ModelError, NotFoundError, ReleaseRefused
from headgate.release.ledger import current_release, gate_inputs, history, latest_number
from headgate.release.verdicts import list_verdicts, load_verdict, record_override
from headgate.settings import Settings
from headgate.storage import Store, open_store
from tests.fakes import FakeAnswerer, FakeBundles, make_settings, put_bundle, put_verdict
from tests.verbs import promote, rollback, status


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path)


@pytest.fixture
def store(settings: Settings) -> Store:
    return open_store(settings)


def promoted(settings: Settings, store: Store, *names: str) -> list[str]:
    """Promotes a bundle per name, each judged against the one before."""
    bundle_ids: list[str] = []
    for name in names:
        bundle_ids.append(put_bundle(store, name))
        put_verdict(settings, bundle_ids[-1], baseline=bundle_ids[-2] if len(bundle_ids) > 1 else "")
        promote(settings, bundle_ids[-1], opener=FakeBundles())
    return bundle_ids


def test_a_ledger_of_before_tracks_had_their_name_goes_on_as_it_is(settings: Settings, store: Store) -> None:
    first, second = promoted(settings, store, "a", "b")
    for key in list(store.list("releases")):
        old = store.get(key).replace(b'"track":', b'"channel":')
        assert b"channel" in old
        store.put(key, old)
    assert [release.track for release in history(store, "production")] == ["production"] * 2
    assert rollback(settings, opener=FakeBundles()).bundle_id == first
    assert list(store.list("releases")) == [f"releases/production/{number:08d}.json" for number in (1, 2, 3)]
    assert b"channel" not in store.get("releases/production/00000003.json")
    assert status(settings).track == "production"
    assert history(store, "production")[1].bundle_id == second


def test_a_judged_bundle_is_promoted_with_both_bundles_rehearsed(settings: Settings, store: Store) -> None:
    first, second = promoted(settings, store, "a", "b")
    release = current_release(store, "production")
    assert release is not None
    assert (release.release, release.kind, release.bundle_id, release.previous_bundle_id) == (2, "promote", second, first)
    assert [rehearsal.bundle_id for rehearsal in release.rehearsals] == [first, second]
    assert load_verdict(store, release.verdict_id).bundle_id == second
    shown = status(settings)
    assert (shown.release, shown.bundle_id, shown.corpus_revision) == (2, second, "b")


def test_a_bundle_without_a_verdict_is_refused(settings: Settings, store: Store) -> None:
    with pytest.raises(ReleaseRefused, match=r"never judged.*headgate evaluate"):
        promote(settings, put_bundle(store, "a"), opener=FakeBundles())
    assert history(store, "production") == []


@pytest.mark.parametrize("verdict", ["failed", "inconclusive"])
def test_a_bundle_that_did_not_pass_is_refused(settings: Settings, store: Store, verdict: str) -> None:
    bundle_id = put_bundle(store, "a")
    put_verdict(settings, bundle_id, verdict=verdict)  # type: ignore[arg-type]
    with pytest.raises(ReleaseRefused, match=verdict):
        promote(settings, bundle_id, opener=FakeBundles())


def test_a_later_failure_outweighs_an_earlier_pass(settings: Settings, store: Store) -> None:
    bundle_id = put_bundle(store, "a")
    put_verdict(settings, bundle_id)
    put_verdict(settings, bundle_id, verdict="failed")
    with pytest.raises(ReleaseRefused, match="failed"):
        promote(settings, bundle_id, opener=FakeBundles())


@pytest.mark.parametrize(
    ("file", "message"),
    [("evals/gates.yaml", "another version of evals/gates.yaml"), ("evals/suites/golden.jsonl", "other versions of the suites")],
)
def test_a_verdict_of_an_edited_gate_file_or_suite_is_refused(settings: Settings, store: Store, file: str, message: str) -> None:
    bundle_id = put_bundle(store, "a")
    put_verdict(settings, bundle_id)
    (settings.project_dir / file).write_text("changed\n")
    with pytest.raises(ReleaseRefused, match=message):
        promote(settings, bundle_id, opener=FakeBundles())


def test_a_verdict_against_another_baseline_is_refused(settings: Settings, store: Store) -> None:
    promoted(settings, store, "a")
    late = put_bundle(store, "b")
    put_verdict(settings, late)
    with pytest.raises(ReleaseRefused, match="compared with nothing, in force is"):
        promote(settings, late, opener=FakeBundles())


def test_a_verdict_of_another_bundle_is_of_no_use(settings: Settings, store: Store) -> None:
    put_verdict(settings, put_bundle(store, "a"))
    with pytest.raises(ReleaseRefused, match="never judged"):
        promote(settings, put_bundle(store, "b"), opener=FakeBundles())


def test_a_changed_verdict_is_refused(settings: Settings, store: Store) -> None:
    bundle_id = put_bundle(store, "a")
    verdict = put_verdict(settings, bundle_id, verdict="failed")
    path = store.path(f"verdicts/{verdict.verdict_id}.json")
    path.write_bytes(path.read_bytes().replace(b'"failed"', b'"passed"'))
    with pytest.raises(IntegrityError, match="changed after it was sealed"):
        promote(settings, bundle_id, opener=FakeBundles())


def test_unknown_and_tampered_bundles_are_refused(settings: Settings, store: Store) -> None:
    with pytest.raises(NotFoundError):
        promote(settings, "0" * 64, opener=FakeBundles())
    bundle_id = put_bundle(store, "a")
    put_verdict(settings, bundle_id)
    path = store.path(f"bundles/{bundle_id}.json")
    path.write_bytes(path.read_bytes().replace(b'"rows":1', b'"rows":2'))
    with pytest.raises(IntegrityError, match="manifest was changed"):
        promote(settings, bundle_id, opener=FakeBundles())


def test_an_override_lets_a_bundle_through_and_says_who_and_why(settings: Settings, store: Store) -> None:
    bundle_id = put_bundle(store, "a")
    failed = put_verdict(settings, bundle_id, verdict="failed")
    with pytest.raises(ReleaseRefused, match="name of who decides it and a reason"):
        record_override(store, failed, override_by="Kim", reason=" ")
    override = record_override(store, failed, override_by="Kim", reason="the gate's suite is wrong")
    release = promote(settings, bundle_id, opener=FakeBundles())
    assert release.verdict_id == override.verdict_id
    assert load_verdict(store, release.verdict_id).override_by == "Kim"
    assert len(list_verdicts(store)) == 2


@pytest.mark.parametrize("error", [ModelError("down"), RuntimeError("engine")])
@pytest.mark.parametrize("which", [0, 1])
def test_a_failed_rehearsal_of_either_bundle_leaves_the_ledger_as_it_was(
    settings: Settings, store: Store, which: int, error: Exception
) -> None:
    (first,) = promoted(settings, store, "a")
    second = put_bundle(store, "b")
    put_verdict(settings, second, baseline=first)
    opener = FakeBundles()
    opener.broken[(first, second)[which]] = error
    before = sorted(store.list("releases"))
    with pytest.raises(ReleaseRefused, match="does not answer"):
        promote(settings, second, opener=opener)
    assert sorted(store.list("releases")) == before
    assert all(answerer.closed.is_set() for answerer in opener.opened)


def test_rollback_is_a_new_release_of_the_earlier_bundle(settings: Settings, store: Store) -> None:
    first, second = promoted(settings, store, "a", "b")
    release = rollback(settings, opener=FakeBundles(), reason="prices are wrong")
    assert (release.release, release.kind, release.bundle_id, release.previous_bundle_id) == (3, "rollback", first, second)
    assert [rehearsal.bundle_id for rehearsal in release.rehearsals] == [first]
    assert [entry.bundle_id for entry in history(store, "production")] == [first, second, first]


def test_rollback_works_when_the_bundle_in_force_is_broken(settings: Settings, store: Store) -> None:
    first, second = promoted(settings, store, "a", "b")
    opener = FakeBundles()
    opener.broken[second] = IntegrityError("table is gone")
    assert rollback(settings, opener=opener).bundle_id == first


def test_rollback_refuses_what_makes_no_sense(settings: Settings, store: Store) -> None:
    with pytest.raises(ReleaseRefused, match="nothing was promoted"):
        rollback(settings, opener=FakeBundles())
    promoted(settings, store, "a")
    with pytest.raises(ReleaseRefused, match="nothing to go back to"):
        rollback(settings, opener=FakeBundles())
    with pytest.raises(ReleaseRefused, match="has no release 7"):
        rollback(settings, to_release=7, opener=FakeBundles())
    with pytest.raises(ReleaseRefused, match="in force already"):
        rollback(settings, to_release=1, opener=FakeBundles())


def test_a_rollback_that_comes_second_does_not_undo_the_first(settings: Settings, store: Store) -> None:
    first, _ = promoted(settings, store, "a", "b")
    calls = itertools.count()

    def opener(store: Store, bundle_id: str) -> FakeAnswerer:
        if next(calls) == 0:
            rollback(settings, opener=FakeBundles(), promoted_by="someone quicker")
        return FakeAnswerer(bundle_id)

    with pytest.raises(ReleaseRefused, match=r"someone quicker.*came first"):
        rollback(settings, opener=opener)
    assert [release.bundle_id for release in history(store, "production")][-1] == first
    assert latest_number(store, "production") == 3


def test_a_missing_line_of_the_ledger_is_noticed(settings: Settings, store: Store) -> None:
    promoted(settings, store, "a", "b", "c")
    store.delete("releases/production/00000002.json")
    with pytest.raises(IntegrityError, match="release 2 is missing"):
        current_release(store, "production")


def test_status_before_the_first_promotion_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="nothing was promoted to track 'production' yet; run `headgate promote`"):
        status(settings)


def _try_to_promote(folder: Path, bundle_id: str, barrier: object, outcomes: object) -> None:
    settings = make_settings(folder)
    barrier.wait(900)  # type: ignore[attr-defined]
    try:
        promote(settings, bundle_id, opener=FakeBundles())
        outcomes.put((bundle_id, "promoted"))  # type: ignore[attr-defined]
    except ReleaseRefused as error:
        outcomes.put((bundle_id, str(error)))  # type: ignore[attr-defined]


def test_of_several_processes_that_promote_at_once_exactly_one_wins(settings: Settings, store: Store) -> None:
    bundle_ids = [put_bundle(store, name) for name in "abcd"]
    for bundle_id in bundle_ids:
        put_verdict(settings, bundle_id)
    context = multiprocessing.get_context("spawn")
    barrier, outcomes = context.Barrier(len(bundle_ids)), context.Queue()
    workers = [
        context.Process(target=_try_to_promote, args=(settings.project_dir, bundle_id, barrier, outcomes))
        for bundle_id in bundle_ids
    ]
    for worker in workers:
        worker.start()
    found = dict(outcomes.get(timeout=900) for _ in workers)
    for worker in workers:
        worker.join(900)
    winners = [bundle_id for bundle_id, outcome in found.items() if outcome == "promoted"]
    assert len(winners) == 1
    assert [release.bundle_id for release in history(store, "production")] == winners
    assert all("compared with nothing" in outcome for bundle_id, outcome in found.items() if bundle_id not in winners)


class Ledger(RuleBasedStateMachine):
    """Judges, promotes, rolls back and edits the gate file in any order; a plain list says what the ledger must hold."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.settings = make_settings(Path(self._folder.name))
        self.store = open_store(self.settings)
        self.bundle_ids = [put_bundle(self.store, name) for name in "abc"]
        self.expected: list[str] = []
        self.fitting: dict[str, bool] = {}
        self.edits = 0
        self.bytes_seen: dict[str, bytes] = {}

    def teardown(self) -> None:
        self._folder.cleanup()

    @property
    def current(self) -> str:
        return self.expected[-1] if self.expected else ""

    @rule(which=st.integers(0, 2), passes=st.booleans())
    def judge(self, which: int, passes: bool) -> None:
        put_verdict(self.settings, self.bundle_ids[which], baseline=self.current, verdict="passed" if passes else "failed")
        self.fitting[self.bundle_ids[which]] = passes

    @rule()
    def edit_gates(self) -> None:
        self.edits += 1
        self.settings.place("evals/gates.yaml").write_text(f"gates: [] # {self.edits}\n")
        self.fitting = {}

    @rule(which=st.integers(0, 2))
    def try_promote(self, which: int) -> None:
        bundle_id = self.bundle_ids[which]
        before = self.current
        if self.fitting.get(bundle_id):
            promote(self.settings, bundle_id, opener=FakeBundles())
            self.expected.append(bundle_id)
        else:
            with pytest.raises(ReleaseRefused):
                promote(self.settings, bundle_id, opener=FakeBundles())
        if self.current != before:
            self._forget_other_baselines()

    @precondition(lambda self: any(bundle_id != self.current for bundle_id in self.expected))
    @rule()
    def roll_back(self) -> None:
        wanted = [bundle_id for bundle_id in self.expected if bundle_id != self.current][-1]
        assert rollback(self.settings, opener=FakeBundles()).bundle_id == wanted
        self.expected.append(wanted)
        self._forget_other_baselines()

    def _forget_other_baselines(self) -> None:
        """Verdicts against the new baseline, from an earlier time that it was in force, fit again: ask the store what the rules say."""
        todays, _ = gate_inputs(self.settings.gate_files)
        fitting = [
            verdict
            for verdict in list_verdicts(self.store)
            if (verdict.baseline_bundle_id, verdict.gates_digest) == (self.current, todays)
        ]
        self.fitting = {verdict.bundle_id: verdict.verdict == "passed" for verdict in fitting}

    @invariant()
    def the_ledger_only_grew(self) -> None:
        releases = history(self.store, "production")
        assert [release.bundle_id for release in releases] == self.expected
        assert [release.release for release in releases] == list(range(1, len(releases) + 1))
        now = {key: self.store.get(key) for key in self.store.list("releases")}
        assert all(now.get(key) == content for key, content in self.bytes_seen.items())
        self.bytes_seen = now


Ledger.TestCase.settings = hypothesis_settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLedger = Ledger.TestCase
