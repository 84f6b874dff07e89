"""One file to parse, with what its parser may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from headgate.ingest.parse.blocks import ParsedFile
from headgate.settings.readers import Reader


@dataclass(frozen=True, slots=True)
class Source:
    """Fields as in `file.parse_file`; `parse` is that function for files inside of this one and for forms it is converted into."""

    content: bytes
    media_type: str
    path: str
    max_unzipped: int
    passwords: tuple[str, ...]
    programs: Mapping[str, str] = field(repr=False)
    readers: Mapping[str, Reader]
    seconds: float
    depth: int
    parse: Callable[[Source], ParsedFile]

    def parse_as(self, content: bytes, media_type: str, *, path: str = "", deeper: int = 0) -> ParsedFile:
        """What other bytes become under the limits, passwords, programs and readers of this file.

        Args:
            path: serves messages only; default this file's.
            deeper: 1 for a file that is attached in this one.
        """
        inner = replace(self, content=content, media_type=media_type, path=path or self.path, depth=self.depth + deeper)
        return self.parse(inner)
