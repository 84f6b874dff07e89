"""Every exception that headgate raises, one tree.

    HeadgateError
    ├── UsageError                 a set-up mistake: shown without a traceback, exit code 2
    │   ├── SettingsError          headgate.toml: unknown key, wrong value
    │   ├── CorpusError            no corpus, no remote, a corrupted object, an empty folder
    │   │   └── UnfitCorpus            a check of level error failed; exit code 1
    │   ├── PromptError            a prompt file: unknown or missing variable
    │   ├── SuiteError             a suite file: duplicate id, gold that does not exist
    │   ├── GateFileError          gates.yaml: unknown metric, contradictory limits
    │   ├── StorageError           a store that can't be read or written
    │   │   ├── AlreadyExistsError     a conditional create found the key taken
    │   │   ├── ReplacedError          an object of the store was replaced while it was read
    │   │   └── LockedError            another run holds the lock
    │   ├── NotFoundError          no such bundle, report, interaction, release
    │   ├── ReleaseRefused         promotion or rollback that the rules forbid
    │   └── RequestError           a request to the service that can't be answered as it is
    ├── IntegrityError             content that is not what its digest says: a tampered or broken bundle, table, model
    │   ├── DamagedEntry           an entry of the ingest's cache, removed by now
    │   └── DamagedCache           the file of the ingest's cache, removed by now
    ├── TrackingError              the tracking server can't be reached or refuses; never stops an evaluation
    ├── ValidationFailed           rows could not be judged, so nothing is known of them
    ├── ParseFailure               one source file that could not be parsed
    ├── MakerStopped               a process that makes documents
    │   ├── MakerEnded                 it is gone, and what it was asked with it
    │   ├── MakerHangs                 it was killed, because a document took too long
    │   └── MakerNotStarted            it never got so far as to take a document
    ├── SourceFault                a source, or one file of it, that can't be read now
    ├── Gone                       a listed file that its source does not have any more
    ├── ObjectChanged              an object that is not the one that was listed, while it is read
    ├── UnknownFormat              a number format whose look is not certain; the stored value is shown then
    ├── ModelError                 a chat or embedding model that failed or did not answer in time
    ├── ClosedError                a table or a model that was closed is used
    ├── WithdrawnError             a document that an answer rests on was withdrawn while it was written
    ├── AnswerFailedError          an answer that failed before anything of it was sent
    ├── NotReadyError              the service has no open bundle
    ├── BusyError                  the service has no free place
    ├── ClientGoneError            the client closed the connection
    ├── Ambiguous                  a write to a bucket of which nobody knows whether it was carried out
    ├── AlertFailed                a destination that did not take an alert this time
    └── AlertRefused               one that refuses it for good

Messages say what, which (repr), the limit, and what to do. They are for people: code asks for a class or a field, never for words.
Third-party exceptions are translated where they arise. A test finds every exception of headgate and fails when one stands elsewhere.
"""

from __future__ import annotations

from typing import Literal

#: Why a source, or one file of it, can't be read.
FaultReason = Literal[
    "address_refused",  # an address that is not asked: this machine, a private network
    "archived",  # the store has to restore it first
    "changed_while_read",
    "credentials",  # there are none
    "dvc",
    "encoding",  # a reply in a content encoding that was not asked for
    "forbidden",
    "interrupted",
    "listing",
    "missing",
    "not_installed",
    "odd_answer",  # something in the answer can't be read
    "redirect_refused",
    "redirects",
    "refused",
    "region",
    "sitemap",
    "source_down",
    "source_shrank",
    "timeout",
    "tls",
    "too_large",
    "unavailable",
    "unread",
    "unreachable",
    "unreadable",
    "url_list",
]
#: Why a file has no document: its source could not hand it over, or it could not be parsed.
FailureReason = Literal[
    FaultReason,
    "derive_error",  # a defect of headgate that the text shows
    "encrypted",
    "malformed",
    "memory",
    "needs_libreoffice",
    "needs_pandoc",
    "needs_tesseract",
    "no_text",
    "parser_error",
    "too_much_text",
    "truncated",
    "unmapped_glyphs",  # a PDF's fonts do not say which characters they draw
    "unsupported",
    "worker_died",
    "wrong_extension",
    "xml_entities",
    "zip_bomb",
]


class HeadgateError(Exception):
    """Root of the tree."""


class UsageError(HeadgateError):
    """A mistake in set-up or use that the reader of the message can mend."""


class SettingsError(UsageError):
    """`headgate.toml` or an environment variable holds something that is not allowed."""


class CorpusError(UsageError):
    """The corpus can't be read as asked."""


class UnfitCorpus(CorpusError):
    """The corpus was read and is not fit to be indexed or released: a check of level error, or the canary, failed."""


class PromptError(UsageError):
    """A prompt file is malformed or does not fit the variables it is given."""


class SuiteError(UsageError):
    """A suite file is malformed or refers to what does not exist."""


class GateFileError(UsageError):
    """The gate file is malformed or asks for a metric that nobody computes."""


class StorageError(UsageError):
    """A store can't be read, or can't be written."""


class AlreadyExistsError(StorageError):
    """A conditional create found the key taken."""


class ReplacedError(StorageError):
    """An object of the store was replaced while it was read."""


class LockedError(StorageError):
    """Another run holds the lock; the message says which."""


class NotFoundError(UsageError):
    """The named bundle, report, release or interaction does not exist."""


class ReleaseRefused(UsageError):
    """The release rules forbid this promotion or rollback."""


class RequestError(UsageError):
    """A request that can't be answered as it is.

    Args:
        param: the field that is wrong.
        status: of the HTTP reply.
        code: machine-readable cause, part of the reply.
    """

    def __init__(self, message: str, *, param: str = "", status: int = 400, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.param = param
        self.status = status
        self.code = code


class IntegrityError(HeadgateError):
    """Bytes do not match the digest that names them."""


class DamagedEntry(IntegrityError):
    """An entry of the ingest's cache did not match its checksum; it is gone now."""


class DamagedCache(IntegrityError):
    """The file of the ingest's cache is no database any more; it is gone now."""


class TrackingError(HeadgateError):
    """The tracking server can't be reached in time, or refuses. The report is kept regardless."""


class ValidationFailed(HeadgateError):
    """Rows could not be judged, so nothing is known of them."""


class ParseFailure(HeadgateError):
    """One source file could not be parsed.

    Args:
        path: path of the file inside the corpus.
        detail: one sentence for people.
        transient: whether trying again later may help.
        stderr: the end of what a parser process that died had written.
    """

    def __init__(self, path: str, reason: FailureReason, detail: str, *, transient: bool = False, stderr: str = "") -> None:
        super().__init__(f"{path!r}: {reason}: {detail}")
        self.path = path
        self.reason: FailureReason = reason
        self.detail = detail
        self.transient = transient
        self.stderr = stderr


class ModelError(HeadgateError):
    """A chat or embedding model failed, or did not answer within its deadline."""


class UnknownFormat(HeadgateError):
    """What a spreadsheet shows under a number format is not certain: it is not defined, or depends on the machine."""


class MakerStopped(HeadgateError):
    """A process that makes documents (`headgate.ingest.derive_pool`) is there no more."""


class MakerEnded(MakerStopped):
    """It is gone, and what it was asked with it."""


class MakerHangs(MakerStopped):
    """It was killed, because a document took too long."""


class MakerNotStarted(MakerStopped):
    """It never got so far as to take a document."""


class SourceFault(HeadgateError):
    """A source, or one file of it, can't be read.

    Args:
        detail: one sentence for people.
        transient: whether the same request may succeed later.
        retry_after: seconds that the server asks to wait.
        blames_source: whether it says something about the whole source (counts for its circuit breaker).
    """

    def __init__(
        self, reason: FaultReason, detail: str, *, transient: bool = False, retry_after: float = 0.0, blames_source: bool = True
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: FaultReason = reason
        self.detail = detail
        self.transient = transient
        self.retry_after = retry_after
        self.blames_source = blames_source


class Gone(HeadgateError):
    """A listed file that is not there (any more): not found, or gone for good. The argument says how the source put it."""


class ObjectChanged(HeadgateError):
    """The object of a bucket is not the one that was asked for."""


class ClosedError(HeadgateError):
    """A table or a model is used after it was closed: whoever holds it lets go too early."""


class WithdrawnError(HeadgateError):
    """A document that an answer rests on was withdrawn while it was written."""


class AnswerFailedError(HeadgateError):
    """An answer failed before anything of it was sent.

    Args:
        interaction_id: under which the failure is logged.
        unlogged: it failed because it could not be logged.
    """

    def __init__(self, message: str, *, interaction_id: str, unlogged: bool) -> None:
        super().__init__(message)
        self.interaction_id = interaction_id
        self.unlogged = unlogged


class NotReadyError(HeadgateError):
    """The service has no open bundle yet; the message says why and what to do."""


class BusyError(HeadgateError):
    """All places of the service stayed taken for as long as a question may wait."""


class ClientGoneError(HeadgateError):
    """The client closed the connection; nobody reads what we say."""


class Ambiguous(HeadgateError):
    """A try that ended without an answer came before `error`: whether that try was carried out is not known."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class AlertFailed(HeadgateError):
    """A destination did not take an alert this time; trying again may help."""


class AlertRefused(HeadgateError):
    """A destination refuses an alert; trying again would not help."""
