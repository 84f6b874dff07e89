"""How the files beside this were made: by the programs' own libraries, or by hand where no program makes such a file.

python -m tests.awkward.make          # writes them anew; dates in archives, boundaries of mails and keys differ each time
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "files"


def western() -> bytes:
    return (
        "Heizung der Werkstatt\r\n\r\nDie Heizung der Werkstatt hält von Oktober bis März 19 °C. Wer es wärmer möchte, dreht den grünen Regler um eine "
        "Stufe höher; das kostet ungefähr 4 € am Tag. Außerhalb der Öffnungszeiten fällt sie auf 12 °C zurück.\r\n"
    ).encode("cp1252")


def russian() -> bytes:
    return (
        "Правила библиотеки\n\nКниги выдаются на двадцать один день. Продлить срок можно два раза, если книгу никто не ждёт. За потерянную книгу "
        "читатель отдаёт такую же новую или платит её цену в кассе библиотеки.\n"
    ).encode("cp1251")


def prices() -> bytes:
    rows = [
        "sep=;",
        "Price list of the harbour",
        "Berth;Length in m;Price a night",
        "A 12;8,5;24,00 €",
        '"B ""north"" 3";12;41,50 €',
        "C 7;15;63,00 €",
    ]
    return ("\ufeff" + "\r\n".join(rows) + "\r\n").encode("utf-16-le")


def japanese() -> bytes:
    return (
        '<html><head><meta charset="Shift_JIS"><title>駐車場のご案内</title></head><body><h1>駐車場のご案内</h1>'
        "<p>駐車場は朝七時から夜十時まで利用できます。料金は一時間三百円です。</p><p>満車のときは北口の第二駐車場をご利用ください。</p></body></html>"
    ).encode("shift_jis")


def mixed() -> bytes:
    return b"""---
title: Kiln timetable
effective_date: 2026-02-03
---

# Kiln timetable

The kiln is fired on Tuesdays[^1] at `900 <deg>` and cools for ~~one day~~ two days. <!-- ask Robin about Fridays -->

<table><tr><th>Glaze</th><th>Cone</th></tr>

<tr><td>Celadon <b>blue</b></td><td>10</td></tr>
<tr><td>Tin white</td><td>06</td></tr></table>

!!! warning
    Wet pots burst. Let them dry for a week.

![kiln with an open door](kiln.jpg)

[^1]: In August on Mondays.
"""


def dark() -> bytes:
    return b"""<!doctype html><html><head><title>Opening times</title></head><body>
<nav>Home Prices Contact</nav>
<main><h1>Opening times</h1>
<section style="background: var(--night); color: white"><p>The baths open at six in the morning and close at nine at night.</p></section>
<div style="background:#024"><h2 style="color:#fff">Sauna</h2><p style="color:#eee">The sauna opens at noon. Towels cost three euros.</p></div>
<p style="color:#fff">keyword keyword sauna cheap</p>
<button aria-controls="week">Week days</button><div id="week" hidden>On Mondays the baths stay closed.</div>
<p>A ticket costs <s>eight</s> nine euros, 10<sup>2</sup> tickets eight hundred.</p></main>
<footer>Imprint</footer></body></html>"""


def unclosed() -> bytes:
    return (
        b"<html><body><h1>Compost<p>Peelings and leaves rot to soil in <b>nine months<p>Turn the heap every <i>four weeks</b> with a fork.</i>"
        b"<table><tr><td>Leaves<td>slow<tr><td>Grass<td>fast</table><ul><li>no meat<li>no glass<p>&lt;meat&gt; &amp; bones attract rats.&#0;&#1;"
    )


def deep() -> bytes:
    return b"<html><body>" + b"<div>" * 3000 + b"The well is deep." + b"</div>" * 3000 + b"</body></html>"


def reply() -> bytes:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Re: Schlüssel für den Schuppen", "mara@example.org", "team@example.org"
    mail["Date"] = "Tue, 03 Mar 2026 10:00:00 +0100"
    mail.set_content("Please open this message in a program that shows HTML.", charset="iso-8859-1")
    mail.add_alternative(
        "<p>Der Schlüssel für den Schuppen hängt ab Mittwoch im Büro am Brett neben der Tür. Bitte tragt euch in die Liste ein.</p>"
        '<div class="gmail_quote"><p>Am Montag schrieb Jo:</p><blockquote>Wo ist der alte Schlüssel geblieben?</blockquote></div>',
        subtype="html", charset="iso-8859-1",
    )  # fmt: skip
    return bytes(mail)


def forwarded() -> bytes:
    inner = EmailMessage()
    inner["Subject"] = "Lift inspection"
    inner.set_content("The lift is inspected on the ninth of May between eight and eleven. Please use the stairs then.")
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Two dates for the house", "office@example.org"
    mail.set_content("Below is the message of the lift company, and the date of the meeting of all tenants as a calendar entry.")
    mail.add_attachment(inner)
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Meeting of all tenants\r\nDTSTART:20260512T180000Z\r\nLOCATION:Laundry room\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    mail.add_attachment(calendar.encode(), maintype="text", subtype="calendar", filename="meeting.ics")
    return bytes(mail)


def sheet() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    page = book.active
    page.title = "Seeds"
    page.append(["Seeds of the spring, all amounts in grams"])
    page.merge_cells("A1:C1")
    page.append(["Kind", "Share", "Code"])
    page.append(["Rye", 0.255, 7])
    page.append(["Clover", 0.03, 42])
    for row in (3, 4):
        page.cell(row, 2).number_format = "0.0%"
        page.cell(row, 3).number_format = "0000"
    page["A6"] = "Sum of all shares"
    page["B6"] = "=SUM(B3:B4)"
    hidden = book.create_sheet("Drafts")
    hidden["A1"] = "Do not order before the frost"
    hidden.sheet_state = "hidden"
    return _saved(book.save)


def tracked() -> bytes:
    import docx
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = docx.Document()
    document.add_heading("Rules of the boat house", 1)
    paragraph = document.add_paragraph("Boats are lent for ")
    paragraph._p.append(parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="a"><w:r><w:delText>three</w:delText></w:r></w:del>'))
    paragraph._p.append(parse_xml(f'<w:ins {nsdecls("w")} w:id="2" w:author="a"><w:r><w:t>four</w:t></w:r></w:ins>'))
    paragraph.add_run(" hours, and longer where nobody waits.")
    secret = document.add_paragraph("Every boat has a life vest for each seat.").add_run(" The spare key hangs behind the clock.")
    secret.font.hidden = True
    document.sections[0].header.paragraphs[0].text = "Boat house, draft of the committee"
    table = document.add_table(rows=3, cols=3)
    for row, cells in enumerate((("Boat", "Seats", "Deposit"), ("Heron", "2", "30 euros"), ("Pike", "4", "30 euros"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 2).merge(table.cell(2, 2)).text = "30 euros"
    return _saved(document.save)


def slides() -> bytes:
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Bread in the village oven"
    first.placeholders[1].text = "The oven is lit on Saturdays at five\nLoaves go in at nine and come out at ten"
    first.notes_slide.notes_text_frame.text = "Say that the wood is damp this year"
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "What to bring"
    table = second.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for row, cells in enumerate((("Dough", "Places"), ("Rye", "12"), ("Spelt", "8"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    third = deck.slides.add_slide(deck.slide_layouts[5])
    third.shapes.title.text = "Costs of last year"
    third._element.set("show", "0")
    return _saved(deck.save)


def newsletter() -> bytes:
    """Two columns with notes below; a sentence goes on from one to the other."""
    canvas, target = _canvas()
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(60, 780, "News from the allotments")
    left = (
        "The water is turned on again on the",
        "first of April. Leaks are to be shown",
        "to the warden, who closes the valve",
        "of the row and calls the plumber be-",
    )
    right = ("fore the weekend. Nobody else may", "open the shaft. The hedges are cut in", "July, at most to the height of the", "fence, and never in spring.")  # fmt: skip
    for x, lines in ((60, left), (320, right)):
        canvas.setFont("Helvetica", 11)
        for number, line in enumerate(lines):
            canvas.drawString(x, 740 - 14 * number, line)
    canvas.line(60, 655, 130, 655)
    canvas.setFont("Helvetica", 8)
    canvas.drawString(60, 643, "1 The warden's hours hang at the gate.")
    canvas.roundRect(60, 520, 220, 90, 8)
    canvas.setFont("Helvetica", 11)
    for number, line in enumerate(
        ("Seed swap: bring what you have too", "much of on the ninth of March, and", "take home what you lack.")
    ):
        canvas.drawString(70, 585 - 14 * number, line)
    canvas.saveState()
    canvas.translate(30, 300)
    canvas.rotate(90)
    canvas.drawString(0, 0, "Allotment Society Westbank")
    canvas.restoreState()
    return _drawn(canvas, target)


def form() -> bytes:
    canvas, target = _canvas()
    canvas.setFont("Helvetica", 11)
    canvas.drawString(60, 780, "Request for a garden plot; please fill in all fields and give it to the warden.")
    fields = canvas.acroForm
    fields.textfield(name="Plot", value="17 by the brook", x=150, y=700, borderStyle="solid")
    fields.checkbox(name="shed", tooltip="With a shed", checked=True, x=150, y=660)
    return _drawn(canvas, target)


def table_over_pages() -> bytes:
    canvas, target = _canvas()
    canvas.setFont("Helvetica", 11)
    canvas.drawString(60, 800, "Which row of the orchard is picked when")
    rows = [(f"Row {number}", ("Cox", "Boskoop", "Elstar")[number % 3], f"week {30 + number // 2}") for number in range(1, 31)]
    for page in (rows[:20], rows[20:]):
        canvas.setFont("Helvetica", 10)
        for place, cells in enumerate((("Row", "Apple", "Picked in"), *page)):
            for column, cell in enumerate(cells):
                canvas.rect(60 + 140 * column, 770 - 24 * place, 140, 24)
                canvas.drawString(66 + 140 * column, 778 - 24 * place, cell)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def locked() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(form())))
    writer.encrypt("open sesame", algorithm="AES-256")
    return _saved(writer.write)


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        package.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        package.writestr("word/document.xml", b"<w:p/>" + b" " * 30_000_000)
    return target.getvalue()


def entities() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY who SYSTEM "file:///etc/hostname">]><a><b>The host is &who;.</b></a>'


def records() -> bytes:
    return json.dumps(
        {
            "depot": "North",
            "bicycles": [{"frame": "NB-3", "gears": 7, "free": True}, {"frame": "NB-4", "gears": 3, "free": False}],
        }
    ).encode()


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("readme.txt", "Nobody unpacks this.")
    return target.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "western.txt": western, "russian.txt": russian, "prices.csv": prices, "japanese.html": japanese, "mixed.md": mixed, "dark.html": dark,
    "unclosed.html": unclosed, "deep.html": deep, "reply.eml": reply, "forwarded.eml": forwarded, "sheet.xlsx": sheet, "tracked.docx": tracked,
    "slides.pptx": slides, "newsletter.pdf": newsletter, "form.pdf": form, "table_over_pages.pdf": table_over_pages, "locked.pdf": locked,
    "cut.pdf": lambda: table_over_pages()[:700], "named.docx": newsletter, "bomb.docx": bomb, "entities.xml": entities, "records.json": records,
    "control.txt": lambda: b"\x01\x02\x00\x03Valve" * 40, "archive.zip": archive,
}  # fmt: skip


def _saved(save: Callable[[Any], Any]) -> bytes:
    target = io.BytesIO()
    save(target)
    return target.getvalue()


def _canvas() -> tuple[Any, io.BytesIO]:
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    return Canvas(target, pagesize=(595, 842), invariant=1), target


def _drawn(canvas: Any, target: io.BytesIO) -> bytes:
    canvas.showPage()
    canvas.save()
    return target.getvalue()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, make in FILES.items():
        (FOLDER / name).write_bytes(make())
