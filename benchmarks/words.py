"""Whether the words that an independent reader finds in a file are in what headgate makes of it, or among what it says it left out.

    python -m benchmarks.words [--data ../shared/data] [--all]

Files: the `ok` ones of messy_docs. Reader: pdfium or pypdf for PDFs, the XML of the package for docx and pptx, openpyxl for xlsx, lxml for HTML, the
standard library for mail and csv, the lines themselves for Markdown and text. A word counts as often as it stands there. `in order`: share
of the words that stand on a line whose words are in one element, row or piece left out, in that order, or whose letters and digits stand there
one after the other: readers part and join words otherwise (`practice2` for a raised figure, `dualencoder` for a hyphen).
"""

from __future__ import annotations

import argparse
import csv
import email
import html
import io
import json
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path

from benchmarks.tables import print_table
from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.sources.media import detect_media

_WORD = re.compile(r"\w+")
_PARTS = re.compile(
    r"(word/(document|footnotes|endnotes|comments|header\d*|footer\d*)|ppt/(slides/slide|notesSlides/notesSlide|comments/comment)\d+)\.xml$"
)
_PARAGRAPH = re.compile(r"<(?:w|a):p[ >].*?</(?:w|a):p>|<p:text>.*?</p:text>", re.DOTALL)
_FALLBACK = re.compile(r"<mc:Fallback>.*?</mc:Fallback>", re.DOTALL)
_INLINE = frozenset(
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr".split()
)
_TEXT = re.compile(r"<(?:w:t|w:delText|a:t|p:text)(?: [^>]*)?>(.*?)</|<(?:w:tab|w:br|a:br)\b", re.DOTALL)


@dataclass(frozen=True)
class Accounted:
    """Of one file: words found by the independent reader, and the shares of them, 0 to 1."""

    name: str
    words: int
    kept: float
    accounted: float
    in_order: float
    missing: tuple[str, ...] = ()
    failure: str = ""


def words(text: str) -> list[str]:
    """Letters and digits in their plain form, small."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold())


# --- independent readers -----------------------------------------------------------------------------------------------------------


def _pdf(content: bytes, password: str) -> Iterator[str]:
    import pypdfium2

    for page in pypdfium2.PdfDocument(content, password=password or None):
        # pdfium marks a hyphen that it takes for one of a broken word by U+FFFE.
        text = re.sub(r"[\ufffe\u0002](?:\r?\n)?", "", page.get_textpage().get_text_bounded())
        yield from re.sub(r"(?<=[a-z])-\r?\n(?=[a-z])", "", text).splitlines()


def _pdf_by_pypdf(content: bytes, password: str) -> Iterator[str]:
    from pypdf import PdfReader

    for page in PdfReader(io.BytesIO(content), password=password or None).pages:
        yield from re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", page.extract_text()).splitlines()


def _office(content: bytes, password: str) -> Iterator[str]:  # noqa: ARG001
    package = zipfile.ZipFile(io.BytesIO(content))
    for name in package.namelist():
        if _PARTS.search(name):
            # The fallback of a drawing says again what the drawing says.
            source = _FALLBACK.sub("", package.read(name).decode("utf-8", "replace"))
            for paragraph in _PARAGRAPH.finditer(source):
                yield html.unescape("".join(found[1] or "\n" for found in _TEXT.finditer(paragraph[0])))


def _xlsx(content: bytes, password: str) -> Iterator[str]:  # noqa: ARG001
    import openpyxl

    for sheet in openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=True):
        for row in sheet.iter_rows(values_only=True):
            yield " ".join(str(cell) for cell in row if isinstance(cell, str))


def _html(content: bytes, password: str) -> Iterator[str]:  # noqa: ARG001
    from lxml.html import HTMLParser, document_fromstring

    try:
        content.decode()
        parser = HTMLParser(encoding="utf-8")
    except UnicodeDecodeError:
        parser = HTMLParser()
    tree = document_fromstring(content, parser=parser)
    for element in tree.xpath("//script | //style | //head"):
        element.drop_tree() if element.getparent() is not None else None
    for element in tree.iter():
        # Tags inside of a line part no words.
        if not isinstance(element.tag, str) or element.tag not in _INLINE:
            element.text, element.tail = f"\n{element.text or ''}", f"\n{element.tail or ''}"
        if not isinstance(element.tag, str):
            element.text = ""
    yield from tree.text_content().split("\n")


def _decoded(content: bytes) -> str:
    from charset_normalizer import from_bytes

    if b"\0" in content[:200]:
        return content.decode("utf-32" if b"\0\0" in content[:8] else "utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    best = from_bytes(content).best()
    return str(best) if best else content.decode("utf-8", "replace")


def _text(content: bytes, password: str) -> Iterator[str]:  # noqa: ARG001
    yield from _decoded(content).splitlines()


def _markdown(content: bytes, password: str) -> Iterator[str]:  # noqa: ARG001
    text = re.sub(r"\]\([^)]*\)|<[^>]*>|^\[[^\]]+\]:.*$|^```.*$|^ {0,9}\d{1,9}[.)] ", " ", _decoded(content), flags=re.MULTILINE)
    yield from html.unescape(text).splitlines()


def _csv(content: bytes, password: str) -> Iterator[str]:  # noqa: ARG001
    text = _decoded(content)
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        yield " ".join(row)


def _mail(content: bytes, password: str) -> Iterator[str]:  # noqa: ARG001
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16").encode()
    message = email.message_from_bytes(content, policy=policy.default)
    yield str(message.get("subject", ""))
    # Of several forms of a body the richest, as a mail program shows it.
    body = message.get_body(preferencelist=("html", "plain"))
    for part in [body, *message.iter_attachments()]:
        if not isinstance(part, EmailMessage) or part.get_content_maintype() != "text":
            continue
        try:
            text = part.get_content()
        except (LookupError, UnicodeError, KeyError):
            continue
        yield from _html(text.encode(), "") if part.get_content_subtype() == "html" and text.strip() else text.splitlines()


Reader = Callable[[bytes, str], Iterator[str]]
#: Of two readers the one that agrees more with us counts: both turn some right-to-left text round.
READERS: dict[str, tuple[Reader, ...]] = {
    "pdf": (_pdf, _pdf_by_pypdf), "docx": (_office,), "pptx": (_office,), "xlsx": (_xlsx,), "html": (_html,), "htm": (_html,),
    "txt": (_text,), "md": (_markdown,), "csv": (_csv,), "eml": (_mail,),
}  # fmt: skip


# --- comparison ------------------------------------------------------------------------------------------------------------------


def account(name: str, content: bytes, extension: str, password: str = "") -> Accounted:
    """What became of the words of one file."""
    readings = [_compared(name, content, password, reader) for reader in READERS[extension]]
    return max(readings, key=lambda one: one.accounted)


def _compared(name: str, content: bytes, password: str, reader: Reader) -> Accounted:
    lines = [found for line in reader(content, password) if (found := words(line))]
    total = sum(map(len, lines))
    media = detect_media(name, content[:4096], content)
    try:
        parsed = parse_file(content, media.media_type, path=name, passwords=(password,) if password else (), left_out_sample=None)
    except ParseFailure as failure:
        return Accounted(name, total, 0.0, 0.0, 0.0, failure=failure.reason)
    places = _places(parsed)
    kept = Counter(word for place in places for word in place)
    gone = Counter(word for one in parsed.left_out for word in words(one.sample))
    wanted = Counter(word for line in lines for word in line)
    missing = wanted - kept - gone
    # A row that is very long goes on in further lines, so that the whole table is looked at too.
    tables = [words(element.text) for element in parsed.elements if element.kind == "table"]
    pieces = [*places, *tables, *(words(part) for one in parsed.left_out for part in (one.sample, *one.sample.split("\n")))]
    letters = ["".join(place) for place in pieces]
    ordered = sum(
        len(line)
        for line in lines
        if any(_within(line, place) for place in pieces) or any("".join(line) in place for place in letters)
    )
    return Accounted(
        name,
        total,
        1 - sum((wanted - kept).values()) / total if total else 1.0,
        1 - sum(missing.values()) / total if total else 1.0,
        ordered / total if total else 1.0,
        tuple(word for word, _ in missing.most_common(8)),
    )


def _places(parsed: ParsedFile) -> list[list[str]]:
    """What the words of one line must not leave: a row of a table, else the element."""
    texts = [
        part for element in parsed.elements for part in (element.text.split("\n") if element.kind == "table" else [element.text])
    ]
    return [words(text) for text in (*texts, *parsed.labels.values())]


def _within(line: Sequence[str], place: Sequence[str]) -> bool:
    rest = iter(place)
    return all(word in rest for word in line)


def awkward_files(data: Path, *, expected: tuple[str, ...] = ("ok",)) -> Iterator[tuple[dict[str, str], Path]]:
    """(manifest row, file) of messy_docs, of formats that have an independent reader."""
    folder = data / "messy_docs"
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["expect"] in expected and row["ext"] in READERS:
            yield row, folder / row["file"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--all", action="store_true", help="a line for every file, not only for those below 98 %%")
    options = parser.parse_args()
    found = [(row["ext"], account(file.name, file.read_bytes(), row["ext"])) for row, file in awkward_files(options.data)]
    shown = [one for _, one in found if options.all or min(one.accounted, one.in_order) < 0.98]
    print_table(
        ["file", "words", "in the text", "accounted for", "in order", "missing"],
        [
            [
                one.name,
                str(one.words),
                f"{one.kept:.1%}",
                f"{one.accounted:.1%}",
                f"{one.in_order:.1%}",
                one.failure or " ".join(one.missing)[:60],
            ]
            for one in shown
        ],
    )
    by_kind = [
        [
            extension,
            str(len(group)),
            str(sum(one.words for one in group)),
            *(f"{_mean(group, share):.1%}" for share in ("kept", "accounted", "in_order")),
        ]
        for extension in sorted({extension for extension, _ in found})
        if (group := [one for kind, one in found if kind == extension])
    ]
    print_table(["format", "files", "words", "in the text", "accounted for", "in order"], by_kind)


def _mean(group: Sequence[Accounted], share: str) -> float:
    """Of all words of the files together."""
    total = sum(one.words for one in group)
    return sum(getattr(one, share) * one.words for one in group) / total if total else 1.0


if __name__ == "__main__":
    main()
