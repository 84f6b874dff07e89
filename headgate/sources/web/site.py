"""A web site as a source: the pages of a sitemap or of a list of addresses, each asked for only if it changed.

listing   sitemap.xml ─(index: each of its sitemaps)─► addresses on allowed hosts
fetch     If-None-Match, If-Modified-Since ─► 304 unchanged │ 200 whole │ cut off: Range + If-Range ─► the rest, or whole again
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import urllib3

from headgate.errors import Gone, SourceFault
from headgate.process.retry import Retries, of_source
from headgate.records.remarks import excluded
from headgate.settings import HttpSource
from headgate.sources.corpus_paths import corpus_path, shown_url, url_path
from headgate.sources.items import Fetched, Known, Listed, Listing
from headgate.sources.state.objects import Incoming, ObjectCache
from headgate.sources.values import iso_date
from headgate.sources.web.get import WebClient, content_type, host_of
from headgate.sources.web.sitemap import Entry, lastmod_date, read_sitemap, read_url_list, unpack
from headgate.text.numbers import whole_number

#: Sitemaps in one index; the protocol allows 50,000, each with as many pages.
_MAX_SITEMAPS = 1000
#: Listed addresses for each that max_pages lets in, before the listing is refused.
_MAX_LISTED = 10
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)


class HttpReader:
    """The pages of one source.

    Args:
        settings: the source.
        project: the folder that `url_list` is relative to.
        objects: where pages are kept.
        limit: larger pages are not read, bytes.
        environment: has the variable that `authorization_variable` names.

    Raises:
        SourceFault: the list of addresses can't be read, or the variable is not set.
    """

    def __init__(
        self,
        settings: HttpSource,
        *,
        project: Path,
        objects: ObjectCache,
        limit: int,
        environment: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._objects = objects
        self._limit = limit
        self._retries = Retries(settings.retries + 1, settings.retry_seconds, deadline=settings.deadline_seconds, sleep=sleep)
        self._given = _given(settings, project)
        self._home = host_of(settings.sitemap or (self._given[0].url if self._given else ""))
        hosts = frozenset(host.lower() for host in settings.allowed_hosts) or frozenset(
            {self._home, *(_host(entry.url) for entry in self._given)}
        )
        authorization = ""
        if (name := settings.authorization_variable) and not (authorization := environment.get(name, "")):
            raise SourceFault("credentials", f"the environment variable {name!r} (authorization_variable) is not set")
        self._client = WebClient(settings, hosts=hosts, home=self._home, authorization=authorization)

    def listing(self) -> Listing:
        entries = self._given or self._sitemap_entries()
        items: dict[str, Listed] = {}
        pages = 0
        for entry in entries:
            url = entry.url.partition("#")[0]
            refused = self._client.why_refused(url)
            if refused and "@" in url:
                url = shown_url(url)  # it is not asked for, and a password in it is not kept
            if url in items:
                continue
            rule = excluded("url", refused) if refused else None
            if rule is None:
                pages += 1
                if pages > self._settings.max_pages:
                    rule = excluded("max_pages", f"more than {self._settings.max_pages}")
            if len(items) >= self._settings.max_pages * _MAX_LISTED + 1000:
                raise SourceFault(
                    "sitemap", f"more than {len(items)} addresses with max_pages = {self._settings.max_pages}; raise it"
                )
            path = corpus_path(url) if url_error(url) else url_path(url, own_host=self._home)
            items[url] = Listed(url, path, -1, lastmod_date(entry.lastmod), entry.lastmod, url, rule)
        return Listing(tuple(items.values()))

    def _sitemap_entries(self) -> tuple[Entry, ...]:
        first = read_sitemap(self._read_listing(self._settings.sitemap))
        if not first.is_index:
            return first.entries
        if len(first.entries) > _MAX_SITEMAPS:
            raise SourceFault("sitemap", f"the index names {len(first.entries)} sitemaps, {_MAX_SITEMAPS} are read at most")
        entries: list[Entry] = []
        until = time.monotonic() + self._settings.run_minutes * 60
        for number, child in enumerate(first.entries):
            if time.monotonic() > until:
                raise SourceFault("timeout", f"run_minutes were over after {number} of {len(first.entries)} sitemaps")
            if why := self._client.why_refused(child.url):
                raise SourceFault("sitemap", f"the index names the sitemap {shown_url(child.url)!r}: {why}")
            found = read_sitemap(self._read_listing(child.url))
            if found.is_index:
                raise SourceFault("sitemap", f"{shown_url(child.url)!r} is an index inside an index, which the protocol forbids")
            entries += found.entries
        return tuple(entries)

    def _read_listing(self, url: str) -> bytes:
        limit = self._settings.max_listing_mib * 2**20
        until = time.monotonic() + self._settings.deadline_seconds

        def read() -> bytes:
            with self._client.get(url, {}, until=until) as reply:
                return b"".join(self._client.pieces(reply, limit=limit, until=until))

        try:
            return unpack(self._retries.call(read, of_source), limit=limit)
        except Gone as gone:
            raise SourceFault("sitemap", f"{shown_url(url)!r} is not there: {gone}") from gone
        except SourceFault as fault:
            fault.detail = f"{shown_url(url)!r}: {fault.detail}"
            raise

    def fetch(self, item: Listed, known: Known | None) -> Fetched:
        if known and self._settings.trust_lastmod and item.tag and item.tag == known.tag:
            return _unchanged(known)
        until = time.monotonic() + self._settings.deadline_seconds
        with self._objects.receive() as incoming:
            download = _Download(self._client, item, known, incoming, limit=self._limit, until=until)
            if self._retries.call(download.attempt, of_source):
                assert known is not None
                return _unchanged(known)
            size = incoming.size
            return download.fetched(self._objects.keep(incoming), size)


class _Download:
    """One page over as many attempts as it takes; what has come stays if the server can go on from there."""

    def __init__(
        self, client: WebClient, item: Listed, known: Known | None, incoming: Incoming, *, limit: int, until: float
    ) -> None:
        self._client = client
        self._item = item
        self._known = known
        self._incoming = incoming
        self._limit = limit
        self._until = until
        self._headers: Mapping[str, str] = {}
        self._type = ("", "")
        self._resumable = ""  # strong entity tag of what has come so far
        self._rereads = 0

    def attempt(self) -> bool:
        """Whether the page is unchanged; else it is in `incoming`."""
        with self._client.get(self._item.url, self._question(), until=self._until) as reply:
            if reply.status == 304:
                if self._known is None or self._incoming.size:
                    raise SourceFault("refused", "HTTP 304, which was not asked for", blames_source=False)
                return True
            if reply.status == 206:
                self._check_range(reply)
            else:
                self._begin(reply)
            for piece in self._client.pieces(reply, limit=self._limit - self._incoming.size, until=self._until):
                self._incoming.write(piece)
        return False

    def _question(self) -> dict[str, str]:
        if self._incoming.size and self._resumable:
            return {"range": f"bytes={self._incoming.size}-", "if-range": self._resumable}
        if self._known is None:
            return {}
        validators = {"if-none-match": self._known.etag, "if-modified-since": self._known.last_modified}
        return {name: value for name, value in validators.items() if value}

    def _begin(self, reply: urllib3.BaseHTTPResponse) -> None:
        tag = reply.headers.get("etag", "")
        if self._resumable and self._resumable != tag:
            self._rereads += 1
        self._incoming.restart()
        self._headers, self._type = reply.headers, content_type(reply)
        whole = not reply.headers.get("content-encoding") and reply.headers.get("accept-ranges", "").lower() != "none"
        self._resumable = tag if whole and tag.startswith('"') else ""
        told = whole_number(reply.headers.get("content-length", "")) or 0
        if told > self._limit:
            raise SourceFault("too_large", f"{told / 2**20:.1f} MiB, {self._limit / 2**20:.0f} are allowed", blames_source=False)

    def _check_range(self, reply: urllib3.BaseHTTPResponse) -> None:
        found = _RANGE.match(reply.headers.get("content-range", ""))
        if not self._incoming.size or not found or int(found[1]) != self._incoming.size:
            self._resumable = ""
            self._incoming.restart()
            raise SourceFault("interrupted", "the server did not go on where the connection had ended", transient=True)
        if found[3] != "*" and int(found[2]) != int(found[3]) - 1:
            self._resumable = ""
            self._incoming.restart()
            raise SourceFault("interrupted", "the server sends a part that was not asked for", transient=True)

    def fetched(self, digest: str, size: int) -> Fetched:
        etag, last_modified = self._headers.get("etag", ""), self._headers.get("last-modified", "")
        known = self._known
        return Fetched(
            digest,
            size,
            unchanged=known is not None and known.digest == digest,
            modified=iso_date(last_modified) or self._item.modified,
            etag=etag,
            last_modified=last_modified,
            content_type=self._type[0],
            charset=self._type[1],
            rereads=self._rereads,
        )


def url_error(url: str) -> str:
    """What keeps an address from being read as one; "" when nothing does."""
    try:
        host_of(url)
    except ValueError as error:
        return str(error)
    return ""


def _host(url: str) -> str:
    return "" if url_error(url) else host_of(url)


def _given(settings: HttpSource, project: Path) -> tuple[Entry, ...]:
    if settings.urls:
        return tuple(Entry(url, "") for url in settings.urls)
    if not settings.url_list:
        return ()
    file = project / settings.url_list
    try:
        entries = read_url_list(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceFault("url_list", f"{str(file)!r} (url_list) can't be read: {error}") from error
    if not entries:
        raise SourceFault("url_list", f"{str(file)!r} (url_list) holds no addresses")
    return entries


def _unchanged(known: Known) -> Fetched:
    return Fetched(
        known.digest,
        known.size,
        unchanged=True,
        modified=known.modified,
        etag=known.etag,
        last_modified=known.last_modified,
        content_type=known.content_type,
        charset=known.charset,
    )
