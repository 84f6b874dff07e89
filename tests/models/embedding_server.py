"""A real HTTP server on loopback that speaks the OpenAI embeddings protocol, badly where it is told to."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np


@dataclass
class EmbeddingServer:
    """What it does next, and what it was asked. `reply` replaces the vectors of every request."""

    url: str = ""
    dimensions: int = 16
    statuses: list[int] = field(default_factory=list)  # of the next requests; then 200
    reply: list[Any] | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [text for request in self.requests for text in request["input"]]

    def vector(self, text: str) -> list[float]:
        """A bag of hashed words: texts that share words are near."""
        found = np.full(self.dimensions, 0.01)
        for word in text.lower().split():
            found[hashlib.sha256(word.strip(".,?").encode()).digest()[0] % self.dimensions] += 1
        return [float(number) for number in found]


@contextmanager
def serve_embeddings(dimensions: int = 16) -> Iterator[EmbeddingServer]:
    state = EmbeddingServer(dimensions=dimensions)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(asked)
            status = state.statuses.pop(0) if state.statuses else 200
            if status != 200:
                self._send(status, {"error": {"message": "broken", "type": "server_error"}})
                return
            vectors = [state.vector(text) for text in asked["input"]] if state.reply is None else state.reply
            # Out of order, as the protocol allows.
            entries = [{"object": "embedding", "index": number, "embedding": vector} for number, vector in enumerate(vectors)][
                ::-1
            ]
            tokens = sum(len(text.split()) for text in asked["input"])
            usage = {"prompt_tokens": tokens, "total_tokens": tokens}
            self._send(200, {"object": "list", "model": asked["model"], "data": entries, "usage": usage})

        def _send(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
