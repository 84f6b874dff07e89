"""A document that was fine and is not any more: `headgate build` refuses the corpus by the name of the check, and what is served stays."""

from __future__ import annotations

import json

import pytest

from headgate.build import build
from headgate.cli.main import main
from headgate.errors import CorpusError
from headgate.storage import open_store
from tests.small_project import SmallProject, small_project

__all__ = ["small_project"]

PROSE = "This page tells what every plan costs in each region, and how the price of a plan is made up from its parts. " * 5
GERMAN = "Diese Seite erklärt, was jeder Tarif in jeder Region kostet und wie sich der Preis eines Tarifs zusammensetzt. " * 5
HEADER = "| plan | price a month | download speed |\n|---|---|---|\n"
ROWS = "".join(f"| Home {number} | £{20 + number}.00 | {number}0 Mbps |\n" for number in range(1, 15))
PAGE = f"# Prices\n\n{PROSE}\n\n## Table of prices\n\n{HEADER}{ROWS}"


@pytest.mark.parametrize(
    ("page", "check"),
    [
        ("", "no_document_emptied"),
        ("# Prices\n\nSee elsewhere, this page has moved to another place.\n", "no_text_lost"),
        (PAGE.replace(PROSE, GERMAN * 2), "no_language_switched"),
        (f"# Prices\n\n{PROSE * 3}\n\n## Table of prices\n\n{ROWS.replace('|', ' ')}", "no_table_lost"),
        (f"# Prices\n\n{PROSE * 3}\n\n## Table of prices\n\n{HEADER}{ROWS.splitlines()[0]}\n", "no_table_rows_lost"),
        (PAGE.replace(HEADER, "| Home 1 | £21.00 | 10 Mbps |\n|---|---|---|\n"), "no_table_header_lost"),
    ],
    ids=["emptied", "text lost", "language switched", "table became prose", "rows lost", "header lost"],
)
def test_a_document_that_regresses_stops_the_build_by_name(small_project: SmallProject, page: str, check: str) -> None:
    small_project.write_page("plans/prices.md", PAGE)
    before = build(small_project.settings)
    small_project.write_page("plans/prices.md", page)
    with pytest.raises(CorpusError, match=rf"not fit to be indexed: .*{check}: plans/prices\.md") as refused:
        build(small_project.settings)
    assert '[[validation.accept_change]]\ndocuments = { "plans/prices.md" = "' in str(refused.value)
    store = open_store(small_project.settings)
    assert list(store.list("bundles")) == [f"bundles/{before.bundle_id}.json"]
    small_project.write_page("plans/prices.md", PAGE)
    assert build(small_project.settings).bundle_id == before.bundle_id


def test_the_verbs_print_their_result_and_exit_with_1(small_project: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    small_project.write_page("plans/prices.md", PAGE)
    build(small_project.settings)
    small_project.write_page("plans/prices.md", "")
    for verb in ("ingest", "build"):
        assert main(["--settings", str(small_project.settings_file), verb]) == 1
        assert "no_document_emptied: plans/prices.md" in capsys.readouterr().err
    assert main(["--settings", str(small_project.settings_file), "ingest", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["counts"]["indexed"] >= 6


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace(HEADER, "| offer | monthly fee | rate |\n|---|---|---|\n"),
        "# Prices\n\nThey are [on our site](https://example.org/prices) now.\n",
    ],
    ids=["header renamed", "became a redirect"],
)
def test_what_a_reader_finds_again_is_built_with_a_finding(small_project: SmallProject, page: str) -> None:
    small_project.write_page("plans/prices.md", PAGE)
    build(small_project.settings)
    small_project.write_page("plans/prices.md", page)
    (outcome,) = [one for one in build(small_project.settings).ingest.outcomes if one.path == "plans/prices.md"]
    assert {one.code for one in outcome.findings} & {"columns_renamed", "became_redirect"}


def test_an_edit_that_loses_nothing_is_built(small_project: SmallProject) -> None:
    small_project.write_page("plans/prices.md", PAGE)
    before = build(small_project.settings)
    small_project.write_page("plans/prices.md", PAGE.replace("£21.00", "£22.00").replace("every plan", "each plan"))
    assert build(small_project.settings).bundle_id != before.bundle_id
