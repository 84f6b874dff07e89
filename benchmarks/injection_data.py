"""What detectors of injected orders are fitted on and measured with: one half each, told apart by kind of attack and by document.

attacks     `inj_prompts` indirect: kinds of BIPIA (their category), templates of garak. All orders of a kind are on one side.
questions   `inj_prompts` direct: clusters of near copies. A cluster is on one side.
clean       twins, pages of the knowledge bases, readable files of messy_docs. A document is on one side.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.projects import REPOSITORY, public_data
from benchmarks.validation import handbook, read_pages, read_rows
from headgate.errors import ParseFailure
from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.markdown import parse_markdown
from headgate.sources.media import detect_media
from tests.detect.ordinary_pages import PAGES

Half = Literal["development", "held out"]
HALVES: tuple[Half, Half] = ("development", "held out")
_SALT = "orders"


@dataclass(frozen=True)
class Poisoned:
    """A document with an order in it. `group` is what the halves are told apart by."""

    task: str
    kind: str
    group: str
    attack: str
    text: str

    @property
    def half(self) -> Half:
        return half_of(self.group)


@dataclass(frozen=True)
class Clean:
    """A document without one. `source` says where it is from."""

    name: str
    source: str
    text: str
    hidden: tuple[str, ...] = ()

    @property
    def half(self) -> Half:
        return half_of(self.name)


def half_of(name: str) -> Half:
    """Which half a name belongs to: the first bit of a digest."""
    return HALVES[hashlib.sha256(f"{_SALT}:{name}".encode()).digest()[0] >> 7]


def poisoned() -> list[Poisoned]:
    return [
        Poisoned(row["task"], row["attack_category"], _group(row), row["attack"], row["document"])
        for row in read_rows("inj_prompts", "indirect.jsonl")
        if row["injected"]
    ]


def clean_twins() -> list[Clean]:
    rows = read_rows("inj_prompts", "indirect.jsonl")
    return [Clean(row["id"], f"clean {row['task']}", row["document"]) for row in rows if not row["injected"]]


def knowledge_base(name: Literal["handbook", "cloudformation"]) -> list[Clean]:
    """Pages in an order that has nothing to do with their content."""
    pages = handbook() if name == "handbook" else read_pages("kb_aws_cloudformation_scale", limit=2000)
    cleaned = [Clean(path, name, parsed.text, parsed.hidden) for path, parsed in pages]
    return sorted(cleaned, key=lambda page: hashlib.sha256(page.name.encode()).digest())


def ordinary_pages() -> list[Clean]:
    """Short pages of ours that give orders to their readers."""
    return [Clean(page, "ordinary page", page) for page in PAGES]


def sample_pages() -> list[Clean]:
    folder = REPOSITORY / "sample" / "northbeam"
    return [
        Clean(path.relative_to(folder).as_posix(), "sample", as_markdown(path.read_text(encoding="utf-8")))
        for path in sorted(folder.rglob("*.md"))
    ]


def passages(name: Literal["qa_xquad", "qa_mtrag_un"]) -> list[Clean]:
    """Passages of a question set; those of qa_mtrag_un are for measuring alone."""
    return [Clean(row["passage_id"], name, row["text"]) for row in read_rows(name, "passages.jsonl")]


def ordinary_questions() -> Iterator[tuple[str, str]]:
    """(id, text) of real questions of customers and to assistants; the id tells the half."""
    for name in ("q_banking77", "q_clinc150"):
        yield from ((row["id"], row["text"]) for row in read_rows(name, "queries.jsonl"))
    yield from ((row["question_id"], row["question"]) for row in read_rows("qa_mtrag_un", "questions.jsonl"))


def messy_files() -> Iterator[Clean]:
    """The files of messy_docs that are said to be readable."""
    folder = public_data("messy_docs")
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["expect"] != "ok":
            continue
        content = (folder / entry["file"]).read_bytes()
        media = detect_media(entry["file"], content[:4096], content)
        try:
            parsed = parse_file(content, media.media_type, path=entry["file"], passwords=tuple(filter(None, [entry["password"]])))
        except ParseFailure:
            continue
        yield Clean(entry["file"], "messy_docs", parsed.text, parsed.hidden)


def clean_documents() -> Iterator[Clean]:
    """All that detectors may be fitted on, both halves."""
    yield from clean_twins()
    yield from ordinary_pages()
    yield from sample_pages()
    yield from knowledge_base("handbook")
    yield from knowledge_base("cloudformation")
    yield from passages("qa_xquad")
    yield from messy_files()


def as_markdown(text: str) -> str:
    """The text of a page as the index gets it from a Markdown file."""
    return parse_markdown(text).text


def _group(row: dict[str, Any]) -> str:
    if row["attack"] and not row["source"].startswith("NVIDIA"):
        return str(row["attack_category"])
    # A template of garak with what it fills in left out.
    return re.sub(r"[\"<(].*|(?:The|print|repeat)\b.*", "", row["attack"], flags=re.DOTALL).strip()[:60]
