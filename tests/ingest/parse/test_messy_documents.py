"""142 awkward real files through the real pool: malformed, fuzzed, encrypted, bombs, wrong encodings, right-to-left, scans.

`ok` gives its text, `reject` and `password` say why, `either` ends in one of both; nothing crashes a worker, hangs or takes more memory.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.ingest.sandbox.pool import ParseReply, ParserPool, ParseTask
from headgate.settings import ParseSettings
from headgate.sources.media import detect_media
from tests.conftest import public_data

TIMEOUT = 60.0  # seconds; far above what a file takes, so that a busy machine fails none
MEMORY = 1024  # MiB
#: File → words that its text must hold; of the others that there is text.
WORDS = {
    "poi__delins.docx": "Tika", "poi__footnotes.docx": "snoska", "docling__textbox.docx": "Shuishang", "docling__Strict.docx": "Some text",
    "docling__equations.docx": "inline equation", "poi__TwoSheetsOneHidden.xlsx": "Sheet2A1", "poi__InlineStrings.xlsx": "1st Inline String",
    "docling__right_to_left_01.pdf": "تحسين الإنتاجية وحل المشكلات", "pypdf__habibi-rotated.pdf": "حَبيبي", "pdfjs__german-umlaut-r.pdf": "ö„üä“Äß",
    "pdfjs__prefilled_f1040.pdf": "foobar", "pdfjs__noembed-sjis.pdf": "あいうえお", "pdfjs__vertical.pdf": "日本語",
    "pdfjs__encrypted-attachment.pdf": "Example", "uns__fake-text-utf-16-le.txt": "Doylestown", "uns__fake-text-utf-32.txt": "Doylestown",
    "uns__fake-email-utf-16.eml": "Roses are red", "uns__umlauts-non-utf8.md": "äöüß", "uns__fake-html-cp1252.html": "Die sch",
    "uns__example-steelJIS-datasheet-utf-16.html": "Japanese steel", "uns__stanley-cups-utf-16.csv": "Maple Leafs",
    "uns__email-no-utf8-2008-07-16.062410.eml": "סלבה היקר", "mail__japanese_shift_jis.eml": "このメールはテスト用のメールです",
    "mail__attachment_message_rfc822.eml": "Attachment: ForwardedMessage.eml", "uns__mime-multipart-digest.eml": "First Message",
    "uns__handbook-872p.docx": "United States Trustees", "uns__eng_spa_mult.doc": "born free and equal", "uns__tests-example.xls": "C datatypes",
    "poi__right-to-left.xlsx": "نص", "docling__powerpoint_comments.pptx": "structured data", "poi__with_japanese.pptx": "Bold italic underline",
}  # fmt: skip
#: File → what must not be in its text.
ABSENT = {
    "uns__example-with-scripts.html": "function(", "uns__fake-html-with-base64-image.html": "base64", "uns__docx-hdrftr.docx": "header",
    "poi__TwoSheetsOneHidden.xlsx": "Sheet1A1",
}  # fmt: skip
#: Valid, and empty: no text is what there is.
EMPTY = {"pdfjs__empty.pdf", "uns__empty.xlsx"}
#: Text that no program can read from the file alone; the manifest counts characters of any kind.
WITHOUT_MEANING = {"pdfjs__ThuluthFeatures.pdf": "unmapped_glyphs"}
BLOWS_UP = {
    "poi__poc-xmlbomb.xlsx": "xml_entities",
    "poi__ExternalEntityInText.docx": "xml_entities",
    "poi__poc-shared-strings.xlsx": "too_much_text",
}

Row = dict[str, Any]


def read_manifest(folder: Path) -> list[Row]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Row, ParseReply | str]]:
    """File name → (manifest row, reply, or the reason it was refused for before parsing)."""
    folder = public_data("messy_docs")
    found: dict[str, tuple[Row, ParseReply | str]] = {}
    tasks, rows = [], {}
    for row in read_manifest(folder):
        file = folder / row["file"]
        content = file.read_bytes()
        media = detect_media(row["file"], content[:4096], content)
        name = file.name
        if media.problem:
            found[name] = row, f"{media.problem[0]}: {media.problem[1]}"
        else:
            rows[name] = row
            tasks.append(ParseTask(name, file, media.media_type))
    with ParserPool(ParseSettings(workers=2, timeout_seconds=TIMEOUT, memory_mib=MEMORY)) as pool:
        found |= {reply.task.path: (rows[reply.task.path], reply) for reply in pool.parse_all(tasks)}
    return found


def test_every_awkward_file_ends_as_it_should(outcomes: dict[str, tuple[Row, ParseReply | str]]) -> None:
    wrong: list[str] = []
    for name, (row, outcome) in sorted(outcomes.items()):
        parsed = outcome.parsed if isinstance(outcome, ParseReply) else None
        failure = "" if parsed else outcome if isinstance(outcome, str) else str(outcome.failure)
        reason = failure if isinstance(outcome, str) else outcome.failure.reason if outcome.failure else ""
        match row["expect"]:
            case "ok" if name in WITHOUT_MEANING:
                if reason != WITHOUT_MEANING[name]:
                    wrong.append(f"{name}: should fail as {WITHOUT_MEANING[name]}: {failure or parsed}")
            case "ok" if parsed is None:
                wrong.append(f"{name}: no text: {failure}")
            case "ok" if name in EMPTY and (parsed.text or not any(one.code == "blank" for one in parsed.findings)):
                wrong.append(f"{name}: not told to be blank: {parsed.findings} {parsed.text[:80]!r}")
            case "ok" if name not in EMPTY and not parsed.text.strip():
                wrong.append(f"{name}: empty text, {parsed.findings}")
            case "reject" if parsed is not None:
                wrong.append(f"{name}: not refused: {parsed.text[:80]!r}")
            case "password" if reason != "encrypted":
                wrong.append(f"{name}: not told to be encrypted: {failure or parsed}")
        if reason in ("worker_died", "timeout", "memory", "forbidden", "parser_error", "unreadable"):
            wrong.append(f"{name}: a limit or the parser itself ended it: {failure}")
        if not parsed and len(failure) < 30:
            wrong.append(f"{name}: says too little: {failure!r}")
        if name in WORDS and (parsed is None or WORDS[name] not in parsed.text):
            wrong.append(f"{name}: {WORDS[name]!r} is missing: {parsed.text[:200] if parsed else failure!r}")
        if name in ABSENT and (parsed is None or ABSENT[name] in parsed.text):
            wrong.append(f"{name}: {ABSENT[name]!r} should not be in its text")
        if name in BLOWS_UP and BLOWS_UP[name] != reason:
            wrong.append(f"{name}: should fail as {BLOWS_UP[name]}: {failure or parsed}")
        if parsed and any(parsed.text[element.start : element.end] != element.text for element in parsed.elements):
            wrong.append(f"{name}: offsets do not hold")
    assert len(outcomes) == 142
    assert not wrong, "\n".join(wrong)


def test_passwords_from_the_manifest_open_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = public_data("messy_docs")
    rows = [row for row in read_manifest(folder) if row["expect"] == "password"]
    monkeypatch.setenv("DOCUMENT_PASSWORDS", json.dumps([row["password"] for row in rows]))
    tasks = [
        ParseTask(
            row["file"], folder / row["file"], detect_media(row["file"], (folder / row["file"]).read_bytes()[:4096]).media_type
        )
        for row in rows
    ]
    with ParserPool(ParseSettings(workers=1, timeout_seconds=TIMEOUT, passwords_env="DOCUMENT_PASSWORDS")) as pool:
        replies = {Path(reply.task.path).name: reply for reply in pool.parse_all(tasks)}

    closed = {
        name: str(reply.failure) for name, reply in replies.items() if reply.failure and reply.failure.reason == "encrypted"
    }
    assert not closed
    texts = {name: reply.parsed.text if reply.parsed else str(reply.failure) for name, reply in replies.items()}
    assert "This is an Encrypted Excel spreadsheet." in texts["poi__protected_passtika.xlsx"]
    assert "Issue 6010" in texts["pdfjs__issue6010_1.pdf"]
    assert "File with password" in texts["uns__password.pdf"]
    assert "Lorem ipsum" in texts["pypdf__libreoffice-writer-password.pdf"]
