"""Reasons and findings: a code for programs, words for people, and what older stores hold."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import get_args

import orjson
import pytest

import headgate
from headgate.ingest.parse.blocks import ParsedFile
from headgate.records import ExclusionCode, FileOutcome, FindingCode, Remark
from headgate.records.remarks import read_remark

PACKAGE = Path(headgate.__file__).parent


def test_a_remark_is_stored_as_code_and_words_and_read_back() -> None:
    outcome = FileOutcome(path="a", digest="", outcome="excluded", reasons=(Remark("corpus.exclude", "*: b"),))
    stored = orjson.loads(orjson.dumps(outcome.model_dump()))
    assert stored["reasons"] == [{"code": "corpus.exclude", "text": "*: b"}]
    assert FileOutcome.model_validate(stored) == outcome
    assert str(outcome.reasons[0]) == "corpus.exclude: *: b"


@pytest.mark.parametrize(
    ("stored", "remark"),
    [
        ("too_large: 71 MiB: too much", Remark("too_large", "71 MiB: too much")),
        ("corpus.rules: no drafts", Remark("corpus.rules", "no drafts")),
        ("only 2 headings: more are needed", Remark("", "only 2 headings: more are needed")),
        ("no chunk was made of it", Remark("", "no chunk was made of it")),
    ],
)
def test_what_an_older_store_holds_in_one_string_is_told_apart(stored: str, remark: Remark) -> None:
    assert read_remark(stored) == remark
    assert FileOutcome.model_validate({"path": "a", "digest": "", "outcome": "indexed", "findings": [stored]}).findings == (
        remark,
    )
    kept = {"text": "", "elements": [], "labels": {}, "hidden": [], "findings": [stored]}
    assert ParsedFile.from_json(kept).findings == (remark,)


def test_every_code_is_given_somewhere() -> None:
    """A closed set that names what nobody says any more tells its reader of cases that can't be."""
    files = [path for path in PACKAGE.rglob("*.py") if path != Path(inspect.getfile(read_remark))]
    said = {node.value for path in files for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
    assert {*get_args(ExclusionCode), *get_args(FindingCode)} - said == set()
