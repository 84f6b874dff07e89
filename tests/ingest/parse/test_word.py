"""What Word shows and other text refers to: numbers of clauses, symbols, form fields, controls, equations, crossed-out text."""

from __future__ import annotations

import io

import pytest

from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.left_out import LeftOut
from tests.ingest.parse.test_policies import kinds, paragraph, parse, word

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def line(*parts: str) -> str:
    return f"<w:p>{''.join(parts)}</w:p>"


def texts(body: str, **parts: str) -> list[str]:
    return [text for _, text in kinds(parse(word(body, **parts), "docx"))]


def item(text: str, level: int, number: int = 7) -> str:
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def level(number: int, form: str, pattern: str, more: str = "") -> str:
    return f'<w:lvl w:ilvl="{number}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{pattern}"/>{more}</w:lvl>'


CLAUSES = (
    f'<w:abstractNum w:abstractNumId="3">{level(0, "decimal", "%1.")}{level(1, "decimal", "%1.%2")}{level(2, "lowerLetter", "(%3)")}'
    f"{level(3, 'upperRoman', 'Part %4')}</w:abstractNum>"
)
LISTS = (
    f'{CLAUSES}<w:abstractNum w:abstractNumId="4">{level(0, "bullet", "•")}{level(1, "decimalZero", "%2)")}</w:abstractNum>'
    '<w:num w:numId="7"><w:abstractNumId w:val="3"/></w:num><w:num w:numId="8"><w:abstractNumId w:val="4"/></w:num>'
    '<w:num w:numId="9"><w:abstractNumId w:val="3"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
)


def test_clauses_carry_the_numbers_that_other_text_refers_to() -> None:
    body = (
        item("Payment", 0)
        + item("The buyer pays within 30 days.", 1)
        + item("Late payment costs 5 percent.", 1)
        + item("for the first month;", 2)
        + item("for every later month.", 2)
        + item("Delivery", 0)
        + item("The seller delivers.", 1)
        + item("To the depot", 3)
    )
    assert texts(body, numbering=LISTS) == [
        "1. Payment",
        "1.1 The buyer pays within 30 days.",
        "1.2 Late payment costs 5 percent.",
        "(a) for the first month;",
        "(b) for every later month.",
        "2. Delivery",
        "2.1 The seller delivers.",
        "Part I To the depot",
    ]


def test_bullets_have_no_number_and_a_list_may_begin_anew() -> None:
    body = (
        item("plain", 0, 8) + item("step", 1, 8) + item("first", 0) + item("anew", 0, 9) + item("goes on", 0, 9) + item("too", 0)
    )
    assert texts(body, numbering=LISTS) == ["plain", "01) step", "1. first", "5. anew", "6. goes on", "7. too"]


def test_numbers_come_by_style_and_through_linked_lists() -> None:
    styles = (
        '<w:style w:styleId="Clause"><w:name w:val="Clause"/><w:pPr><w:numPr><w:numId w:val="7"/></w:numPr></w:pPr></w:style>'
        '<w:style w:styleId="House"><w:name w:val="House"/><w:pPr><w:numPr><w:numId w:val="7"/></w:numPr></w:pPr></w:style>'
    )
    marked = level(1, "decimal", "%1.%2", '<w:pStyle w:val="Clause"/>')
    numbering = (
        f'<w:abstractNum w:abstractNumId="3">{level(0, "decimal", "§ %1")}{marked}<w:styleLink w:val="House"/></w:abstractNum>'
        '<w:abstractNum w:abstractNumId="5"><w:numStyleLink w:val="House"/></w:abstractNum>'
        '<w:num w:numId="7"><w:abstractNumId w:val="3"/></w:num><w:num w:numId="8"><w:abstractNumId w:val="5"/></w:num>'
    )
    body = item("Scope", 0) + paragraph("It holds here.", '<w:pStyle w:val="Clause"/>') + item("Terms", 0, 8)
    assert texts(body, styles=styles, numbering=numbering) == ["§ 1 Scope", "1.1 It holds here.", "§ 2 Terms"]


def test_a_number_in_a_form_that_is_not_known_is_left_away_not_guessed() -> None:
    numbering = (
        f'<w:abstractNum w:abstractNumId="3">{level(0, "thaiLetters", "%1.")}</w:abstractNum>'
        '<w:num w:numId="7"><w:abstractNumId w:val="3"/></w:num>'
    )
    assert texts(item("Scope", 0), numbering=numbering) == ["Scope"]


def test_hidden_and_deleted_paragraphs_are_not_counted() -> None:
    deleted = (
        item("gone", 0)
        .replace("<w:r>", "<w:del><w:r>")
        .replace("<w:t>", "<w:delText>")
        .replace("</w:t></w:r>", "</w:delText></w:r></w:del>")
    )
    assert texts(item("one", 0) + deleted + item("two", 0), numbering=LISTS) == ["1. one", "2. two"]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((run("Limit 10"), run("6", '<w:vertAlign w:val="superscript"/>'), run(" rows, H"), run("2", '<w:vertAlign w:val="subscript"/>'), run("O.")), "Limit 10^6 rows, H2O."),
        ((run("30"), run("1", '<w:vertAlign w:val="superscript"/>'), run(" EUR on the 5"), run("th", '<w:vertAlign w:val="superscript"/>'), run(" for 25 m"), run("2", '<w:vertAlign w:val="superscript"/>')), "30^1 EUR on the 5th for 25 m2"),
        ((run("10"), run("3", '<w:position w:val="6"/>')), "10^3"),
        ((run("Fee "), run("50 EUR", "<w:strike/>"), run("40 EUR, "), run("old", "<w:dstrike/>"), run("new", '<w:strike w:val="0"/>')), "Fee 40 EUR, new"),
        ((run("Name"), '<w:r><w:ptab w:relativeTo="margin" w:alignment="right" w:leader="none"/></w:r>', run("Value")), "Name Value"),
        ((run("yes "), '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', run(" no "), '<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>'), "yes ☑ no ☐"),
        ((run("done "), run("\uf0fc", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>')), "done ✓"),
        ((run("angle "), run("a", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>'), run(" "), '<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>', run(" 3")), "angle α ≥ 3"),
        ((run("co"), "<w:r><w:softHyphen/></w:r>", run("operate and non"), "<w:r><w:noBreakHyphen/></w:r>", run("binding")), "cooperate and non-binding"),
    ],
)  # fmt: skip
def test_runs_read_as_they_are_shown(parts: tuple[str, ...], text: str) -> None:
    assert texts(line(*parts)) == [text]


def control(properties: str, content: str) -> str:
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def test_a_prompt_that_nobody_answered_is_no_text_and_what_was_entered_is() -> None:
    body = line(
        run("Signed by "),
        control("<w:showingPlcHdr/><w:text/>", run("Click here.")),
        run(" on "),
        control("<w:date/>", run("4 March")),
    ) + control("<w:showingPlcHdr/>", paragraph("Write your terms."))
    parsed = parse(word(body), "docx")
    assert parsed.text == "Signed by on 4 March"
    assert parsed.left_out == (LeftOut("placeholder", 5, "Click here."),)


@pytest.mark.parametrize(("state", "box"), [("1", "☒"), ("0", "☐")])
def test_a_check_box_is_read_by_its_state(state: str, box: str) -> None:
    ticked = control(f'<w14:checkbox {W14}><w14:checked w14:val="{state}"/></w14:checkbox>', run("?"))
    assert texts(line(run("Accept: "), ticked)) == [f"Accept: {box}"]


def form(data: str, result: str = "") -> str:
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{data}</w:ffData></w:fldChar></w:r><w:r><w:instrText> FORM </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


COLOURS = '<w:listEntry w:val="Red"/><w:listEntry w:val="Blue"/>'


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (form(f'<w:ddList><w:result w:val="1"/>{COLOURS}</w:ddList>'), "It is Blue now"),
        (form(f"<w:ddList>{COLOURS}</w:ddList>"), "It is Red now"),
        (form(f'<w:ddList><w:result w:val="1"/>{COLOURS}</w:ddList>', run("Blue")), "It is Blue now"),
        (form('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>'), "It is ☒ now"),
        (form('<w:checkBox><w:default w:val="0"/></w:checkBox>'), "It is ☐ now"),
        (form("<w:textInput/>", run("filled in")), "It is filled in now"),
    ],
)
def test_form_fields_show_what_was_chosen(field: str, text: str) -> None:
    assert texts(line(run("It is "), field, run(" now"))) == [text]


def math(inner: str) -> str:
    return f"<m:oMath {M}>{inner}</m:oMath>"


def term(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (f"<m:f><m:num>{term('3')}</m:num><m:den>{term('4')}</m:den></m:f>", "2 3/4"),
        (f"<m:f><m:num>{term('a+b')}</m:num><m:den>{term('2')}</m:den></m:f>", "2(a+b)/2"),
        (f"<m:sSup><m:e>{term('x')}</m:e><m:sup>{term('n+1')}</m:sup></m:sSup>", "2 x^(n+1)"),
        (f"<m:rad><m:radPr/><m:deg/><m:e>{term('16')}</m:e></m:rad>", "2√16"),
        (f"<m:d><m:e>{term('a')}</m:e></m:d>", "2(a)"),
    ],
)
def test_equations_keep_their_parts_apart(inner: str, text: str) -> None:
    assert texts(line(run("2"), math(inner))) == [text]


def test_a_table_in_a_text_box_and_one_in_a_cell_are_read() -> None:
    def table(*rows: tuple[str, ...]) -> str:
        cells = ("".join(f"<w:tc>{cell if cell.startswith('<') else paragraph(cell)}</w:tc>" for cell in row) for row in rows)
        return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"

    box = f"<w:p><w:r><w:pict><w:txbxContent>{paragraph('Call us.')}{table(('Room', '7B'))}</w:txbxContent></w:pict></w:r></w:p>"
    inner = table(("Device", "Serial"), ("Pump", "P-100"), ("Fan", "F-200"))
    assert texts(box + table(("Site", "Depot"), ("Devices", inner + "<w:p/>"))) == [
        "Call us.",
        "Room: 7B",
        "Site: Depot\nDevices",
        "Device: Pump; Serial: P-100\nDevice: Fan; Serial: F-200",
    ]


def test_white_text_is_hidden_on_paper_and_not_on_a_dark_cell() -> None:
    white = run("White words.", '<w:color w:val="FFFFFF"/>')
    shaded = f'<w:p><w:pPr><w:shd w:fill="1F3864"/></w:pPr>{white}</w:p>'
    assert texts(shaded) == ["White words."]
    assert parse(word(line(white, run("Seen."))), "docx").hidden == ("White words.",)


def test_running_headers_and_deletions_are_accounted_for() -> None:
    body = line(run("Kept."), "<w:del><w:r><w:delText>Gone for good.</w:delText></w:r></w:del>")
    parsed = parse(word(body, header="<w:p><w:r><w:t>Company paper</w:t></w:r></w:p>"), "docx")
    assert {(one.reason, one.words) for one in parsed.left_out} == {("struck_out", 3), ("running_header", 2)}


def test_words_apart_by_a_tab_or_a_break_are_not_joined_where_they_are_left_out() -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("The quick fox jumps over the lazy dog.")
    document.sections[0].header.paragraphs[0].text = "Release\tPage\nDraft"
    target = io.BytesIO()
    document.save(target)
    parsed = parse_file(
        target.getvalue(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", left_out_sample=None
    )
    assert [(one.reason, one.words, one.sample.split()) for one in parsed.left_out] == [
        ("running_header", 3, ["Release", "Page", "Draft"])
    ]
