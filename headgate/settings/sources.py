"""`[[corpus.sources]]` and `[[corpus.rules]]`: where documents come from and which of them are taken. See docs/sources.md."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from headgate.settings.section import Section

_NAME = r"^[a-z0-9][a-z0-9_-]{0,40}$"
_PREFIX = re.compile(r"^[A-Za-z0-9_-][\w.-]*(/[A-Za-z0-9_-][\w.-]*)*$", re.ASCII)
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$|^$"
_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB)$")
_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class Labels(Section):
    """What a document can be labelled with from outside."""

    audience: str = ""
    topic: str = ""
    region: str = ""
    language: str = ""
    effective_date: str = ""
    owner: str = ""
    confidentiality: str = ""

    @field_validator("effective_date")
    @classmethod
    def _is_iso(cls, day: str) -> str:
        if day and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
            raise ValueError(f"{day!r} is no date; write YYYY-MM-DD")
        return day and date.fromisoformat(day).isoformat()


class LabelRule(Labels):
    """Labels for files that carry none themselves; every rule that matches a path fills what is still missing, earlier ones first."""

    pattern: str = Field(description="glob over corpus paths, `**` crosses folders, e.g. `internal/**`")


class CorpusRule(Section):
    """Files to leave out, or to take whatever later rules say. All stated conditions must hold; the first rule that matches decides."""

    name: str = Field(pattern=_NAME, description="named in the report for each file that the rule leaves out")
    action: Literal["include", "exclude"]
    pattern: str = Field("**", min_length=1, description="glob over corpus paths")
    larger_than: str = Field("", description='size, such as "20 MiB"')
    smaller_than: str = Field("", description='size, such as "100 B"')
    older_than_days: int = Field(0, ge=0, description="last modified more than this many days before as_of; 0 = any age")
    as_of: str = Field("", description="date (YYYY-MM-DD) that age is counted from; empty = validation.as_of, which may be today")
    languages: tuple[str, ...] = Field((), description="language of the document, such as en; empty = any")
    labels: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description='label = value or values, such as { confidentiality = "internal" }'
    )

    @property
    def looks_at_content(self) -> bool:
        """Whether it can be decided only once the file is parsed."""
        return bool(self.languages or self.labels)

    @property
    def least_size(self) -> int:
        """Bytes that a file must have more of; -1 = any size."""
        return _bytes(self.larger_than) if self.larger_than else -1

    @property
    def most_size(self) -> int | None:
        """Bytes that a file must have fewer of; None = any size."""
        return _bytes(self.smaller_than) if self.smaller_than else None

    @field_validator("labels", mode="before")
    @classmethod
    def _one_value_or_several(cls, labels: Any) -> Any:
        if not isinstance(labels, dict):
            return labels
        return {name: (values,) if isinstance(values, str) else values for name, values in labels.items()}

    @field_validator("larger_than", "smaller_than")
    @classmethod
    def _is_a_size(cls, size: str) -> str:
        if size and not _SIZE.match(size):
            raise ValueError(f'{size!r} is no size; write it such as "20 MiB" (B, KiB, MiB, GiB)')
        return size

    @field_validator("as_of")
    @classmethod
    def _is_a_date(cls, day: str) -> str:
        if day == "today":
            raise ValueError("of a rule is a date; left out, age is counted from validation.as_of, which may be today")
        if day:
            date.fromisoformat(day)
        return day

    @model_validator(mode="after")
    def _can_match(self) -> CorpusRule:
        if unknown := sorted(set(self.labels) - set(Labels.model_fields)):
            raise ValueError(f"unknown label {unknown[0]!r}; known labels: {', '.join(sorted(Labels.model_fields))}")
        if self.as_of and not self.older_than_days:
            raise ValueError("as_of says nothing without older_than_days")
        if self.most_size is not None and self.least_size >= self.most_size:
            raise ValueError(f"nothing is larger than {self.larger_than} and smaller than {self.smaller_than}")
        return self


class SourceSection(Section):
    """What every source has."""

    name: str = Field(pattern=_NAME, description="name of the source, unique in the corpus")
    prefix: str = Field(
        "",
        description="folder of the corpus that its files appear in; needed, and different, where there is more than one source",
    )
    labels: Labels = Field(Labels(), description="labels for everything of the source that carries none itself")
    fresh_within_hours: float = Field(
        0, ge=0, description="freshness objective: the source must have been read within this time; 0 = none"
    )
    silent_after_days: float = Field(
        0, ge=0, description="the source counts as silent when nothing in it has changed for longer; 0 = never"
    )
    max_shrink_share: float = Field(
        0.5, ge=0, le=1, description="a listing that lost more than this share of its files is refused as suspicious; 1 = never"
    )
    shrunk_to: int = Field(
        -1, ge=-1, description="confirms such a listing: the number of files that it has now, as the message says; -1 = none"
    )

    @field_validator("prefix")
    @classmethod
    def _is_a_folder(cls, prefix: str) -> str:
        prefix = prefix.rstrip("/")
        if prefix and not _PREFIX.match(prefix):
            raise ValueError(
                f"{prefix!r} is no folder of a corpus: letters, digits, '-', '_', '.' and '/', such as help/articles"
            )
        return prefix


class RemoteSection(SourceSection):
    """What sources have that are asked over a network."""

    timeout_seconds: float = Field(15.0, gt=0, le=600, description="how long to wait for a connection, an answer or more of it")
    deadline_seconds: float = Field(120.0, gt=0, description="total time for one file or listing page, its retries included")
    retries: int = Field(4, ge=0, le=20, description="further tries of a request that failed for a reason that may pass")
    retry_seconds: float = Field(
        1.0, ge=0, le=60, description="the first pause is up to this long; the bound doubles each time, up to 30 s"
    )
    breaker_failures: int = Field(
        5, ge=1, le=1000, description="after this many files in a row that stayed down the source is not asked any more"
    )
    cool_down_seconds: float = Field(300.0, ge=0, description="for this long; then one request tries whether it is back")
    run_minutes: float = Field(
        60.0, gt=0, description="total time for the source in one run; what is not read by then has failed"
    )
    parallel: int = Field(4, ge=1, le=64, description="downloads at the same time")


class FolderSource(SourceSection):
    kind: Literal["folder"]
    folder: str = Field(
        min_length=1, description="a folder; its files are copied below storage.root, so that a revision can be opened again"
    )


class DvcSource(SourceSection):
    kind: Literal["dvc"]
    dvc_file: str = Field(min_length=1, description="the .dvc file that tracks the documents")
    revision: str = Field(
        "", description="a name of corpus.revisions, a directory digest or a git revision; empty = what the file says now"
    )


class S3Source(RemoteSection):
    kind: Literal["s3"]
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="name of the bucket")
    key_prefix: str = Field("", description="only keys that begin with this, such as handbook/; it is not part of corpus paths")
    endpoint: str = Field("", description="address of an S3-compatible service; empty = AWS")
    region: str = Field("", description="region of the bucket; empty = AWS_REGION, else us-east-1")
    allow_http: bool = Field(False, description="whether the endpoint may be plain http://")
    anonymous: bool = Field(False, description="whether to ask without credentials, for public buckets")
    key_id_variable: str = Field(
        "", pattern=_VARIABLE, description="environment variable with the access key; empty = the standard chain"
    )
    secret_variable: str = Field("", pattern=_VARIABLE, description="environment variable with the secret key")
    token_variable: str = Field(
        "", pattern=_VARIABLE, description="environment variable with the session token, where there is one"
    )
    page_size: int = Field(1000, ge=1, le=1000, description="keys in one page of the listing")

    @model_validator(mode="after")
    def _fits(self) -> S3Source:
        _check_endpoint(self.endpoint, allow_http=self.allow_http)
        if bool(self.key_id_variable) != bool(self.secret_variable):
            raise ValueError("key_id_variable and secret_variable go together")
        if self.token_variable and not self.key_id_variable:
            raise ValueError("token_variable goes with key_id_variable and secret_variable")
        if self.anonymous and self.key_id_variable:
            raise ValueError("anonymous and key_id_variable exclude each other")
        return self


class HttpSource(RemoteSection):
    kind: Literal["http"]
    sitemap: str = Field("", description="address of a sitemap.xml, of a sitemap index, or of either as .gz")
    urls: tuple[str, ...] = Field((), description="addresses of pages, in place of a sitemap")
    url_list: str = Field("", description="file with one address a line, # begins a comment; in place of a sitemap")
    allowed_hosts: tuple[str, ...] = Field(
        (), description="host or host:port that pages and redirects may be on; empty = those of the sitemap or the addresses"
    )
    allow_private: bool = Field(
        False, description="whether hosts may have private addresses (an intranet, this machine); link-local ones never"
    )
    allow_http: bool = Field(False, description="whether addresses may be plain http://")
    max_pages: int = Field(50_000, ge=1, description="pages beyond this many of the listing are left out and named")
    max_listing_mib: int = Field(50, ge=1, le=1024, description="largest sitemap, unpacked, MiB")
    max_redirects: int = Field(5, ge=0, le=20, description="redirects followed for one page")
    requests_per_second: float = Field(5.0, gt=0, description="at most, over all downloads of the source")
    trust_lastmod: bool = Field(
        False, description="whether a page whose lastmod in the sitemap is as before is not asked for at all"
    )
    authorization_variable: str = Field(
        "", pattern=_VARIABLE, description="environment variable with the value of the Authorization header"
    )
    user_agent: str = Field("headgate", min_length=1, description="how the site sees who asks")

    @model_validator(mode="after")
    def _fits(self) -> HttpSource:
        if sum(map(bool, (self.sitemap, self.urls, self.url_list))) != 1:
            raise ValueError("set exactly one of sitemap, urls and url_list")
        for url in (*self.urls, *([self.sitemap] if self.sitemap else [])):
            _check_url(url, allow_http=self.allow_http)
        for host in self.allowed_hosts:
            if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-fA-F:]+\](:\d{1,5})?", host):
                raise ValueError(f"allowed host {host!r} is neither a host nor host:port")
        if self.trust_lastmod and not self.sitemap:
            raise ValueError("trust_lastmod needs a sitemap")
        if any(ord(character) < 32 or ord(character) > 126 for character in self.user_agent):
            raise ValueError("user_agent holds characters that a header can't")
        return self


SourceSettings = Annotated[FolderSource | DvcSource | S3Source | HttpSource, Field(discriminator="kind")]


def check_sources(sources: tuple[Any, ...]) -> None:
    """Raise ValueError where sources can't stand side by side."""
    for kind, values in (("name", [source.name for source in sources]), ("prefix", [source.prefix for source in sources])):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice and (kind == "name" or len(sources) > 1):
            raise ValueError(f"sources have the same {kind} {twice[0]!r}; each needs its own")
    prefixes = sorted((source.prefix, source.name) for source in sources)
    if len(prefixes) > 1 and not prefixes[0][0]:
        raise ValueError(f"source {prefixes[0][1]!r} needs a prefix, since there is more than one source")
    for outer, _ in prefixes:
        for inner, name in prefixes:
            if inner != outer and inner.startswith(f"{outer}/"):
                raise ValueError(
                    f"prefix {inner!r} of source {name!r} lies inside prefix {outer!r} of another; their files could collide"
                )


def check_rules(rules: tuple[CorpusRule, ...]) -> None:
    """Raise ValueError where rules can't do what they are for."""
    names = [rule.name for rule in rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"rules have the same name {twice[0]!r}; each needs its own")
    if rules and all(rule.action == "include" for rule in rules):
        raise ValueError(
            'the rules only include, so nothing is left out; end with one whose action = "exclude" and pattern = "**"'
        )


def _bytes(size: str) -> int:
    found = _SIZE.match(size)
    assert found is not None
    return int(float(found[1]) * _UNITS[found[2]])


def _check_endpoint(endpoint: str, *, allow_http: bool) -> None:
    if endpoint:
        _check_url(endpoint, allow_http=allow_http)


def _check_url(url: str, *, allow_http: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address that begins with https://")
    if parts.username or parts.password:
        raise ValueError("an address holds a name or a password; name the environment variables that have them instead")
    if parts.scheme == "http" and not allow_http:
        raise ValueError(f"{url!r} is without TLS; take https://, or set allow_http = true")
