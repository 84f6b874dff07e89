"""A withdrawn document over the whole path: three bundles, the service, a rollback, a replay, the next ingest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.build import build
from headgate.bundle import list_bundles, load_manifest, open_bundle
from headgate.cli.main import main
from headgate.evaluate.canary.hits import Finder
from headgate.index.traces import documents_held
from headgate.interactions.log import InteractionLog
from headgate.records import Answer, Question
from headgate.retention.withdrawing import documents_of
from headgate.storage import Store, open_store
from headgate.withdrawals.ledger import withdraw
from tests.fakes import put_release
from tests.serve.conftest import Service, wait_for
from tests.small_project import SmallProject, small_project, write_project

__all__ = ["small_project"]
SECRET = "Refunds above 900 pounds need the code word Quellomax, which only the finance office gives out."
QUESTION = "Which code word do refunds above 900 pounds need?"
OLD, NOW = "billing/limits.md", "billing/refund-limits.md"


class History:
    """Three bundles of one project: the page as it was first, moved with an edit, and beside a changed page."""

    def __init__(self, project: SmallProject) -> None:
        self.project = project
        self.store: Store = open_store(project.settings)
        project.write_page(OLD, f"# Limits\n\n{SECRET}")
        self.bundles = [self.build()]
        (project.folder / "documents" / OLD).rename(project.folder / "documents" / NOW)
        self.bundles.append(self.build())
        project.write_page(NOW, f"# Limits of refunds\n\n{SECRET} Ask by mail.")
        self.bundles.append(self.build())

    def build(self) -> str:
        return build(self.project.settings, canary=False).bundle_id

    def ask(self, bundle_id: str, question: str = QUESTION) -> Answer:
        return open_bundle(self.store, bundle_id).answer_now(Question(text=question))

    def run(self, *arguments: str) -> int:
        return main(["--settings", str(self.project.settings_file), *arguments])


@pytest.fixture
def past(tmp_path: Path, exported_model: Path) -> History:
    return History(write_project(tmp_path / "small", exported_model))


def traces(answer: Answer) -> set[str]:
    """Where the withdrawn document shows in an answer."""
    found = {one.doc_id for one in answer.retrieved} | {one.doc_id for one in answer.citations}
    text = " ".join([answer.text, *answer.contexts, *(one.quote for one in answer.citations), *answer.corrections.values()])
    return (found & {OLD, NOW}) | ({"quoted"} if "quellomax" in text.lower() else set())


def test_no_bundle_of_any_age_finds_it_and_taking_it_back_brings_it_back(
    past: History, capsys: pytest.CaptureFixture[str]
) -> None:
    assert all("quoted" in traces(past.ask(bundle_id)) for bundle_id in past.bundles)
    assert past.run("withdraw", NOW, "--reason", "it names a code word", "--by", "Ann") == 0
    assert OLD in capsys.readouterr().out, "the name that it had before"
    for bundle_id in past.bundles:
        assert traces(past.ask(bundle_id)) == set()
        assert traces(past.ask(bundle_id, "What is the code word quellomay for refunds?")) == set(), (
            "no word of it corrects a question"
        )
        assert past.ask(bundle_id, "How long does a refund take?").citations, "other documents are found as before"
    assert past.run("withdraw", "--undo", "1", "--reason", "it is no secret") == 0
    assert all("quoted" in traces(past.ask(bundle_id)) for bundle_id in past.bundles)
    capsys.readouterr()
    assert past.run("withdraw", "--list", "--json") == 0
    lines = json.loads(capsys.readouterr().out)["withdrawals"]
    assert [(line["kind"], line["target"], line["in_force"]) for line in lines] == [
        ("withdraw", NOW, False),
        ("undo", NOW, False),
    ]


def test_the_next_ingest_leaves_it_out_by_name_and_the_counts_add_up(past: History) -> None:
    past.run("withdraw", NOW, "--reason", "it names a code word")
    past.run("withdraw", "drafts/**", "--reason", "drafts are for nobody")
    past.project.write_page("drafts/new.md", "# A draft\n\nFrom next year on, refunds are paid on the first day of the month.")
    past.project.write_page("copies/same.md", f"# Limits of refunds\n\n{SECRET} Ask by mail.")
    past.project.write_page("copies/other-form.txt", f"Limits of refunds\n=================\n\n{SECRET}  Ask by mail.")
    made = build(past.project.settings, canary=False)
    counts, outcomes = made.ingest.counts, {one.path: one for one in made.ingest.outcomes}
    assert counts.files == counts.indexed + counts.quarantined + counts.dead_lettered + counts.excluded
    assert {path for path, one in outcomes.items() if one.outcome == "excluded"} == {
        NOW,
        "copies/same.md",
        "copies/other-form.txt",
        "drafts/new.md",
    }
    assert {one.reasons[0].code for one in outcomes.values() if one.outcome == "excluded"} == {"withdrawn"}
    assert traces(past.ask(made.bundle_id)) == set()
    assert made.bundle_id not in past.bundles


def test_a_bundle_made_while_it_was_withdrawn_has_the_id_that_its_content_gives(past: History) -> None:
    past.run("withdraw", "nothing/**", "--reason", "a pattern that matches nothing")
    assert past.build() == past.bundles[-1], "what is withdrawn is no part of a bundle"


def test_a_pattern_withdraws_what_old_bundles_hold_under_it(past: History) -> None:
    assert past.run("withdraw", "billing/*limits*", "--reason", "limits are not for customers") == 0
    assert all(traces(past.ask(bundle_id)) == set() for bundle_id in past.bundles)
    assert past.ask(past.bundles[0], "How long does a refund take?").citations


def test_a_name_that_no_ingest_knows_is_refused_with_the_closest(past: History, capsys: pytest.CaptureFixture[str]) -> None:
    assert past.run("withdraw", "billing/refund-limit.md", "--reason", "it names a code word") == 2
    assert f"did you mean '{NOW}'" in capsys.readouterr().err
    assert list(past.store.list("withdrawals")) == []


def test_a_remembered_hit_of_the_canary_is_none_any_more(past: History) -> None:
    def found() -> set[str]:
        finder = Finder(past.store, past.bundles[-1])
        hits = {hit.doc_id for hit in finder.find(Question(text=QUESTION))}
        finder.close()
        return hits

    assert NOW in found()
    past.run("withdraw", NOW, "--reason", "it names a code word")
    assert NOW not in found()
    past.run("withdraw", "--undo", "1", "--reason", "it is no secret")
    assert NOW in found()


@pytest.fixture
def service(past: History) -> Iterator[Service]:
    """The service over real bundles, polling all the time; the first bundle is in service."""
    settings = past.project.settings.model_copy(
        update={"serve": past.project.settings.serve.model_copy(update={"poll_seconds": 0.05})}
    )

    put_release(past.store, 1, past.bundles[0])
    running = Service(settings, open_bundle)  # type: ignore[arg-type]
    running.start()
    running.wait_for_release(1)
    yield running
    running.stop()


def test_the_running_service_applies_it_after_a_rollback_too_and_replay_says_so(
    past: History, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    first = service.ask(QUESTION).json()
    assert "Quellomax" in first["answer"]
    put_release(past.store, 2, past.bundles[2])
    service.wait_for_release(2)
    assert "Quellomax" in service.ask(QUESTION).json()["answer"]
    past.run("withdraw", NOW, "--reason", "it names a code word", "--by", "Ann")
    wait_for(lambda: "Quellomax" not in service.ask(QUESTION).text)
    put_release(past.store, 3, past.bundles[0])  # the way back
    service.wait_for_release(3)
    assert "Quellomax" not in service.ask(QUESTION).text
    assert service.client.get("/readyz").json()["ready"]

    capsys.readouterr()
    assert past.run("replay", first["interaction_id"], "--json") == 1
    told = capsys.readouterr().out
    assert "Quellomax" not in told
    replayed = json.loads(told)
    assert (replayed["withdrawn"], replayed["differences"]) == ([OLD], ["withdrawn"])
    assert past.run("replay", first["interaction_id"]) == 1
    assert "withdrawn by now" in capsys.readouterr().out


def test_a_service_that_can_not_read_the_list_is_not_ready_and_a_new_bundle_is_not_opened(
    past: History, service: Service
) -> None:
    past.store.put("withdrawals/00000001.json", b"{}")
    wait_for(lambda: "list of withdrawals" in service.client.get("/readyz").json()["reason"])
    assert service.client.get("/readyz").status_code == 503
    assert past.run("ask", QUESTION) == 2
    past.store.delete("withdrawals/00000001.json")
    wait_for(lambda: service.client.get("/readyz").status_code == 200)


def test_what_a_name_stands_for_is_found_in_the_records_of_all_ingests(past: History) -> None:
    meant = documents_of(past.store, "small", OLD)
    assert meant.documents == {OLD, NOW}
    assert len(meant.digests) == 2
    assert len(meant.texts) == 2


# --- for good --------------------------------------------------------------------------------------------------------


def holding(folder: Path) -> list[str]:
    """Files below a folder in which the secret word stands."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and b"quellomax" in path.read_bytes().lower()
    ]


def prune(past: History, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    capsys.readouterr()
    past.run("versions", "prune", "--json", *more)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_is_to_be_erased_goes_at_the_next_clean_up_but_for_what_is_in_service(
    past: History, capsys: pytest.CaptureFixture[str]
) -> None:
    store_folder = past.project.folder / ".headgate"
    put_release(past.store, 1, past.bundles[2])
    capsys.readouterr()
    past.run("ask", QUESTION, "--json")
    interaction = json.loads(capsys.readouterr().out)["interaction_id"]
    assert holding(store_folder)
    past.run("withdraw", NOW, "--erase", "--reason", "it names a code word", "--by", "Ann")
    told = prune(past, capsys, "--dry-run")
    assert set(list_bundles(past.store)) == set(past.bundles), "a dry run only tells"
    assert any("in service" in one for one in told["skipped"])

    told = prune(past, capsys)
    assert list_bundles(past.store) == [past.bundles[2]]
    assert any("is in service and holds a document that is to be erased" in one for one in told["skipped"])
    assert traces(past.ask(past.bundles[2])) == set()
    answer = InteractionLog(past.store).find(interaction).answer
    assert (answer.text, answer.citations, answer.contexts) == ("erased", (), ())
    assert InteractionLog(past.store).damaged() == []

    fresh = past.build()
    put_release(past.store, 2, fresh)
    told = prune(past, capsys)
    assert list_bundles(past.store) == [fresh]
    assert not [one for one in told["skipped"] if "erased" in one]
    assert holding(store_folder) == []
    assert past.ask(fresh, "How long does a refund take?").citations
    assert past.run("replay", interaction) == 1

    cache = store_folder / "cache" / "ingest" / "small.sqlite"
    past.build()
    assert cache.is_file()
    prune(past, capsys)
    assert cache.is_file(), "what was made anew without the document stays"


def test_rows_that_were_deleted_before_leave_no_bytes_once_they_are_withdrawn(small_project: SmallProject) -> None:
    for number in range(12):
        small_project.write_page(
            f"more/{number}.md", f"# Plan {number}\n\nPlan {number} costs £{number}.00 a month, and its box has {number} lights."
        )
    small_project.write_page(NOW, f"# Limits\n\n{SECRET}")
    store = open_store(small_project.settings)
    build(small_project.settings)
    (small_project.folder / "documents" / NOW).unlink()
    table = load_manifest(store, build(small_project.settings).bundle_id).table
    assert NOW in documents_held(store, table.table, table.version), "deleted rows stand in the files"
    meant = documents_of(store, "small", NOW)
    withdraw(store, "small", NOW, documents=meant.documents, by="Ann", reason="it names a code word")
    clean = load_manifest(store, build(small_project.settings).bundle_id).table
    assert NOW not in documents_held(store, clean.table, clean.version)
    assert clean.digest == table.digest, "the same rows"
