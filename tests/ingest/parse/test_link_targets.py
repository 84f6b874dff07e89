"""Where links lead is kept beside the text, and written into pages that say little else."""

from __future__ import annotations

import pytest

from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.link_targets import LITTLE, read_target, refresh_target


def markdown(text: str) -> ParsedFile:
    return parse_file(text.encode(), "text/markdown")


def html(head: str, body: str) -> ParsedFile:
    return parse_file(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode(), "text/html")


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (
            "# Moved: Tools\n\nThis page moved to [the tools of the team](../tools/index.md).\n",
            "Moved: Tools\n\nThis page moved to the tools of the team. (../tools/index.md)",
        ),
        (
            "# Tools\n\n- [Amplitude](amplitude.md)\n- [Customer tools](customer_tools.md)\n",
            "Tools\n\nAmplitude (amplitude.md)\nCustomer tools (customer_tools.md)",
        ),
        ("# [Refunds](../billing/refunds.md)\n", "Refunds\n\n../billing/refunds.md"),
        ("See [it][place].\n\n[place]: /billing/refunds\n", "See it. (/billing/refunds)"),
        ('Moved: <a href="/billing/refunds">here</a>\n', "Moved: here (/billing/refunds)"),
        ("---\ntitle: Old refunds\nredirect_to: /billing/refunds\n---\n", "redirect_to: /billing/refunds"),
        ("---\ntitle: Old refunds\nredirectTo: https://example.org/refunds\n---\n", "redirectTo: https://example.org/refunds"),
    ],
)
def test_a_markdown_page_that_only_leads_on_says_where_to(page: str, text: str) -> None:
    assert markdown(page).text == text


def test_a_web_page_that_sends_its_reader_on_keeps_title_and_target() -> None:
    refresh = '<title>Old refunds</title><meta http-equiv="Refresh" content="0; URL=\'/billing/refunds\'">'
    sent_on = html(refresh, "")
    assert (sent_on.text, sent_on.labels["title"], sent_on.targets) == ("/billing/refunds", "Old refunds", ("/billing/refunds",))
    told = html(refresh, '<p>It is <a href="/billing/refunds">over there</a>.</p>')
    assert told.text == "It is over there. (/billing/refunds)"


def test_a_page_that_says_more_is_left_as_it_is() -> None:
    long = "It says a lot about refunds and how they are paid. " * (LITTLE // 40)
    page = markdown(f"# Refunds\n\n{long}\n\nSee [the form](form.md) and [the form](form.md).\n")
    assert "form.md" not in page.text
    assert page.targets == ("form.md",)
    table = markdown("# Prices\n\n| plan | price |\n|---|---|\n| [Lite](lite.md) | 5 |\n| [Plus](plus.md) | 7 |\n")
    assert "lite.md" not in table.text
    assert table.targets == ("lite.md", "plus.md")


@pytest.mark.parametrize(
    "address", ["#below", "mailto:a@example.org", "tel:+44", "javascript:void(0)", "data:text/plain,x", "", None, "a" * 201]
)
def test_what_is_no_place_to_read_on_is_no_target(address: str | None) -> None:
    assert read_target(address) == ""


def test_an_address_that_stands_in_the_text_is_not_written_again() -> None:
    assert markdown("Moved to <https://example.org/a%20b>.\n").text == "Moved to https://example.org/a%20b."


def test_loading_a_page_again_leads_nowhere() -> None:
    assert refresh_target("30") == refresh_target(None) == ""
    assert refresh_target("0;url=/new place") == "/newplace"
