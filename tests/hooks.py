"""A local receiver of webhooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class Hooks:
    """A receiver that answers with `statuses` in turn, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.bodies: list[bytes] = []
        self.signatures: list[str] = []
        left = list(statuses)
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hooks.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                hooks.signatures.append(self.headers.get("x-headgate-signature", ""))
                self.send_response(left.pop(0) if left else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook/s3cret"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hooks() -> Iterator[Any]:
    opened: list[Hooks] = []

    def run(*statuses: int) -> Hooks:
        opened.append(Hooks(*statuses))
        return opened[-1]

    yield run
    for one in opened:
        one.close()
