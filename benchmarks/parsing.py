"""Parsing against unstructured as shipped, on the same bytes, in the same process, one file after the other.

    python benchmarks/parsing.py [--data ../shared/data] [--repeat 3] [--sample 200]

Files: the `ok` ones of messy_docs that unstructured reads without its PDF extra, and the handbook's pages. Two figures, each a ratio:
how much faster, and how many of unstructured's elements there are with the same text under the same type. unstructured runs without
a language model, which makes it faster than with the one that it would download.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import statistics
import tarfile
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import headgate

os.environ.update(headgate.QUIET_ENVIRONMENT)

from headgate.ingest.parse.file import parse_file, preload
from headgate.ingest.parse.partition.setup import load_unstructured
from headgate.sources.media import detect_media

#: unstructured's type → ours.
KINDS = {"Title": "title", "ListItem": "list_item", "Table": "table", "CodeSnippet": "code"}
LEFT_OUT = frozenset({"Header", "Footer", "PageBreak", "PageNumber"})
EXTENSIONS = ("md", "htm", "html", "docx", "pptx", "xlsx", "csv", "eml", "txt")


def unstructured_parsers() -> dict[str, Callable[[Path], list[tuple[str, str]]]]:
    """Extension → its own partition function, as a caller of its documentation would use it."""
    load_unstructured()
    from unstructured.partition.csv import partition_csv
    from unstructured.partition.docx import partition_docx
    from unstructured.partition.email import partition_email
    from unstructured.partition.html import partition_html
    from unstructured.partition.md import partition_md
    from unstructured.partition.pptx import partition_pptx
    from unstructured.partition.text import partition_text
    from unstructured.partition.xlsx import partition_xlsx

    functions = {
        "md": partition_md, "htm": partition_html, "html": partition_html, "docx": partition_docx, "pptx": partition_pptx,
        "xlsx": partition_xlsx, "csv": partition_csv, "eml": partition_email, "txt": partition_text,
    }  # fmt: skip

    def bound(function: Callable[..., list[object]]) -> Callable[[Path], list[tuple[str, str]]]:
        def run(file: Path) -> list[tuple[str, str]]:
            return [
                (KINDS.get(type(element).__name__, "text"), str(element))
                for element in function(filename=str(file))
                if type(element).__name__ not in LEFT_OUT
            ]

        return run

    return {extension: bound(function) for extension, function in functions.items()}


def headgate_parser(file: Path) -> list[tuple[str, str]]:
    content = file.read_bytes()
    media = detect_media(file.name, content[:4096], content)
    parsed = parse_file(content, media.media_type, path=file.name)
    return [(element.kind, element.text) for element in parsed.elements]


def same_types(theirs: list[tuple[str, str]], ours: list[tuple[str, str]]) -> tuple[int, int]:
    """(their elements that we have with the same type, their elements). Tables are matched in order: their text is written otherwise."""
    matched = 0
    tables = sum(kind == "table" for kind, _ in ours)
    mine = [(kind, key(text)) for kind, text in ours if kind != "table"]
    left = [(kind, key(text)) for kind, text in theirs if kind != "table" and key(text)]
    known = Counter(mine)
    for element in left:
        if known[element] > 0:
            known[element] -= 1
            matched += 1
    their_tables = sum(kind == "table" for kind, _ in theirs)
    return matched + min(tables, their_tables), len(left) + their_tables


def key(text: str) -> str:
    """Letters and digits only, so that spaces, bullets and labels of list items do not decide."""
    return re.sub(r"^(?:\(?[0-9a-z]{1,3}[.)]\s+)", "", re.sub(r"[\W_]+", " ", html.unescape(text)).strip().casefold())


def seconds(parse: Callable[[Path], object], file: Path, repeat: int) -> float:
    """The least of `repeat` runs, seconds."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        parse(file)
        times.append(time.perf_counter() - started)
    return min(times)


def collect(data: Path, unpacked: Path, sample: int) -> list[tuple[str, Path]]:
    """(group, file); groups are compared on their own."""
    folder = data / "messy_docs"
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    files = [("messy_docs", folder / row["file"]) for row in rows if row["expect"] == "ok" and row["ext"] in EXTENSIONS]
    return files + [("handbook", page) for page in handbook_pages(unpacked, sample)]


def handbook_pages(folder: Path, sample: int) -> list[Path]:
    pages = sorted(folder.rglob("*.md"))
    return pages[:: max(1, len(pages) // sample)] if sample else pages


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--repeat", type=int, default=3, help="runs of each file, of which the fastest counts")
    arguments.add_argument("--sample", type=int, default=0, help="handbook pages to take; 0 = all")
    arguments.add_argument("--show", type=int, default=0, help="files with the most differing elements to name")
    given = arguments.parse_args()
    if not given.data.is_dir():
        raise SystemExit(f"no public data at {str(given.data)!r}; name its folder with --data")
    theirs_by_kind = unstructured_parsers()
    for media_type in (
        "text/markdown",
        "text/html",
        "text/plain",
        "message/rfc822",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ):
        preload(media_type)
    times: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0])
    same: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    differing: list[tuple[int, str]] = []
    refused: list[str] = []
    folder = tempfile.TemporaryDirectory(prefix="headgate-parsing-")
    unpacked = Path(folder.name)
    with tarfile.open(given.data / "kb_sourcegraph_handbook" / "base.tar.gz") as archive:
        archive.extractall(unpacked, filter="data")
    for group, file in collect(given.data, unpacked, given.sample):
        extension = file.suffix.lstrip(".").lower()
        parse = theirs_by_kind[extension]
        try:
            theirs = parse(file)
        except Exception as error:  # noqa: BLE001 - the peer's failures are counted, not mended
            refused.append(f"{file.name} ({type(error).__name__})")
            continue
        ours = headgate_parser(file)
        place = group, extension
        matched, total = same_types(theirs, ours)
        same[place][0] += matched
        same[place][1] += total
        differing.append((total - matched, file.name))
        times[place][0] += seconds(parse, file, given.repeat)
        times[place][1] += seconds(headgate_parser, file, given.repeat)
        times[place][2] += 1
    print(
        f"{'':12} {'kind':6} {'files':>6} {'unstructured s':>15} {'headgate s':>11} {'ratio':>7} {'same types':>11} {'elements':>9}"
    )
    for place in sorted(times):
        line(place, times[place], same[place])
    for group in sorted({group for group, _ in times}):
        places = [place for place in times if place[0] == group]
        line((group, "all"), total_of([times[place] for place in places]), total_of([same[place] for place in places]))
    line(("all", ""), total_of(list(times.values())), total_of(list(same.values())))
    print(f"median of the ratios by kind: {statistics.median(one[0] / one[1] for one in times.values()):.1f}")
    if refused:
        print(f"unstructured fails on {len(refused)}: {', '.join(refused)}")
    for count, name in sorted(differing, reverse=True)[: given.show]:
        print(f"{count:6} differ in {name}")
    return 0


def line(place: tuple[str, str], spent: list[float], agreed: list[float]) -> None:
    print(
        f"{place[0]:12} {place[1]:6} {int(spent[2]):6} {spent[0]:15.3f} {spent[1]:11.3f} {spent[0] / spent[1]:7.1f} "
        f"{agreed[0] / max(agreed[1], 1):11.1%} {int(agreed[1]):9}"
    )


def total_of(rows: list[list[float]]) -> list[float]:
    return [sum(column) for column in zip(*rows, strict=True)]


if __name__ == "__main__":
    raise SystemExit(main())
