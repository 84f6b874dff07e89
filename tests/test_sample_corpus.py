"""The Northbeam sample corpus: its page sources, what they are rendered to, and the planted defects."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from zipfile import ZIP_STORED, ZipFile

import docx
import openpyxl
import pptx
import pypdf
import pytest
from lxml import html

import render
from formats.page import LABELS, Heading, SourceError, Table, blocks, plain, read_page
from headgate.settings import load_settings
from headgate.sources.patterns import matches
from render import REVISIONS, SOURCES, directory_digest, page_sources, read_defects, render_corpus, render_page

ROOT = Path(__file__).resolve().parents[1]
REMOTE = ROOT / "sample" / "dvcstore"
FORMATS = {".md", ".html", ".docx", ".pdf", ".pptx", ".xlsx", ".eml", ".txt", ".csv"}
DEFECTS = {defect.path: defect for defect in read_defects()}


@pytest.fixture(scope="module")
def corpora() -> dict[str, dict[str, bytes]]:
    """Revision → corpus path → bytes."""
    return {revision: render_corpus(revision) for revision in REVISIONS}


@pytest.fixture(scope="module")
def base(corpora: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    return corpora["base"]


def suffix(path: str) -> str:
    return PurePosixPath(path).suffix


def labels_of(path: str, revision: str = "base") -> dict[str, str]:
    return read_page(page_sources(revision)[path], mail=suffix(path) == ".eml").labels


def paths_of(extension: str, revision: str = "base") -> list[str]:
    return [path for path in page_sources(revision) if suffix(path) == extension]


# --- sources --------------------------------------------------------------------------------------------------------


def test_every_page_source_has_complete_labels_and_a_body() -> None:
    sources = [source for step in REVISIONS for source in sorted((SOURCES / step).rglob("*.md"))]
    sources += [SOURCES / defect.source for defect in DEFECTS.values() if defect.defect != "empty"]
    for source in sources:
        page = read_page(source, mail=source.stem.endswith(".eml"))
        assert all(page.labels[name] for name in LABELS), source
        assert len(page.body) > 400, source


def test_internal_pages_are_those_in_the_internal_folder() -> None:
    for path in page_sources("week-3"):
        is_internal = labels_of(path, "week-3")["confidentiality"] == "internal"
        assert is_internal == path.startswith("internal/"), path


@pytest.mark.parametrize("revision", REVISIONS)
def test_links_between_pages_lead_somewhere(revision: str) -> None:
    pages = page_sources(revision)
    known = set(pages) | set(DEFECTS)
    for path, source in pages.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", source.read_text(encoding="utf-8")):
            if "://" in target or target.startswith(("mailto:", "#", "tel:")):
                continue
            resolved = os.path.normpath(PurePosixPath(path).parent / target.partition("#")[0])
            assert resolved in known, f"{revision} {path}: {target}"


@pytest.mark.parametrize(
    ("front_matter", "problem"),
    [
        ("", "front matter between two lines"),
        ("---\ntitle: [\n---\n", "not YAML"),
        ("---\ntitle: A\n---\n", "audience is missing; topic is missing"),
        ("---\n{title: A, audience: everyone, colour: red}\n---\n", "unknown key 'colour'; audience is 'everyone'"),
    ],
)
def test_a_source_with_bad_front_matter_is_refused(tmp_path: Path, front_matter: str, problem: str) -> None:
    source = tmp_path / "page.md.md"
    source.write_text(front_matter + "# A\n", encoding="utf-8")
    with pytest.raises(SourceError, match=re.escape(problem)):
        read_page(source)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ("deleted: [gone.md]", "'gone.md' is deleted, but there is no such page"),
        ("moved: {gone.md: there.md}", "can't move"),
        ("moved: {a.md: b.md}", "can't move"),
        ("moved: {a.md: a.html}", "can't move"),
        ("removed: [a.md]", "unknown key(s) removed"),
    ],
)
def test_a_change_list_that_does_not_fit_is_refused(tmp_path: Path, changes: str, problem: str) -> None:
    for name in ("base/a.md.md", "base/b.md.md", "week-2/x.changes.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(changes if name.endswith(".yaml") else "", encoding="utf-8")
    with pytest.raises(SourceError, match=re.escape(problem)):
        page_sources("week-2", sources=tmp_path)


def test_a_page_that_its_format_cannot_show_is_refused(tmp_path: Path) -> None:
    head = "\n".join(f"{name}: {value}" for name, value in labels_of("billing/refunds.md").items())
    for name, body in (
        ("a.pdf", "漢字"),
        ("a.docx", "<b>x</b>"),
        ("a.csv", "No table."),
        ("a.pptx", "No slide."),
        ("a.odt", "Text."),
    ):
        source = tmp_path / f"{name}.md"
        source.write_text(f"---\n{head}\n---\n\n{body}\n", encoding="utf-8")
        with pytest.raises(SourceError, match=re.escape(name)):
            render_page(source, name)


# --- rendering ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", REVISIONS)
def test_another_process_renders_the_very_same_bytes(revision: str, corpora: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    command = [sys.executable, str(SOURCES / "render.py"), "--revision", revision, "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        check=True,
        capture_output=True,
        text=True,
    )
    files = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert files == corpora[revision]
    assert directory_digest(files) in done.stdout


def test_the_command_leaves_a_folder_alone_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = subprocess.run(
        [sys.executable, str(SOURCES / "render.py"), "--revision", "base", "--out", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_corpus_has_ninety_documents_nine_formats_and_five_languages(corpora: dict[str, dict[str, bytes]]) -> None:
    for revision, files in corpora.items():
        assert len(files) >= 90
        assert {suffix(path) for path in files} == FORMATS
        pages = page_sources(revision)
        assert len(pages) == len(files) - len(DEFECTS)
        languages = Counter(labels_of(path, revision)["language"] for path in pages)
        assert set(languages) == {"en", "es", "de", "fr", "ja"}
        assert min(languages.values()) >= 3
        assert {labels_of(path, revision)["audience"] for path in pages} == {"customer", "business", "staff"}


def test_office_files_are_stored_with_fixed_times(base: dict[str, bytes]) -> None:
    for path in paths_of(".docx") + paths_of(".pptx") + paths_of(".xlsx"):
        with ZipFile(io.BytesIO(base[path])) as package:
            assert {(entry.date_time, entry.compress_type) for entry in package.infolist()} == {
                ((1980, 1, 1, 0, 0, 0), ZIP_STORED)
            }


def test_markdown_keeps_its_front_matter(base: dict[str, bytes]) -> None:
    for path in paths_of(".md"):
        assert base[path] == page_sources("base")[path].read_bytes()


def test_html_carries_its_labels_and_the_article(base: dict[str, bytes]) -> None:
    for path in paths_of(".html"):
        tree = html.document_fromstring(base[path].decode())
        found = {meta.get("name"): meta.get("content") for meta in tree.iter("meta")} | {
            "language": tree.get("lang"),
            "title": tree.findtext(".//title"),
        }
        assert {name: found[name] for name in LABELS} == labels_of(path)
        assert tree.find(".//main/article/h1") is not None
        assert tree.find(".//nav") is not None
        assert tree.find(".//footer") is not None


@pytest.mark.parametrize("extension", [".docx", ".pptx", ".xlsx"])
def test_office_files_carry_their_labels(extension: str, base: dict[str, bytes]) -> None:
    for path in paths_of(extension):
        match extension:
            case ".docx":
                core = docx.Document(io.BytesIO(base[path])).core_properties
                owner = core.author
            case ".pptx":
                core = pptx.Presentation(io.BytesIO(base[path])).core_properties
                owner = core.author
            case _:
                core = openpyxl.load_workbook(io.BytesIO(base[path])).properties
                owner = core.creator
        found = dict(part.split("=") for part in core.keywords.split("; "))
        found |= {"title": core.title, "owner": owner, "topic": core.category, "language": core.language}
        assert found == labels_of(path)


def test_pdfs_carry_their_labels_and_page_numbers(base: dict[str, bytes]) -> None:
    pages = 0
    for path in paths_of(".pdf"):
        reader = pypdf.PdfReader(io.BytesIO(base[path]), strict=True)
        info = reader.metadata
        assert info is not None
        found = dict(part.split("=") for part in str(info["/Keywords"]).split("; "))
        assert found | {"title": info.title, "owner": info.author, "topic": info.subject} == labels_of(path)
        assert f"Page {len(reader.pages)}" in reader.pages[-1].extract_text()
        pages = max(pages, len(reader.pages))
    assert pages >= 3


def test_mails_carry_their_labels(base: dict[str, bytes]) -> None:
    ids = set()
    for path in paths_of(".eml"):
        mail = BytesParser(policy=policy.default).parsebytes(base[path])
        found = {name: mail["X-" + name.replace("_", "-")] for name in LABELS} | {
            "title": mail["Subject"],
            "language": mail["Content-Language"],
        }
        assert found == labels_of(path)
        assert mail.get_content().strip()
        assert all(mail[name] for name in ("From", "To", "Date"))
        ids.add(mail["Message-ID"])
    assert len(ids) == len(paths_of(".eml"))


def test_docx_has_heading_styles_lists_and_tables(base: dict[str, bytes]) -> None:
    styles: Counter[str] = Counter()
    tables = 0
    for path in paths_of(".docx"):
        document = docx.Document(io.BytesIO(base[path]))
        styles.update(paragraph.style.name for paragraph in document.paragraphs)
        tables += len(document.tables)
        headings = [plain(block.spans) for block in blocks(read_page(page_sources("base")[path])) if isinstance(block, Heading)]
        assert [paragraph.text for paragraph in document.paragraphs if paragraph.style.name.startswith("Heading")] == headings
    assert {"Heading 1", "Heading 2", "List Bullet", "List Number"} <= set(styles)
    assert tables


def test_tables_of_sheets_and_csv_read_back_as_written(base: dict[str, bytes]) -> None:
    for path in paths_of(".xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(base[path]))
        shown = [
            ["" if value is None else str(value) for value in row] for sheet in book for row in sheet.iter_rows(values_only=True)
        ]
        tables = [block for block in blocks(read_page(page_sources("base")[path])) if isinstance(block, Table)]
        for row in (row for table in tables for row in table.rows):
            assert [plain(cell) for cell in row] in [line[: len(row)] for line in shown]
        assert all(sheet.cell(1, 1).font.bold for sheet in book)
    for path in paths_of(".csv"):
        (table,) = blocks(read_page(page_sources("base")[path]))
        assert isinstance(table, Table)
        assert list(csv.reader(io.StringIO(base[path].decode(), newline=""))) == [
            [plain(cell) for cell in row] for row in table.rows
        ]


def test_prices_in_sheets_stay_text_and_counts_are_numbers(base: dict[str, bytes]) -> None:
    values = [
        value
        for path in paths_of(".xlsx")
        for sheet in openpyxl.load_workbook(io.BytesIO(base[path]))
        for row in sheet.iter_rows(values_only=True)
        for value in row
    ]
    assert "£24.00" in values
    assert any(isinstance(value, int) for value in values)
    assert not any(isinstance(value, float) for value in values)


def test_slides_hold_every_heading_and_every_table(base: dict[str, bytes]) -> None:
    for path in paths_of(".pptx"):
        content = blocks(read_page(page_sources("base")[path]))
        slides = pptx.Presentation(io.BytesIO(base[path])).slides
        assert [slide.shapes.title.text for slide in slides] == [
            plain(block.spans) for block in content if isinstance(block, Heading) and block.level == 2
        ]
        assert sum(shape.has_table for slide in slides for shape in slide.shapes) == sum(
            isinstance(block, Table) for block in content
        )


def test_the_label_rules_fill_what_txt_and_csv_cannot_say() -> None:
    rules = load_settings(ROOT / "headgate.toml").corpus.labels
    for revision in REVISIONS:
        for path in paths_of(".txt", revision) + paths_of(".csv", revision):
            labels = labels_of(path, revision)
            for name in ("audience", "topic", "region", "confidentiality"):
                filled = next(getattr(rule, name) for rule in rules if matches(path, rule.pattern) and getattr(rule, name))
                assert filled == labels[name], f"{path}: {name}"


# --- defects --------------------------------------------------------------------------------------------------------


def words(content: bytes) -> list[str]:
    return re.findall(r"\w+", content.decode().lower())


def test_every_kind_of_defect_is_planted() -> None:
    kinds = {defect.defect for defect in DEFECTS.values()}
    assert kinds == set(render.Kind.__args__)  # type: ignore[attr-defined]
    assert {defect.expected for defect in DEFECTS.values()} == {"indexed", "quarantined", "dead_lettered"}
    assert len(DEFECTS) == len(read_defects())
    for source in (SOURCES / "defects").rglob("*.md"):
        assert source.relative_to(SOURCES).as_posix() in {defect.source for defect in DEFECTS.values()}


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("path", DEFECTS)
def test_a_defect_is_what_the_manifest_says(path: str, revision: str, corpora: dict[str, dict[str, bytes]]) -> None:
    defect, files = DEFECTS[path], corpora[revision]
    content = files[path]
    match defect.defect:
        case "empty":
            assert not content.strip()
        case "duplicate":
            assert content == files[defect.of]
        case "near_duplicate":
            assert content != files[defect.of]
            ours, theirs = (
                {tuple(text[i : i + 3]) for i in range(len(text) - 2)} for text in (words(content), words(files[defect.of]))
            )
            assert len(ours & theirs) / len(ours | theirs) >= 0.93
        case "truncated_pdf":
            assert content.startswith(b"%PDF-")
            assert b"%%EOF" not in content
            assert b"startxref" not in content
        case "encrypted_pdf":
            reader = pypdf.PdfReader(io.BytesIO(content))
            assert reader.is_encrypted
            assert not reader.decrypt("")
            assert reader.decrypt(render.PASSWORD)
            assert "Partner handbook" in reader.pages[0].extract_text()
        case "wrong_extension":
            assert (content.startswith(b"%PDF-"), suffix(path)) == (True, ".docx") or (
                b"<!DOCTYPE html>" in content,
                suffix(path),
            ) == (True, ".txt")
        case "stale":
            assert read_page(SOURCES / defect.source).labels["effective_date"] < "2018"
        case "contradiction":
            assert b"\xc2\xa312.00" in content
            assert b"\xc2\xa37.50" in files[defect.of]
        case "personal_data":
            text = BytesParser(policy=policy.default).parsebytes(content).get_content()
            assert re.search(r"\b4111( 1111){3}\b", text)
            assert re.search(r"IBAN GB\d\d", text)
        case "hidden_instruction":
            hidden = re.search(rb'<p style="display:none">(.+?)</p>|<!--(.+?)-->', content, re.DOTALL)
            assert hidden
            assert b"Ignore all previous instructions" in hidden[0]


def test_only_the_planted_pages_are_stale(corpora: dict[str, dict[str, bytes]]) -> None:
    settings = load_settings(ROOT / "headgate.toml")
    limit = date.fromisoformat(settings.validation.as_of) - timedelta(days=settings.validation.stale_after_days)
    dates = {path: labels_of(path, revision)["effective_date"] for revision in REVISIONS for path in page_sources(revision)}
    dates |= {
        path: read_page(SOURCES / defect.source, mail=suffix(path) == ".eml").labels["effective_date"]
        for path, defect in DEFECTS.items()
        if defect.defect != "empty"
    }
    assert {path for path, day in dates.items() if date.fromisoformat(day) < limit} == {
        path for path, defect in DEFECTS.items() if defect.defect in ("stale", "contradiction")
    }
    rule = next(rule for rule in settings.corpus.labels if rule.pattern == "legacy/late-fees-2023.txt")
    assert rule.effective_date == dates["legacy/late-fees-2023.txt"]
