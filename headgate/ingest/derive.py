"""A parsed file → its document, facts and chunks, each under a key that names everything it was made from.

    content key + path + labels ──► document ──────────────────► facts      (validation)
                                        └─ facts ─► redacted ──► chunks     (chunk set)

Keys are 32 bytes of SHA-256. Equal keys mean equal results, so what has a key in the cache is not made again, nor is its input read.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import orjson

from headgate.detect.language import detect_language
from headgate.index.chunk_set import ChunkBlock, encode_chunks
from headgate.ingest.chunk.chunker import CHUNKER_VERSION, chunk_document
from headgate.ingest.parse.blocks import PARSER_VERSION, ParsedFile
from headgate.ingest.parse.conversion import find_programs, ocr_languages
from headgate.ingest.parse.label_keys import LABELS
from headgate.ingest.parse.labels import merge_labels
from headgate.ingest.parse.partition.pandoc import PANDOC_FORMATS, pandoc_version
from headgate.ingest.parse.partition.setup import unstructured_version
from headgate.ingest.validate.facts.access import Access, decide_access, vocabulary_of
from headgate.ingest.validate.facts.document_facts import ChunkFacts, DocumentFacts, chunk_facts, document_facts, facts_version
from headgate.ingest.validate.facts.redaction import redact
from headgate.models.open import token_counter
from headgate.models.source import locate_source
from headgate.models.tokens import TokenCounter
from headgate.records import Document, DocumentMetadata, SourceFile
from headgate.settings import EmbeddingSetup, IngestSetup
from headgate.settings.readers import READERS, reader_of
from headgate.sources.patterns import matches
from headgate.storage import sha256_file

#: Raised when documents, or the way they are kept in the cache, are made differently.
_FORMAT = 4
#: Settings of parsing that decide whether a file is parsed, never what comes out.
_LIMITS = {
    "workers", "readers", "timeout_seconds", "memory_mib", "max_file_mib", "max_unzipped_mib", "max_output_mib", "passwords_env", "passwords_file",
}  # fmt: skip
#: Beside pictures, what text recognition may be asked about.
_MAY_HOLD_SCANS = {"application/pdf", "message/rfc822", "application/vnd.ms-outlook"}
#: Files that may hold files of any kind.
_HOLD_FILES = {"message/rfc822", "application/vnd.ms-outlook"}
#: Settings of validation that decide what is taken out of a document before it is chunked.
_REMOVAL = {"personal_data", "personal_data_by_label", "personal_data_by_kind", "hidden_instructions"}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a document is made from. `content_key` names its parsed form; `stale_since` is set for a kept version."""

    path: str
    digest: str
    media_type: str
    content_key: bytes
    stale_since: str = ""


@dataclass(frozen=True, slots=True)
class DerivedFacts:
    """What validation needs of a document; `metadata` are its labels."""

    metadata: DocumentMetadata
    facts: DocumentFacts

    def to_bytes(self) -> bytes:
        return orjson.dumps({"metadata": self.metadata, "facts": self.facts.to_json()})

    @classmethod
    def from_bytes(cls, content: bytes) -> DerivedFacts:
        parts = orjson.loads(content)
        return cls(DocumentMetadata(**parts["metadata"]), DocumentFacts.from_json(parts["facts"]))


@dataclass(frozen=True, slots=True)
class DerivedChunks:
    """The chunks of a document and what validation needs of them."""

    block: ChunkBlock
    facts: ChunkFacts

    def summary(self) -> bytes:
        """Everything but the rows: facts and digests."""
        return orjson.dumps({"facts": self.facts, "digests": self.block.digests.hex()})

    @classmethod
    def read_summary(cls, content: bytes) -> tuple[ChunkFacts, bytes]:
        parts = orjson.loads(content)
        return ChunkFacts.from_json(parts["facts"]), bytes.fromhex(parts["digests"])


class Made(NamedTuple):
    """Of one document, as it is kept. `rows` and `summary` are empty where no chunks were made."""

    facts: bytes
    rows: bytes
    summary: bytes


class Deriver:
    """Makes documents, facts and chunks under one set-up; the tokenizer is loaded when the first chunk is made."""

    def __init__(self, setup: IngestSetup) -> None:
        self._setup = setup
        policies = setup.parse.model_dump(mode="json", exclude=_LIMITS)
        self._policies = policies
        self._facts = [_FORMAT, facts_version(setup.validation.personal_search)]
        chunks, removed = setup.chunks.model_dump(mode="json"), setup.validation.model_dump(mode="json", include=_REMOVAL)
        self._vocabulary = vocabulary_of(setup.corpus, setup.access, setup.validation.personal_data_by_label)
        self._declared = [sorted(self._vocabulary.labels.items()), sorted(self._vocabulary.audiences.items()), dict(setup.access)]
        self._chunking = [self._facts, removed, CHUNKER_VERSION, chunks, tokenizer_key(setup.embedding_setup)]

    def load(self) -> None:
        """Load the tokenizer, so that what is wrong with it is told of no document. Raises SettingsError."""
        _ = self._count_tokens

    def content_key(self, file: SourceFile) -> bytes:
        """Of the parsed form of a file: content, media type, parser and its policies; not the path.

        Of what may hold a scan also the languages of text recognition: with another one installed it is parsed again.
        """
        may_be_scan = file.media_type.startswith("image/") or file.media_type in _MAY_HOLD_SCANS
        languages = [self.ocr_languages] if may_be_scan and self.ocr_languages else []
        # Who reads the files inside of a mail is told when it is opened.
        parsers = (
            [self.parser(kind) for kind in sorted(READERS)] if file.media_type in _HOLD_FILES else [self.parser(file.media_type)]
        )
        return _key("content", file.digest, file.media_type, parsers, self._policies, *languages)

    def parser(self, media_type: str) -> str:
        """Name and version of what parses files of this kind: `headgate 11`, or `unstructured 0.27.32, pandoc 3.9, headgate 11`."""
        names = [f"headgate {PARSER_VERSION}"]
        if reader_of(media_type, self._setup.parse.readers) == "unstructured":
            names = [f"unstructured {unstructured_version()}", *([self._pandoc] if media_type in PANDOC_FORMATS else []), *names]
        return ", ".join(names)

    @property
    def parsers(self) -> str:
        """Of all kinds: what failed under one of them is tried again under another."""
        return "; ".join(sorted({self.parser(media_type) for media_type in READERS} | {self.parser("")}))

    def document_key(self, origin: Origin) -> bytes:
        """Of a document with its labels."""
        labels = [self._rules(origin.path), self._setup.corpus.default_language, self._declared]
        content = origin.content_key.hex()
        return _key("document", _FORMAT, origin.path, origin.digest, origin.media_type, content, labels, origin.stale_since)

    def facts_key(self, document_key: bytes) -> bytes:
        return _key("facts", document_key.hex(), self._facts)

    def chunks_key(self, document_key: bytes) -> bytes:
        return _key("chunks", document_key.hex(), self._chunking)

    def document(self, origin: Origin, parsed: ParsedFile) -> Document:
        """The document with its labels: the file's own first, then those of the rules, then what can be told from the content.

        Who may see it is decided by `decide_access` alone.
        """
        detected = {"language": detect_language(parsed.text) or self._setup.corpus.default_language}
        own = {name: value for name, value in parsed.labels.items() if name in LABELS}
        title = {"title": _first_heading(parsed) or _title_from_path(origin.path)}
        labels = merge_labels(own, *self._rules(origin.path), title, detected) | {"stale_since": origin.stale_since}
        access = self._access(origin.path, parsed)
        labels |= {"confidentiality": access.confidentiality, "audience": access.audience}
        return Document(
            doc_id=origin.path,
            digest=origin.digest,
            media_type=origin.media_type,
            text=parsed.text,
            elements=parsed.elements,
            metadata=DocumentMetadata(**labels),
            parser=self.parser(origin.media_type),
        )

    def facts(self, document: Document, parsed: ParsedFile) -> DerivedFacts:
        access, search = self._access(document.doc_id, parsed), self._setup.validation.personal_search
        return DerivedFacts(document.metadata, document_facts(document, parsed, search=search, access=access))

    def chunks(self, document: Document, facts: DocumentFacts) -> DerivedChunks:
        """Chunks of the document without what the policies take out of it."""
        document = redact(document, facts, self._setup.validation)
        chunks = chunk_document(document, self._setup.chunks, self._count_tokens)
        return DerivedChunks(
            encode_chunks(chunks), chunk_facts(document, chunks, self._count_tokens, budget=self._setup.chunks.budget)
        )

    def make(self, origin: Origin, parsed: ParsedFile, *, chunks: bool) -> Made:
        """Everything that is kept of one document; chunks only if they are asked for."""
        document = self.document(origin, parsed)
        facts = self.facts(document, parsed)
        if not chunks:
            return Made(facts.to_bytes(), b"", b"")
        made = self.chunks(document, facts.facts)
        return Made(facts.to_bytes(), made.block.rows, made.summary())

    @cached_property
    def ocr_languages(self) -> tuple[str, ...]:
        """See `conversion.ocr_languages`."""
        return ocr_languages(find_programs())

    @cached_property
    def _pandoc(self) -> str:
        return pandoc_version(find_programs().get("pandoc", "")) or "no pandoc"

    @cached_property
    def _count_tokens(self) -> TokenCounter:
        return token_counter(self._setup.embedding_setup, self._setup.chunks)

    def _access(self, path: str, parsed: ParsedFile) -> Access:
        return decide_access(parsed, self._rules(path), self._vocabulary)

    def _rules(self, path: str) -> list[dict[str, str]]:
        rules = self._setup.corpus.label_rules
        return [rule.model_dump(exclude={"pattern"}) for rule in rules if matches(path, rule.pattern)]


def stumbled(error: Exception) -> str:
    """Where a rule failed on one document, and with what; the message of the exception may quote the document, a personal number even."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"


def tokenizer_key(setup: EmbeddingSetup) -> str:
    """What decides how tokens are counted."""
    embedding = setup.embedding
    if embedding.engine != "litellm":
        return sha256_file(locate_source(setup) / "tokenizer.json")
    file = setup.project_dir / embedding.tokenizer if embedding.tokenizer else None
    return f"{embedding.model} {sha256_file(file) if file and file.is_file() else ''}"


def _key(*parts: Any) -> bytes:
    return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()


def _first_heading(content: ParsedFile) -> str:
    titles = [element for element in content.elements if element.kind == "title" and not element.sheet]
    return " ".join(min(titles, key=lambda title: title.level).text.split())[:200] if titles else ""


def _title_from_path(path: str) -> str:
    words = PurePosixPath(path).stem.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
