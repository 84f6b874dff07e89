"""Small files with a known right reading, of kinds that people report of document pipelines: no value under another's label, none changed."""

from __future__ import annotations

import io
from email.message import EmailMessage

import openpyxl
import pptx
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from pptx.util import Inches

from headgate.ingest.parse.blocks import ParsedFile
from tests.ingest.parse.table_makers import cell, html_table, page_file, sheet_file, word_file
from tests.ingest.parse.test_policies import parse


def lines_of(parsed: ParsedFile) -> list[str]:
    return [line for element in parsed.elements for line in element.text.split("\n")]


def read(text: str, extension: str) -> list[str]:
    return lines_of(parse(text.encode(), extension))


# --- tables ---------------------------------------------------------------------------------------------------------


def test_row_headers_of_html_pair_each_day_with_its_own_hours() -> None:
    rows = [["Monday", "nine to five"], ["Tuesday", "ten to seven"], ["Wednesday", "closed"]]
    scoped = html_table(rows, left=1).replace("<th>", '<th scope="row">')
    for table in (html_table(rows, left=1), scoped):
        assert lines_of(parse(page_file(table), "html"))[1:] == [
            "Monday: nine to five",
            "Tuesday: ten to seven",
            "Wednesday: closed",
        ]


def test_pairs_headers_and_inner_tables_of_word() -> None:
    pairs = [["Customer", "Acme Ltd"], ["Place", "Lima"], ["Contact", "Eva Stone"]]
    rates = [
        [cell("Zone", down=2), cell("Parcel", across=2)],
        ["2 kg", "5 kg"],
        ["North", "4.10", "6.30"],
        ["South", "5.00", "7.00"],
    ]
    assert lines_of(parse(word_file(pairs, rates), "docx")) == [
        "Customer: Acme Ltd",
        "Place: Lima",
        "Contact: Eva Stone",
        "Zone: North; Parcel, 2 kg: 4.10; Parcel, 5 kg: 6.30",
        "Zone: South; Parcel, 2 kg: 5.00; Parcel, 5 kg: 7.00",
    ]


def test_labels_with_a_colon_get_no_second_one() -> None:
    assert read("Name:    Dana Field\nPlace:   Lima\nPhone:   0800 555 010\n", "txt") == [
        "Name: Dana Field",
        "Place: Lima",
        "Phone: 0800 555 010",
    ]


def test_a_data_file_without_header_gives_rows_of_equal_standing() -> None:
    assert read("Ana,Lima\nBen,Rome\nCem,Oslo\n", "csv") == ["Ana; Lima", "Ben; Rome", "Cem; Oslo"]


def test_two_header_rows_name_every_figure() -> None:
    rates = (
        '<table><thead><tr><th rowspan="2">Zone</th><th colspan="2">Parcel</th></tr><tr><th>2 kg</th><th>5 kg</th></tr></thead><tbody>'
        '<tr><td rowspan="2">North</td><td>4.10</td><td>6.30</td></tr><tr><td>4.60</td><td>6.90</td></tr><tr><td>South</td><td>5.00</td><td>7.00</td></tr>'
        "</tbody></table>"
    )
    assert lines_of(parse(page_file(rates), "html"))[1:] == [
        "Zone: North; Parcel, 2 kg: 4.10; Parcel, 5 kg: 6.30",
        "Zone: North; Parcel, 2 kg: 4.60; Parcel, 5 kg: 6.90",
        "Zone: South; Parcel, 2 kg: 5.00; Parcel, 5 kg: 7.00",
    ]
    assert read(",2025,,2026,\nItem,Q1,Q2,Q1,Q2\nA,1,2,3,4\n", "csv") == [
        "Item: A; 2025, Q1: 1; 2025, Q2: 2; 2026, Q1: 3; 2026, Q2: 4"
    ]


ORDER = (
    '<table width="100%"><tr><td align="center"><table width="600"><tr><td><h1>Thanks for your order</h1></td></tr>'
    "<tr><td><p>Order number: 88-1204</p><p>It ships on 6 March.</p></td></tr><tr><td>"
    f"{html_table([['Item', 'Qty', 'Price'], ['Lamp', '2', '18.00'], ['Bulb', '4', '3.50']], heads=1)}</td></tr></table></td></tr></table>"
)
LETTER = "<table width=600><tr><td><h1>Letter</h1><p>Dear all, the gate opens at six.</p><ul><li>Bring gloves</li><li>Bring boots</li></ul></td></tr></table>"


def test_tables_that_lay_out_a_page_are_read_through() -> None:
    mail = EmailMessage()
    mail["Subject"] = "Your order"
    mail.set_content(f"<html><body>{ORDER}</body></html>", subtype="html")
    parsed = parse(mail.as_bytes(), "eml")
    assert [(element.kind, element.text) for element in parsed.elements] == [
        ("title", "Your order"),
        ("title", "Thanks for your order"),
        ("text", "Order number: 88-1204"),
        ("text", "It ships on 6 March."),
        ("table", "Item: Lamp; Qty: 2; Price: 18.00\nItem: Bulb; Qty: 4; Price: 3.50"),
    ]
    letter = parse(f"<html><body>{LETTER}</body></html>".encode(), "html")
    assert [element.kind for element in letter.elements] == ["title", "text", "list_item", "list_item"]


def test_a_table_of_tags_in_markdown_is_a_table() -> None:
    table = html_table([["Plan", "Price", "Seats"], ["Basic", "10 EUR", "5"], ["Team", "49 EUR", "25"]], heads=1)
    expected = [
        "Plans",
        "Plan: Basic; Price: 10 EUR; Seats: 5",
        "Plan: Team; Price: 49 EUR; Seats: 25",
        "The plan may be changed monthly.",
    ]
    assert read(f"# Plans\n\n{table}\n\nThe plan may be changed monthly.\n", "md") == expected
    torn = table.replace("</tr>", "</tr>\n\n    ")
    parsed = parse(f"# Plans\n\n{torn}\n\nThe plan may be changed monthly.\n".encode(), "md")
    assert lines_of(parsed) == expected
    assert [element.line for element in parsed.elements] == [1, 3, 11]


def test_markdown_in_the_cells_of_a_torn_table_is_read_as_markdown() -> None:
    torn = (
        "<table>\n  <tr>\n    <th>Who</th>\n    <th>Does</th>\n  </tr>\n\n  <tr>\n    <td>\n\n**Ana** and [Ben](https://x.example)\n\n    </td>\n"
        "    <td>\n\n- checks\n- signs\n\n    </td>\n  </tr>\n</table>\n\nAfter it.\n"
    )
    assert read(torn, "md") == ["Who: Ana and Ben; Does: checks signs", "After it."]


def test_line_breaks_of_markdown_stay_and_a_crossed_out_label_leaves_no_colon() -> None:
    assert read("Write to us:<br>a@b.example\n", "md") == ["Write to us:", "a@b.example"]
    assert read("~~Later~~: We do not need it.\n", "md") == ["We do not need it."]


def test_a_long_text_over_several_columns_is_told_once() -> None:
    long = "A person who learns the work and finds a place in the team, with help."
    table = html_table([["Level", "Skill", "Scope"], ["1", cell(long, across=2)], ["2", cell("as above", across=2)]], heads=1)
    assert lines_of(parse(page_file(table), "html"))[1:] == [
        f"Level: 1; Skill, Scope: {long}",
        "Level: 2; Skill: as above; Scope: as above",
    ]


def test_the_separator_line_and_a_title_do_not_decide_on_the_separator() -> None:
    assert read('sep=;\nName;Price;Note\nWidget;1,50;"a; b"\nGadget;2,00;x\n', "csv") == [
        "Name: Widget; Price: 1,50; Note: a; b",
        "Name: Gadget; Price: 2,00; Note: x",
    ]
    parsed = parse(b"Price list, spring 2026\nName;Price;Unit\nWidget;1,50;kg\nGadget;2,75;m\n", "csv")
    assert [(element.kind, element.text) for element in parsed.elements] == [
        ("text", "Price list, spring 2026"),
        ("table", "Name: Widget; Price: 1,50; Unit: kg\nName: Gadget; Price: 2,75; Unit: m"),
    ]


def test_a_stray_quote_is_told_and_swallows_nothing() -> None:
    parsed = parse(b'Item,Size,Price\n"Rod, long,2 m\nBar,1 m,5.00\n' + b"Nail,1 cm,0.01\n" * 300, "csv")
    assert lines_of(parsed)[1] == "Item: Bar; Size: 1 m; Price: 5.00"
    assert len(lines_of(parsed)) == 302
    assert [finding.code for finding in parsed.findings] == ["quotes"]


def test_what_stands_in_a_table_outside_of_its_cells_is_not_lost() -> None:
    torn = "<table>Before<tr><td>Plan</td><td>Solo</td></tr><tr><td>Fee</td><td>9</td></tr><tr><table><tr><td>Room</td><td>7B</td></tr></table></table>"
    assert lines_of(parse(page_file(torn), "html"))[1:] == ["Before", "Plan: Solo", "Fee: 9", "Room: 7B"]


def test_a_table_that_begins_lower_beside_another_is_a_table_of_its_own() -> None:
    rows = [["Part", "Price"], ["Bolt", 2], ["Nut", 1, "", "Town", "Shops"], ["Pin", 1, "", "Lima", 4], ["", "", "", "Rome", 5]]
    assert lines_of(parse(sheet_file(rows), "xlsx"))[1:] == [
        "Part: Bolt; Price: 2",
        "Part: Nut; Price: 1",
        "Part: Pin; Price: 1",
        "Town: Shops",
        "Lima: 4",
        "Rome: 5",
    ]


def test_a_header_that_comes_again_with_another_date_names_the_rows_below_it() -> None:
    rows = (
        "Product,March 2026,Change,Returns\nLamp,5,1,0\nBulb,6,2,1\nProduct,April 2026,Change,Returns\nLamp,7,2,0\nBulb,9,3,2\n"
    )
    assert read(rows, "csv") == [
        "Product: Lamp; March 2026: 5; Change: 1; Returns: 0",
        "Product: Bulb; March 2026: 6; Change: 2; Returns: 1",
        "Product: Lamp; April 2026: 7; Change: 2; Returns: 0",
        "Product: Bulb; April 2026: 9; Change: 3; Returns: 2",
    ]


def test_a_name_over_some_columns_that_nobody_can_tell_names_none() -> None:
    rows = ",,,Percent change,\nRegion,2025,Actual,Constant,2024\nNorth,18,2,3,17\nSouth,9,0,4,9\n"
    assert read(rows, "csv") == [
        "Percent change",
        "Region: North; 2025: 18; Actual: 2; Constant: 3; 2024: 17",
        "Region: South; 2025: 9; Actual: 0; Constant: 4; 2024: 9",
    ]


def test_inches_and_quoted_separators_do_not_decide_on_the_separator() -> None:
    assert read('Pipe,5",3.00\nRod,2",4.00\n', "csv") == ['Pipe; 5"; 3.00', 'Rod; 2"; 4.00']
    assert read('Ana,Lima,"one; two"\n', "csv") == ["Ana; Lima; one; two"]


# --- values ---------------------------------------------------------------------------------------------------------


def test_cells_of_a_sheet_read_as_they_are_shown() -> None:
    shown = [
        (0.5, "# ?/?", "1/2"), (1.234e-05, "0.00E+00", "1.23E-05"), (3.14, "#.##", "3.14"), (1234.5, "#,##0.##", "1,234.5"), (1500000, '#,##0.0,,"M"', "1.5M"),
        (12.5, '0.0"%"', "12.5%"), (1234, "00000", "01234"), (1.5, "[h]:mm", "36:00"), (-500, "#,##0;(#,##0)", "(500)"), (46085, "d-mmm-yy", "4-Mar-26"),
        (0.1, "General", "0.1"), (46085, "yyyy.mm.dd q", "46085"), (True, "General", "TRUE"), (46085, "mm-dd-yy", "2026-03-04"),
    ]  # fmt: skip
    rows = [
        ["Case", "Value", "Shown"],
        *([f"case {number}", cell(value, form=form), text] for number, (value, form, text) in enumerate(shown)),
    ]
    wrong = []
    for line in lines_of(parse(sheet_file(rows), "xlsx"))[1:]:
        _, value, text = (part.partition(": ")[2] for part in line.split("; "))
        wrong += [line] if value != text else []
    assert not wrong


def test_a_value_that_its_format_hides_is_hidden_text() -> None:
    parsed = parse(sheet_file([["Part", "Price", "Days"], ["Bolt", cell(12, form=";;;"), 3], ["Nut", 4, 5]]), "xlsx")
    assert "12" not in parsed.text
    assert parsed.hidden == ("12",)


def _rich_sheet() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    raised, crossed = InlineFont(vertAlign="superscript"), InlineFont(strike=True)
    sheet["A1"] = CellRichText("The limit is 10", TextBlock(raised, "6"), " rows.")
    sheet["A2"] = CellRichText("The fee is ", TextBlock(crossed, "50 EUR"), " 40 EUR.")
    sheet["A3"], sheet["A3"].font = "Old terms apply.", Font(strike=True)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _rich_slide() -> bytes:
    show = pptx.Presentation()
    box = show.slides.add_slide(show.slide_layouts[6]).shapes.add_textbox(0, 0, Inches(5), Inches(2)).text_frame
    for number, (text, name, value) in enumerate([("6", "baseline", "30000"), ("50 EUR", "strike", "sngStrike")]):
        line = box.paragraphs[0] if not number else box.add_paragraph()
        line.add_run().text = "The limit is 10" if not number else "The fee is "
        marked = line.add_run()
        marked.text = text
        marked.font._element.set(name, value)
        line.add_run().text = " rows." if not number else " 40 EUR."
    file = io.BytesIO()
    show.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (page_file("<p>The limit is 10<sup>6</sup> rows.</p>"), "html"),
        (b"The limit is 10<sup>6</sup> rows.\n", "md"),
        (_rich_sheet(), "xlsx"),
        (_rich_slide(), "pptx"),
    ],
)
def test_raised_digits_are_no_part_of_the_number(content: bytes, extension: str) -> None:
    assert "The limit is 10^6 rows." in parse(content, extension).text


def test_note_marks_ordinals_units_and_fractions() -> None:
    page = page_file(
        "<p>The fee is 30<sup>1</sup> EUR. The memory holds 2<sup>10</sup> items. The 5<sup>th</sup> floor has 25 m<sup>2</sup>.</p>"
        "<p>Take 2<sup>1</sup>/<sub>2</sub> cups of H<sub>2</sub>O<sup>[3]</sup> at 10<sup>6</sup>2026, says Acme<sup>TM</sup>.</p>"
        "<table><tr><th>Part</th><th>Price</th><th>Room</th></tr><tr><td>Bolt</td><td>4<sup>2</sup></td><td>7<b>B</b></td></tr></table>"
    )
    assert lines_of(parse(page, "html"))[1:] == [
        "The fee is 30^1 EUR. The memory holds 2^10 items. The 5th floor has 25 m2.",
        "Take 2 1/2 cups of H2O[3] at 10^6 2026, says Acme™.",
        "Part: Bolt; Price: 4^2; Room: 7B",
    ]


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (page_file("<p>The fee is <s>50 EUR</s> 40 EUR.</p>"), "html"),
        (page_file("<p>The fee is <del>50 EUR</del> 40 EUR.</p>"), "html"),
        (page_file("<p>The fee is <strike>50 EUR</strike> 40 EUR.</p>"), "html"),
        (page_file('<p>The fee is <span style="text-decoration: line-through">50 EUR</span> 40 EUR.</p>'), "html"),
        (b"The fee is ~~50 EUR~~ 40 EUR.\n", "md"),
        (b"The fee is <del>50 EUR</del> 40 EUR.\n", "md"),
        (_rich_sheet(), "xlsx"),
        (_rich_slide(), "pptx"),
    ],
)
def test_what_is_crossed_out_is_left_out_and_told(content: bytes, extension: str) -> None:
    parsed = parse(content, extension)
    assert "The fee is 40 EUR." in parsed.text
    assert "50" not in parsed.text
    assert "Old terms" not in parsed.text
    assert "struck_out" in [finding.code for finding in parsed.findings]
    assert any(one.reason == "struck_out" for one in parsed.left_out)
