"""Kinds that unstructured reads: what they become, and that nothing hidden, fetched or dropped in silence comes or goes with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import ParseFailure
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.settings.readers import READERS
from headgate.sources.media import EXTENSIONS, detect_media
from tests.ingest import files
from tests.ingest.outlook import compound_file, message
from tests.ingest.parse.partition.pandoc_files import PROGRAMS, changed, made

#: The marks of what is written into files at places that nobody sees.
SECRET = "launch code swordfish"


def parse(content: bytes, extension: str, **options: Any) -> ParsedFile:
    return parse_file(content, EXTENSIONS[extension], path=f"file.{extension}", programs=PROGRAMS, **options)


def kinds(parsed: ParsedFile) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in parsed.elements]


def reasons(parsed: ParsedFile) -> dict[str, str]:
    return {one.reason: one.sample for one in parsed.left_out}


@pytest.mark.parametrize("extension", ["rst", "org", "odt", "rtf", "epub"])
def test_text_tables_lists_notes_and_raised_digits_come_through(extension: str) -> None:
    parsed = parse(made(extension), extension)

    assert ("table", "plan: Home Lite; price a month: £24.00\nplan: Home Plus; price a month: £31.00") in kinds(parsed)
    assert ("text", "Refunds are paid within 10 working days. We have 10^6 customers.") in kinds(parsed)
    assert ("text", "Note: Bank holidays do not count.") in kinds(parsed)
    assert ("text", "Keep the receipt.") in kinds(parsed)
    assert [element.text for element in parsed.elements if element.kind == "title"][-2:] == ["Returns", "Prices"]
    assert "Open the app." in parsed.text
    assert "ping 192.168.8.1" in parsed.text
    assert "reader" not in reasons(parsed)
    assert all(parsed.text[element.start : element.end] == element.text for element in parsed.elements)


@pytest.mark.parametrize("extension", ["rst", "org", "odt", "epub"])
def test_titles_and_lists_keep_their_kinds_and_levels(extension: str) -> None:
    parsed = parse(made(extension), extension)
    titles = [(element.level, element.text) for element in parsed.elements if element.kind == "title"]
    assert titles[0] == (1, "Refunds")
    assert titles[1][0] < titles[2][0]
    assert [text for kind, text in kinds(parsed) if kind == "list_item"] == ["Open the app.", "Press Refund."]


META_ODT = "".join(
    f'<meta:user-defined meta:name="{name}">{value}</meta:user-defined>'
    for name, value in (("audience", "customer"), ("confidentiality", "internal"))
)
META_EPUB = '<meta name="audience" content="customer"/><meta name="confidentiality" content="internal"/>'


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("rst", b"Guide\n=====\n\n:audience: customer\n:confidentiality: internal\n\nText of the guide.\n"),
        ("org", b"#+TITLE: Guide\n#+AUDIENCE: customer\n#+CONFIDENTIALITY: internal\n\nText of the guide.\n"),
        ("rtf", rb"{\rtf1{\info{\keywords audience=customer; confidentiality=internal}}Text of the guide.\par}"),
        ("odt", changed(made("odt"), "meta.xml", ("<dc:title>", META_ODT + "<dc:title>"))),
        ("epub", changed(made("epub"), "EPUB/content.opf", ("<dc:title", META_EPUB + "<dc:title"))),
        ("msg", message(subject="Guide", body="Text of the guide.", headers="X-Audience: customer\r\nX-Confidentiality: internal\r\n")),
    ],
)  # fmt: skip
def test_labels_are_read_where_the_format_has_its_properties(extension: str, content: bytes) -> None:
    labels = parse(content, extension).labels
    assert (labels["audience"], labels["confidentiality"]) == ("customer", "internal")


def test_tables_and_directives_of_rst() -> None:
    source = (
        "Guide\n=====\n\n.. note::\n\n   Back up first.\n\n.. list-table:: Ports\n   :header-rows: 1\n\n   * - Service\n     - Port\n"
        "   * - web\n     - 8080\n\n+-------+------+\n| Key   | Val  |\n+=======+======+\n| alpha | 10   |\n+-------+------+\n| beta  | 20   |\n"
        "+-------+------+\n\n.. code-block:: sh\n\n   # comment\n   .. run --fast\n\n:Author: Eva\n\n`Link <https://x.example>`_ and ``literal`` and **bold**.\n\n"
        ".. toctree::\n   :maxdepth: 2\n\n   other\n\n=====  =====\nA      B\n=====  =====\n1      2\n=====  =====\n"
    )
    parsed = parse(source.encode(), "rst")
    assert kinds(parsed) == [
        ("title", "Guide"), ("text", "Back up first."), ("text", "Ports"), ("table", "Service: web; Port: 8080"),
        ("table", "Key: alpha; Val: 10\nKey: beta; Val: 20"), ("code", "# comment\n.. run --fast"), ("text", "Author: Eva"),
        ("text", "Link and literal and bold."), ("table", "A: 1; B: 2"),
    ]  # fmt: skip
    assert set(reasons(parsed)) == {"markup"}


def test_fields_and_titles_at_the_head_of_rst_and_org_stay() -> None:
    rst = parse(b"=====\nGuide\n=====\n:Version: 3.1\n\nPart\n----\n\nWords of it.\n", "rst")
    assert kinds(rst) == [("title", "Guide"), ("text", "version: 3.1"), ("title", "Part"), ("text", "Words of it.")]
    org = parse(b"#+TITLE: Guide\n* TODO Part :work:\n- term :: definition\n", "org")
    assert kinds(org) == [("title", "Guide"), ("title", "Part"), ("text", "term: definition")]
    assert reasons(org)["metadata"].split()[:1] == ["TODO"]


HIDDEN_STYLE = '<office:automatic-styles><style:style style:name="Gone" style:family="text"><style:text-properties text:display="none"/></style:style>'
TRACKED = (
    f'<text:tracked-changes><text:changed-region text:id="c"><text:deletion><text:p>{SECRET}</text:p></text:deletion></text:changed-region>'
    '</text:tracked-changes><text:p text:style-name="Title"'
)
HIDDEN_ODT = (
    f'<text:p><office:annotation><text:p>{SECRET}</text:p></office:annotation>Seen one</text:p>'
    f'<text:section text:name="s" text:display="none"><text:p>{SECRET}</text:p></text:section>'
    f'<text:p>Seen two<text:span text:style-name="Gone">{SECRET}</text:span></text:p></office:text>'
)  # fmt: skip


@pytest.mark.parametrize(
    ("extension", "content", "reason"),
    [
        ("rst", f"Guide\n=====\n\nSeen text.\n\n.. {SECRET}\n\n..\n   {SECRET}\n".encode(), "comment"),
        ("rst", f"Guide\n=====\n\nSeen text.\n\n.. raw:: html\n\n   <p style='display:none'>{SECRET}</p>\n".encode(), "hidden"),
        ("org", f"* Guide\nSeen text.\n# {SECRET}\n#+BEGIN_COMMENT\n{SECRET}\n#+END_COMMENT\n".encode(), "comment"),
        ("org", f"* Guide\nSeen text.\n* COMMENT Aside\n{SECRET}\n** Below\nmore\n* Other :noexport:\n{SECRET}\n".encode(), "hidden"),
        ("rtf", rf"{{\rtf1 Seen text.{{\v {SECRET}}} More.\par}}".encode(), "hidden"),
        ("rtf", rf"{{\rtf1 Seen text.{{\*\annotation {SECRET}}} More.\par}}".encode(), "comment"),
        ("rtf", rf"{{\rtf1{{\header {SECRET}\par}}Seen text.\par}}".encode(), "running_header"),
        ("odt", changed(made("odt"), "content.xml", ("</office:text>", HIDDEN_ODT), ("<office:automatic-styles>", HIDDEN_STYLE)), "hidden"),
        ("odt", changed(made("odt"), "content.xml", ('<text:p text:style-name="Title"', TRACKED)), "struck_out"),
        ("epub", changed(made("epub"), "EPUB/text/ch001.xhtml", ("</body>", f'<p style="display:none">{SECRET}</p><!-- {SECRET} --></body>')), "hidden"),
        ("msg", message(subject="Guide", html=f"<p>Seen text.</p><p hidden>{SECRET}</p>"), "hidden"),
    ],
)  # fmt: skip
def test_what_nobody_sees_is_set_aside_and_told(extension: str, content: bytes, reason: str) -> None:
    parsed = parse(content, extension)
    assert "swordfish" not in parsed.text
    assert "Seen" in parsed.text or "Refunds" in parsed.text
    assert "swordfish" in reasons(parsed)[reason]
    if reason in ("hidden", "comment"):
        assert any("swordfish" in text for text in parsed.hidden)


@pytest.mark.parametrize(
    ("extension", "asking"),
    [
        ("rst", "Seen text.\n\n.. include:: {file}\n\nMore text.\n"),
        ("rst", "Seen text.\n\n.. literalinclude:: {file}\n\nMore text.\n"),
        ("rst", "Seen text.\n\n.. csv-table:: Prices\n   :file: {file}\n\nMore text.\n"),
        ("rst", "Seen text.\n\n.. raw:: html\n   :file: {file}\n\nMore text.\n"),
        ("rst", "Seen text.\n\n.. note::\n\n   .. include:: {file}\n\nMore text.\n"),
        ("org", 'Seen text.\n\n#+INCLUDE: "{file}"\n\nMore text.\n'),
        ("org", 'Seen text.\n\n#+INCLUDE: "{file}" src sh\n#+SETUPFILE: {file}\n\nMore text.\n'),
        ("rtf", r'{{\rtf1 Seen text. {{\field{{\*\fldinst INCLUDETEXT "{file}"}}{{\fldrslt More text}}}}\par}}'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("absolute", [True, False])
def test_no_other_file_is_read(
    extension: str, asking: str, absolute: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.txt").write_text(SECRET)
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "secret.txt") if absolute else "secret.txt"
    parsed = parse(asking.format(file=file).encode(), extension)
    assert "swordfish" not in parsed.text
    assert {"Seen", "More"} <= set(re.findall(r"\w+", parsed.text))
    if extension != "rtf":
        assert "secret.txt" in next(finding.text for finding in parsed.findings if finding.code == "not_included")


def test_a_linked_section_of_odt_and_a_page_outside_of_a_book_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(SECRET)
    link = f'<text:section text:name="x"><text:section-source xlink:href="file://{tmp_path}/secret.txt"/></text:section></office:text>'
    assert "swordfish" not in parse(changed(made("odt"), "content.xml", ("</office:text>", link)), "odt").text
    opf = (
        "</manifest>",
        f'<item id="out" href="../../../../../../../..{tmp_path}/secret.txt" media-type="application/xhtml+xml"/></manifest>',
    )
    parsed = parse(changed(made("epub"), "EPUB/content.opf", opf, ("</spine>", '<itemref idref="out"/></spine>')), "epub")
    assert "swordfish" not in parsed.text
    assert [finding.code for finding in parsed.findings] == ["damaged"]


ENCRYPTED_PAGES = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
    '<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></enc:EncryptedData></encryption>'
)
OBFUSCATED_FONT = ENCRYPTED_PAGES.replace("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "http://www.idpf.org/2008/embedding")
ENCRYPTED_ODT = (
    "<manifest:file-entry",
    '<manifest:file-entry manifest:full-path="x"><manifest:encryption-data/></manifest:file-entry><manifest:file-entry',
)


@pytest.mark.parametrize(
    ("extension", "content", "reason"),
    [
        ("odt", changed(made("odt"), "META-INF/manifest.xml", ENCRYPTED_ODT), "encrypted"),
        ("epub", changed(made("epub"), "META-INF/encryption.xml", ("", ENCRYPTED_PAGES)), "encrypted"),
        ("msg", message(subject="Sealed", body="x", headers="Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n"), "encrypted"),
        ("odt", changed(made("odt"), "content.xml", ("<office:body>", "<office:body")), "malformed"),
        ("epub", changed(made("epub"), "META-INF/container.xml", ("content.opf", "nothing.opf")), "malformed"),
        ("epub", made("epub")[:900], "malformed"),
        ("msg", compound_file({"WordDocument": b"word"}), "malformed"),
        ("msg", compound_file({"Nothing": b"x"}), "malformed"),
        ("msg", message(subject="Cut", body="Some text of it.")[:1400], "malformed"),
        ("msg", compound_file({"__properties_version1.0": b"\0" * 32, "__attach_version1.0_#00000000": {"__other": b"x"}}), "malformed"),
        ("odt", changed(made("odt"), "content.xml", ("<?xml version", "<!DOCTYPE x [<!ENTITY a 'b'>]><?xml version")), "malformed"),
        ("rtf", b"not rich text at all", "malformed"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(extension: str, content: bytes, reason: str) -> None:
    with pytest.raises(ParseFailure) as failure:
        parse(content, extension)
    assert failure.value.reason in (reason, "xml_entities")
    assert len(failure.value.detail) > 20


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("rst", b"Guide\n=====\n\nSeen\x01 text [#a]_ with H\\ :sub:`2`\\ O.\n\n.. [#a] A\x02 note.\n"),
        ("org", b"#+TITLE: A\x02 & B *c*\nSeen text.\n"),
        ("org", b"* Guide\nSeen\x07 text[fn:1] and 10^6.\n\n[fn:1] A\x02 note.\n"),
        ("rtf", rb"{\rtf1 Seen\'01 text{\footnote A\'02 note.} and 10{\super 6}\par}"),
        ("msg", message(subject="Guide", html="<p>Seen&#1; text 10<sup>6</sup></p>")),
    ],
)  # fmt: skip
def test_control_characters_do_not_stop_a_file(extension: str, content: bytes) -> None:
    assert "Seen" in parse(content, extension).text


def test_a_book_with_obfuscated_fonts_is_read() -> None:
    assert "Refunds are paid" in parse(changed(made("epub"), "META-INF/encryption.xml", ("", OBFUSCATED_FONT)), "epub").text


@pytest.mark.parametrize("extension", ["odt", "epub"])
def test_a_bomb_is_refused_unpacked(extension: str) -> None:
    bomb = changed(made(extension), "bomb.xml", ("", "x" * (30 * 2**20)))
    with pytest.raises(ParseFailure) as failure:
        parse(bomb, extension, max_unzipped=10 * 2**20)
    assert failure.value.reason == "zip_bomb"


@pytest.mark.parametrize("extension", ["rst", "org", "odt", "rtf"])
def test_without_pandoc_it_is_told_what_to_install(extension: str) -> None:
    with pytest.raises(ParseFailure, match="install the package pypandoc-binary") as failure:
        parse_file(made(extension), EXTENSIONS[extension], path=f"file.{extension}")
    assert failure.value.reason == "needs_pandoc"


@pytest.mark.parametrize(("media_type", "kind"), [("application/msword", "doc"), ("application/vnd.ms-powerpoint", "ppt")])
@pytest.mark.parametrize("reader", ["headgate", "unstructured"])
def test_old_office_files_need_libreoffice_whoever_reads_them(media_type: str, kind: str, reader: Any) -> None:
    content = compound_file({"WordDocument" if kind == "doc" else "PowerPoint Document": b"x"})
    with pytest.raises(ParseFailure, match=r"LibreOffice .*, whoever reads it, .*install it or store a") as failure:
        parse_file(content, media_type, path=f"file.{kind}", programs={}, readers={media_type: reader})
    assert failure.value.reason == "needs_libreoffice"


def test_the_html_body_and_the_attachments_of_a_message_are_read() -> None:
    content = message(
        subject="Price list", body="The boiler costs 480 euros.",
        html="<p>The boiler costs <b>480</b> euros.</p><table><tr><th>plan</th><th>price</th></tr><tr><td>Home</td><td>24</td></tr></table>",
        headers="Date: Mon, 5 Jan 2026 10:00:00 +0000\r\n",
        attachments={"terms.md": b"# Terms\n\nPay within ten days." + b" More words." * 400, "forwarded.msg": None},
    )  # fmt: skip
    parsed = parse(content, "msg")
    assert kinds(parsed)[:5] == [
        ("title", "Price list"), ("text", "The boiler costs 480 euros."), ("table", "plan: Home; price: 24"),
        ("title", "Attachment: terms.md"), ("title", "Terms"),
    ]  # fmt: skip
    assert parsed.labels["effective_date"] == "2026-01-05"
    assert [(finding.code, "forwarded.msg" in finding.text) for finding in parsed.findings] == [("attachment", True)]


def test_kinds_are_told_by_name_and_content_together() -> None:
    def media(path: str, content: bytes) -> tuple[str, str]:
        found = detect_media(path, content[:4096], content)
        return found.media_type, found.problem[0] if found.problem else ""

    assert media("a.epub", made("epub")) == (EXTENSIONS["epub"], "")
    assert media("a.odt", made("odt")) == (EXTENSIONS["odt"], "")
    assert media("a.msg", message(subject="x", body="y")) == (EXTENSIONS["msg"], "")
    assert media("a.rst", b"Title\n=====\n") == ("text/x-rst", "")
    assert media("a.org", b"* Title\n") == ("text/org", "")
    assert media("a.epub", made("epub")[:700])[1] == "malformed"
    assert media("a.epub", files.pdf())[1] == "wrong_extension"
    assert media("a.docx", made("epub"))[1] == "wrong_extension"
    assert media("a.txt", made("epub"))[1] == "wrong_extension"


@pytest.mark.parametrize("media_type", sorted(READERS))
def test_the_default_reader_of_a_kind_is_one_that_can_read_it(media_type: str) -> None:
    assert media_type in {*EXTENSIONS.values(), "application/msword", "application/vnd.ms-powerpoint"}
    assert READERS[media_type]
