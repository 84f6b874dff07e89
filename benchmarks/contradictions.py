"""What is told of contradicting values in real knowledge bases and in the sample's pages, and what would be told if a value changed.

    python -m benchmarks.contradictions            # every finding and, with --candidates, what was compared and not told

`candidates` are pairs of statements under the same label with different values that few documents have; `told` those that title, headings or row show
to be about the same. `would be told`: of pairs of documents that state the same value under the same label and column, those that are found when one of
the two is changed. Not all of these pairs are about the same (two interviews of one hour are not).
"""

from __future__ import annotations

import argparse
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import orjson

from benchmarks.validation import DATA
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.markdown import parse_markdown
from headgate.ingest.validate.contradictions import Comparison, find_contradictions
from headgate.ingest.validate.facts.stated_values import StatedValue, pack, stated_values
from headgate.records import Document, DocumentMetadata

SAMPLE = Path(__file__).resolve().parents[1] / "sample" / "northbeam"
_LIMIT = 3500  # pages of a knowledge base
_LABELS = ("title", "region", "language")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", action="store_true", help="show what was compared and not told")
    given = parser.parse_args()
    for name, pages in (
        ("sample, base", _folder("base")),
        ("kb_sourcegraph_handbook, base", _archive("kb_sourcegraph_handbook/base.tar.gz")),
        ("kb_sourcegraph_handbook, final", _archive("kb_sourcegraph_handbook/final.tar.gz")),
        ("kb_aws_cloudformation_scale, base", _archive("kb_aws_cloudformation_scale/base.tar.gz")),
    ):
        _report(name, pages, candidates=given.candidates)


def _report(name: str, pages: Iterator[tuple[str, ParsedFile]], *, candidates: bool) -> None:
    count = 0
    stated: dict[str, tuple[str, list[StatedValue]]] = {}
    for path, parsed in pages:
        count += 1
        labels = {label: parsed.labels.get(label, "") for label in _LABELS}
        labels["title"] = labels["title"] or next((one.text for one in parsed.elements if one.kind == "title"), "")
        document = Document(path, "", "text/markdown", parsed.text, parsed.elements, DocumentMetadata(**labels), "benchmark")
        values, _ = stated_values(document)
        if values:
            stated[path] = labels["title"], values
    told = find_contradictions([_compared(path, *one) for path, one in stated.items()])
    differing, agreeing = _pairs(stated)
    found = {(path, one.other, one.here.key) for path, ones in told.items() for one in ones}
    changed = sum(_is_told_when_changed(stated, one, other, value) for one, other, value in agreeing)
    print(
        f"{name}: {count} pages, {sum(len(values) for _, values in stated.values())} values under labels on {len(stated)} of them"
    )
    print(f"  {len(differing)} candidates, {sum(map(len, told.values())) // 2} told; would be told: {changed} of {len(agreeing)}")
    for path, ones in sorted(told.items()):
        for one in ones:
            if path < one.other:
                print(f"    {path}: {one}")
    for one, other, here, there in differing if candidates else ():
        if (one, other, here.key) not in found:
            print(f"    not told: {one}: {here.name} = {here.value}; {other}: {there.name} = {there.value}")


def _pairs(
    stated: dict[str, tuple[str, list[StatedValue]]],
) -> tuple[list[tuple[str, str, StatedValue, StatedValue]], list[tuple[str, str, StatedValue]]]:
    """(statements that differ under one key, statements that agree)."""
    by_key: dict[str, list[tuple[str, StatedValue]]] = defaultdict(list)
    for path, (_, values) in sorted(stated.items()):
        for value in values:
            by_key[value.key].append((path, value))
    differing: list[tuple[str, str, StatedValue, StatedValue]] = []
    agreeing: list[tuple[str, str, StatedValue]] = []
    for group in by_key.values():
        if len({path for path, _ in group}) > 12:
            continue
        for (one, here), (other, there) in combinations(group, 2):
            if one == other:
                continue
            if here.meant != there.meant:
                differing.append((one, other, here, there))
            else:
                agreeing.append((one, other, here))
    return differing, agreeing


def _is_told_when_changed(stated: dict[str, tuple[str, list[StatedValue]]], one: str, other: str, value: StatedValue) -> bool:
    """Whether the two documents contradict each other once `one` has another value there; headings are counted over these two alone."""
    title, values = stated[one]
    changed = [each._replace(meant=f"{each.meant}9") if each is value else each for each in values]
    found = find_contradictions([_compared(one, title, changed), _compared(other, *stated[other])])
    return any(each.here.key == value.key for each in found.get(one, ()))


def _compared(path: str, title: str, values: list[StatedValue]) -> Comparison:
    return Comparison(path, title, pack(values), orjson.dumps([list(value) for value in values]))


def _folder(revision: str) -> Iterator[tuple[str, ParsedFile]]:
    for path in sorted((SAMPLE / revision).rglob("*.md")):
        yield path.relative_to(SAMPLE / revision).as_posix(), parse_markdown(path.read_text(encoding="utf-8"))


def _archive(place: str) -> Iterator[tuple[str, ParsedFile]]:
    path = DATA / place
    if not path.is_file():
        raise SystemExit(f"{path} is not there: the benchmark needs the public data next to the repository")
    count = 0
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".md") else None
            if stream is not None and count < _LIMIT:
                count += 1
                yield member.name, parse_markdown(stream.read().decode("utf-8", "replace"))


if __name__ == "__main__":
    main()
