"""Documents of one model, written in every format: what a reader would call the same text.

    Document ──FORMATS["docx"].write──► (bytes, the lines that were written)

A format is added by one entry of `FORMATS`.
"""

from __future__ import annotations

from tests.ingest.parse.generated import office, text
from tests.ingest.parse.generated.model import Format

_OFFICE = "application/vnd.openxmlformats-officedocument."
FORMATS: dict[str, Format] = {
    "txt": Format("text/plain", text.write_text),
    "md": Format("text/markdown", text.write_markdown),
    "html": Format("text/html", text.write_html),
    "csv": Format("text/csv", text.write_csv),
    "json": Format("application/json", text.write_json, ["parts"]),
    "xml": Format("application/xml", text.write_xml, ["rows row para column0 column1 column2 column3"]),
    "eml": Format("message/rfc822", text.write_mail),
    "html mail": Format("message/rfc822", text.write_html_mail),
    "docx": Format(f"{_OFFICE}wordprocessingml.document", office.write_docx),
    "pptx": Format(f"{_OFFICE}presentationml.presentation", office.write_pptx),
    "xlsx": Format(f"{_OFFICE}spreadsheetml.sheet", office.write_xlsx, ["Sheet"]),
    "pdf": Format("application/pdf", office.write_pdf),
}
