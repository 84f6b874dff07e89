"""What validation needs to know of one document, and of its chunks: a few KB, a pure function of the document, JSON there and back.

    Document + ParsedFile ──document_facts──► DocumentFacts      cached under the document's digest, labels and `facts_version`
    Document + [Chunk, …] ──chunk_facts─────► ChunkFacts         one record per document

Nothing here says what is allowed; that is stated in the suites (expectations.py). The value of a personal number never gets here.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any

import orjson

from headgate.detect.instructions import RULES_VERSION, Hit, find_instructions, find_suspects
from headgate.detect.language import identify_language
from headgate.detect.person_names import names_model_version
from headgate.detect.personal_data import PersonalValue, count_kinds, locate_personal_data
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.label_keys import LABELS
from headgate.ingest.parse.left_out import LeftOut, count_words, summarise
from headgate.ingest.parse.table_shape import TableShape, measure_table
from headgate.ingest.validate.facts.access import Access, Ground
from headgate.ingest.validate.facts.removal import Removable, measure_removal
from headgate.ingest.validate.facts.resemblance import (
    digest_text,
    hash_lines,
    hash_names,
    hash_telling,
    normalised,
    shingle,
    sign,
)
from headgate.ingest.validate.facts.stated_values import StatedValue, stated_values
from headgate.records import Chunk, Document, Remark
from headgate.settings import PersonalSearch

TokenCounter = Callable[[str], int]

#: Raised whenever any fact's meaning changes; part of the key that facts are reused under.
FACTS_VERSION = "9"
_MAX_TABLES = 30  # measured of one document; more are counted in `elements` only
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
#: UTF-8 read as Windows-1252: `Ã©`, `Â£`, `â€™`, `Ð¿`, `ã‚¹`, and the byte order mark `ï»¿`.
_MOJIBAKE = re.compile(
    r"[ÂÃ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â(?:€[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¦]|†|„¢)"
    r"|[ÐÑ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|[ãäåæçè][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2}|ï»¿"
)
#: A page with no more characters may say where to read on, and little else.
POINTER = 600
_MAX_LEADS = 3  # targets that are named of one page
_LONG_NUMBER = re.compile(r"\d{6,}")
_LINK = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """Facts of one document. Counts are of the parsed text; shares are 0 to 1."""

    doc_id: str
    digest: str  # of the source bytes
    media_type: str
    title: str
    heading: str  # what it calls itself: its highest heading, else its label; "" where only the file's name tells
    characters: int  # without white space at the ends
    words: int  # of the text, see left_out.count_words
    hidden_characters: int  # in text that a reader does not see
    detected_language: str  # ISO 639-1, "" when the text is too short to tell
    language_confidence: float
    replaced: int  # U+FFFD: bytes that could not be decoded
    mojibake: int  # characters that look like UTF-8 read as Windows-1252
    control: int  # control characters
    links: int
    headings: int
    elements: Mapping[str, int]  # kind → how many
    tables: tuple[TableShape, ...]
    labels: Mapping[str, str]  # as they count: of the file, of the rules, detected
    declared: Mapping[str, str]  # what the file says itself
    text_digest: str  # first 32 hex digits of SHA-256 over the normalised text
    identical_digest: str  # the same over the text as it stands, white space aside
    shingles: int  # different word 3-shingles
    signature: bytes  # see resemblance.sign
    lines: bytes  # see resemblance.hash_lines
    personal: tuple[PersonalValue, ...]
    personal_kinds: Mapping[str, int]  # kind → different values, hidden text included
    instructions: tuple[Hit, ...]  # text that addresses the model
    suspects: tuple[Hit, ...]  # text that may
    removable: Removable  # words that the policies may take out
    findings: tuple[Remark, ...]  # remarks of the parser
    ground: Ground  # why it is seen by whom it is
    label_problems: tuple[Remark, ...]  # what is wrong with its labels; any keeps it out of the index
    left_out: tuple[LeftOut, ...]  # words of the source that are not in the text, one record a reason
    stated: tuple[StatedValue, ...]  # prices, limits, dates and the like, by heading and label
    unstated: int  # further ones, which are not kept
    written: bool  # the effective date is the day it was written or sent, not one that it says it holds from
    targets: bytes  # of its links, see resemblance.hash_names
    telling: bytes  # words it is looked up for, see resemblance.hash_telling
    leads_to: tuple[str, ...]  # the first of them, where the page says little else; long numbers masked

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; bytes as base64."""
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        return content | {
            "tables": [asdict(table) for table in self.tables],
            "signature": base64.b64encode(self.signature).decode(),
            "lines": base64.b64encode(self.lines).decode(),
            "targets": base64.b64encode(self.targets).decode(),
            "telling": base64.b64encode(self.telling).decode(),
            "elements": dict(self.elements),
            "labels": dict(self.labels),
            "declared": dict(self.declared),
            "personal_kinds": dict(self.personal_kinds),
            "personal": [list(value) for value in self.personal],
            "instructions": [list(hit) for hit in self.instructions],
            "suspects": [list(hit) for hit in self.suspects],
            "findings": [asdict(one) for one in self.findings],
            "label_problems": [asdict(one) for one in self.label_problems],
            "left_out": [asdict(one) for one in self.left_out],
            "removable": self.removable.to_json(),
            "stated": [list(value) for value in self.stated],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> DocumentFacts:
        """The facts that `to_json` wrote."""
        return cls(
            **{
                **content,
                "tables": tuple(TableShape(**{**table, "header": tuple(table["header"])}) for table in content["tables"]),
                "signature": base64.b64decode(content["signature"]),
                "lines": base64.b64decode(content["lines"]),
                "targets": base64.b64decode(content["targets"]),
                "telling": base64.b64decode(content["telling"]),
                "leads_to": tuple(content["leads_to"]),
                "personal": tuple(PersonalValue(*value) for value in content["personal"]),
                "instructions": tuple(Hit(*hit) for hit in content["instructions"]),
                "suspects": tuple(Hit(*hit) for hit in content["suspects"]),
                "findings": tuple(Remark(**one) for one in content["findings"]),
                "label_problems": tuple(Remark(**one) for one in content["label_problems"]),
                "left_out": tuple(LeftOut(**one) for one in content["left_out"]),
                "removable": Removable.from_json(content["removable"]),
                "stated": tuple(StatedValue(tuple(headings), *rest) for headings, *rest in content["stated"]),
            }
        )


@dataclass(frozen=True, slots=True)
class ChunkFacts:
    """Facts of all chunks of one document; tokens are those of a chunk with its context."""

    doc_id: str
    chunks: int
    tokens_min: int
    tokens_max: int
    tokens_mean: float
    over_budget: int  # chunks of more than `budget` tokens
    budget: int
    empty: int
    orphans: int  # chunks whose offsets do not give their text
    repeated_ids: int
    covered_share: float  # of the document's non-white characters, headings aside, that lie in some chunk

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ChunkFacts:
        return cls(**content)


def facts_version(search: PersonalSearch) -> str:
    """Everything but the document that decides its facts. Raises SettingsError: the model for names is not there."""
    model = names_model_version(search.names_model) if "person" in search.kinds else ""
    own = [sorted(one) for one in (search.kinds, search.own_numbers, search.own_domains, search.own_addresses)]
    means = orjson.dumps([own, model])
    return f"facts {FACTS_VERSION}, rules {RULES_VERSION}, personal {sha256(means).hexdigest()[:12]}"


def document_facts(document: Document, parsed: ParsedFile, *, search: PersonalSearch, access: Access) -> DocumentFacts:
    """Facts of one document.

    Args:
        parsed: what it was made from.
        search: the personal data that is looked for.
        access: what `decide_access` says of it.
    """
    text = document.text
    prose = " ".join(element.text for element in document.elements if element.kind not in ("code", "table"))[:8000]
    language, confidence = identify_language(prose if len(prose) >= 40 else text)
    personal = locate_personal_data(text, search)
    kinds = count_kinds(text, personal)
    for hidden in parsed.hidden:
        kinds.update(count_kinds(hidden, locate_personal_data(hidden, search)))
    instructions = find_instructions(text, parsed.hidden)
    stated, all_stated = stated_values(document)
    shingles = shingle(text) if text else set()
    elements = Counter(element.kind for element in document.elements)
    tables = [element for element in document.elements if element.kind == "table"]
    return DocumentFacts(
        doc_id=document.doc_id,
        digest=document.digest,
        media_type=document.media_type,
        title=document.metadata.title,
        heading=_heading(document, parsed),
        characters=len(text.strip()),
        words=count_words(text),
        hidden_characters=sum(len(part) for part in parsed.hidden),
        detected_language=language,
        language_confidence=round(confidence, 4),
        replaced=text.count("\ufffd"),
        mojibake=sum(len(found.group()) for found in _MOJIBAKE.finditer(text)),
        control=len(_CONTROL.findall(text)),
        links=len(_LINK.findall(text)),
        headings=elements.get("title", 0),
        elements=dict(sorted(elements.items())),
        tables=tuple(measure_table(table.text) for table in tables[:_MAX_TABLES]),
        labels={name: value for name in LABELS if name != "title" and (value := getattr(document.metadata, name))},
        declared={name: value for name, value in sorted(parsed.labels.items()) if name in LABELS and name != "title"},
        text_digest=sha256(normalised(text).encode()).hexdigest()[:32],
        identical_digest=digest_text(text),
        shingles=len(shingles),
        signature=sign(shingles),
        lines=hash_lines(text),
        personal=tuple(personal),
        personal_kinds=dict(sorted(kinds.items())),
        instructions=tuple(instructions),
        suspects=tuple(find_suspects(text)),
        removable=measure_removal(document, personal, instructions),
        findings=(*parsed.findings[:20], *access.findings),
        ground=access.ground,
        label_problems=access.problems,
        left_out=summarise(parsed.left_out),
        stated=tuple(stated),
        unstated=all_stated - len(stated),
        written=parsed.written and parsed.labels.get("effective_date") == document.metadata.effective_date,
        targets=hash_names(parsed.targets),
        telling=hash_telling(text, parsed.targets, names=language != "de"),
        leads_to=tuple(_LONG_NUMBER.sub("#", target) for target in parsed.targets[:_MAX_LEADS]) if _is_short(text) else (),
    )


def _heading(document: Document, parsed: ParsedFile) -> str:
    titles = [element for element in document.elements if element.kind == "title"]
    # Properties of a file (PDF, Word) often hold the title of what it was made from.
    return min(titles, key=lambda title: title.level).text[:200] if titles else parsed.labels.get("title", "")


def _is_short(text: str) -> bool:
    return len(text.strip()) <= POINTER


def chunk_facts(document: Document, chunks: Sequence[Chunk], count_tokens: TokenCounter, *, budget: int) -> ChunkFacts:
    """Facts of the chunks of one document.

    Args:
        budget: the most tokens that a chunk with its context may have.
    """
    tokens = [count_tokens(f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text) for chunk in chunks]
    return ChunkFacts(
        doc_id=document.doc_id,
        chunks=len(chunks),
        tokens_min=min(tokens, default=0),
        tokens_max=max(tokens, default=0),
        tokens_mean=round(sum(tokens) / len(tokens), 2) if tokens else 0.0,
        over_budget=sum(count > budget for count in tokens),
        budget=budget,
        empty=sum(not chunk.text.strip() for chunk in chunks),
        orphans=sum(document.text[chunk.start : chunk.end] != chunk.text for chunk in chunks),
        repeated_ids=len(chunks) - len({chunk.chunk_id for chunk in chunks}),
        covered_share=round(_covered(document, chunks), 4),
    )


def _covered(document: Document, chunks: Sequence[Chunk]) -> float:
    spans = sorted((chunk.start, chunk.end) for chunk in chunks)
    covered = total = 0
    for element in document.elements:
        if element.kind == "title":
            continue
        letters = len("".join(element.text.split()))
        total += letters
        # Elements are cut at chunk bounds only, so a half-covered one is rare; it is counted by its share.
        inside = 0
        at = element.start
        for start, end in spans:
            low, high = max(start, at), min(end, element.end)
            if low < high:
                inside += high - low
                at = high
        covered += round(letters * min(inside / max(element.end - element.start, 1), 1.0))
    return covered / total if total else 1.0
