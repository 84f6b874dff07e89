"""Page sources → the files of the sample corpus, byte for byte the same on every run.

    python sample/northbeam/render.py --revision week-2 --out DIR

    base/ ──► week-2/ on top ──► week-3/ on top      pages: corpus path → source (README.md says what a source looks like)
                      └──► one file a page, in the format that its path names
    defects.yaml ──► the planted defects, the same in every revision

Needs the `pipeline` and `dev` extras (python-docx, python-pptx, openpyxl, reportlab). Exit code 2 for a source that can't be rendered.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from formats.hypertext import render_html
from formats.page import Page, SourceError, read_page
from formats.pdf import render_pdf
from formats.sheets import render_xlsx
from formats.slides import render_pptx
from formats.text import render_csv, render_mail, render_text
from formats.word import render_docx

SOURCES = Path(__file__).resolve().parent
REVISIONS = ("base", "week-2", "week-3")
#: The password of the planted encrypted PDF. Nothing is protected by it.
PASSWORD = "not-for-the-pipeline"  # noqa: S105
#: Where the planted truncated PDF is cut off, as a share of its bytes.
CUT_AT = 0.55

Kind = Literal[
    "empty", "duplicate", "near_duplicate", "truncated_pdf", "encrypted_pdf", "wrong_extension",
    "stale", "contradiction", "personal_data", "hidden_instruction",
]  # fmt: skip
_FORMATS: dict[str, Callable[[Page], bytes]] = {
    ".md": lambda page: page.source.encode(),
    ".html": render_html,
    ".docx": render_docx,
    ".pdf": render_pdf,
    ".pptx": render_pptx,
    ".xlsx": render_xlsx,
    ".txt": render_text,
    ".csv": render_csv,
}


@dataclass(frozen=True, slots=True)
class Defect:
    """A line of defects.yaml, which describes the fields."""

    path: str
    defect: Kind
    source: str
    expected: Literal["indexed", "quarantined", "dead_lettered"]
    why: str
    of: str = ""


def page_sources(revision: str, *, sources: Path = SOURCES) -> dict[str, Path]:
    """Corpus path → page source, of a revision with everything before it.

    Raises:
        SourceError: a change list deletes, moves or replaces what isn't there, or puts two pages at one path.
    """
    pages: dict[str, Path] = {}
    for step in REVISIONS[: REVISIONS.index(revision) + 1]:
        for path in sorted((sources / step).glob("*.changes.yaml")):
            _apply(path, pages)
        for source in sorted((sources / step).rglob("*.md")):
            pages[source.relative_to(sources / step).as_posix().removesuffix(".md")] = source
    return dict(sorted(pages.items()))


def _apply(change_list: Path, pages: dict[str, Path]) -> None:
    changes = yaml.safe_load(change_list.read_text(encoding="utf-8")) or {}
    where = f"{change_list.parent.name}/{change_list.name}"
    if unknown := set(changes) - {"deleted", "moved"}:
        raise SourceError(f"{where}: unknown key(s) {', '.join(sorted(unknown))}")
    for path in changes.get("deleted") or ():
        if pages.pop(path, None) is None:
            raise SourceError(f"{where}: {path!r} is deleted, but there is no such page")
    for old, new in (changes.get("moved") or {}).items():
        if old not in pages or new in pages or Path(old).suffix != Path(new).suffix:
            raise SourceError(f"{where}: {old!r} can't move to {new!r}: no such page, a page there already, or another format")
        pages[new] = pages.pop(old)


def read_defects(*, sources: Path = SOURCES) -> list[Defect]:
    """The planted defects."""
    entries = yaml.safe_load((sources / "defects.yaml").read_text(encoding="utf-8"))
    return [Defect(**entry) for entry in entries]


def render_page(source: Path, path: str) -> bytes:
    """The file at corpus path `path`; the format is the one that the source's name says.

    Raises:
        SourceError: an unknown format, or a source that the format can't show.
    """
    suffix = Path(source.stem).suffix
    if suffix == ".eml":
        return render_mail(read_page(source, mail=True), path)
    if suffix not in _FORMATS:
        raise SourceError(f"{source.name}: unknown format {suffix!r}; known: {', '.join(sorted([*_FORMATS, '.eml']))}")
    return _FORMATS[suffix](read_page(source))


def render_corpus(revision: str, *, sources: Path = SOURCES) -> dict[str, bytes]:
    """Corpus path → bytes of every file of a revision, the planted defects included.

    Raises:
        SourceError: as `page_sources` and `render_page`.
    """
    files = {path: render_page(source, path) for path, source in page_sources(revision, sources=sources).items()}
    pages = dict(files)
    for defect in read_defects(sources=sources):
        if defect.path in files:
            raise SourceError(f"defects.yaml: {defect.path!r} is the path of another file")
        files[defect.path] = _render_defect(defect, pages, sources)
    return dict(sorted(files.items()))


def _render_defect(defect: Defect, pages: Mapping[str, bytes], sources: Path) -> bytes:
    source = sources / defect.source
    match defect.defect:
        case "empty":
            return source.read_bytes()
        case "duplicate":
            return pages[defect.of]
        case "truncated_pdf":
            whole = render_page(source, defect.path)
            return whole[: int(len(whole) * CUT_AT)]
        case "encrypted_pdf":
            return render_pdf(read_page(source), password=PASSWORD)
        case _:
            return render_page(source, defect.path)


def directory_digest(files: Mapping[str, bytes]) -> str:
    """What DVC names a folder with these files: MD5 of the JSON list of (md5, path) in path order, and `.dir`."""
    entries = [{"md5": hashlib.md5(files[path], usedforsecurity=False).hexdigest(), "relpath": path} for path in sorted(files)]
    return hashlib.md5(json.dumps(entries, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def write_corpus(files: Mapping[str, bytes], folder: Path) -> None:
    """Write `files` below `folder`, which must be new or empty.

    Raises:
        SourceError: the folder holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SourceError(f"{str(folder)!r} is not empty; name a new folder")
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def main() -> None:
    """The command line of the module docstring; prints the number of files and the digest that DVC gives the folder."""
    parser = argparse.ArgumentParser(description="Render a revision of the Northbeam sample corpus.")
    parser.add_argument("--revision", choices=REVISIONS, required=True)
    parser.add_argument("--out", type=Path, required=True, help="new or empty folder")
    arguments = parser.parse_args()
    try:
        files = render_corpus(arguments.revision)
        write_corpus(files, arguments.out)
    except SourceError as error:
        print(f"render.py: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"{len(files)} files, {sum(map(len, files.values())):,} bytes, {directory_digest(files)}")


if __name__ == "__main__":
    main()
