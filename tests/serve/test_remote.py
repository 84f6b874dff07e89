"""The service over a store in a bucket that goes down and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import headgate.interactions.log
from headgate.errors import StorageError
from headgate.interactions.log import InteractionLog
from headgate.serve.server import run_server
from headgate.settings import Settings
from headgate.storage import s3_errors
from tests.fakes import FakeBundles, make_settings
from tests.s3 import Bucket, Proxy, Reply, without_conditions
from tests.serve.conftest import Service, wait_for


@pytest.fixture
def remote(bucket: Bucket, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(s3_errors, "RETRIES", replace(s3_errors.RETRIES, first_pause=0.01))
    monkeypatch.setattr(headgate.interactions.log, "SEND_SECONDS", 0.05)
    return make_settings(tmp_path, **bucket.sections(endpoint=proxy.endpoint), serve={"poll_seconds": 0.05})


@pytest.fixture
def service(remote: Settings) -> Iterator[Service]:
    running = Service(remote, FakeBundles())
    running.release(1, "a")
    running.start()
    running.wait_for_release(1)
    yield running
    running.stop()


def test_a_store_that_goes_down_stops_no_answer_and_loses_no_interaction(
    service: Service, bucket: Bucket, proxy: Proxy, tmp_path: Path
) -> None:
    before = [service.ask(f"before {number}").json()["interaction_id"] for number in range(3)]
    elsewhere = bucket.store(tmp_path / "elsewhere")
    wait_for(lambda: {one.interaction_id for one in InteractionLog(elsewhere)} == set(before))
    proxy.rule = lambda _: Reply(503)
    during = []
    for number in range(10):
        reply = service.ask(f"during {number}")
        assert reply.status_code == 200
        during.append(reply.json()["interaction_id"])
    wait_for(lambda: "answered 503" in service.client.get("/readyz").json()["log_not_sent"])
    assert service.client.get("/readyz").status_code == 200
    wait_for(lambda: service.client.get("/readyz").json()["not_in_service"] is not None)
    wait_for(lambda: "answered 503" in service.client.get("/readyz").json()["withdrawals_not_read"])
    assert service.client.get("/readyz").status_code == 200
    proxy.rule = lambda _: None
    wait_for(lambda: service.client.get("/readyz").json()["log_not_sent"] == "")
    wait_for(lambda: service.client.get("/readyz").json()["not_in_service"] is None)
    wait_for(lambda: {one.interaction_id for one in InteractionLog(elsewhere)} == {*before, *during})
    found = [one.interaction_id for one in InteractionLog(elsewhere)]
    assert len(found) == len(set(found))
    service.release(2, "b")
    service.wait_for_release(2)


def test_a_service_that_stops_has_sent_its_log(remote: Settings, bucket: Bucket, tmp_path: Path) -> None:
    running = Service(remote, FakeBundles())
    running.release(1, "a")
    running.start()
    running.wait_for_release(1)
    asked = running.ask("how long").json()["interaction_id"]
    running.stop()
    assert [one.interaction_id for one in InteractionLog(bucket.store(tmp_path / "elsewhere"))] == [asked]
    assert not list((remote.local_root / "spool").rglob("*.jsonl"))


def test_a_service_does_not_start_on_a_store_without_conditional_writes_or_that_is_down(remote: Settings, proxy: Proxy) -> None:
    proxy.rule = without_conditions
    with pytest.raises(StorageError, match="no conditional writes"):
        run_server(remote, announce=lambda _: None)
    proxy.rule = lambda _: Reply(503)
    with pytest.raises(StorageError, match="answered 503"):
        run_server(remote, announce=lambda _: None)
