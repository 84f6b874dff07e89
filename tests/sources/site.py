"""A web site on this machine that misbehaves on demand."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Page:
    """One page. `faults` are what the next requests get in its place, the first first."""

    content: bytes
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    validators: bool = True
    ranges: bool = True
    faults: list[Callable[[BaseHTTPRequestHandler, Page], None]] = field(default_factory=list)

    @property
    def etag(self) -> str:
        return f'"{sha256(self.content).hexdigest()[:16]}"'


@dataclass
class Seen:
    path: str
    headers: dict[str, str]


@dataclass
class Site:
    address: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def put(self, path: str, content: str | bytes, **more: object) -> Page:
        body = content.encode() if isinstance(content, str) else content
        self.pages[path] = Page(body, **more)  # type: ignore[arg-type]
        return self.pages[path]

    def sitemap(self, *paths: str, at: str = "/sitemap.xml", lastmod: str = "", base: str = "") -> None:
        """A sitemap that lists `paths`, default every page."""
        listed = paths or tuple(path for path in self.pages if not path.startswith("/sitemap"))
        dates = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
        urls = "".join(f"<url><loc>{(base or self.address) + path}</loc>{dates}</url>" for path in listed)
        self.put(at, f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>')

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    def forget(self) -> None:
        self.seen.clear()


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler, Page], None]:
    """Answer with a status and no content."""

    def answer(handler: BaseHTTPRequestHandler, _page: Page) -> None:
        handler.send_response(code)
        for name, value in {"content-length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def cut_off(after: int) -> Callable[[BaseHTTPRequestHandler, Page], None]:
    """Announce the whole page, send the first bytes, hang up."""

    def answer(handler: BaseHTTPRequestHandler, page: Page) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(len(page.content)))
        handler.send_header("etag", page.etag)
        handler.send_header("content-type", page.content_type)
        handler.end_headers()
        handler.wfile.write(page.content[:after])
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def hang_up(handler: BaseHTTPRequestHandler, _page: Page) -> None:
    """End the connection without an answer."""
    handler.close_connection = True


def hang(seconds: float) -> Callable[[BaseHTTPRequestHandler, Page], None]:
    """Say nothing for a while."""

    def answer(handler: BaseHTTPRequestHandler, _page: Page) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return answer


def drip_head(seconds: float) -> Callable[[BaseHTTPRequestHandler, Page], None]:
    """Send the page, its head byte by byte: each in time, the whole after many seconds."""

    def answer(handler: BaseHTTPRequestHandler, page: Page) -> None:
        handler.close_connection = True
        head = f"HTTP/1.1 200 OK\r\nx-padding: {'x' * int(seconds / 0.05)}\r\ncontent-length: {len(page.content)}\r\n\r\n"
        try:
            for byte in head.encode():
                handler.wfile.write(bytes([byte]))
                time.sleep(0.05)
            handler.wfile.write(page.content)
        except OSError:
            return

    return answer


def drip_chunk(given_up: threading.Event) -> Callable[[BaseHTTPRequestHandler, Page], None]:
    """Send the head at once, then, for ten seconds, the length of the first chunk: none of it is a byte of the page.

    Args:
        given_up: set when the client is gone before that.
    """

    def answer(handler: BaseHTTPRequestHandler, page: Page) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;")
        try:
            for _ in range(200):
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            given_up.set()

    return answer


def changed_to(content: bytes) -> Callable[[BaseHTTPRequestHandler, Page], None]:
    """Cut off, and be another page from now on."""

    def answer(handler: BaseHTTPRequestHandler, page: Page) -> None:
        cut_off(len(page.content) // 2)(handler, page)
        page.content = content

    return answer


def cut_chunks(handler: BaseHTTPRequestHandler, page: Page) -> None:
    """Send the page in chunks and hang up before the last one."""
    handler.send_response(200)
    handler.send_header("transfer-encoding", "chunked")
    handler.end_headers()
    half = page.content[: len(page.content) // 2]
    handler.wfile.write(f"{len(half):x}\r\n".encode() + half + b"\r\n")
    handler.close_connection = True


@contextmanager
def serve_site(certificate: Path | None = None) -> Iterator[Site]:
    """A site; with TLS where `certificate` names a file with a certificate and its key."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            site.seen.append(Seen(self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path)
            if page is None:
                status(404)(self, Page(b""))
            elif page.faults:
                page.faults.pop(0)(self, page)
            else:
                self._send(page)

        def _send(self, page: Page) -> None:
            same = page.validators and self.headers.get("if-none-match") == page.etag
            body, code = (b"", 304) if same else (page.content, page.status)
            headers = {"etag": page.etag} if page.validators else {}
            wanted = self.headers.get("range", "")
            if wanted and page.ranges and self.headers.get("if-range") == page.etag and not same:
                first = int(wanted.removeprefix("bytes=").rstrip("-"))
                headers["content-range"] = f"bytes {first}-{len(page.content) - 1}/{len(page.content)}"
                body, code = page.content[first:], 206
            self.send_response(code)
            for name, value in {"content-type": page.content_type, **headers, **page.headers}.items():
                self.send_header(name, value)
            if code != 304:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    site.address = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
