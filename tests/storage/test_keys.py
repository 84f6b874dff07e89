"""Keys are made from their parts and taken apart again, and a key of one folder is a key of no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import StorageError
from headgate.storage.keys import Folder
from headgate.storage.layout import FOLDERS, LANCE, OBJECTS, SOURCE_OBJECTS, TABLE_REFS, VALIDATION_REPORTS, folder_of

DIGEST = "0123456789abcdef" * 4
#: The last part of a key with two parts in one name ends at the last dash, so it can hold none.
PARTS = st.from_regex(r"[a-z0-9][a-z0-9.äß]{0,12}", fullmatch=True)


def folder_with(pattern: str) -> Folder:
    return Folder("some", pattern, what="what", writer="writer", written="once", kept="always")


@given(st.sampled_from(FOLDERS), st.lists(PARTS, min_size=4, max_size=4))
def test_a_key_gives_back_its_parts_and_belongs_to_one_folder(folder: Folder, words: list[str]) -> None:
    wanted = folder.pattern.count("<") - folder.pattern.count(":")
    parts = [DIGEST] * wanted if "SHA-256" in folder.pattern else words[:wanted]
    rest = ["some/file"] if folder.pattern.endswith("…") else []
    key = folder.key(*parts, *rest)
    assert folder.parse(key) == (*parts, *rest)
    assert [other.name for other in FOLDERS if other.parse(key) is not None] == [folder.name]
    assert folder_of(key) is folder
    assert key.startswith(folder.prefix(*parts) or folder.top.partition("<")[0])


@pytest.mark.parametrize("parts", [(), ("a",), ("a", "b", "c"), ("a", ""), ("a/b", "c"), ("..", "a/../b")])
def test_parts_that_are_no_key_are_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(StorageError, match="are no parts of a key 'table_refs/"):
        TABLE_REFS.key(*parts)


@pytest.mark.parametrize(
    "key", ["table_refs/t", "table_refs/t/x.json/y", "table_refs//x.json", "table_refs/t/x", "x/table_refs/t/x.json", ""]
)
def test_what_is_no_key_of_a_folder_has_no_parts(key: str) -> None:
    assert TABLE_REFS.parse(key) is None
    assert TABLE_REFS.first(key) == ""


def test_the_rest_of_a_key_may_hold_folders_or_be_left_out() -> None:
    assert LANCE.key("t", "data/1.lance") == "lance/t.lance/data/1.lance"
    assert LANCE.key("t") == "lance/t.lance/"
    assert LANCE.parse("lance/t.lance/_versions/1.manifest") == ("t", "_versions/1.manifest")
    assert (LANCE.prefix(), LANCE.prefix("t")) == ("lance", "lance/t.lance")


def test_a_part_can_be_in_a_key_twice_and_digests_are_digests() -> None:
    assert SOURCE_OBJECTS.key(DIGEST) == f"corpora/objects/01/{DIGEST}"
    assert SOURCE_OBJECTS.parse(f"corpora/objects/01/{DIGEST}") == (DIGEST,)
    assert SOURCE_OBJECTS.parse(f"corpora/objects/02/{DIGEST}") is None
    assert SOURCE_OBJECTS.prefix() == "corpora/objects"
    assert OBJECTS.parse("objects/README.md") is None


def test_a_folder_within_another_is_not_taken_for_it() -> None:
    assert VALIDATION_REPORTS.first("reports/validation/r1/index.html") == "r1"
    assert [folder.name for folder in FOLDERS if folder.parse("reports/validation/r1/index.html")] == ["validation_reports"]


def test_a_path_on_this_machine_is_the_key_below_a_folder() -> None:
    assert folder_with("demo/<name>.log").path(Path("/here"), "a") == Path("/here/demo/a.log")
