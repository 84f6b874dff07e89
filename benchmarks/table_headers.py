"""Headers of tables told by their cells alone (parse/table_header.py), against the marks that real tables have.

    python -m benchmarks.table_headers

Every Markdown table of two development knowledge bases says which row is its header. It is read with the mark taken away, where the first
row should be told, and again without that row, where none should. What two columns are is another matter: label and value, so they count
only where a header is claimed. TAT-QA's tables have no marks; of them it is counted how many give every row with a figure a column's name.
The rule was adjusted on the tables of one half, told by the digest of their texts; the other half is what counts.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from hashlib import md5

from markdown_it import MarkdownIt

from benchmarks.projects import public_data
from benchmarks.tables import print_table
from headgate.ingest.parse.table_grid import plain_rows, tidy
from headgate.ingest.parse.table_header import header_depth
from headgate.ingest.parse.tables import read_tables

KNOWLEDGE_BASES = ("kb_sourcegraph_handbook", "kb_aws_cloudformation_scale")
Rows = list[list[str]]


def main() -> None:
    shown: list[list[str]] = []
    for name in KNOWLEDGE_BASES:
        counts: Counter[tuple[int, str, str]] = Counter()
        # Of tables with the same header, which templates give to hundreds of pages, the first one counts.
        for made in {tuple(rows[0]): rows for rows in reversed(list(markdown_tables(name)))}.values():
            half = md5(repr(made).encode(), usedforsecurity=False).digest()[-1] % 2
            width = "two" if max(map(len, made)) == 2 else "more"
            counts[half, width, "tables"] += 1
            counts[half, width, "told"] += is_header_told(made)
            counts[half, width, "invented"] += len(made) > 2 and is_header_told(made[1:])
        for half, meaning in ((0, "adjusted on"), (1, "the other half")):
            for width in ("more", "two"):
                tables = counts[half, width, "tables"]
                shown.append([name, meaning, width, *(f"{counts[half, width, what]}/{tables}" for what in ("told", "invented"))])
    print_table(("tables of", "half", "columns", "header told", "header invented where there is none"), shown)
    labelled: Counter[tuple[int, bool]] = Counter()
    with (public_data("qa_tatqa_tables") / "tables.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            cells = json.loads(line)["cells"]
            half = md5(repr(cells).encode(), usedforsecurity=False).digest()[-1] % 2
            labelled[half, is_labelled(cells)] += 1
    print_table(
        ("tables of financial reports", "half", "named throughout"),
        [
            ["qa_tatqa_tables", meaning, f"{labelled[half, True]}/{labelled[half, True] + labelled[half, False]}"]
            for half, meaning in ((0, "adjusted on"), (1, "the other half"))
        ],
    )


def is_header_told(rows: Rows) -> bool:
    tidied = tidy(plain_rows(rows))
    return len(tidied) > 1 and len(tidied[0].cells) > 1 and header_depth(tidied, records=False) > 0


def is_labelled(cells: Rows) -> bool:
    """Whether every row with figures in two or more columns names a column for each."""
    lines = [line for table in read_tables(plain_rows(cells)) for line in table.lines]
    figures = [line for line in lines if sum(any(map(str.isdigit, part)) for part in line.split("; ")) > 1]
    return all(part.count(": ") for line in figures for part in line.split("; ")[1:])


def markdown_tables(name: str) -> Iterator[Rows]:
    """Tables with a header and at least two rows below it."""
    reader = MarkdownIt("commonmark").enable("table")
    with tarfile.open(public_data(name) / "base.tar.gz") as pages:
        for member in pages:
            if not member.isfile() or not member.name.endswith(".md"):
                continue
            content = pages.extractfile(member)
            assert content is not None
            rows: Rows = []
            for token in reader.parse(content.read().decode("utf-8", "replace")):
                if token.type == "table_open":
                    rows = []
                elif token.type == "tr_open":
                    rows.append([])
                elif token.type == "inline" and rows and token.level >= 4:
                    parts = (child.content for child in token.children or () if child.type in ("text", "code_inline"))
                    rows[-1].append("".join(parts))
                elif token.type == "table_close" and len(rows) > 2 and any(rows[0]):
                    yield rows
                    rows = []


if __name__ == "__main__":
    main()
