"""What a document says of itself, as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.errors import SettingsError
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.records import Remark
from headgate.settings import parse_settings
from headgate.sources.media import EXTENSIONS
from tests.ingest import files


def dated(*lines: str) -> ParsedFile:
    return parse_file("\n".join(["---", *lines, "---", "# Prices", "", "Lite costs £24.00."]).encode(), "text/markdown")


@pytest.mark.parametrize(
    "written",
    [
        "2015-03-12",
        "2015-03-12 10:30:00",
        '"2015-03-12"',
        "2015/03/12",
        "2015.3.12",
        "20150312",
        "12 March 2015",
        "12th of March, 2015",
        "Thu, 12 Mar 2015 10:00:00 +0000",
        "12-Mar-2015",
        "March 12, 2015",
        "Mar. 12th 2015",
    ],
)
def test_a_date_that_can_be_read_in_one_way_only_is_read(written: str) -> None:
    parsed = dated(f"effective_date: {written}")

    assert parsed.labels == {"effective_date": "2015-03-12"}
    assert parsed.findings == ()


@pytest.mark.parametrize(
    "written", ["03/12/2015", "12 Brumaire 2015", "31 February 2015", "March 2015", "2015", "soon", "1 May 2015 to 2 May 2016"]
)
def test_any_other_date_is_a_finding(written: str) -> None:
    parsed = dated(f"effective_date: {written}")

    assert parsed.labels == {}
    assert parsed.findings == (Remark("effective_date", f"{written!r} can't be read as a date; write YYYY-MM-DD"),)


def test_another_name_for_it_serves_where_the_exact_one_can_not_be_read() -> None:
    parsed = dated("effective_date: soon", "date: 12 March 2015")

    assert parsed.labels == {"effective_date": "2015-03-12"}
    assert parsed.findings == (Remark("effective_date", "'soon' can't be read as a date; write YYYY-MM-DD"),)
    assert dated("effective_date:").findings == ()


@pytest.mark.parametrize("extension", ["html", "docx", "pdf"])
def test_every_format_tells_of_a_date_that_can_not_be_read(extension: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "KEYWORDS", files.KEYWORDS.replace("2026-01-01", "01/02/2026"))
    makers = {"html": lambda: files.html().replace(b"2026-01-01", b"01/02/2026"), "docx": files.docx, "pdf": files.pdf}
    parsed = parse_file(makers[extension](), EXTENSIONS[extension])

    assert "effective_date" not in parsed.labels
    assert parsed.findings == (Remark("effective_date", "'01/02/2026' can't be read as a date; write YYYY-MM-DD"),)


@pytest.mark.parametrize("day", ["12 March 2015", "2015-02-30", "20150312"])
def test_a_date_in_the_settings_is_written_in_one_way(day: str) -> None:
    with pytest.raises(SettingsError, match=r"corpus\.labels\.0\.effective_date"):
        parse_settings({"corpus": {"labels": [{"pattern": "**", "effective_date": day}]}}, project_dir=Path())


@pytest.mark.parametrize(
    ("content", "media_type", "day", "written"),
    [
        (b"Subject: Moved\nDate: Mon, 05 Mar 2012 10:00:00 +0000\n\nWe moved to the courtyard.", "message/rfc822", "2012-03-05", True),
        (b"Subject: Moved\nDate: Mon, 05 Mar 2012 10:00:00 +0000\nX-Effective-Date: 2026-01-01\n\nHello.", "message/rfc822", "2026-01-01", False),
        (b"---\ndate: 2012-03-05\n---\n# Moved\n\nHello.", "text/markdown", "2012-03-05", True),
        (b"---\ndate: 2012-03-05\neffective_date: 2026-01-01\n---\n# Moved\n\nHello.", "text/markdown", "2026-01-01", False),
        (b"---\neffective_date: 2012-03-05\n---\n# Moved\n\nHello.", "text/markdown", "2012-03-05", False),
        (b"<meta name=date content=2012-03-05><h1>Moved</h1><p>Hello.", "text/html", "2012-03-05", True),
        (b"# Moved\n\nHello.", "text/markdown", None, False),
    ],
)  # fmt: skip
def test_the_day_a_file_was_written_or_sent_is_told_from_one_it_holds_from(
    content: bytes, media_type: str, day: str | None, written: bool
) -> None:
    parsed = parse_file(content, media_type, path="a")
    assert (parsed.labels.get("effective_date"), parsed.written) == (day, written)
    assert ParsedFile.from_json(parsed.to_json()).written is written
