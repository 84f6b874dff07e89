"""Titles told by the form of a line (parse/titles.py) against the headings of real Markdown pages.

    python -m benchmarks.titles [--pages 3000]

Every heading of a page is a title; every paragraph of one line and 80 characters at most is text, though some are headings that their author
set as such. The rules were adjusted on the pages of one half, told by the digest of their names; the other half is what counts.
"""

from __future__ import annotations

import argparse
import tarfile
from collections import Counter
from collections.abc import Iterator
from hashlib import md5
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

from benchmarks.projects import public_data
from benchmarks.tables import print_table
from headgate.ingest.parse.front_matter import split_front_matter
from headgate.ingest.parse.titles import looks_like_title

SETS = ("kb_sourcegraph_handbook", "kb_aws_cloudformation_scale")
LONGEST = 80  # characters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=3000, help="of each set")
    arguments = parser.parse_args()
    rows: list[list[str]] = []
    for name in SETS:
        lines = set(read_lines(public_data(name) / "base.tar.gz", arguments.pages))
        for half, meaning in ((0, "adjusted on"), (1, "the other half")):
            counts = Counter((is_title, looks_like_title(text)) for number, text, is_title in lines if number == half)
            titles, texts = (sum(counts[kind, told] for told in (True, False)) for kind in (True, False))
            rows.append([name, meaning, f"{counts[True, True]}/{titles}", f"{counts[False, True]}/{texts}"])
    print_table(("pages", "half", "headings found", "other lines taken for one"), rows)


def read_lines(archive: Path, limit: int) -> Iterator[tuple[int, str, bool]]:
    """(half of its page, text, whether it is a heading) of every line."""
    reader = MarkdownIt("commonmark")
    with tarfile.open(archive) as pages:
        members = [member for member in pages if member.isfile() and member.name.endswith(".md")][:limit]
        for member in members:
            half = md5(member.name.encode(), usedforsecurity=False).digest()[-1] % 2
            content = pages.extractfile(member)
            assert content is not None
            tokens = reader.parse(split_front_matter(content.read().decode("utf-8", "replace")).body)
            for before, token in pairwise(tokens):
                if token.type != "inline" or token.level != 1 or any(child.type == "image" for child in token.children or ()):
                    continue
                text = "".join(child.content for child in token.children or () if child.type in ("text", "code_inline"))
                if before.type == "heading_open" and text.strip():
                    yield half, text, True
                elif before.type == "paragraph_open" and "\n" not in token.content and 0 < len(text.strip()) <= LONGEST:
                    yield half, text, False


if __name__ == "__main__":
    main()
