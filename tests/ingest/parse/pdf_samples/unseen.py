"""What is filled in, noted and hidden."""

from __future__ import annotations

import io

from tests.ingest.parse.pdf_samples.common import LEFT, TOP, prose
from tests.ingest.parse.pdf_samples.sheet import PdfSample, Sheet


def form_with_everything() -> PdfSample:
    sheet = Sheet(41)
    sheet.text(LEFT, TOP, "Application for a berth", size=14)
    form = sheet.canvas.acroForm
    form.checkbox(name="power", tooltip="Shore power", checked=True, x=60, y=700)
    form.checkbox(name="crane", tooltip="Crane", checked=False, x=60, y=670)
    form.radio(name="length", tooltip="Length of the boat", value="long", selected=True, x=60, y=640)
    form.radio(name="length", tooltip="Length of the boat", value="short", selected=False, x=100, y=640)
    form.choice(name="pier", tooltip="Pier", options=[("Pier north", "n"), ("Pier south", "s")], value="s", x=60, y=600)
    form.textfield(name="boat", tooltip="Name of the boat", value="Marigold", x=60, y=560)
    form.textfield(name="flag", tooltip="Flag", value="", x=60, y=530)
    return sheet.done(
        sentences=["Shore power: yes", "Length of the boat: long", "Pier: Pier south", "Name of the boat: Marigold"],
        absent=["Crane", "Flag"],
        added=["Form fields"],
    )


def notes_on_a_page() -> PdfSample:
    sheet = Sheet(42)
    prose(sheet, TOP, 2)
    sheet.canvas.textAnnotation("Editor: ask Vesna about the mooring", Rect=(400, 700, 420, 720))
    sheet.canvas.freeTextAnnotation("Paid on Tuesday", Rect=(60, 500, 300, 520), DA="0 0 0 rg /Helv 10 Tf")
    return sheet.done(sentences=["Paid on Tuesday"], absent=["Vesna"])


def white_and_outside() -> PdfSample:
    sheet = Sheet(43)
    prose(sheet, TOP, 2)
    sheet.canvas.setFillColorRGB(1, 1, 1)
    sheet.text(LEFT, 400, "Nobody can read this secret", remember=False)
    sheet.canvas.setFillGray(0.2)
    sheet.canvas.rect(50, 300, 300, 40, fill=1)
    sheet.canvas.setFillColorRGB(1, 1, 1)
    sheet.text(LEFT, 315, "White on a dark panel is seen")
    sheet.canvas.setFillGray(0)
    sheet.text(900, 400, "Beyond the edge", remember=False)
    return sheet.done(absent=["secret", "Beyond"])


def layer_of_a_scan() -> PdfSample:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    sheet = Sheet(44)
    picture = io.BytesIO()
    Image.new("L", (60, 80), 230).save(picture, "PNG")
    sheet.canvas.drawImage(ImageReader(picture), 0, 0, 595, 842)
    line = sheet.canvas.beginText(LEFT, TOP)
    line.setTextRenderMode(3)
    line.setFont("Helvetica", 10)
    line.textOut("What the scan shows is read.")
    sheet.canvas.drawText(line)
    return sheet.done(sentences=["What the scan shows is read."])
