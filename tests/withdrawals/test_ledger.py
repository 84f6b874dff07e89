"""The list of withdrawals: it only grows, a gap is noticed, and what is taken back holds no more."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.errors import IntegrityError, NotFoundError, StorageError, UsageError
from headgate.storage import FolderStore, Store
from headgate.withdrawals.ledger import Withdrawn, history, in_force, read_withdrawn, undo, withdraw
from headgate.withdrawals.view import TRUST_SECONDS, WithdrawalView


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return FolderStore(tmp_path / "store")


def take(store: Store, target: str, *documents: str, corpus: str = "c") -> int:
    return withdraw(store, corpus, target, documents=documents or (target,), by="Ann", reason="a test").number


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_withdrawal_names_who_when_and_why_and_holds_for_its_corpus(store: Store) -> None:
    assert take(store, "a.md") == 1
    (line,) = history(store)
    assert (line.target, line.by, line.reason, line.kind) == ("a.md", "Ann", "a test", "withdraw")
    assert line.at.startswith("20")
    assert read_withdrawn(store, "c").covers("a.md")
    assert not read_withdrawn(store, "other").covers("a.md")


def test_a_pattern_covers_what_it_matches_now_and_later(store: Store) -> None:
    take(store, "drafts/**", "drafts/a.md")
    found = read_withdrawn(store, "c")
    assert found.among(["drafts/a.md", "drafts/new/b.md", "plans/a.md"]) == ("drafts/a.md", "drafts/new/b.md")


def test_undo_is_a_line_too_and_only_of_what_is_in_force(store: Store) -> None:
    take(store, "a.md")
    take(store, "b.md")
    assert undo(store, 1, by="Ben", reason="it was right").number == 3
    assert read_withdrawn(store, "c") == Withdrawn(documents=frozenset({"b.md"}))
    assert [line.kind for line in history(store)] == ["withdraw", "withdraw", "undo"]
    for number in (1, 3, 9):
        with pytest.raises(NotFoundError, match=f"no withdrawal {number} is in force; in force are 2"):
            undo(store, number, by="Ben", reason="again")
    assert [line.number for line in in_force(history(store))] == [2]


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("Ann", " ")])
def test_nothing_is_withdrawn_without_a_name_and_a_reason(store: Store, by: str, reason: str) -> None:
    with pytest.raises(UsageError, match="needs the name of who decides it and a reason"):
        withdraw(store, "c", "a.md", documents=("a.md",), by=by, reason=reason)
    assert history(store) == ()


def test_of_several_at_once_none_is_lost(store: Store) -> None:
    with ThreadPoolExecutor(6) as threads:
        numbers = list(threads.map(lambda name: take(store, f"{name}.md"), range(12)))
    assert sorted(numbers) == list(range(1, 13))
    assert read_withdrawn(store, "c").documents == {f"{name}.md" for name in range(12)}


def damage(store: Store, what: str) -> None:
    keys = list(store.list("withdrawals"))
    match what:
        case "a line that is no line":
            store.put(keys[0], b"{}")
        case "a gap":
            store.delete(keys[0])
        case "a changed number":
            store.put(keys[0], store.get(keys[1]))


@pytest.mark.parametrize("what", ["a line that is no line", "a gap", "a changed number"])
def test_a_list_that_can_not_be_read_shows_nothing(store: Store, what: str) -> None:
    take(store, "a.md")
    take(store, "b.md")
    damage(store, what)
    with pytest.raises(IntegrityError, match=r"the list of withdrawals: .* nothing is answered until"):
        WithdrawalView(store, "c")
    with pytest.raises(IntegrityError):
        take(store, "c.md")


# --- as whoever answers sees it --------------------------------------------------------------------------------------


def test_a_withdrawal_is_seen_when_a_second_has_passed(store: Store) -> None:
    clock = Clock()
    view = WithdrawalView(store, "c", clock=clock)
    take(store, "a.md")
    clock.now += 0.9
    assert not asyncio.run(view.current())
    clock.now += 0.1
    assert asyncio.run(view.current()).covers("a.md")
    undo(store, 1, by="Ben", reason="it was right")
    clock.now += 1.0
    assert not asyncio.run(view.current())


def test_while_the_list_can_not_be_read_the_last_known_one_holds_for_a_minute(store: Store) -> None:
    clock = Clock()
    take(store, "a.md")
    view = WithdrawalView(store, "c", clock=clock)
    store.put("withdrawals/00000002.json", b"{}")
    clock.now += TRUST_SECONDS
    assert asyncio.run(view.current()).covers("a.md")
    assert "can't be read" in view.problem
    assert not view.trusted  # damaged, not out of reach
    clock.now += 1.1
    with pytest.raises(IntegrityError, match="nothing is answered until it can be"):
        asyncio.run(view.current())
    store.delete("withdrawals/00000002.json")
    clock.now += 1.1
    assert asyncio.run(view.current()).covers("a.md")
    assert view.problem == ""
    assert view.trusted


def test_a_store_that_is_away_is_trusted_for_a_minute(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    take(store, "a.md")
    view = WithdrawalView(store, "c", clock=clock)

    def away(*_: object) -> int:
        raise StorageError("the store answered 503")

    with monkeypatch.context() as patch:
        patch.setattr("headgate.withdrawals.view.latest_number", away)
        clock.now += TRUST_SECONDS
        assert view.refresh().covers("a.md")
        assert "503" in view.problem
        assert view.trusted
        clock.now += 1.1
        with pytest.raises(IntegrityError):
            view.refresh()
        assert not view.trusted
    clock.now += 1.1
    assert view.refresh().covers("a.md")
    assert view.trusted


def test_a_list_that_lost_its_end_is_no_shorter_list(store: Store) -> None:
    clock = Clock()
    take(store, "a.md")
    view = WithdrawalView(store, "c", clock=clock)
    store.delete("withdrawals/00000001.json")
    clock.now += 1.1
    assert asyncio.run(view.current()).covers("a.md")
    assert "number 1 is gone" in view.problem
