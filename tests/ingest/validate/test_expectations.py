"""The suites as files: what is accepted, and that every mistake is told with its line; and what judges the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headgate.errors import SettingsError
from headgate.ingest.validate.judge.expectations import BUILT_IN, SUITES, Suite, load_suites
from headgate.ingest.validate.judge.gx_package import check_arguments
from headgate.ingest.validate.judge.verdicts import open_judge
from headgate.ingest.validate.outcome import ACCESS_CHECKS, COLUMNS, named_checks
from headgate.records import Remark
from headgate.settings import ValidationSettings
from headgate.storage import FolderStore
from tests.conftest import REPOSITORY

ENTRY = """\
- name: not_too_short
  expectation: expect_column_values_to_be_between
  kwargs: {column: characters, min_value: {$PARAMETER: min_characters}}
  level: quarantine
  reason: "too_short: {characters} of {min_characters}"
"""


def load(folder: Path, documents: str, **others: str) -> dict[Any, Suite]:
    """The suites of a project with this documents.yaml; the other files are empty unless given."""
    (folder / "suites").mkdir(exist_ok=True)
    for name in SUITES:
        content = documents if name == "documents" else others.get(name, "")
        (folder / "suites" / f"{name}.yaml").write_text(content)
    return load_suites(ValidationSettings(expectations="suites"), folder, COLUMNS)


def test_the_built_in_suites_load_and_great_expectations_takes_them() -> None:
    suites = load_suites(ValidationSettings(), Path(), COLUMNS)
    assert all(len(check_arguments(suite)) == len(suite.entries) > 3 for suite in suites.values())
    in_suites = {entry.name for suite in suites.values() for entry in suite.entries}
    assert {entry.name for entry in named_checks(ValidationSettings(), Path())} == in_suites | ACCESS_CHECKS.keys()


def test_the_repository_has_the_built_in_suites_to_edit() -> None:
    edited = REPOSITORY / "evals" / "expectations"
    assert {path.name for path in edited.iterdir()} == {f"{name}.yaml" for name in SUITES}
    for name in SUITES:
        assert (edited / f"{name}.yaml").read_bytes() == (BUILT_IN / f"{name}.yaml").read_bytes()


def test_an_entry_takes_its_limit_from_the_settings(tmp_path: Path) -> None:
    (entry,) = load(tmp_path, ENTRY)["documents"].entries
    assert entry.kwargs == {"column": "characters", "min_value": 40}
    assert entry.explain({"characters": 7}) == Remark("not_too_short", "too_short: 7 of 40")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("quarantine", "warn"), "documents.yaml:1: 'not_too_short': level 'warn' is not one of quarantine, finding, error"),
        (("column: characters", "column: charcters"), "unknown column 'charcters'; did you mean 'characters'?"),
        (("min_characters}}", "min_charaters}}"), "unknown setting 'min_charaters'; did you mean 'min_characters'?"),
        (("{characters} of", "{letters} of"), "reason: unknown column 'letters'"),
        (("  level", "  levle"), "unknown key 'levle'; known keys: name, expectation, kwargs, level, reason"),
        (("not_too_short", "Not Short!"), "the name 'Not Short!' may hold"),
        (("min_value:", "mostly: 0.9, min_value:"), "'mostly' is not supported"),
        (("column: characters, ", ""), "kwargs name no column"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(tmp_path, ENTRY.replace(*change))
    assert told in str(error.value)
    assert "documents.yaml:1" in str(error.value)


def test_a_name_used_twice_is_told_with_both_places(tmp_path: Path) -> None:
    chunks = ENTRY.replace("quarantine", "error").replace("characters,", "chunks,").replace("{characters}", "{chunks}")
    with pytest.raises(SettingsError, match=r"chunks.yaml:1: the name 'not_too_short' is taken by .*documents.yaml:1"):
        load(tmp_path, ENTRY, chunks=chunks)
    with pytest.raises(SettingsError, match=r"documents.yaml:6: the name 'not_too_short' is taken"):
        load(tmp_path, ENTRY + ENTRY)


def test_nothing_is_quarantined_for_what_earlier_ingests_were_like(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"level 'quarantine' is not one of finding, error in changes.yaml"):
        load(tmp_path, "", changes=ENTRY)


@pytest.mark.parametrize(
    ("content", "told"),
    [("name: x", "holds a list"), ("- [", "can't be read"), ("- {name: a, name: b}", "given twice"), ("- 1", "a mapping")],
)
def test_a_file_that_is_no_suite_is_refused(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load(tmp_path, content)


def test_a_missing_file_says_where_to_copy_it_from(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"documents.yaml' does not exist; copy it from"):
        load_suites(ValidationSettings(expectations="nowhere"), tmp_path, COLUMNS)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("expect_column_values_to_be_between", "expect_column_values_to_be_betwen"),
            "did you mean ExpectColumnValuesToBeBetween",
        ),
        (("expect_column_values_to_be_between", "expect_column_values_to_be_unique"), "is no row-wise expectation"),
        (("expect_column_values_to_be_between", "expect_column_mean_to_be_between"), "is no row-wise expectation"),
        (("min_value:", "min_valu: 3, min_value:"), "refuses its kwargs"),
    ],
)
def test_great_expectations_checks_kind_and_arguments(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    suite = load(tmp_path, ENTRY.replace(*change))["documents"]
    with pytest.raises(SettingsError, match=told) as error:
        check_arguments(suite)
    assert "documents.yaml:1" in str(error.value)


def test_an_expectation_that_cannot_be_evaluated_is_no_pass(tmp_path: Path) -> None:
    entry = ENTRY.replace("column: characters,", "column: title,")
    suite = load(tmp_path, entry)["documents"]
    with pytest.raises(SettingsError, match=r"documents.yaml:1: 'not_too_short' can't be evaluated"):
        open_judge(None, suite).judge([{"title": "a"}])


def test_rows_that_were_seen_are_not_judged_again(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    suite = load(tmp_path, ENTRY)["documents"]

    def judge(*values: int) -> tuple[list[list[str]], int]:
        judging = open_judge(store, suite)
        found = [[entry.name for entry in failing] for failing in judging.judge([{"characters": value} for value in values])]
        judging.close()
        return found, judging.validated

    assert judge(3, 50, 3) == ([["not_too_short"], [], ["not_too_short"]], 2)
    assert judge(50, 3) == ([[], ["not_too_short"]], 0)
    assert judge(50, 4) == ([[], ["not_too_short"]], 1)
    (key,) = store.list("cache/validation")
    store.put(key, b"{ damaged")
    assert judge(50, 4) == ([[], ["not_too_short"]], 2)


def test_a_suite_that_changes_judges_every_row_anew(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    for limit, expected in ((40, ["not_too_short"]), (2, [])):
        suite = load(tmp_path, ENTRY.replace("{$PARAMETER: min_characters}", str(limit)))["documents"]
        judging = open_judge(store, suite)
        assert [entry.name for entry in judging.judge([{"characters": 3}])[0]] == expected
        judging.close()
