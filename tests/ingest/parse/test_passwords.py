"""Encrypted office files of Excel 97: opened with their password; without it, or behind an unknown scheme, named as encrypted."""

from __future__ import annotations

import pytest

from headgate.errors import ParseFailure
from headgate.ingest.parse.file import parse_file
from headgate.sources.media import CONVERTED, EXTENSIONS
from tests.ingest.old_workbooks import old_workbook

ROWS = [["Part", "Share", "Code"], ["Bolt", 0.15, 1234.0], ["Nut", 0.2, 99.0]]
FORMATS = ["", "0%", "00000"]
TEXT = "Sheet1\n\nPart: Bolt; Share: 15%; Code: 01234\nPart: Nut; Share: 20%; Code: 00099"


def read(content: bytes, *passwords: str, extension: str = "xls") -> str:
    return parse_file(content, (EXTENSIONS | CONVERTED)[extension], path=f"a.{extension}", passwords=passwords).text


def test_an_old_workbook_reads_as_it_is_shown_and_opens_with_its_password() -> None:
    assert read(old_workbook(ROWS, formats=FORMATS)) == TEXT
    assert read(old_workbook(ROWS, formats=FORMATS, password="pear"), "apple", "pear") == TEXT


@pytest.mark.parametrize(
    ("passwords", "scheme", "said"),
    [
        ((), (1, 1), "asks for a password; name one"),
        (("apple", "plum"), (1, 1), "none of the 2 given fits"),
        (("pear",), (7, 7), "encrypted in a way that can't be undone here"),
    ],
)
@pytest.mark.parametrize("extension", ["xls", "xlsx", "doc"])
def test_what_does_not_open_is_named_as_encrypted(
    passwords: tuple[str, ...], scheme: tuple[int, int], said: str, extension: str
) -> None:
    with pytest.raises(ParseFailure) as caught:
        read(old_workbook(ROWS, password="pear", scheme=scheme), *passwords, extension=extension)
    assert caught.value.reason == "encrypted"
    assert said in caught.value.detail
