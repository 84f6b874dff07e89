"""What counts as a loss against the last accepted ingest, and what moved, leads on or frames a text only."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.ingest.validate.changes import CHANGE_COLUMNS, change_row, find_changes
from headgate.ingest.validate.moves import leads_into
from headgate.ingest.validate.shapes import Shape, shape_of
from tests.ingest.documents import facts_of, settings_of

PARAGRAPHS = [
    f"Plan {number} costs {number * 7} a month in region {number % 4}, and is paid on day {number} of each month by card or by "
    f"transfer, with the reference {number * 31} of the contract."
    for number in range(1, 13)
]
TABLE = "| plan | price | speed |\n|---|---|---|\n" + "".join(f"| Plan {n} | £{n}.00 | {n} Mbps |\n" for n in range(12))
PAGE = "# Plans\n\n" + "\n\n".join(PARAGRAPHS)
WITH_TABLE = f"{PAGE}\n\n{TABLE}"


def change(
    before: dict[str, str], now: dict[str, str], path: str = "plans.md", *, quarantined: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The row of one document of two ingests."""
    earlier = {name: shape_of(facts_of(name, text)) for name, text in before.items()}
    facts = {name: facts_of(name, text) for name, text in now.items()}
    shapes = {name: shape_of(one) for name, one in facts.items()}
    leads_to = {name: one.leads_to for name, one in facts.items()}
    changes = find_changes(shapes, earlier, quarantined=quarantined, leads_to=leads_to)
    row = change_row(next(one for one in changes if one.path == path), settings_of().validation_setup)
    assert row.keys() == CHANGE_COLUMNS.keys()
    return row


def test_text_that_stands_in_another_document_now_is_not_lost() -> None:
    half = len(PARAGRAPHS) // 2
    parts = {"a.md": "\n\n".join(PARAGRAPHS[:half]), "b.md": "\n\n".join(PARAGRAPHS[half:])}
    row = change({"plans.md": PAGE}, {"plans.md": "# Plans\n\nThey are told of by region.", **parts})
    assert row["characters_kept"] < 0.1
    assert row["text_kept"] == 1.0
    assert row["whereto"] == "; 100% of its lines stand in 'a.md', 'b.md' now"


@pytest.mark.parametrize(
    ("other", "quarantined"),
    [({}, ()), ({"a.md": "# Other\n\nSomething else stands here."}, ()), ({"a.md": PAGE}, ("a.md",))],
    ids=["nowhere", "not elsewhere", "in a page that is not indexed"],
)
def test_text_that_stands_nowhere_is_lost(other: dict[str, str], quarantined: tuple[str, ...]) -> None:
    row = change({"plans.md": PAGE}, {"plans.md": "# Plans\n\nThey are told of by region.", **other}, quarantined=quarantined)
    assert row["text_kept"] == row["characters_kept"] < 0.1
    assert row["whereto"] == ""


def test_a_few_lines_that_stand_elsewhere_do_not_make_up_for_the_rest() -> None:
    few = {"plans.md": "# Plans\n\nThey are told of by region.", "a.md": f"# Some\n\n{PARAGRAPHS[0]}\n\n{PARAGRAPHS[1]}"}
    row = change({"plans.md": PAGE}, few)
    assert row["moved_share"] > 0.1
    assert row["text_kept"] == row["characters_kept"] < 0.1


def test_what_other_pages_said_all_along_has_not_moved_there() -> None:
    phrases = "\n\n".join(f"Update requires no interruption, in the sense of rule {number}." for number in range(8))
    others = {f"{number}.md": f"# Page {number}\n\n{phrases}\n\n{PARAGRAPHS[number]}" for number in range(2, 5)}
    mine = {"plans.md": f"# Plans\n\n{phrases}\n\n{PARAGRAPHS[0]}\n\n{PARAGRAPHS[1]}"}
    gone = {"plans.md": "# Plans\n\nIt is gone."}
    assert change(mine | others, gone | others)["moved_share"] == 0.0
    renamed = {f"new/{path}": text for path, text in others.items()} | {"7.md": phrases, "8.md": phrases, "9.md": phrases}
    assert change(mine | others, gone | renamed)["moved_share"] == 0.0


def test_a_page_that_became_a_redirect_has_lost_nothing_and_says_where_it_leads() -> None:
    stub = "# Plans\n\nThis page moved: [plans](billing/plans.md)."
    row = change(
        {"plans.md": PAGE, "billing/plans.md": "# P\n\nAll of them."}, {"plans.md": stub, "billing/plans.md": "# P\n\nAll."}
    )
    assert (row["became_redirect"], row["text_kept"]) == (1, 1.0)
    assert row["whereto"] == "; it leads to 'billing/plans.md' now"
    outside = {"plans.md": "# Plans\n\nMoved to [the wiki](https://wiki.example.org/plans)."}
    assert change({"plans.md": PAGE}, outside)["became_redirect"] == 1
    assert change({"plans.md": PAGE}, outside, quarantined=("plans.md",))["emptied"] == 0, "a copy of another redirect"


@pytest.mark.parametrize(
    ("before", "stub"),
    [
        (PAGE, "# Plans\n\nThis page moved to the wiki."),
        (PAGE, "# Plans\n\nThis page moved: [plans](gone/plans.md)."),
        (f"{PAGE}\n\n[Home](https://example.org/)", "# Plans\n\n[Home](https://example.org/)"),
        (PAGE, "# Plans\n\nAsk [us](mailto:us@example.org)."),
    ],
    ids=["no link", "a page that is not there", "a link that it always had", "a mail address"],
)
def test_a_page_that_leads_nowhere_new_is_no_redirect(before: str, stub: str) -> None:
    row = change({"plans.md": before}, {"plans.md": stub})
    assert (row["became_redirect"], row["text_kept"] < 0.1) == (0, True)


def test_a_page_emptied_into_others_is_not_emptied_in_the_corpus() -> None:
    parts = {"a.md": "\n\n".join(PARAGRAPHS)}
    assert change({"plans.md": PAGE}, {"plans.md": "# Plans", **parts}, quarantined=("plans.md",))["emptied"] == 0
    assert change({"plans.md": PAGE}, {"plans.md": "# Plans"}, quarantined=("plans.md",))["emptied"] == 1


@pytest.mark.parametrize(
    "box",
    [
        "| Note: prices are without tax. |\n|---|\n",
        "| ⚠ | Prices are without tax. |\n|---|---|\n",
        "| Note |\n|---|\n| One. |\n| Two. |\n",
    ],
    ids=["one cell", "a sign and a text", "one column"],
)
def test_what_frames_a_text_is_no_table(box: str) -> None:
    row = change({"plans.md": f"{PAGE}\n\n{box}"}, {"plans.md": f"{PAGE}\n\nPrices are without tax."})
    assert (row["tables_before"], row["all_tables_vanished"], row["tables_vanished"]) == (0, 0, 0)


def test_a_table_that_is_gone_is_lost_unless_its_rows_stand_elsewhere() -> None:
    gone = change({"plans.md": WITH_TABLE}, {"plans.md": PAGE})
    assert (gone["all_tables_vanished"], gone["table_rows_kept"]) == (1, 0.0)
    moved = change({"plans.md": WITH_TABLE}, {"plans.md": PAGE, "prices.md": f"# Prices\n\n{TABLE}"})
    assert (moved["all_tables_vanished"], moved["table_rows_kept"], moved["tables_vanished"]) == (0, 1.0, 1)


@pytest.mark.parametrize(
    ("header", "lost"),
    [
        ("| offer | monthly fee | rate |", 0),
        ("| a | b | c |", 0),
        ("| Plan 0 | £0.00 | 0 Mbps |", 1),
        ("| 2026 | 2027 | 12.50 |", 1),
    ],
)
def test_a_renamed_header_is_no_loss_and_values_in_its_place_are(header: str, lost: int) -> None:
    row = change({"plans.md": WITH_TABLE}, {"plans.md": WITH_TABLE.replace("| plan | price | speed |", header)})
    assert (row["table_header_lost"], row["table_header_kept"]) == (lost, 0.0)
    assert row["names_lost"] == "'plan', 'price', 'speed'"


def test_a_header_that_went_with_its_table_is_no_lost_header() -> None:
    other = "| term | meaning | example | where |\n|---|---|---|---|\n| a | b | c | d |\n| e | f | g | h |\n"
    row = change({"plans.md": f"{WITH_TABLE}\n\nTerms:\n\n{other}"}, {"plans.md": WITH_TABLE})
    assert (row["tables_vanished"], row["table_header_lost"]) == (1, 0)


def test_years_that_follow_years_are_a_renamed_header() -> None:
    before = WITH_TABLE.replace("| plan | price | speed |", "| 2023 | 2024 | 2025 |")
    row = change({"plans.md": before}, {"plans.md": before.replace("| 2023 | 2024 | 2025 |", "| 2026 | 2027 | 2028 |")})
    assert row["table_header_lost"] == 0


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("b.md", True),
        ("../x/b.md#part", True),
        ("./b", True),
        ("sub/", True),
        ("/x/b", True),
        ("/b.html", True),
        ("https://example.org/", True),
        ("//example.org/a", True),
        ("c.md", False),
        ("../b.md", False),
        ("?page=2", False),
    ],
)
def test_a_link_leads_out_of_the_corpus_or_to_a_document_in_it(target: str, leads: bool) -> None:
    assert leads_into("x/a.md", target, {"x/a.md", "x/b.md", "x/sub/index.md"}) is leads


def test_a_shape_is_json_there_and_back() -> None:
    shape = shape_of(facts_of("plans.md", f"{WITH_TABLE}\n\n[more](more.md)"))
    assert Shape.from_json(shape.to_json()) == shape
    assert shape.lines
    assert shape.targets


def test_a_shape_of_before_lines_were_kept_is_compared_by_its_text_alone() -> None:
    shape = shape_of(facts_of("plans.md", WITH_TABLE))
    early = Shape.from_first_format(["0" * 32, shape.characters, "en", 1, 0, 3, 40, 5, ["ab12cd34"], 0.0, ""])
    changes = find_changes({"plans.md": shape}, {"plans.md": early}, quarantined=(), leads_to={})
    row = change_row(changes[0], settings_of().validation_setup)
    assert (row["all_tables_vanished"], row["table_rows_kept"], row["table_header_lost"], row["text_kept"]) == (0, 1.0, 0, 1.0)
