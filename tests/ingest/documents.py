"""Documents and their facts from a line of text, for the tests of validation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from headgate.ingest.parse.blocks import Block, ParsedFile, assemble
from headgate.ingest.parse.left_out import LeftOut
from headgate.ingest.parse.markdown import parse_markdown
from headgate.ingest.validate.facts.access import Access, decide_access, vocabulary_of
from headgate.ingest.validate.facts.document_facts import DocumentFacts, document_facts
from headgate.records import Document, DocumentMetadata
from headgate.settings import Settings, parse_settings

LONG = " ".join(
    f"Sentence {number} tells about plan {number % 7} and its price of £{number}.00 in region {number % 5}."
    for number in range(60)
)


def settings_of(folder: Path | None = None, **sections: Any) -> Settings:
    return parse_settings({"corpus": {"folder": ".", "name": "pages"}} | sections, project_dir=folder or Path())


def document(path: str, text: str, **labels: str) -> Document:
    parsed = assemble([Block("text", text)])
    return Document(path, "0" * 64, "text/markdown", parsed.text, parsed.elements, DocumentMetadata(**labels), "test")


def page(path: str, text: str, **labels: str) -> tuple[Document, ParsedFile]:
    """A Markdown page; its own labels are the front matter's, `labels` are those that count."""
    parsed = parse_markdown(text)
    own = {name: value for name, value in parsed.labels.items() if name in DocumentMetadata.__dataclass_fields__}
    heading = next((element.text for element in parsed.elements if element.kind == "title"), "")
    metadata = DocumentMetadata(**{"title": heading, **own, **labels})
    return Document(path, "0" * 64, "text/markdown", parsed.text, parsed.elements, metadata, "test"), parsed


def facts_of(
    path: str, text: str, settings: Settings | None = None, *, left_out: Iterable[LeftOut] | None = None, **labels: str
) -> DocumentFacts:
    """`left_out`: in place of what the parser says of the page."""
    made, parsed = page(path, text, **labels)
    parsed = parsed if left_out is None else replace(parsed, left_out=tuple(left_out))
    settings = settings or settings_of()
    search = settings.validation.personal_search
    return document_facts(made, parsed, search=search, access=access_of(made, parsed, settings))


def access_of(made: Document, parsed: ParsedFile, settings: Settings) -> Access:
    """As the ingest decides it, but for labels that a test gave the document itself."""
    decided = decide_access(parsed, [], vocabulary_of(settings.corpus, settings.retrieval.access))
    given = made.metadata.confidentiality
    return replace(decided, ground="label") if given and not decided.problems else decided
