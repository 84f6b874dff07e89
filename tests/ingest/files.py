"""Makes files of every format the way the usual programs do."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

REFUNDS = "Refunds are paid to the original payment method within 10 working days. Account credit appears within 24 hours."
TABLE = [["plan", "price a month"], ["Home Lite", "£24.00"], ["Home Plus", "£31.00"]]
KEYWORDS = "audience=customer; region=all; effective_date=2026-01-01; confidentiality=public"


def markdown() -> bytes:
    return (
        "---\ntitle: Refunds\naudience: customer\ntopic: billing\nregion: all\nlanguage: en\neffective_date: 2026-01-01\n"
        "owner: Billing\nconfidentiality: public\n---\n\n# Refunds\n\n"
        f"{REFUNDS}\n\n## Prices\n\n| plan | price a month |\n|---|---|\n| Home Lite | £24.00 |\n| Home Plus | £31.00 |\n\n"
        "## Steps\n\n1. Open the app.\n2. Press **Refund**.\n\n```sh\nping 192.168.8.1\n```\n"
    ).encode()


def html(*, hidden: str = "") -> bytes:
    return (
        '<!doctype html><html lang="en"><head><title>Refunds</title><meta name="audience" content="customer">'
        '<meta name="topic" content="billing"><meta name="effective_date" content="2026-01-01"></head><body><nav>Menu Home Login</nav>'
        f"<h1>Refunds</h1>\n<p>{REFUNDS}</p>\n{hidden}<h2>Prices</h2>\n<table><tr><th>plan</th><th>price a month</th></tr>"
        "<tr><td>Home Lite</td><td>£24.00</td></tr><tr><td>Home Plus</td><td>£31.00</td></tr></table>\n"
        "<h2>Steps</h2><ol><li>Open the app.</li><li>Press <b>Refund</b>.</li></ol></body></html>"
    ).encode()


def docx() -> bytes:
    import docx as python_docx

    document = python_docx.Document()
    document.add_heading("Refunds", 1)
    document.add_paragraph(REFUNDS)
    document.add_heading("Prices", 2)
    table = document.add_table(rows=0, cols=2)
    for row in TABLE:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = row
    document.add_heading("Steps", 2)
    for step in ("Open the app.", "Press Refund."):
        document.add_paragraph(step, style="List Number")
    properties = document.core_properties
    properties.title, properties.author, properties.category, properties.language, properties.keywords = (
        "Refunds",
        "Billing",
        "billing",
        "en",
        KEYWORDS,
    )
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def pptx() -> bytes:
    import pptx as python_pptx
    from pptx.util import Inches

    deck = python_pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Refunds"
    slide.placeholders[1].text = REFUNDS
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Prices"
    grid = slide.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for row, cells in enumerate(TABLE):
        for column, text in enumerate(cells):
            grid.cell(row, column).text = text
    slide.notes_slide.notes_text_frame.text = "For the speaker only."
    properties = deck.core_properties
    properties.title, properties.author, properties.category, properties.language, properties.keywords = (
        "Refunds",
        "Billing",
        "billing",
        "en",
        KEYWORDS,
    )
    target = io.BytesIO()
    deck.save(target)
    return target.getvalue()


def xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Prices"
    for row in TABLE:
        sheet.append(row)
    notes = book.create_sheet("Refunds")
    notes.append([REFUNDS])
    secret = book.create_sheet("Draft")
    secret.append(["hidden", "draft"])
    secret.append(["a", "b"])
    secret.sheet_state = "hidden"
    properties = book.properties
    properties.title, properties.creator, properties.category, properties.language, properties.keywords = (
        "Refunds",
        "Billing",
        "billing",
        "en",
        KEYWORDS,
    )
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def pdf(*, password: str = "", pages: int = 1) -> bytes:
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

    styles = getSampleStyleSheet()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        title="Refunds",
        author="Billing",
        subject="billing",
        keywords=f"{KEYWORDS}; language=en",
        invariant=1,
    )
    flow = [
        Paragraph("Refunds", styles["Heading1"]),
        Paragraph(REFUNDS, styles["BodyText"]),
        Paragraph("Prices", styles["Heading2"]),
        Table(TABLE, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.grey)]),
    ]
    for number in range(2, pages + 1):
        flow += [
            PageBreak(),
            Paragraph(f"Part {number}", styles["Heading2"]),
            Paragraph(f"Text of part {number}. {REFUNDS}", styles["BodyText"]),
        ]

    def footer(canvas: object, made: object) -> None:
        canvas.drawString(60, 30, "Northbeam Internet")  # type: ignore[attr-defined]
        canvas.drawString(480, 30, f"Page {made.page}")  # type: ignore[attr-defined]

    document.build(flow, onFirstPage=footer, onLaterPages=footer)
    if not password:
        return target.getvalue()
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(target.getvalue()))
    writer.encrypt(password, algorithm="AES-256")
    encrypted = io.BytesIO()
    writer.write(encrypted)
    return encrypted.getvalue()


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Date"] = "a@b.example", "c@d.example", "Tue, 20 Jan 2026 09:14:00 +0000"
    message["Subject"] = "Refunds"
    for name, value in (
        ("X-Audience", "customer"), ("X-Topic", "billing"), ("X-Region", "all"), ("X-Effective-Date", "2026-01-01"),
        ("X-Owner", "Billing"), ("X-Confidentiality", "public"),
    ):  # fmt: skip
        message[name] = value
    message.set_content(
        f"Hello,\n\n{REFUNDS}\n\nPrices\n------\n\nplan        price a month\n---------   -------------\nHome Lite   £24.00\nHome Plus   £31.00\n"
    )
    message["Content-Language"] = "en"
    message.add_attachment(b"x" * 30, maintype="application", subtype="octet-stream", filename="form.bin")
    return message.as_bytes()


def text() -> bytes:
    return f"Refunds\n=======\n\n{REFUNDS}\n\nPrices\n------\n\nplan        price a month\n---------   -------------\nHome Lite   £24.00\nHome Plus   £31.00\n\n- Open the app.\n- Press Refund.\n".encode()


def csv() -> bytes:
    return "plan,price a month\r\nHome Lite,£24.00\r\nHome Plus,£31.00\r\n".encode()


def write(folder: Path, **contents: bytes) -> None:
    """`write(folder, a__md=b"…")` writes `a.md`."""
    for name, content in contents.items():
        (folder / name.replace("__", ".")).write_bytes(content)
