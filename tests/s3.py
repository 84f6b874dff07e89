"""An S3 endpoint on this machine (moto), and a proxy before it that misbehaves on demand."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from headgate.storage import S3Store

KEY_ID, SECRET = "test-key-id", "test-secret-that-is-shown-nowhere"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Address of an S3 service with conditional writes."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own for one test."""

    endpoint: str
    name: str

    @property
    def root(self) -> str:
        return f"s3://{self.name}/store"

    def sections(self, **storage: Any) -> dict[str, Any]:
        """Settings that put the store into this bucket."""
        return {"storage": {"root": self.root, "endpoint": self.endpoint, "region": "us-east-1", "allow_http": True, **storage}}

    def store(self, cache: Path, *, endpoint: str = "") -> S3Store:
        return S3Store(self.root, cache, endpoint=endpoint or self.endpoint, region="us-east-1", allow_http=True)

    def client(self) -> Any:
        import boto3

        return boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1")

    def stored(self) -> list[str]:
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [entry["Key"].removeprefix("store/") for page in pages for entry in page.get("Contents", [])]

    def flip(self, key: str) -> None:
        """Change one byte of an object."""
        found = bytearray(self.client().get_object(Bucket=self.name, Key=f"store/{key}")["Body"].read())
        found[len(found) // 2] ^= 1
        self.client().put_object(Bucket=self.name, Key=f"store/{key}", Body=bytes(found))


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "HEADGATE_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    made = Bucket(s3_endpoint, f"test-{uuid.uuid4().hex}")
    made.client().create_bucket(Bucket=made.name)
    return made


@dataclass
class Request:
    """A request on its way through the proxy; a rule may change its headers."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class HangUp(Exception):
    """Raised by a rule: the connection ends without an answer. `forwarded`: after the request was carried out."""

    def __init__(self, *, forwarded: bool) -> None:
        super().__init__()
        self.forwarded = forwarded


@dataclass
class Proxy:
    """Forwards to the real endpoint. `rule` may answer itself, change the request, or hang up."""

    endpoint: str = ""
    rule: Callable[[Request], Reply | None] = lambda _: None
    seen: list[Request] = field(default_factory=list)

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.seen)


@pytest.fixture
def proxy(s3_endpoint: str) -> Iterator[Proxy]:
    state = Proxy()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = Request(self.command, self.path, dict(self.headers.items()))
            state.seen.append(request)
            hang_up: HangUp | None = None
            try:
                reply = state.rule(request)
            except HangUp as wanted:
                hang_up, reply = wanted, None
            if hang_up is not None and not hang_up.forwarded:
                self.close_connection = True
                return
            headers: list[tuple[str, str]] = []
            if reply is None:
                connection = HTTPConnection(s3_endpoint.removeprefix("http://"), timeout=900)
                connection.request(request.method, request.path, body=body or None, headers=request.headers)
                answer = connection.getresponse()
                reply = Reply(answer.status, answer.read())
                skipped = ("content-length", "connection", "transfer-encoding", "date", "server")
                headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in skipped]
                length = answer.getheader("content-length") or str(len(reply.body))
                connection.close()
            else:
                headers, length = list(reply.headers.items()), str(len(reply.body))
            if hang_up is not None:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("content-length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()


def without_conditions(request: Request) -> None:
    """The rule of an imitation that knows no conditional writes."""
    for name in [name for name in request.headers if name.lower() in ("if-none-match", "if-match")]:
        del request.headers[name]
