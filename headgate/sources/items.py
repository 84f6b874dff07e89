"""What a source lists and hands over, and the protocol that every kind of source follows.

listing() ──► Listed… ──► fetch(item, known) ──► Fetched: the bytes are on this machine, under their digest
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from headgate.errors import SourceFault
from headgate.records import Remark
from headgate.records.names import SourceDigest


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a listing. `key` is what the source calls it; `path` is proposed for the corpus, without the source's prefix."""

    key: str
    path: str
    size: int = -1  # bytes, -1 = not told
    modified: str = ""  # ISO 8601, UTC, "" = not told
    tag: str = ""  # changes when the content does: entity tag, lastmod; "" = not told
    url: str = ""
    rule: Remark | None = None  # of the source itself, that leaves the entry out


@dataclass(frozen=True, slots=True)
class Listing:
    """`unlisted` maps folders that could not be read to why; what was known in them is neither gone nor up to date."""

    items: tuple[Listed, ...]
    unlisted: Mapping[str, SourceFault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """One file as it was last read; kept between runs, so that what did not change is not asked for again."""

    key: str
    path: str  # without the source's prefix
    digest: SourceDigest
    size: int
    modified: str = ""
    tag: str = ""
    etag: str = ""  # validators of HTTP and S3, as they were sent
    last_modified: str = ""
    content_type: str = ""
    charset: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was read, or is known to be what it was. `place` is where it lies; None = in the object cache."""

    digest: str
    size: int
    unchanged: bool = False
    modified: str = ""
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""
    charset: str = ""
    rereads: int = 0  # times that it changed while it was read
    place: Path | None = None


class Source(Protocol):
    """A place that documents come from."""

    def listing(self) -> Listing:
        """Everything that is there.

        Raises:
            SourceFault: it can't be told.
        """

    def fetch(self, item: Listed, known: Known | None) -> Fetched:
        """Make the bytes of `item` available on this machine.

        Args:
            known: the file as it was last read, if its bytes are still here.

        Raises:
            Gone: it is not there any more.
            SourceFault: it can't be read.
        """
