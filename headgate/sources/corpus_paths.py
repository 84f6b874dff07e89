"""What a source calls a file → its path in the corpus: one spelling, safe to show, the same on every machine.

é as e + combining accent   → é (Unicode NFC)
control characters, line breaks, direction overrides, bytes that are not UTF-8 → %0A, %E2%80%AE, %E9
empty segments, "." and ".." → %2F, %2E, %2E%2E
https://host/a%20b?x=1      → a b@x=1~5e8848ff        a digest of the address tells apart what only the address tells apart
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from urllib.parse import SplitResult, quote, unquote, unquote_to_bytes, urlsplit

from headgate.records import Remark
from headgate.records.remarks import excluded

#: Direction overrides and isolates: they make a path look like another one.
_DECEIVING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
_EMPTY = "%2F"
_MAX_BYTES = 400  # of a path made from an address; longer ones are cut
_AFTER_HOST = re.compile(r"[/?#]")
#: Words of a parameter's name that stand for a secret; `apiKey`, `api_key` and `X-Amz-Signature` are told apart into their words.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_SECRET = re.compile(
    r"(?:^|-)(?:token|secret|passwd|password|pwd|signature|sig|credentials?|auth|authorization|sid|(?:api|access)-?key|session-?id)(?:-|$)"
)
_REDACTED = "redacted"
_MAX_QUERY = 60  # characters of a query that are shown


def corpus_path(name: str) -> str:
    """The path of a file that its source calls `name`, POSIX; undecodable bytes as surrogates (PEP 383)."""
    return unicodedata.normalize("NFC", "/".join(_segment(segment) for segment in name.split("/")))


def _segment(segment: str) -> str:
    if segment in ("", ".", ".."):
        return segment.replace(".", "%2E") or _EMPTY
    if segment.isprintable():
        return segment
    return "".join(_escaped(character) for character in segment)


def _escaped(character: str) -> str:
    if character.isprintable() or (character not in _DECEIVING and unicodedata.category(character) not in ("Cc", "Cs")):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def settle_names(paths: Mapping[str, str]) -> dict[str, tuple[str, Remark | None]]:
    """Name → (path, rule): of several names that come to the same path the first keeps it, one that already is spelt so before others.

    Args:
        paths: name → `corpus_path` of it.

    Returns:
        The rule is None for those that keep their path; others get a path of their own and the rule that leaves them out.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name, path in paths.items():
        groups[path].append(name)
    settled: dict[str, tuple[str, Remark | None]] = {}
    for path, names in groups.items():
        first, *others = sorted(names, key=lambda name: (name != path, name.encode("utf-8", "surrogateescape")))
        settled[first] = (path, None)
        for name in others:
            settled[name] = (
                _with_suffix(path, f"~{_digest(name)}"),
                excluded("name", f"another file has the same path {path!r}"),
            )
    return settled


def case_twins(paths: Iterable[str]) -> dict[str, str]:
    """Path → another one that differs only in upper and lower case."""
    seen: dict[str, str] = {}
    twins: dict[str, str] = {}
    for path in sorted(paths):
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            twins[path] = other
            twins.setdefault(other, path)
    return twins


def shown_url(url: str) -> str:
    """`url` as it may be told: a name and password, and the values of query parameters that are called like secrets, are taken out."""
    scheme, colon, rest = url.partition("://") if "://" in url.partition("?")[0] else ("", "", url)
    netloc = _AFTER_HOST.split(rest, maxsplit=1)[0]
    after = rest[len(netloc) :]
    if "@" in netloc:
        netloc = f"{_REDACTED}@{netloc.rpartition('@')[2]}"
    path, mark, query = after.partition("#")[0].partition("?")
    return f"{scheme}{colon}{netloc}{path}{mark}{_shown_query(query)}"


def _shown_query(query: str) -> str:
    shown = []
    for parameter in query.split("&"):
        name, equals, _ = parameter.partition("=")
        words = "-".join(_WORD.findall(unquote(name))).lower()
        shown.append(f"{name}={_REDACTED}" if equals and _SECRET.search(words) else parameter)
    return "&".join(shown)


def url_path(url: str, *, own_host: str) -> str:
    """The path of a page. A host other than `own_host` comes first; what the path can't say of the address becomes a digest."""
    parts = urlsplit(url)
    path = "/".join(_without_dots(parts.path))
    if not path or path.endswith("/"):
        path += "index.html"
    decoded = corpus_path(unquote_to_bytes(path).decode("utf-8", "surrogateescape"))
    if _loses(parts, decoded):
        shown = f"@{corpus_path(_shown_query(parts.query).replace('/', '_'))[:_MAX_QUERY]}" if parts.query else ""
        decoded = _with_suffix(_cut(decoded), f"{shown}~{_digest(url)}")
    return decoded if parts.netloc == own_host else f"{parts.netloc.replace(':', '_')}/{decoded}"


def _loses(parts: SplitResult, decoded: str) -> bool:
    """Whether two addresses may come to `decoded`: a query, a long path, a spelling that is not the usual one."""
    if parts.query or len(decoded.encode("utf-8", "surrogateescape")) > _MAX_BYTES:
        return True
    usual = quote(decoded, safe="/~!$&'()*+,;=:@")
    return parts.path.lstrip("/") not in (usual, decoded, usual.removesuffix("index.html"))


def _without_dots(path: str) -> list[str]:
    """Segments of an absolute path without dot segments (RFC 3986, 5.2.4), also percent-encoded ones."""
    kept: list[str] = []
    segments = path.removeprefix("/").split("/")
    for number, segment in enumerate(segments):
        plain = segment.lower().replace("%2e", ".")
        if plain == "..":
            del kept[-1:]
        if plain not in (".", ".."):
            kept.append(segment)
        elif number == len(segments) - 1:
            kept.append("")
    return kept


def _cut(path: str) -> str:
    content = path.encode("utf-8", "surrogateescape")
    if len(content) <= _MAX_BYTES:
        return path
    suffix = PurePosixPath(path).suffix[:12]
    return content[: _MAX_BYTES - 40].decode("utf-8", "ignore") + suffix


def _with_suffix(path: str, addition: str) -> str:
    """`a/b.html` → `a/b<addition>.html`."""
    folder, slash, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    named = f"{stem}{addition}.{extension}" if dot and stem else f"{name}{addition}"
    return f"{folder}{slash}{named}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
