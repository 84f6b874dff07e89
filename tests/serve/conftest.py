"""A real server on loopback, in a thread of the test, over fakes that it opens as bundles."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from headgate.interactions.log import InteractionLog
from headgate.records import Interaction
from headgate.serve.app import create_app
from headgate.settings import Settings
from headgate.storage import open_store
from tests.fakes import FakeBundles, make_settings, put_bundle, put_release

#: Bounds every wait of a test, seconds; nothing asserts that it is short.
PATIENCE = 900.0


class Service:
    """A running service and what a test does to it."""

    def __init__(self, settings: Settings, bundles: FakeBundles) -> None:
        self.settings = settings
        self.bundles = bundles
        self.store = open_store(settings)
        app = create_app(self.store, settings.release.track, settings.serve, opener=bundles)
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        wait_for(lambda: self._server.started)
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE)

    def stop(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def release(self, number: int, name: str) -> str:
        bundle_id = put_bundle(self.store, name)
        put_release(self.store, number, bundle_id)
        return bundle_id

    def wait_for_release(self, number: int) -> None:
        wait_for(lambda: self.client.get("/readyz").json()["release"] == number)

    def ask(self, question: str, **more: Any) -> httpx.Response:
        return self.client.post("/v1/answers", json={"question": question, **more})

    def chat(self, question: str, **more: Any) -> httpx.Response:
        return self.client.post(
            "/v1/chat/completions", json={"model": "any", "messages": [{"role": "user", "content": question}], **more}
        )

    def logged(self) -> list[Interaction]:
        return list(InteractionLog(self.store))

    def figure(self, line: str) -> float:
        """A figure of /metrics by its name and labels, 0 when it was never set."""
        found = [text for text in self.client.get("/metrics").text.splitlines() if text.startswith(f"{line} ")]
        return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.02)


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as (name, content); content is parsed unless it is [DONE]."""
    found = []
    for block in text.split("\n\n"):
        if not block.strip():
            continue
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        content = fields["data"] if fields["data"] == "[DONE]" else json.loads(fields["data"])
        found.append((fields.get("event", "message"), content))
    return found


class HeldBundles(FakeBundles):
    """Answers wait before their last word until `let_go`."""

    def __init__(self) -> None:
        super().__init__()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.hold = asyncio.Event()

    def let_go(self, service: Service) -> None:
        """Ask the service's own loop to set the event, since events belong to a loop."""
        assert self.hold is not None
        self.loop_of(service).call_soon_threadsafe(self.hold.set)

    @staticmethod
    def loop_of(service: Service) -> asyncio.AbstractEventLoop:
        return service._server.servers[0].get_loop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts a service; by default one release of a bundle `a` is in force already."""
    running: list[Service] = []

    def run(*, bundles: FakeBundles | None = None, promoted: bool = True, **serve: Any) -> Service:
        settings = make_settings(tmp_path, serve={"poll_seconds": 0.05, **serve})
        service = Service(settings, bundles or FakeBundles())
        if promoted:
            service.release(1, "a")
        running.append(service)
        service.start()
        if promoted:
            service.wait_for_release(1)
        return service

    yield run
    for service in running:
        service.stop()
