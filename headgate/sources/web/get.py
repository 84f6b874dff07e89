"""GET over HTTP(S) for sources: polite, bounded, and only on allowed hosts."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    IncompleteRead,
    LocationParseError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as WebTimeout

from headgate.errors import Gone, SourceFault
from headgate.process.retry import PASSING_STATUSES
from headgate.settings import HttpSource
from headgate.sources.corpus_paths import shown_url
from headgate.sources.values import retry_after
from headgate.sources.web.addresses import Watch, open_pool

_PIECE = 1 << 16
_REDIRECTS = (301, 302, 303, 307, 308)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Pace:
    """Lets requests through evenly, at most so many a second, over all threads."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        with self._lock:
            now = self._clock()
            at = max(now, self._next)
            self._next = at + self._gap
        if at > now:
            self._sleep(at - now)


class WebClient:
    """Asks one source.

    Args:
        hosts: `host` or `host:port` that may be asked; see `host_of`.
        authorization: value of the Authorization header, "" for none. It goes to `home` only.
    """

    def __init__(self, settings: HttpSource, *, hosts: frozenset[str], home: str, authorization: str = "") -> None:
        self._settings = settings
        self._hosts = hosts
        self._home = home
        self._authorization = authorization
        self._pool = open_pool(allow_private=settings.allow_private, size=settings.parallel)
        self._pace = Pace(settings.requests_per_second)

    def why_refused(self, url: str) -> str:
        """Why `url` is not asked for; "" when it may be."""
        try:
            parts = urlsplit(url)
            host = host_of(url)
        except ValueError:
            return "it can't be read as an address"
        if parts.scheme not in ("http", "https"):
            return "neither http nor https"
        if parts.username or parts.password:
            return "it holds a name or a password"
        if parts.scheme == "http" and not self._settings.allow_http:
            return "http without TLS, which allow_http does not allow"
        if host not in self._hosts:
            return f"host {host!r} is not among allowed_hosts"
        return ""

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str], *, until: float) -> Iterator[urllib3.BaseHTTPResponse]:
        """The answer (200, 206 or 304) to a GET, after redirects; its body is read with `pieces`.

        Args:
            until: moment by `time.monotonic` when the whole must be over.

        Raises:
            Gone: 404 or 410.
            SourceFault: anything else that is no answer.
        """
        target = url
        for _ in range(self._settings.max_redirects + 1):
            with _translated(url):
                reply = self._ask(target, headers, until)
            try:
                if reply.status not in _REDIRECTS:
                    _check_status(reply)
                    with _translated(url):
                        yield reply
                    return
                target = self._redirect(target, reply)
            finally:
                reply.close()  # what was not read is not waited for
                reply.release_conn()
        raise SourceFault("redirects", f"more than max_redirects = {self._settings.max_redirects} redirects", blames_source=False)

    def pieces(self, reply: urllib3.BaseHTTPResponse, *, limit: int, until: float) -> Iterator[bytes]:
        """The body, unpacked.

        Raises:
            SourceFault: more than `limit` bytes, too slow, or an encoding that was not asked for and is unknown.
        """
        encoding = reply.headers.get("content-encoding", "").lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise SourceFault("encoding", f"the server sends content encoding {encoding!r} unasked", blames_source=False)
        received = 0
        # One read may wait for many answers of the socket, none of which yields a byte: compressed, or in chunks without an end.
        with Watch(getattr(reply.connection, "answering", None), max(0.0, until - time.monotonic())):
            while piece := self._piece(reply, until, received):
                received += len(piece)
                if received > limit:
                    raise SourceFault("too_large", f"more than {limit / 2**20:.0f} MiB", blames_source=False)
                yield piece

    def _piece(self, reply: urllib3.BaseHTTPResponse, until: float, received: int) -> bytes:
        try:
            piece = reply.read1(_PIECE, decode_content=True)
        except (HTTPError, OSError):
            if time.monotonic() <= until:
                raise
            piece = b""
        if time.monotonic() > until:
            raise SourceFault("timeout", f"only {received + len(piece)} bytes came before the deadline", transient=True)
        return piece

    def _ask(self, url: str, headers: Mapping[str, str], until: float) -> urllib3.BaseHTTPResponse:
        self._pace.wait()
        left = min(self._settings.timeout_seconds, until - time.monotonic())
        if left <= 0:
            raise SourceFault("timeout", "deadline_seconds are over", transient=True)
        sent = {"user-agent": self._settings.user_agent, "accept-encoding": "identity", **headers}
        if self._authorization and host_of(url) == self._home:
            sent["authorization"] = self._authorization
        return self._pool.request(
            "GET", url, headers=sent, redirect=False, preload_content=False, timeout=urllib3.Timeout(connect=left, read=left)
        )

    def _redirect(self, url: str, reply: urllib3.BaseHTTPResponse) -> str:
        try:
            target = urljoin(url, reply.headers.get("location", "")).partition("#")[0]
        except ValueError as error:
            raise SourceFault(
                "redirect_refused", "it redirects to what can't be read as an address", blames_source=False
            ) from error
        if why := self.why_refused(target):
            raise SourceFault("redirect_refused", f"it redirects to {shown_url(target)!r}: {why}", blames_source=False)
        if url.startswith("https:") and not target.startswith("https:"):
            raise SourceFault("redirect_refused", f"it redirects from https to {shown_url(target)!r}", blames_source=False)
        return target


def host_of(url: str) -> str:
    """`host`, with the port where it is not the scheme's own; lower case. Raises ValueError: not an address."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    return shown if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f"{shown}:{port}"


def content_type(reply: urllib3.BaseHTTPResponse) -> tuple[str, str]:
    """(media type, charset) of the Content-Type header, lower case, "" where it does not say."""
    header = reply.headers.get("content-type", "")
    charset = re.search(r"charset\s*=\s*\"?([\w.:-]{1,40})", header, re.IGNORECASE)
    return header.partition(";")[0].strip().lower()[:100], charset[1].lower() if charset else ""


def _check_status(reply: urllib3.BaseHTTPResponse) -> None:
    status = reply.status
    if status in (200, 206, 304):
        return
    if status in (404, 410):
        raise Gone(f"HTTP {status}")
    if status in (401, 403, 407):
        raise SourceFault("forbidden", f"HTTP {status}; check what authorization_variable names, and what it is allowed to read")
    if status in PASSING_STATUSES:
        asked = retry_after(reply.headers.get("retry-after", ""))
        raise SourceFault("unavailable", f"HTTP {status}", transient=True, retry_after=asked)
    raise SourceFault("refused", f"HTTP {status}", blames_source=status >= 500)


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Errors of the client as faults."""
    try:
        yield
    except WebTimeout as error:
        raise SourceFault("timeout", "no connection, or no answer, within timeout_seconds", transient=True) from error
    except SSLError as error:
        certificate = isinstance(error.__cause__ or error.args[0], ssl.SSLCertVerificationError)
        raise SourceFault("tls", f"no TLS connection: {str(error)[:200]}", transient=not certificate) from error
    except NewConnectionError as error:
        raise SourceFault("unreachable", f"no connection to {host_of(url)!r}", transient=True) from error
    except IncompleteRead as error:
        raise SourceFault("interrupted", "the connection ended before the file did", transient=True) from error
    except DecodeError as error:
        raise SourceFault("encoding", "its content encoding is damaged", transient=True) from error
    except LocationParseError as error:
        raise SourceFault("refused", f"{shown_url(url)!r} can't be asked for", blames_source=False) from error
    except ProtocolError as error:
        raise SourceFault("interrupted", "the connection was reset, or the answer is not HTTP", transient=True) from error
    except HTTPError as error:
        raise SourceFault("unavailable", f"{type(error).__name__}: {str(error)[:200]}", transient=True) from error
    except UnicodeError as error:
        raise SourceFault("refused", f"{shown_url(url)!r} is no address", blames_source=False) from error
    except OSError as error:
        raise SourceFault("unreachable", f"no connection: {error.strerror or error}", transient=True) from error
