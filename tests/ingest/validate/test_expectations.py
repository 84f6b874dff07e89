"""The suites as files: what is accepted, and that every mistake is told with its line; and what judges the rows."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from headgate.errors import SettingsError
from headgate.ingest.validate.expectations import BUILT_IN, SUITES, Expectation, Suite, check_arguments, load_suites
from headgate.ingest.validate.outcome import COLUMNS, named_checks
from headgate.ingest.validate.plain_expectations import plain_test
from headgate.ingest.validate.verdicts import open_judge
from headgate.storage import FolderStore
from tests.conftest import REPOSITORY
from tests.ingest.documents import settings_of

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
    return load_suites(settings_of(folder, validation={"expectations": "suites"}), COLUMNS)


def test_the_built_in_suites_load_and_great_expectations_takes_them() -> None:
    suites = load_suites(settings_of(), COLUMNS)
    assert all(len(check_arguments(suite)) == len(suite.entries) > 3 for suite in suites.values())
    assert all(plain_test(entry) for suite in suites.values() for entry in suite.entries)
    assert len({entry.name for entry in named_checks(settings_of())}) == sum(len(suite.entries) for suite in suites.values())


def test_the_repository_has_the_built_in_suites_to_edit() -> None:
    edited = REPOSITORY / "evals" / "expectations"
    assert {path.name for path in edited.iterdir()} == {f"{name}.yaml" for name in SUITES}
    for name in SUITES:
        assert (edited / f"{name}.yaml").read_bytes() == (BUILT_IN / f"{name}.yaml").read_bytes()


def test_an_entry_takes_its_limit_from_the_settings(tmp_path: Path) -> None:
    (entry,) = load(tmp_path, ENTRY)["documents"].entries
    assert entry.kwargs == {"column": "characters", "min_value": 40}
    assert entry.explain({"characters": 7}) == "too_short: 7 of 40"


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
        load_suites(settings_of(tmp_path, validation={"expectations": "nowhere"}), COLUMNS)


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

    def judge(*values: int) -> tuple[list[list[str]], int, int]:
        judging = open_judge(store, suite)
        found = [[entry.name for entry in failing] for failing in judging.judge([{"characters": value} for value in values])]
        judging.close()
        return found, judging.validated, judging.few

    assert judge(3, 50, 3) == ([["not_too_short"], [], ["not_too_short"]], 2, 0)
    assert judge(50, 3) == ([[], ["not_too_short"]], 0, 0)
    assert judge(50, 4) == ([[], ["not_too_short"]], 0, 1)
    (key,) = store.list("cache/validation")
    store.put(key, b"{ damaged")
    assert judge(50, 4) == ([[], ["not_too_short"]], 2, 0)


def test_a_suite_that_changes_judges_every_row_anew(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    for limit, expected in ((40, ["not_too_short"]), (2, [])):
        suite = load(tmp_path, ENTRY.replace("{$PARAMETER: min_characters}", str(limit)))["documents"]
        judging = open_judge(store, suite)
        assert [entry.name for entry in judging.judge([{"characters": 3}])[0]] == expected
        judging.close()


def test_rows_are_not_judged_without_great_expectations_where_the_two_did_not_agree(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    suite = load(tmp_path, ENTRY)["documents"]
    judging = open_judge(store, suite)
    judging.judge([{"characters": 50}])
    judging.close()
    (key,) = store.list("cache/validation")
    store.put(key, orjson.dumps(orjson.loads(store.get(key)) | {"agreed": False}))
    again = open_judge(store, suite)
    again.judge([{"characters": 51}])
    assert (again.validated, again.few) == (1, 0)


def test_a_pattern_over_numbers_is_left_to_great_expectations(tmp_path: Path) -> None:
    entry = ENTRY.replace("expect_column_values_to_be_between", "expect_column_values_to_match_regex")
    suite = load(tmp_path, re.sub(r"kwargs: .*", "kwargs: {column: characters, regex: '^5'}", entry))["documents"]
    store = FolderStore(tmp_path / "store")
    for value in (50, 51):
        judging = open_judge(store, suite)
        judging.judge([{"characters": value}])
        judging.close()
        assert (judging.validated, judging.few) == (1, 0)


NUMBERS = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from([0.5, -2.5, 4.999999]))
WORDS = st.one_of(st.none(), st.text("ab ", max_size=4))


@given(
    numbers=st.lists(NUMBERS, min_size=1, max_size=8),
    words=st.lists(WORDS, min_size=8, max_size=8),
    low=st.integers(-3, 3),
    strict=st.booleans(),
)
@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_plain_tests_say_what_great_expectations_says(
    numbers: list[float | None], words: list[str | None], low: int, strict: bool
) -> None:
    stated: list[tuple[str, dict[str, Any]]] = [
        ("ExpectColumnValuesToBeBetween", {"column": "n", "min_value": low, "strict_min": strict}),
        ("ExpectColumnValuesToBeBetween", {"column": "n", "max_value": low + 0.5, "strict_max": strict}),
        ("ExpectColumnValuesToBeBetween", {"column": "n", "min_value": low, "max_value": low + 1}),
        ("ExpectColumnValueLengthsToBeBetween", {"column": "w", "min_value": 1, "max_value": 2}),
        ("ExpectColumnValuesToBeInSet", {"column": "w", "value_set": ["a", "b ", ""]}),
        ("ExpectColumnValuesToBeInSet", {"column": "n", "value_set": [1, 2]}),
        ("ExpectColumnValuesToNotBeInSet", {"column": "w", "value_set": ["a", "b "]}),
        ("ExpectColumnValuesToMatchRegex", {"column": "w", "regex": "^a"}),
        ("ExpectColumnValuesToNotMatchRegex", {"column": "w", "regex": "b+ "}),
        ("ExpectColumnValuesToNotBeNull", {"column": "n"}),
    ]
    entries = tuple(
        Expectation(f"e{position}", kind, kwargs, "finding", "-", {}, "x:1") for position, (kind, kwargs) in enumerate(stated)
    )
    rows = [{"n": number, "w": word} for number, word in zip(numbers, words, strict=False)]
    # A column without any text is no column of texts for Great Expectations.
    rows.append({"n": 0, "w": "a"})
    judged = [[entry.name for entry in failing] for failing in open_judge(None, Suite("documents", entries)).judge(rows)]
    tests = {entry.name: plain_test(entry) for entry in entries}
    assert judged == [[name for name, test in tests.items() if test is not None and test(row)] for row in rows]
    assert not any(isinstance(row["n"], float) and math.isnan(row["n"]) for row in rows)
