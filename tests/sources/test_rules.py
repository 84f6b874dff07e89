"""Include and exclude rules: the first that matches decides, at the earliest moment that it can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headgate.errors import SettingsError
from headgate.records import DocumentMetadata, Remark, SourceFile
from headgate.settings import CorpusSetup, parse_settings
from headgate.sources.rules import Asked, excluded_by_content, excluding_rule


def setup(*rules: dict[str, Any], **corpus: Any) -> CorpusSetup:
    sections = {"corpus": {"folder": ".", "rules": list(rules), **corpus}, "validation": {"as_of": "2026-02-16"}}
    return parse_settings(sections, project_dir=Path()).corpus_setup


def exclude(name: str, **conditions: Any) -> dict[str, Any]:
    return {"name": name, "action": "exclude", **conditions}


def include(name: str, **conditions: Any) -> dict[str, Any]:
    return {"name": name, "action": "include", **conditions}


@pytest.mark.parametrize(
    ("rules", "asked", "expected"),
    [
        ([exclude("drafts", pattern="drafts/**")], Asked("drafts/a.md"), "drafts"),
        ([exclude("drafts", pattern="drafts/**")], Asked("a.md"), ""),
        ([include("keep", pattern="drafts/good/**"), exclude("drafts", pattern="drafts/**")], Asked("drafts/good/a.md"), ""),
        ([include("docs", pattern="docs/**"), exclude("rest")], Asked("other/a.md"), "rest"),
        ([exclude("large", larger_than="1 KiB")], Asked("a.md", size=1025), "large"),
        ([exclude("large", larger_than="1 KiB")], Asked("a.md", size=1024), ""),
        ([exclude("large", larger_than="1 KiB")], Asked("a.md"), ""),
        ([exclude("tiny", smaller_than="10 B")], Asked("a.md", size=0), "tiny"),
        ([exclude("old", older_than_days=30)], Asked("a.md", modified="2026-01-01T00:00:00+00:00"), "old"),
        ([exclude("old", older_than_days=30)], Asked("a.md", modified="2026-02-01T00:00:00+00:00"), ""),
        ([exclude("old", older_than_days=30)], Asked("a.md", modified=""), ""),
        ([exclude("old", older_than_days=30, as_of="2027-01-01")], Asked("a.md", modified="2026-02-01T00:00:00+00:00"), "old"),
        ([exclude("both", pattern="*.pdf", larger_than="1 B")], Asked("a.md", size=5), ""),
        ([exclude("both", pattern="*.pdf", larger_than="1 B")], Asked("a.pdf", size=5), "both"),
    ],
)
def test_rules_over_path_size_and_age(rules: list[dict[str, Any]], asked: Asked, expected: str) -> None:
    assert excluding_rule(setup(*rules), asked) == (Remark("corpus.rules", expected) if expected else None)


def test_corpus_exclude_comes_first() -> None:
    found = setup(include("all"), exclude("rest"), exclude=["*.tmp"])
    assert excluding_rule(found, Asked("a.tmp")) == Remark("corpus.exclude", "*.tmp")


def test_rules_over_content_wait_until_the_document_is_known() -> None:
    rules = setup(
        exclude("german", languages=["de"]),
        include("public", labels={"confidentiality": ["public", ""]}),
        exclude("rest", pattern="x/**"),
    )
    assert excluding_rule(rules, Asked("x/a.md", 5)) is None
    assert excluded_by_content(rules, "x/a.md", DocumentMetadata(language="de")) == Remark("corpus.rules", "german")
    assert excluded_by_content(rules, "x/a.md", DocumentMetadata(language="en", confidentiality="public")) is None
    assert excluded_by_content(rules, "x/a.md", DocumentMetadata(language="en", confidentiality="internal")) == Remark(
        "corpus.rules", "rest"
    )


def test_what_is_out_either_way_is_not_even_read() -> None:
    rules = setup(exclude("german", languages=["de"]), exclude("rest", pattern="x/**"))
    assert excluding_rule(rules, Asked("x/a.md", 5)) == Remark("corpus.rules", "rest")


def test_rules_over_content_may_ask_for_size_too() -> None:
    rules = setup(exclude("long-german", languages=["de"], larger_than="100 B"))
    document = DocumentMetadata(language="de")
    assert excluded_by_content(rules, "a.md", document, SourceFile("a.md", "", 101, "")) == Remark("corpus.rules", "long-german")
    assert excluded_by_content(rules, "a.md", document, SourceFile("a.md", "", 99, "")) is None


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([include("a")], "the rules only include"),
        ([exclude("a"), exclude("a")], "same name 'a'"),
        ([exclude("a", larger_than="3 MB")], "no size"),
        ([exclude("a", larger_than="3 MiB", smaller_than="1 MiB")], "nothing is larger"),
        ([exclude("a", labels={"colour": "red"})], "unknown label 'colour'"),
        ([exclude("a", as_of="2026-01-01")], "says nothing without older_than_days"),
        ([exclude("a", older_than_days=1, as_of="soon")], "Invalid isoformat"),
        ([exclude("a", older_than_days=1, as_of="today")], "left out, age is counted from validation.as_of"),
        ([exclude("a", patern="x")], "did you mean 'pattern'"),
        ([{"name": "a", "action": "drop"}], "'include' or 'exclude'"),
    ],
)
def test_rules_that_cannot_be_are_told(rules: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        setup(*rules)


def test_an_age_is_counted_from_a_date_or_from_today() -> None:
    with pytest.raises(SettingsError, match="'soon' is neither a date"):
        parse_settings({"validation": {"as_of": "soon"}}, project_dir=Path())


def test_an_age_needs_a_date() -> None:
    with pytest.raises(
        SettingsError, match=r"rule 'old' of corpus.rules needs a date to count age from: its as_of, or validation.as_of"
    ):
        parse_settings({"corpus": {"folder": ".", "rules": [exclude("old", older_than_days=3)]}}, project_dir=Path())
