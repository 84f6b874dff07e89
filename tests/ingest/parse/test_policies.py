"""What docs/parsing.md states of each format, on files made the way the usual programs make them."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import ParseFailure
from headgate.ingest.derive import Deriver
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.ingest.work import parse_signature
from headgate.records import Remark, SourceFile
from headgate.settings import parse_settings
from headgate.sources.media import CONVERTED, EXTENSIONS, detect_media
from tests.ingest import files

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def parse(content: bytes, extension: str, **options: Any) -> ParsedFile:
    return parse_file(content, (EXTENSIONS | CONVERTED)[extension], path=f"file.{extension}", **options)


def kinds(parsed: ParsedFile) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in parsed.elements]


def word(body: str, **parts: str) -> bytes:
    """A docx with this body; `parts`: kind of part → its root's content."""
    target = io.BytesIO()
    links = ""
    with zipfile.ZipFile(target, "w") as archive:
        for number, (kind, content) in enumerate(parts.items()):
            links += f'<Relationship Id="r{number}" Type="http://x/relationships/{kind}" Target="{kind}.xml"/>'
            archive.writestr(f"word/{kind}.xml", f"<w:{kind} {W}>{content}</w:{kind}>")
        archive.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>',
        )
        archive.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
    return target.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


# --- docx -----------------------------------------------------------------------------------------------------------


def test_tracked_changes_are_read_as_accepted() -> None:
    parsed = parse(
        word(
            "<w:p><w:r><w:t>The fee is </w:t></w:r><w:del><w:r><w:delText>£5</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>£7</w:t></w:r></w:ins><w:r><w:t>.</w:t></w:r></w:p>"
            "<w:p><w:moveFrom><w:r><w:t>Old place.</w:t></w:r></w:moveFrom></w:p><w:p><w:moveTo><w:r><w:t>New place.</w:t></w:r></w:moveTo></w:p>"
        ),
        "docx",
    )

    assert parsed.text == "The fee is £7.\n\nNew place."
    assert parsed.findings == (
        Remark("tracked_changes", "read as accepted, 2 insertion(s) kept, 2 deletion(s) dropped"),
        Remark("struck_out", "1 word(s) that are crossed out or deleted are left out"),
    )


def test_comments_and_hidden_runs_are_kept_aside_and_notes_follow_their_paragraph() -> None:
    parsed = parse(
        word(
            '<w:p><w:r><w:t>Refunds take ten days.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
            "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Nobody sees this.</w:t></w:r><w:r><w:t>All see this.</w:t></w:r></w:p>",
            footnotes='<w:footnote w:type="separator" w:id="0"/><w:footnote w:id="2"><w:p><w:r><w:t>Working days.</w:t></w:r></w:p></w:footnote>',
            comments='<w:comment w:id="1"><w:p><w:r><w:t>Is this right?</w:t></w:r></w:p></w:comment>',
        ),
        "docx",
    )

    assert [text for _, text in kinds(parsed)] == ["Refunds take ten days.", "Note: Working days.", "All see this."]
    assert parsed.hidden == ("Nobody sees this.", "Is this right?")
    assert Remark("comments", "1 left out") in parsed.findings


def test_headings_are_told_by_style_and_numbered_as_word_shows_them() -> None:
    styles = (
        '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="7"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="Own"><w:name w:val="House heading"/><w:basedOn w:val="berschrift1"/></w:style>'
        '<w:style w:styleId="Deep"><w:name w:val="Deep"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>'
    )
    numbering = (
        '<w:abstractNum w:abstractNumId="3"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="7"><w:abstractNumId w:val="3"/></w:num>'
    )
    body = (
        paragraph("Scope", '<w:pStyle w:val="berschrift1"/>')
        + paragraph("Terms", '<w:pStyle w:val="Own"/>')
        + paragraph("Below", '<w:pStyle w:val="Own"/><w:numPr><w:ilvl w:val="1"/><w:numId w:val="7"/></w:numPr>')
        + paragraph("Details", '<w:pStyle w:val="Deep"/>')
        + paragraph("A point", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="7"/></w:numPr>')
        + paragraph("• Another")
    )
    parsed = parse(word(body, styles=styles, numbering=numbering), "docx")

    assert [(element.kind, element.text, element.level) for element in parsed.elements] == [
        ("title", "1. Scope", 1),
        ("title", "2. Terms", 1),
        ("title", "2.a Below", 1),
        ("title", "Details", 3),
        ("list_item", "3. A point", 0),
        ("list_item", "Another", 0),
    ]


def test_merged_cells_repeat_downwards_and_text_boxes_follow() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"

    restart, go_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    table = (
        f"<w:tbl><w:tr>{cell('plan')}{cell('speed')}{cell('price')}</w:tr>"
        f"<w:tr>{cell('Home', restart)}{cell('fast')}{cell('£24')}</w:tr><w:tr>{cell('', go_on)}{cell('slow')}{cell('£12')}</w:tr></w:tbl>"
    )
    box = f"<w:p><w:r><w:t>Beside.</w:t></w:r><w:r><w:pict><w:txbxContent>{paragraph('In a box.')}</w:txbxContent></w:pict></w:r></w:p>"
    parsed = parse(word(table + box), "docx")

    assert kinds(parsed) == [
        ("table", "plan: Home; speed: fast; price: £24\nplan: Home; speed: slow; price: £12"),
        ("text", "Beside."),
        ("text", "In a box."),
    ]


def test_pages_of_a_docx_are_those_word_last_showed() -> None:
    page_break = "<w:p><w:r><w:lastRenderedPageBreak/><w:t>Second page.</w:t></w:r></w:p>"
    parsed = parse(word(paragraph("First page.") + page_break + paragraph("More.")), "docx")

    assert [element.page for element in parsed.elements] == [1, 2, 2]


# --- pptx, xlsx -----------------------------------------------------------------------------------------------------


def test_hidden_slides_notes_and_pictures_of_a_deck() -> None:
    import pptx as python_pptx
    from pptx.util import Inches

    deck = python_pptx.Presentation()
    for title in ("Shown", "Concealed"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"A point of {title}"
    slide._element.set("show", "0")
    box = deck.slides[0].shapes.add_textbox(Inches(1), Inches(5), Inches(3), Inches(1))
    box.text_frame.text = "Free text"
    target = io.BytesIO()
    deck.save(target)
    parsed = parse(target.getvalue(), "pptx")

    assert kinds(parsed) == [("title", "Shown"), ("list_item", "A point of Shown"), ("text", "Free text")]
    assert parsed.findings == (Remark("hidden_slides", "1 left out"),)
    assert "A point of Concealed" in parsed.hidden


def book(fill: Callable[[Any, Any], None]) -> bytes:
    import openpyxl

    made = openpyxl.Workbook()
    made.active.title = "Prices"
    fill(made, made.active)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def test_cells_show_what_the_sheet_shows() -> None:
    from datetime import date, datetime, time

    def fill(made: Any, sheet: Any) -> None:
        sheet.append(["plan", "price", "share", "from", "at", "code", "on"])
        sheet.append(["Home", 24, 0.125, date(2026, 1, 31), datetime(2026, 1, 31, 9, 30), "007", True])
        sheet["B2"].number_format, sheet["C2"].number_format = "£#,##0.00", "0.0%"
        sheet["G3"] = time(9, 30)

    assert parse(book(fill), "xlsx").text.splitlines()[2:] == [
        "plan: Home; price: £24.00; share: 12.5%; from: 2026-01-31; at: 2026-01-31 9:30:00; code: 007; on: TRUE",
        "on: 9:30:00",
    ]


def test_hidden_rows_and_columns_merged_cells_comments_and_formulas() -> None:
    from openpyxl.comments import Comment

    def fill(made: Any, sheet: Any) -> None:
        for row in (
            ["plan", "speed", "cost", "price"],
            ["Home", "fast", "3", "24"],
            [None, "slow", "2", "12"],
            ["Old", "none", "1", "5"],
        ):
            sheet.append(row)
        sheet.merge_cells("A2:A3")
        sheet.column_dimensions["C"].hidden = True
        sheet.row_dimensions[4].hidden = True
        sheet["D2"].comment = Comment("Check this", "me")
        sheet["D5"] = "=SUM(1,2)"

    parsed = parse(book(fill), "xlsx")
    assert parsed.text.splitlines()[2:] == ["plan: Home; speed: fast; price: 24", "plan: Home; speed: slow; price: 12"]
    assert {"Old; none; 1; 5", "cost", "3", "2", "Check this"} <= set(parsed.hidden) | {
        text.removeprefix("me: ") for text in parsed.hidden
    }
    assert [finding.code for finding in parsed.findings] == ["hidden_cells", "comments", "formulas"]


def test_a_sheet_with_a_million_declared_rows_costs_what_its_cells_cost() -> None:
    def fill(made: Any, sheet: Any) -> None:
        sheet["A1"] = "The only cell near the start of it"
        sheet["A1048576"] = "The only cell at the very end of it"
        for row in range(1, 3000, 2):
            sheet.merge_cells(start_row=row + 2, start_column=2, end_row=row + 3, end_column=9)

    parsed = parse(book(fill), "xlsx")
    assert [(element.text, element.line) for element in parsed.elements[1:]] == [
        ("The only cell near the start of it", 1),
        ("The only cell at the very end of it", 1048576),
    ]


# --- html, mail -----------------------------------------------------------------------------------------------------


def test_html_keeps_structure_and_drops_what_is_no_text() -> None:
    parsed = parse(
        "<html><body><nav>Menu</nav><h2>Steps</h2><ul><li><p>First</p></li><li>Second<ul><li>Inner</li></ul></li></ul>"
        "<p>Some <b>bold</b><br>text <img src='http://x.example/a.png' alt='A map of the area'> after</p><pre>if x:\n  y()</pre>"
        "<table role='presentation'><tr><td><p>Laid out.</p></td></tr></table>"
        "<table><tr><th>plan</th><th>term</th><th>price</th></tr><tr><td rowspan=2>Home</td><td>1 year</td><td>£24</td></tr>"
        "<tr><td>2 years</td><td>£20</td></tr></table><script>var x = 1</script></body></html>".encode(),
        "html",
    )

    assert kinds(parsed) == [
        ("title", "Steps"),
        ("list_item", "First"),
        ("list_item", "Second"),
        ("list_item", "Inner"),
        ("text", "Some bold text"),
        ("text", "Image: A map of the area"),
        ("text", "after"),
        ("code", "if x:\n  y()"),
        ("text", "Laid out."),
        ("table", "plan: Home; term: 1 year; price: £24\nplan: Home; term: 2 years; price: £20"),
    ]


def test_control_characters_written_as_entities_do_no_harm() -> None:
    parsed = parse(b"<html><body><p>One &#1;<!-- x -->&#2; two</p>&#3;<script>x</script>&#4;</body></html>", "html")

    assert parsed.text == "One two"


def test_source_lines_of_html_count_every_line() -> None:
    parsed = parse(b'<?xml version="1.0"?>\n<html>\n<body>\n<p>One</p>\n\n<p>Two\n goes on</p>\n</body></html>', "html")

    assert [(element.text, element.line) for element in parsed.elements] == [("One", 4), ("Two goes on", 6)]


def mail_with(*attachments: tuple[bytes, str]) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Prices"
    message.set_content("Please see the files.")
    for content, name in attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_attachments_are_parsed_by_their_own_kind_and_a_bad_one_is_a_finding() -> None:
    parsed = parse(
        mail_with((files.xlsx(), "prices.xlsx"), (files.docx()[:-2000], "cut.docx"), (b"\x7fELF" + b"\0" * 50, "run.bin")), "eml"
    )

    assert ("title", "Attachment: prices.xlsx") in kinds(parsed)
    assert "plan: Home Lite; price a month: £24.00" in parsed.text
    assert sorted(str(finding).split(" left out: ")[0] for finding in parsed.findings if " left out: " in finding.text) == [
        "attachment: 'cut.docx'",
        "attachment: 'run.bin'",
    ]


def test_mails_in_mails_are_read_to_a_depth_and_no_further() -> None:
    content = mail_with((b"The innermost text of all.", "inner.txt"))
    for level in range(5):
        content = mail_with((content, f"level{level}.eml"))
    parsed = parse(content, "eml")

    assert "innermost" not in parsed.text
    assert "Attachment: level2.eml" in parsed.text
    assert any("nested too deeply" in finding.text for finding in parsed.findings)


def test_mail_headers_in_any_encoding() -> None:
    raw = "Subject: =?iso-8859-1?Q?Geb=FChren?= und Rückgabe\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße aus Köln\r\n"

    assert parse(raw.encode(), "eml").text == "Gebühren und Rückgabe\n\nGrüße aus Köln"
    assert "Grüße aus Köln" in parse(raw.encode("utf-16"), "eml").text


# --- json, xml, text ------------------------------------------------------------------------------------------------


def test_json_becomes_headings_lines_and_tables() -> None:
    content = {
        "title": "Plans",
        "valid": True,
        "none": None,
        "body": "Plans can be changed once a month.",
        "plans": [{"plan": "Home", "price": 24}, {"plan": "Max", "price": 42, "extra": "TV"}],
        "contact": {"mail": "help@example.com", "hours": ["Mon 9-17", "Tue 9-12"]},
    }
    parsed = parse(json.dumps(content).encode(), "json")

    assert kinds(parsed) == [
        ("title", "Plans"),
        ("text", "valid: yes"),
        ("text", "Plans can be changed once a month."),
        ("title", "plans"),
        ("table", "plan: Home; price: 24\nplan: Max; price: 42; extra: TV"),
        ("title", "contact"),
        ("text", "mail: help@example.com"),
        ("title", "hours"),
        ("list_item", "Mon 9-17"),
        ("list_item", "Tue 9-12"),
    ]
    assert parse(b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n', "jsonl").text == "a: 1; b: x\na: 2; b: y"


def test_xml_becomes_headings_lines_and_tables() -> None:
    parsed = parse(
        b"<?xml version='1.0' encoding='iso-8859-1'?><doc><title>Geb\xfchren</title><p>Pay <b>within</b> ten days.</p>"
        b"<owner>Billing</owner><plans><plan><name>Home</name><price>24</price></plan><plan><name>Max</name><price>42</price></plan></plans></doc>",
        "xml",
    )

    assert kinds(parsed) == [
        ("title", "Gebühren"),
        ("text", "Pay within ten days."),
        ("text", "owner: Billing"),
        ("table", "name: Home; price: 24\nname: Max; price: 42"),
    ]


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        ("お客様へのお知らせ。ご注文の商品は三日以内に発送いたします。返品は到着から十四日以内にお願いします。", ["shift_jis", "euc_jp", "iso2022_jp", "utf-16-le", "utf-32-be"]),
        ("我们会在三个工作日内发货。退货请在收到商品后十四天内提出，运费由公司承担。", ["gb18030", "gb2312", "utf-16-be"]),
        ("我們會在三個工作日內出貨。退貨請在收到商品後十四天內提出，運費由公司承擔。", ["big5"]),
        ("주문하신 상품은 사흘 안에 발송됩니다. 반품은 받은 날부터 십사일 이내에 신청해 주세요.", ["euc_kr"]),
        ("Заказ будет отправлен в течение трёх дней. Возврат возможен в течение четырнадцати дней.", ["koi8-r", "cp1251", "cp866", "iso8859-5"]),
        ("Η παραγγελία σας θα αποσταλεί εντός τριών ημερών.", ["cp1253"]),
        ("ההזמנה שלך תישלח בתוך שלושה ימים.", ["cp1255"]),
        ("Le remboursement est versé sous dix jours à l’adresse déjà enregistrée.", ["cp1252"]),
        ("Die Gebühr beträgt 7,50 und wird nach zehn Tagen fällig.", ["latin-1", "utf-8-sig", "utf-16", "utf-32"]),
    ],
)  # fmt: skip
def test_text_in_the_encodings_of_the_world(text: str, encodings: list[str]) -> None:
    for encoding in encodings:
        for tail in ("", " Order 12345, see example.com for help."):
            assert parse((text + tail).encode(encoding), "txt").text == text + tail, encoding


def test_nul_and_control_characters_and_mixed_encodings_do_no_harm() -> None:
    parsed = parse(b"Caf\xe9 and na\xc3\xafve\x00 text\x07 with\x1b[31m colour.\n" * 3, "txt")

    assert not any(character < " " and character != "\n" for character in parsed.text)
    assert "Caf" in parsed.text


# --- pdf ------------------------------------------------------------------------------------------------------------


def drawn(*pages: Callable[[Any], None]) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, invariant=1)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


@pytest.mark.parametrize("pages", [1, 2, 4])
def test_footers_are_left_out_however_few_the_pages(pages: int) -> None:
    parsed = parse(files.pdf(pages=pages), "pdf")

    assert "Northbeam Internet" not in parsed.text
    assert "Page 1" not in parsed.text


def test_a_footer_of_two_pages_without_a_number_is_left_out() -> None:
    def page(text: str) -> Callable[[Any], None]:
        def draw(canvas: Any) -> None:
            canvas.drawString(72, 700, text)
            canvas.drawString(72, 30, "Northbeam Internet, revised 2026")

        return draw

    parsed = parse(drawn(page("The first page says this."), page("The second page says that.")), "pdf")
    assert "revised" not in parsed.text
    assert "The second page says that." in parsed.text


def test_bullets_that_have_no_character_are_bullets_and_other_unknown_glyphs_stay_visible() -> None:
    from headgate.ingest.parse.pdf_layout import lay_out
    from headgate.ingest.parse.pdf_page import Glyph, Page

    drawn_text = [("\ufffd", 0), ("A", 14), ("b", 19), ("\ufffd", 24), ("c", 29), ("d", 44)]
    page = Page(1, (0, 0, 200, 200), [Glyph(text, x, x + 5, 100, 110, 10) for text, x in drawn_text])
    ((line,),) = lay_out([page]).pages[1]  # type: ignore[misc]
    assert line.text == "• Ab\ufffdc d"


def test_right_to_left_text_drawn_from_left_to_right_is_read_in_order() -> None:
    from headgate.ingest.parse.pdf_bidi import logical_order

    def placed(text: str) -> list[tuple[float, str]]:
        return [(float(position), character) for position, character in enumerate(text)]

    assert "".join(text for _, text in logical_order(placed("2026 םולש"))) == "שלום 2026"
    assert "".join(text for _, text in logical_order(placed("English text with םולש inside"))) == "English text with שלום inside"
    logical = [(10.0 - place, character) for place, character in enumerate("שלום")]
    assert logical_order(logical) == logical


def test_a_page_without_anything_is_blank_and_a_page_of_pictures_needs_reading() -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    picture = io.BytesIO()
    Image.new("L", (80, 80), 128).save(picture, "PNG")
    picture.seek(0)

    blank = parse(drawn(lambda canvas: None), "pdf")
    assert (blank.text, blank.findings) == ("", (Remark("blank", "1 page(s) without text and pictures"),))
    scan = drawn(lambda canvas: canvas.drawImage(ImageReader(picture), 50, 50, 400, 600))
    with pytest.raises(ParseFailure, match="tesseract") as caught:
        parse(scan, "pdf")
    assert caught.value.reason == "needs_tesseract"


def test_filled_in_fields_of_a_form_are_read() -> None:
    def draw(canvas: Any) -> None:
        canvas.drawString(72, 700, "Application for a refund of charges")
        canvas.acroForm.textfield(name="customer", tooltip="Name of the customer", value="Ada Lovelace", x=72, y=600)

    parsed = parse(drawn(draw), "pdf")
    assert kinds(parsed)[-2:] == [("title", "Form fields"), ("text", "Name of the customer: Ada Lovelace")]


# --- passwords ------------------------------------------------------------------------------------------------------


def encrypted_office(content: bytes, password: str) -> bytes:
    from msoffcrypto.format.ooxml import OOXMLFile

    target = io.BytesIO()
    OOXMLFile(io.BytesIO(content)).encrypt(password, target)
    return target.getvalue()


@pytest.mark.parametrize("extension", ["docx", "xlsx", "pptx", "pdf"])
def test_encrypted_files_open_with_one_of_the_passwords(extension: str) -> None:
    plain = {"docx": files.docx, "xlsx": files.xlsx, "pptx": files.pptx, "pdf": files.pdf}[extension]
    locked = files.pdf(password="right") if extension == "pdf" else encrypted_office(plain(), "right")

    assert not detect_media(f"a.{extension}", locked[:4096], locked).problem
    assert parse(locked, extension, passwords=("wrong", "right")).text == parse(plain(), extension).text
    for passwords, said in (((), "passwords_env"), (("wrong", "other"), "none of the 2")):
        with pytest.raises(ParseFailure, match=said) as caught:
            parse(locked, extension, passwords=passwords)
        assert caught.value.reason == "encrypted"
        assert "wrong" not in caught.value.detail


# --- limits ---------------------------------------------------------------------------------------------------------


def bomb(declared: int) -> bytes:
    """A docx whose document part unpacks to 30 MiB, however much its directory declares."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        noise = bytes(range(256)) * 40
        archive.writestr("word/document.xml", b"".join(noise[place % 7 :] for place in range(3000)))
    content = bytearray(target.getvalue())
    place = content.rindex(b"PK\x01\x02") + 24
    content[place : place + 4] = declared.to_bytes(4, "little")
    return bytes(content)


def test_what_a_zip_unpacks_to_counts_and_not_what_it_declares() -> None:
    with pytest.raises(ParseFailure) as caught:
        parse(bomb(declared=1000), "docx", max_unzipped=2**20)
    assert caught.value.reason in ("zip_bomb", "malformed")


@pytest.mark.parametrize(
    ("content", "extension", "reason"),
    [
        (b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>', "xml", "xml_entities"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', "xml", "xml_entities"),
        (b"<a>" * 5000 + b"</a>" * 5000, "xml", "malformed"),
        (b"[" * 100_000 + b"]" * 100_000, "json", "malformed"),
        (b'{"a": ', "json", "malformed"),
        (word("").replace(b"</w:document>", b"</w:documen>"), "docx", "malformed"),
        (word("<w:p/>" * 10) + b"", "docx", ""),
        (files.text(), "doc", "needs_libreoffice"),
        (b"{\\rtf1 x}", "rtf", "needs_pandoc"),
        (b"\x89PNG\r\n\x1a\n", "png", "needs_tesseract"),
    ],
)
def test_bad_files_name_their_reason(content: bytes, extension: str, reason: str) -> None:
    if not reason:
        assert parse(content, extension).findings == (Remark("blank", "the file holds no text"),)
        return
    with pytest.raises(ParseFailure) as caught:
        parse(content, extension)
    assert caught.value.reason == reason
    assert "\n" not in caught.value.detail


@pytest.mark.parametrize("depth", [300, 20_000])
def test_deeply_nested_html_is_read_or_refused(depth: int) -> None:
    content = b"<html><body>" + b"<div>" * depth + b"The text inside of it all." + b"</div>" * depth + b"</body></html>"
    if depth > 1000:
        with pytest.raises(ParseFailure, match="nested too deeply"):
            parse(content, "html")
    else:
        assert "The text inside" in parse(content, "html").text


def test_nothing_outside_of_a_document_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of this machine")
    page = f"<html><body><p>Seen.</p><img src='file://{secret}' alt='a local file'><iframe src='file://{secret}'></iframe></body></html>"

    assert "the secret" not in parse(page.encode(), "html").text


# --- what other programs read ---------------------------------------------------------------------------------------


#: What tesseract 5 prints, script models included.
LISTED = 'List of available languages in \\"/usr/share/tessdata/\\" (6):\\nchi_sim\\ndeu\\neng\\nequ\\nosd\\nscript/Latin\\n'


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """Stand-ins for LibreOffice and tesseract that do what they are asked by copying."""
    made = tmp_path / "made.docx"
    made.write_bytes(files.docx())
    soffice = tmp_path / "soffice"
    soffice.write_text(f'#!/bin/sh\nwhile [ "$1" != --outdir ]; do shift; done\nmkdir -p "$2"\ncp {made} "$2/document.docx"\n')
    tesseract = tmp_path / "tesseract"
    tesseract.write_text(
        f'#!/bin/sh\nif [ "$1" = --list-langs ]; then printf "{LISTED}"; exit; fi\nshift\necho "$*" > {tmp_path}/asked\n'
        'printf "It was read from a picture\\nand it has two lines.\\n\\n- first\\n- second\\n" > "$1.txt"\n'
    )
    for program in (soffice, tesseract):
        program.chmod(0o755)
    return {"soffice": str(soffice), "tesseract": str(tesseract)}


def test_old_office_files_go_through_libreoffice(programs: dict[str, str]) -> None:
    readers = {EXTENSIONS[extension]: "headgate" for extension in ("rtf", "odt")}
    for extension in ("doc", "rtf", "odt"):
        assert parse(b"old", extension, programs=programs, readers=readers).text == parse(files.docx(), "docx").text


def test_pictures_go_through_tesseract(programs: dict[str, str], tmp_path: Path) -> None:
    parsed = parse(b"picture", "png", programs=programs)

    assert kinds(parsed) == [
        ("text", "It was read from a picture\nand it has two lines."),
        ("list_item", "first"),
        ("list_item", "second"),
    ]
    assert parsed.findings == (Remark("scan", "read by text recognition (OCR), which makes mistakes"),)
    target, *arguments = (tmp_path / "asked").read_text().split()
    assert target.endswith("/text")
    assert arguments == ["-l", "eng+chi_sim+deu+script/Latin"]


def test_tesseract_without_a_language_reads_nothing(programs: dict[str, str]) -> None:
    tesseract = Path(programs["tesseract"])
    tesseract.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ParseFailure, match="names no language") as caught:
        parse(b"picture", "png", programs=programs)
    assert caught.value.reason == "needs_tesseract"


def test_an_installed_language_means_that_scans_are_parsed_again(
    programs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    settings = parse_settings({"corpus": {"folder": "."}}, project_dir=tmp_path)

    def keys() -> list[object]:
        deriver = Deriver(settings.ingest_setup)
        kinds = ("image/png", "application/pdf", "text/markdown")
        return [
            parse_signature(settings.parse, deriver),
            *(deriver.content_key(SourceFile("file", "0" * 64, 1, media_type)) for media_type in kinds),
        ]

    before = keys()
    assert keys() == before
    tesseract = Path(programs["tesseract"])
    tesseract.write_text(tesseract.read_text().replace("deu", "deu\\nfra"))
    assert [key == old for key, old in zip(keys(), before, strict=True)] == [False, False, False, True]


def test_a_converter_on_a_full_disk_says_nothing_of_the_file(programs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**30, 2**30, 0))
    with pytest.raises(OSError, match="No space left on device after soffice"):
        parse(b"old", "doc", programs=programs)


def test_a_converter_that_hangs_is_ended(tmp_path: Path) -> None:
    slow = tmp_path / "soffice"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    with pytest.raises(ParseFailure) as caught:
        parse(b"old", "doc", programs={"soffice": str(slow)}, seconds=0.3)
    assert caught.value.reason == "timeout"
