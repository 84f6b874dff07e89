"""Files that could not be read or parsed: why, how often, since when, what next. One JSON file each in the store.

fails ──record──► letter ──next_retry──► tried again, a few times, if the failure may be the machine's
                    │ retry              tried again by the next ingest, whatever it was
                    │ drop               left out by decision, until the content changes
                    ▼
                 cleared when the file parses, is excluded or is gone
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

import orjson
from pydantic import Field, ValidationError

from headgate.errors import FailureReason, IntegrityError, NotFoundError, ParseFailure
from headgate.records import Record, Remark, SourceFile
from headgate.records.remarks import excluded
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import DEAD_LETTERS

#: Reasons that may be the machine's and not the file's, besides failures that say so themselves.
_RETRIED: frozenset[FailureReason] = frozenset({"timeout", "worker_died", "unreadable"})
#: Ingests that try such a file before only a person can ask for more.
MAX_ATTEMPTS = 3
#: Pause after the first failed ingest; it grows fourfold, up to a day.
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(days=1)
#: Reason → what its reader can do.
_ADVICE: dict[FailureReason, str] = {
    "encrypted": "supply its password (parse.passwords_env or parse.passwords_file), or replace it by a copy without one",
    "truncated": "fetch or export the file again: its end is missing",
    "malformed": "open it in the program that made it and export it again",
    "encoding": "save it as UTF-8",
    "no_text": "it holds no text: add a text layer, or drop it",
    "needs_tesseract": "install tesseract, or add a text layer",
    "needs_libreoffice": "install LibreOffice, or store it in a format of today",
    "unmapped_glyphs": "export it again with its fonts' characters, or install tesseract, which reads it from the page",
    "unsupported": "convert it to a supported format, or exclude it with corpus.exclude",
    "wrong_extension": "rename it by its content, or export it again",
    "too_large": "split it, or raise parse.max_file_mib",
    "too_much_text": "split it, or raise parse.max_output_mib",
    "zip_bomb": "it unpacks to more than parse.max_unzipped_mib; raise that if you trust the file",
    "timeout": "split it, or raise parse.timeout_seconds; `headgate dead-letters retry` tries it again",
    "memory": "split it, or raise parse.memory_mib",
    "worker_died": "split it or export it again; `headgate dead-letters retry` tries it again",
    "unreadable": "check the file's permissions and its disk; `headgate dead-letters retry` tries it again",
    "derive_error": "a defect of headgate that this text shows: report it; every ingest tries it again",
    "changed_while_read": "it was being written; ingest again once it is whole",
    "odd_answer": "look at what its source tells of it: a date, a length or an address can't be read",
}


class DeadLetter(Record):
    """`attempts` counts ingests that tried this very content; other content starts at 1 again."""

    path: str
    digest: str
    reason: FailureReason
    detail: str
    transient: bool
    attempts: int
    first_seen: str  # ISO 8601, UTC
    last_seen: str
    parser: str = ""  # version and limits that it failed under; others try again
    corpus: str = ""
    media_type: str = ""
    size: int = 0  # bytes
    limits: dict[str, float] = Field(default_factory=dict)  # of one parse, as settings.parse names them
    stderr: str = ""  # the end of what its parser process wrote, "" when it wrote nothing
    next_retry: str = ""  # ISO 8601; "" = not before the file, the parser or a limit changes, or `retry`
    dropped_at: str = ""  # ISO 8601, when a person decided to leave this content out
    dropped_because: str = ""

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _ADVICE.get(self.reason, "replace the file, exclude it with corpus.exclude, or `headgate dead-letters drop` it")


class DeadLetters:
    """The letters of one corpus, read once; every change is written at once."""

    def __init__(self, store: Store, corpus: str) -> None:
        self._store = store
        self._corpus = corpus
        self._letters = {letter.path: letter for letter in _read(store, DEAD_LETTERS.prefix(corpus))}

    def __iter__(self) -> Iterator[DeadLetter]:
        """By path."""
        return iter(sorted(self._letters.values(), key=lambda letter: letter.path))

    def find(self, path: str) -> DeadLetter | None:
        return self._letters.get(path)

    def get(self, path: str) -> DeadLetter:
        """Raises NotFoundError: no letter of that path."""
        if path not in self._letters:
            known = ", ".join(repr(known) for known in sorted(self._letters)[:5]) or "none"
            raise NotFoundError(f"{path!r} is no dead letter of corpus {self._corpus!r}; dead letters are {known}")
        return self._letters[path]

    def known(self, file: SourceFile, *, parser: str, now: datetime) -> ParseFailure | None:
        """The failure that trying `file` again would only repeat; None when it is to be tried."""
        letter = self._letters.get(file.path)
        if letter is None or letter.digest != file.digest or letter.parser != parser:
            return None
        if letter.next_retry and datetime.fromisoformat(letter.next_retry) <= now:
            return None
        return ParseFailure(file.path, letter.reason, letter.detail, transient=letter.transient, stderr=letter.stderr)

    def dropped(self, file: SourceFile) -> Remark | None:
        """The rule that leaves `file` out by decision, None when there is none for this content."""
        letter = self._letters.get(file.path)
        if letter is None or not letter.dropped_at or letter.digest != file.digest:
            return None
        return excluded("dropped", f"by decision of {letter.dropped_at[:10]}: {letter.dropped_because}")

    def record(
        self, failure: ParseFailure, file: SourceFile, *, parser: str, limits: Mapping[str, float], now: datetime
    ) -> DeadLetter:
        """Add or update the letter of `file`."""
        before = self._letters.get(file.path)
        same = before is not None and before.digest == file.digest
        attempts = before.attempts + 1 if before and same else 1
        moment = now.isoformat(timespec="seconds")
        may_pass = (failure.transient or failure.reason in _RETRIED) and attempts < MAX_ATTEMPTS
        pause = min(_FIRST_PAUSE * 4 ** (attempts - 1), _LONGEST_PAUSE)
        letter = DeadLetter(
            path=file.path,
            digest=file.digest,
            reason=failure.reason,
            detail=failure.detail,
            transient=failure.transient,
            attempts=attempts,
            first_seen=before.first_seen if before and same else moment,
            last_seen=moment,
            parser=parser,
            corpus=self._corpus,
            media_type=file.media_type,
            size=file.size,
            limits=dict(limits),
            stderr=failure.stderr,
            next_retry=(now + pause).isoformat(timespec="seconds") if may_pass else "",
        )
        return self._write(letter)

    def forget(self, path: str) -> DeadLetter:
        """Make the next ingest try `path` again; a decision to drop it is taken back. Raises NotFoundError."""
        return self._write(
            self.get(path).model_copy(
                update={"parser": "", "attempts": 0, "next_retry": "", "dropped_at": "", "dropped_because": ""}
            )
        )

    def drop(self, path: str, because: str, *, now: datetime) -> DeadLetter:
        """Record the decision to leave this content of `path` out. Raises NotFoundError."""
        decision = {"dropped_at": now.isoformat(timespec="seconds"), "dropped_because": because, "next_retry": ""}
        return self._write(self.get(path).model_copy(update=decision))

    def clear(self, path: str) -> None:
        """The file parses, was excluded or is gone."""
        if self._letters.pop(path, None) is not None:
            self._store.delete(_key(self._corpus, path))

    def keep_only(self, paths: Collection[str]) -> None:
        """Clear every other letter."""
        for path in sorted(self._letters.keys() - set(paths)):
            self.clear(path)

    def _write(self, letter: DeadLetter) -> DeadLetter:
        content = orjson.dumps(letter.model_dump(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        self._store.put(_key(self._corpus, letter.path), content)
        self._letters[letter.path] = letter
        return letter


def list_dead_letters(store: Store, corpus: str = "") -> list[DeadLetter]:
    """All letters of one corpus, or of all, by path."""
    return sorted(_read(store, DEAD_LETTERS.prefix(corpus) if corpus else DEAD_LETTERS.prefix()), key=lambda letter: letter.path)


def _read(store: Store, folder: str) -> Iterator[DeadLetter]:
    for key in store.list(folder):
        try:
            yield DeadLetter.model_validate_json(store.get(key))
        except ValidationError as error:
            raise IntegrityError(
                f"dead letter {key!r} can't be read ({error.error_count()} problems); delete it, and the next ingest tries its file again"
            ) from error


def _key(corpus: str, path: str) -> str:
    return DEAD_LETTERS.key(corpus, sha256_hex(path.encode("utf-8", "surrogateescape")))
