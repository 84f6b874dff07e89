"""Sections of ingestion: which documents, how they are parsed, validated and chunked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import Field, field_validator, model_validator

from headgate.settings.personal import (
    CONTACT_KINDS,
    NUMBER_KINDS,
    PersonalDataPolicy,
    PersonalKind,
    PersonalKindPolicy,
    PersonalSearch,
)
from headgate.settings.readers import READERS, Reader
from headgate.settings.section import Section
from headgate.settings.sources import CorpusRule, LabelRule, SourceSettings, check_rules, check_sources


class CorpusSettings(Section):
    name: str = Field(
        "corpus", pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="name of the collection; the table's name starts with it"
    )
    dvc_file: str = Field("", description="the .dvc file that tracks the documents; empty when `folder` or `sources` is used")
    folder: str = Field("", description="a plain folder of documents; empty when `dvc_file` or `sources` is used")
    fresh_within_hours: float = Field(
        0,
        ge=0,
        description="freshness objective of `dvc_file` or `folder`: it must have been read within this time; 0 = none. Sources have their own",
    )
    silent_after_days: float = Field(
        0, ge=0, description="`dvc_file` or `folder` counts as silent when nothing in it has changed for longer; 0 = never"
    )
    revisions: dict[str, str] = Field(
        default_factory=dict,
        description="names: name = DVC directory digest (32 hex digits + .dir), or a revision of sources, which is kept so",
    )
    exclude: tuple[str, ...] = Field((), description="globs of corpus paths to leave out; each exclusion is reported by its glob")
    labels: tuple[LabelRule, ...] = Field(
        (), description="labels for files that carry none themselves; the first rule whose pattern matches fills what is missing"
    )
    default_language: str = Field("en", description="language assumed where neither the file nor detection tells")
    sources: tuple[SourceSettings, ...] = Field(
        (), description="folders, DVC directories, buckets and web sites that make up the corpus together, see docs/sources.md"
    )
    rules: tuple[CorpusRule, ...] = Field(
        (), description="which files are taken, by pattern, size, age, language and label; the first rule that matches decides"
    )

    @property
    def label_rules(self) -> tuple[LabelRule, ...]:
        """Labels from outside of the documents, the first to fill one first: those of the sources, then `labels`."""
        own = tuple(
            LabelRule(pattern=f"{source.prefix}/**" if source.prefix else "**", **source.labels.model_dump())
            for source in self.sources
            if any(source.labels.model_dump().values())
        )
        return own + self.labels

    @model_validator(mode="after")
    def _one_source(self) -> CorpusSettings:
        if self.dvc_file and self.folder:
            raise ValueError("set only one of corpus.dvc_file and corpus.folder")
        if self.sources and (self.dvc_file or self.folder):
            raise ValueError("set either corpus.sources or one of corpus.dvc_file and corpus.folder")
        for key in ("fresh_within_hours", "silent_after_days"):
            if self.sources and getattr(self, key):
                raise ValueError(
                    f"corpus.{key} is for corpus.dvc_file and corpus.folder; set {key} in each of corpus.sources instead"
                )
        check_sources(self.sources)
        check_rules(self.rules)
        return self


class IngestSettings(Section):
    keep_stale_days: int = Field(
        14,
        ge=0,
        le=3650,
        description="a document that can't be read any more stays in the index in its last good version, marked stale, "
        "for this many days; 0 = it leaves at once",
    )
    retries: int = Field(
        1, ge=0, le=10, description="further tries, in the same run, of a file whose failure may be the machine's"
    )
    retry_seconds: float = Field(
        1.0, ge=0, le=300, description="pause before the first of them; it doubles each time, give or take a half"
    )
    lock_wait_seconds: float = Field(
        60.0, ge=0, description="how long a run waits for another one on the same corpus before it stops"
    )


class ParseSettings(Section):
    workers: int = Field(2, ge=1, le=64, description="parser subprocesses")
    timeout_seconds: float = Field(
        60.0,
        gt=0,
        description="processor time for one file, converters included; past it the worker is killed, and so is one that waits as long without computing",
    )
    memory_mib: int = Field(2048, ge=256, description="address space of a worker beyond its libraries, MiB")
    max_file_mib: int = Field(50, ge=1, description="larger files are dead-lettered unread, MiB")
    max_unzipped_mib: int = Field(200, ge=1, description="limit for the unpacked size of docx, pptx and xlsx, MiB")
    max_output_mib: int = Field(64, ge=1, le=1024, description="limit for what a worker hands back for one file, MiB")
    passwords_env: str = Field(
        "", description="environment variable with passwords for encrypted files, a JSON list or one a line; empty = none"
    )
    passwords_file: str = Field("", description="file with such passwords, absolute or below ~; empty = none")
    readers: dict[str, Reader] = Field(
        default_factory=dict,
        description='media type = "headgate" or "unstructured": who parses it, where it is not the default of docs/parsing.md',
    )

    @field_validator("readers")
    @classmethod
    def _readers_can_read(cls, readers: dict[str, Reader]) -> dict[str, Reader]:
        for media_type, reader in readers.items():
            able = READERS.get(media_type, ())
            if not able:
                raise ValueError(f"{media_type!r} has no choice of readers; these have: {', '.join(sorted(READERS))}")
            if reader not in able:
                raise ValueError(f"{media_type!r} is read by {' and '.join(able)} alone")
        return readers

    @field_validator("passwords_file")
    @classmethod
    def _passwords_lie_outside(cls, file: str) -> str:
        if file and not file.startswith(("/", "~")):
            raise ValueError(f"{file!r} is not an absolute path; passwords are kept outside of the project")
        return file


#: As `validation.as_of`: the day of each ingest, UTC.
TODAY = "today"


def day_of(as_of: str, now: datetime) -> str:
    """`as_of`, with the day of `now`, which is UTC, in place of "today"."""
    return now.date().isoformat() if as_of == TODAY else as_of


class AudienceAcceptance(Section):
    """Documents that more audiences may see from now on. It holds for these documents and audiences, whenever they come back."""

    documents: tuple[str, ...] = Field(min_length=1, description="their corpus paths, each by its name")
    seen_before: tuple[str, ...] = Field(description="audiences that saw them until now; [] = nobody")
    seen_now: tuple[str, ...] = Field(min_length=1, description="audiences that see them from now on")
    by: str = Field(min_length=2, description="who decided it")
    reason: str = Field(min_length=10, description="why, 10 characters or more")

    def covers(self, path: str, before: Sequence[str], now: Sequence[str]) -> bool:
        """Whether this very change was accepted."""
        return path in self.documents and set(before) == set(self.seen_before) and set(now) == set(self.seen_now)

    @property
    def why(self) -> str:
        return f"{self.by}: {self.reason}"


class ChangeAcceptance(Section):
    """Documents that lost something on purpose. It holds for these documents with these very texts, whenever they come back."""

    documents: dict[str, str] = Field(
        min_length=1, description="corpus path = digest of the text that is accepted, as the report gives it"
    )
    by: str = Field(min_length=2, description="who decided it")
    reason: str = Field(min_length=10, description="why, 10 characters or more")

    @field_validator("documents")
    @classmethod
    def _digests_are_whole(cls, documents: dict[str, str]) -> dict[str, str]:
        for path, digest in documents.items():
            if not re.fullmatch(r"[0-9a-f]{32}", digest):
                raise ValueError(
                    f"{path!r} = {digest!r}: the digest of a text is 32 hexadecimal digits; the validation report has it"
                )
        return documents

    def covers(self, path: str, text_digest: str) -> bool:
        """Whether this very text of the document was accepted."""
        return self.documents.get(path) == text_digest

    @property
    def why(self) -> str:
        return f"{self.by}: {self.reason}"


class ValidationSettings(Section):
    as_of: str = Field(
        "",
        description='date (YYYY-MM-DD) that ages are judged from; "today" = the day of each ingest (UTC); empty = they are not judged',
    )
    old_after_days: int = Field(1825, ge=1, description="documents with an older date are remarked on, and indexed")
    stale_after_days: int = Field(
        0,
        ge=0,
        description="maximum age: documents that say they hold from an older date are quarantined; mails and others that only say when "
        "they were written are not; 0 = none",
    )
    near_duplicate: float = Field(
        0.9, gt=0, le=1, description="estimated Jaccard similarity of word 3-shingles from which a document counts as a copy"
    )
    min_characters: int = Field(40, ge=1, description="shorter documents are quarantined")
    max_characters: int = Field(2_000_000, ge=1000, description="longer documents are quarantined")
    max_lost_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="documents of whose words, navigation and the like aside, a larger share was left out are quarantined: what is left "
        "of them does not stand for the whole",
    )
    max_furniture_share: float = Field(
        0.98,
        gt=0,
        le=1,
        description="documents of whose words a larger share was taken for navigation, running headers, metadata and the like are "
        "quarantined: that much is content that was taken for furniture",
    )
    languages: tuple[str, ...] = Field(
        (), description="languages that documents may have, such as en; empty = any. Others are quarantined"
    )
    personal_data: PersonalDataPolicy = Field(
        "quarantine",
        description='what happens to documents with card numbers, IBANs and the like: "quarantine", "redact" (the numbers are taken out '
        'of what is indexed) or "allow"',
    )
    own_numbers: tuple[str, ...] = Field(
        (), description="account, card and telephone numbers of the organisation itself, which its pages may show"
    )
    own_domains: tuple[str, ...] = Field(
        (), description="domains whose e-mail addresses pages may show, such as the organisation's own; subdomains included"
    )
    own_addresses: tuple[str, ...] = Field(
        (), description="e-mail and postal addresses of the organisation itself, which its pages may show"
    )
    names_model: str = Field(
        "", description="spaCy model that finds names of people, a package or a folder; needed where `person` is looked for"
    )
    hidden_instructions: Literal["quarantine", "neutralise", "allow"] = Field(
        "quarantine",
        description='what happens to documents with text that addresses the model: "quarantine", "neutralise" (the sentence is taken out of '
        'what is indexed) or "allow"',
    )
    max_dropped_share: float = Field(
        0.25, ge=0, le=1, description="fail when more than this share of files is quarantined or dead-lettered"
    )
    max_dead_letter_share: float = Field(
        0.1, ge=0, le=1, description="fail when more than this share of files could not be read or parsed"
    )
    expectations: str = Field(
        "", description="folder with the suites: documents, changes, corpus and chunks .yaml; empty = the built-in ones"
    )
    accept: tuple[str, ...] = Field(
        (),
        description='failed checks of level error that were looked at and are accepted: "check@revision: who and why"; revision as '
        "ingest shows it (8 characters or more) or its name",
    )
    accept_audience: tuple[AudienceAcceptance, ...] = Field(
        (), description="documents that more audiences may see than at the last accepted ingest, each by name; see docs/access.md"
    )
    accept_change: tuple[ChangeAcceptance, ...] = Field(
        (), description="documents that lost text, tables or the like on purpose, each by name and text; see docs/validation.md"
    )
    personal_data_by_label: dict[str, PersonalDataPolicy] = Field(
        default_factory=dict, description="confidentiality label = policy, where it differs from personal_data"
    )
    personal_data_by_kind: dict[PersonalKind, PersonalKindPolicy] = Field(
        default_factory=dict,
        description='kind = "quarantine", "redact", "allow" or "ignore" (not looked for), whatever personal_data and its labels say; '
        "email_address, phone_number, postal_address and person are ignored unless they stand here",
    )

    def personal_policies(self, confidentiality: str) -> dict[PersonalKind, PersonalKindPolicy]:
        """What becomes of each kind of personal data in documents with this label."""
        numbers = self.personal_data_by_label.get(confidentiality, self.personal_data)
        policies: dict[PersonalKind, PersonalKindPolicy] = dict.fromkeys(NUMBER_KINDS, numbers)
        return policies | dict.fromkeys(CONTACT_KINDS, "ignore") | self.personal_data_by_kind

    @property
    def personal_search(self) -> PersonalSearch:
        """What is looked for in documents of any label."""
        kinds = tuple(kind for kind, policy in self.personal_policies("").items() if policy != "ignore")
        return PersonalSearch(kinds, self.own_numbers, self.own_domains, self.own_addresses, self.names_model)

    @model_validator(mode="after")
    def _names_need_a_model(self) -> ValidationSettings:
        if self.personal_data_by_kind.get("person", "ignore") != "ignore" and not self.names_model:
            raise ValueError(
                "personal_data_by_kind.person looks for names, which only a model can tell: set names_model to a spaCy model that is "
                'installed, or personal_data_by_kind.person = "ignore"'
            )
        return self

    def at(self, now: datetime) -> ValidationSettings:
        """With the day of `now`, which is UTC, in place of `as_of = "today"`."""
        return self.model_copy(update={"as_of": day_of(self.as_of, now)})

    @field_validator("as_of")
    @classmethod
    def _is_a_day(cls, day: str) -> str:
        if day and day != TODAY:
            try:
                date.fromisoformat(day)
            except ValueError:
                raise ValueError(f"{day!r} is neither a date (YYYY-MM-DD) nor {TODAY!r}") from None
        return day

    @field_validator("accept")
    @classmethod
    def _acceptances_have_a_reason(cls, accepted: tuple[str, ...]) -> tuple[str, ...]:
        for one in accepted:
            if not re.match(r"^\w+@\S{3,}: \S.{9,}$", one):
                raise ValueError(f"{one!r} is not of the form 'check@revision: who and why' (10 characters or more of it)")
        return accepted


class ChunkSettings(Section):
    strategy: Literal["structure", "sentence_window", "parent_document"] = Field(
        "structure",
        description="what is searched and what is handed to the answer: passages; sentences, with their neighbours; "
        "small passages, with the section around them",
    )
    max_tokens: int = Field(
        200, ge=32, le=8000, description="budget of a chunk with its context, in tokens of the embedding model"
    )
    min_tokens: int = Field(
        40, ge=0, description="neighbouring smaller sections under the same parent are joined up to this size"
    )
    overlap_sentences: int = Field(
        1, ge=0, le=5, description="sentences repeated from the previous chunk when a section is split"
    )
    window_sentences: int = Field(
        2, ge=0, le=20, description="sentence_window: sentences before and after the found one that go with it"
    )
    child_tokens: int = Field(
        64, ge=32, le=8000, description="parent_document: budget of a searched passage with its context, tokens"
    )
    parent_tokens: int = Field(
        600, ge=64, le=32000, description="parent_document: budget of the section handed to the answer, tokens"
    )

    @property
    def budget(self) -> int:
        """Most tokens of what is embedded, context included."""
        return self.child_tokens if self.strategy == "parent_document" else self.max_tokens

    @model_validator(mode="after")
    def _children_in_parents(self) -> ChunkSettings:
        if self.strategy == "parent_document" and self.child_tokens > self.parent_tokens:
            raise ValueError(f"child_tokens {self.child_tokens} is more than parent_tokens {self.parent_tokens}")
        return self
