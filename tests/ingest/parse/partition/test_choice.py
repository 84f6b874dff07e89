"""`parse.readers` chooses who parses a kind; unstructured shows nothing that our own readers hide, and is small when it is ready."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
import pytest

from headgate.errors import SettingsError
from headgate.ingest.derive import Deriver
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.ingest.sandbox.pool import ParserPool, ParseTask
from headgate.records import SourceFile
from headgate.settings import ParseSettings
from headgate.settings.readers import READERS
from headgate.sources.media import EXTENSIONS
from tests.ingest import files
from tests.ingest.documents import settings_of
from tests.ingest.outlook import message
from tests.ingest.parse.partition.pandoc_files import made
from tests.ingest.sandbox.test_start import start

SECRET = "launch code swordfish"
CHOSEN = {media_type: "unstructured" for media_type, readers in READERS.items() if "unstructured" in readers}


def by_unstructured(content: bytes, extension: str) -> ParsedFile:
    readers: Any = CHOSEN
    return parse_file(content, EXTENSIONS[extension], path=f"file.{extension}", readers=readers)


def saved(save: Any) -> bytes:
    target = io.BytesIO()
    save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("md", files.markdown()),
        ("html", files.html()),
        ("eml", files.mail()),
        ("docx", files.docx()),
        ("pptx", files.pptx()),
        ("xlsx", files.xlsx()),
    ],
)
def test_both_readers_give_the_same_words_tables_and_labels(extension: str, content: bytes) -> None:
    own = parse_file(content, EXTENSIONS[extension], path=f"file.{extension}")
    parsed = by_unstructured(content, extension)

    assert set(own.text.split()) <= set(parsed.text.split())
    assert [one.text for one in parsed.elements if one.kind == "table"] == [
        one.text for one in own.elements if one.kind == "table"
    ]
    assert parsed.labels == own.labels
    assert not any(one.reason == "reader" for one in parsed.left_out)


def hidden_docx() -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph("Seen text of the page. ")
    paragraph.add_run(SECRET).font.hidden = True
    document.sections[0].header.paragraphs[0].text = "Running header"
    return saved(document.save)


def hidden_pptx() -> bytes:
    slides = pptx.Presentation()
    for title in ("Seen text", SECRET):
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"A point of {title}"
    slide.element.set("show", "0")
    slides.slides[0].notes_slide.notes_text_frame.text = f"Note: {SECRET}"
    return saved(slides.save)


def hidden_xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["plan", "price", SECRET])
    book.active.append(["Seen", 24, SECRET])
    book.active.append([SECRET, SECRET, SECRET])
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    other = book.create_sheet("Other")
    other["A1"] = SECRET
    other.sheet_state = "hidden"
    return saved(book.save)


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("docx", hidden_docx()),
        ("pptx", hidden_pptx()),
        ("xlsx", hidden_xlsx()),
        ("html", f"<h1>Seen</h1><p hidden>{SECRET}</p><!-- {SECRET} -->".encode()),
        ("md", f"# Seen\n\nText <span style='display:none'>{SECRET}</span>\n\n<!-- {SECRET} -->\n".encode()),
        ("eml", f"Subject: Seen\nContent-Type: text/html\n\n<p>Text</p><p hidden>{SECRET}</p>".encode()),
    ],
)  # fmt: skip
def test_unstructured_shows_nothing_that_is_hidden(extension: str, content: bytes) -> None:
    parsed = by_unstructured(content, extension)
    assert "Seen" in parsed.text
    assert "swordfish" not in parsed.text
    assert any("swordfish" in text for text in parsed.hidden)


def test_tracked_changes_are_read_as_accepted() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The price is ")
    inserted, deleted = (paragraph._p.makeelement(docx.oxml.ns.qn(f"w:{tag}"), {}) for tag in ("ins", "del"))
    inserted.append(paragraph.add_run("24 euros")._r)
    deleted.append(paragraph.add_run("19 euros")._r)
    paragraph._p.extend([inserted, deleted])
    assert "The price is 24 euros" in by_unstructured(saved(document.save), "docx").text


def test_text_that_partition_html_drops_is_handed_on() -> None:
    page = (
        "<h1>Fees</h1><details><summary>More</summary>Inside it.</details><figure><img src='data:,' alt='A red boat'><figcaption>Our boat</figcaption>"
        "</figure><form><label>Name</label></form><p>We have 10<sup>6</sup> of E=mc<sup>2</sup>.</p><dl><dt>Term</dt><dd>Its meaning</dd></dl>"
        "<table><tr><th>Zone</th><th colspan=2>Price</th></tr><tr><td rowspan=2>North</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>"
        "<img alt='Map of the harbour' src='x.png'>"
    )
    parsed = by_unstructured(page.encode(), "html")
    texts = [element.text for element in parsed.elements]
    assert {"More", "Inside it.", "Our boat", "Name", "Term: Its meaning", "Image: Map of the harbour"} <= set(texts)
    assert "We have 10^6 of E=mc^2." in texts
    table = next(element.text for element in parsed.elements if element.kind == "table")
    assert [line.split(";")[0] for line in table.split("\n")] == ["Zone: North", "Zone: North"]
    assert not any(one.reason == "reader" for one in parsed.left_out)


@pytest.mark.parametrize(
    ("readers", "told"),
    [
        ({"text/html": "kreuzberg"}, "parse.readers.text/html"),
        ({"application/pdf": "unstructured"}, "'application/pdf' has no choice of readers"),
        ({"application/epub+zip": "headgate"}, "'application/epub+zip' is read by unstructured alone"),
    ],
)
def test_a_choice_that_cannot_be_followed_is_refused(readers: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        settings_of(tmp_path, parse={"readers": readers})
    assert told in str(error.value)


def test_a_choice_makes_those_files_anew_and_no_others(tmp_path: Path) -> None:
    def keys(**parse: Any) -> dict[str, bytes]:
        deriver = Deriver(settings_of(tmp_path, parse=parse).ingest_setup)
        kinds = {"html": "text/html", "md": "text/markdown", "eml": "message/rfc822", "rst": "text/x-rst"}
        return {
            name: deriver.content_key(SourceFile(path="a", digest="0" * 64, size=1, media_type=media_type))
            for name, media_type in kinds.items()
        }

    before, after = keys(), keys(readers={"text/html": "unstructured"})
    assert {name for name in before if before[name] != after[name]} == {"html", "eml"}
    deriver = Deriver(settings_of(tmp_path).ingest_setup)
    assert deriver.parser("text/x-rst").startswith("unstructured ")
    assert ", pandoc 3." in deriver.parser("text/x-rst")
    assert "pandoc" not in deriver.parser("application/epub+zip")
    assert deriver.parser("text/html").startswith("headgate ")


def test_the_sandbox_reads_with_unstructured_and_pandoc(tmp_path: Path) -> None:
    contents = {
        "a.rst": made("rst"),
        "b.odt": made("odt"),
        "c.epub": made("epub"),
        "d.msg": message(subject="Sent", body="Refunds are paid."),
        "e.rtf": made("rtf"),
    }
    tasks = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        tasks.append(ParseTask(name, tmp_path / name, EXTENSIONS[name.rpartition(".")[2]]))
    with ParserPool(ParseSettings(workers=1, memory_mib=512)) as pool:
        replies = {reply.task.path: reply for reply in pool.parse_all(tasks)}
    assert {path: str(reply.failure) for path, reply in replies.items() if reply.failure} == {}
    assert all(reply.parsed and "Refunds are paid" in reply.parsed.text for reply in replies.values())


def test_a_process_with_unstructured_is_ready_without_a_language_model(tmp_path: Path) -> None:
    ready, resident, reply = start(tmp_path, EXTENSIONS["epub"], made("epub"))
    assert "unstructured" in ready["modules"]
    assert not {"torch", "transformers", "thinc", "pandas", "great_expectations"} & set(ready["modules"])
    assert resident <= 200 * 2**20, f"{resident / 2**20:.0f} MiB"
    assert reply["parsed"]["text"]


def test_another_version_of_unstructured_that_would_download_a_model_is_refused() -> None:
    program = """
import sys, types
from headgate.ingest.parse.partition.setup import load_unstructured
module = types.ModuleType("unstructured.nlp.tokenize")
import unstructured.nlp
sys.modules["unstructured.nlp.tokenize"] = unstructured.nlp.tokenize = module
try:
    load_unstructured()
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=900)
    assert "install the version that pyproject.toml pins" in done.stdout
