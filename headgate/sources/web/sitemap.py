"""A sitemap (sitemaps.org protocol 0.9) or sitemap index, plain or gzipped → the addresses in it."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from headgate.errors import SourceFault
from headgate.sources.values import iso_moment

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Entry:
    """`lastmod` is kept as it is written, stripped."""

    url: str
    lastmod: str


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`is_index`: the entries are other sitemaps."""

    entries: tuple[Entry, ...]
    is_index: bool


def unpack(content: bytes, *, limit: int) -> bytes:
    """`content` itself, or what is gzipped in it.

    Raises:
        SourceFault: more than `limit` bytes, or damaged.
    """
    if not content.startswith(_GZIP):
        return content
    inflater = zlib.decompressobj(wbits=31)
    try:
        unpacked = inflater.decompress(content, limit + 1)
    except zlib.error as error:
        raise SourceFault("sitemap", f"the gzipped sitemap is damaged: {error}", transient=True) from error
    if len(unpacked) > limit:
        raise SourceFault("sitemap", f"the sitemap unpacks to more than max_listing_mib = {limit / 2**20:.0f}")
    if not inflater.eof:
        raise SourceFault("sitemap", "the gzipped sitemap is cut off", transient=True)
    return unpacked


def read_sitemap(content: bytes) -> Sitemap:
    """Entries in their order. No entity is resolved and nothing is loaded.

    Raises:
        SourceFault: it is no sitemap.
    """
    from lxml import etree

    root = ""
    entries: list[Entry] = []
    try:
        for event, element in etree.iterparse(
            io.BytesIO(content), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        ):
            name = _local_name(element)
            if event == "start":
                root = root or name
                continue
            if name in ("url", "sitemap"):
                entries += _entry(element)
                element.clear()
    except etree.XMLSyntaxError as error:
        raise SourceFault("sitemap", f"the sitemap is not XML: {str(error)[:200]}", transient=True) from error
    if root not in ("urlset", "sitemapindex"):
        raise SourceFault("sitemap", f"the file is no sitemap: it begins with <{root}>, not <urlset> or <sitemapindex>")
    return Sitemap(tuple(entries), root == "sitemapindex")


def _entry(element: object) -> Iterator[Entry]:
    texts = {_local_name(child): "".join(child.itertext()).strip() for child in element if isinstance(child.tag, str)}  # type: ignore[attr-defined]
    if texts.get("loc"):
        yield Entry(texts["loc"], texts.get("lastmod", "")[:40])


def _local_name(element: object) -> str:
    tag = getattr(element, "tag", "")
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def lastmod_date(lastmod: str) -> str:
    """A W3C date as ISO 8601 in UTC, "" where it is none."""
    try:
        return iso_moment(datetime.fromisoformat(lastmod))
    except ValueError:
        return ""


def read_url_list(text: str) -> tuple[Entry, ...]:
    """One address a line; empty lines and those that begin with # are comments."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(Entry(line, "") for line in lines if line and not line.startswith("#"))
