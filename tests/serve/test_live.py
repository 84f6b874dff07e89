"""Tests of the bundle in service: before the first release, at a swap under load, at a release that can't be opened, at the end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from headgate.errors import IntegrityError
from headgate.records import SourceState
from headgate.serve.live import LiveBundle
from headgate.storage import FolderStore, open_store
from tests.fakes import FakeBundles, make_settings, put_bundle
from tests.serve.conftest import HeldBundles, Service, events, wait_for

Start = Callable[..., Service]


def test_before_the_first_release_the_service_is_alive_and_not_ready(start: Start) -> None:
    service = start(promoted=False)
    wait_for(lambda: "nothing was promoted" in service.client.get("/readyz").json()["reason"])
    assert service.client.get("/healthz").status_code == 200
    ready = service.client.get("/readyz")
    assert ready.status_code == 503
    assert "headgate promote" in ready.json()["reason"]
    for reply in (service.ask("q"), service.chat("q"), service.client.get("/v1/models")):
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "not_ready")
        assert reply.headers["retry-after"]
    service.release(1, "a")
    service.wait_for_release(1)
    assert service.client.get("/readyz").status_code == 200
    assert service.ask("q").status_code == 200


def test_a_stale_source_is_told_with_its_reason_and_leaves_the_service_ready(tmp_path: Path, start: Start) -> None:
    store = open_store(make_settings(tmp_path))
    now = datetime.now(UTC)
    for name, hours in (("fine", 1), ("wiki", 30)):
        state = SourceState(
            corpus="kb",
            name=name,
            kind="http",
            last_success=(now - timedelta(hours=hours)).isoformat(),
            fresh_within_hours=24,
            problem="the listing can't be read",
        )
        store.put(f"sources/kb/{name}.json", state.model_dump_json().encode())
    ready = start().client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    fine, wiki = ready.json()["sources"]
    assert (fine["source"], fine["fresh"], fine["reason"]) == ("fine", True, "")
    assert (wiki["source"], wiki["fresh"], wiki["last_success"]) == ("wiki", False, state.last_success)
    assert (
        wiki["reason"] == "source 'wiki' was last read 30.0 h ago, its objective is 24 h; last problem: the listing can't be read"
    )


def test_the_log_says_once_that_nothing_was_promoted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    live = LiveBundle(FolderStore(tmp_path), "production", FakeBundles(), poll_seconds=1)
    with caplog.at_level(logging.WARNING, "headgate"):
        live.refresh()
        live.refresh()
    assert [record.message for record in caplog.records] == [
        "nothing was promoted to track 'production' yet; run `headgate promote`, the service picks it up"
    ]


def test_a_release_that_is_refused_is_logged_as_a_message_and_a_fault_with_its_traceback(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    service = start()
    for number, error in ((2, IntegrityError("one byte differs")), (3, RuntimeError("a fault"))):
        service.bundles.broken[put_bundle(service.store, str(number))] = error
        service.release(number, str(number))
        wait_for(lambda error=error: any(str(error) in record.message for record in caplog.records))  # type: ignore[misc]
    logged = {record.message: record.exc_info for record in caplog.records if "can't be put in service" in record.message}
    refused = next(message for message in logged if "one byte differs" in message)
    assert refused == "release 2 can't be put in service, the bundle in service stays: one byte differs"
    assert not logged[refused]
    assert next(info for message, info in logged.items() if "a fault" in message)


def test_a_stream_ends_on_the_bundle_it_began_on_and_then_the_bundle_is_closed(start: Start) -> None:
    bundles = HeldBundles()
    service = start(bundles=bundles)
    texts: list[str] = []
    running = threading.Thread(target=lambda: texts.append(service.ask("old", stream=True).text))
    running.start()
    wait_for(lambda: bool(bundles.opened[0].asked))
    service.release(2, "b")
    service.wait_for_release(2)
    old, new = bundles.opened
    assert service.figure("headgate_open_bundles") == 2
    assert not old.closed.is_set()
    bundles.let_go(service)
    running.join()
    assert events(texts[0])[-1][1]["bundle_id"] == old.bundle_id
    assert events(texts[0])[-1][1]["release"] == 1
    wait_for(old.closed.is_set)
    assert service.ask("new").json()["bundle_id"] == new.bundle_id
    assert service.figure("headgate_open_bundles") == 1


def test_no_request_fails_while_releases_are_swapped_under_load(start: Start) -> None:
    service = start(max_concurrent=16)
    stop = threading.Event()
    outcomes: list[tuple[int, str, str]] = []

    def keep_asking(number: int) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=900) as client:
            while not stop.is_set():
                reply = client.post("/v1/answers", json={"question": f"client {number}", "stream": True})
                name, last = events(reply.text)[-1]
                outcomes.append((reply.status_code, name, last.get("bundle_id", "")))

    with ThreadPoolExecutor(6) as clients:
        asking = [clients.submit(keep_asking, number) for number in range(6)]
        for release in range(2, 8):
            seen = len(outcomes)
            wait_for(lambda seen=seen: len(outcomes) >= seen + 12)  # type: ignore[misc]
            service.release(release, "ba"[release % 2])
            service.wait_for_release(release)
        stop.set()
        for one in asking:
            one.result()
    assert {(status, name) for status, name, _ in outcomes} == {(200, "answer")}
    assert len({bundle_id for _, _, bundle_id in outcomes}) == 2
    assert len(service.logged()) == len(outcomes)
    assert service.figure("headgate_swaps_total") == 7
    assert [answerer.closed.is_set() for answerer in service.bundles.opened] == [True] * 6 + [False]


def test_a_release_that_cannot_be_opened_is_shown_and_the_old_one_stays(start: Start) -> None:
    service = start()
    broken = put_bundle(service.store, "broken")
    service.bundles.broken[broken] = IntegrityError("a model file was changed")
    service.release(2, "broken")
    wait_for(lambda: service.client.get("/readyz").json()["not_in_service"] is not None)
    ready = service.client.get("/readyz")
    assert (ready.status_code, ready.json()["release"]) == (200, 1)
    assert ready.json()["not_in_service"]["release"] == 2
    assert "a model file was changed" in ready.json()["not_in_service"]["error"]
    assert service.figure("headgate_swap_failures_total") >= 1
    assert service.ask("still there").status_code == 200
    service.release(3, "c")
    service.wait_for_release(3)
    assert service.client.get("/readyz").json()["not_in_service"] is None


def test_a_release_that_can_be_opened_later_is_put_in_service_then(start: Start) -> None:
    service = start()
    late = put_bundle(service.store, "late")
    service.bundles.broken[late] = RuntimeError("the store is being copied")
    service.release(2, "late")
    wait_for(lambda: service.figure("headgate_swap_failures_total") >= 1)
    del service.bundles.broken[late]
    service.wait_for_release(2)
    assert service.client.get("/readyz").json()["not_in_service"] is None


def test_a_release_of_the_same_bundle_opens_nothing_anew(start: Start) -> None:
    service = start()
    service.release(2, "a")
    service.wait_for_release(2)
    assert len(service.bundles.opened) == 1
    assert service.ask("q").json()["release"] == 2


def test_a_ledger_that_lost_its_end_does_not_take_the_service_back(start: Start) -> None:
    service = start()
    service.release(2, "b")
    service.wait_for_release(2)
    service.store.delete("releases/production/00000002.json")
    wait_for(lambda: service.client.get("/readyz").json()["not_in_service"] is not None)
    assert service.client.get("/readyz").json()["release"] == 2
    assert "restore it" in service.client.get("/readyz").json()["not_in_service"]["error"]
