"""Every exception that headgate raises, one tree.

    HeadgateError
    ├── UsageError                 a set-up mistake: shown without a traceback, exit code 2
    │   ├── SettingsError          headgate.toml: unknown key, wrong value
    │   ├── CorpusError            no corpus, no remote, a corrupted object, an empty folder
    │   ├── PromptError            a prompt file: unknown or missing variable
    │   ├── SuiteError             a suite file: duplicate id, gold that does not exist
    │   ├── GateFileError          gates.yaml: unknown metric, contradictory limits
    │   ├── StorageError           a store that can't be read or written
    │   ├── NotFoundError          no such bundle, report, interaction, release
    │   └── ReleaseRefused         promotion or rollback that the rules forbid
    ├── IntegrityError             content that is not what its digest says: a tampered or broken bundle, table, model
    ├── TrackingError              the tracking server can't be reached or refuses; never stops an evaluation
    ├── ParseFailure               one source file that could not be parsed
    └── ModelError                 a chat or embedding model that failed or did not answer in time

Messages say what, which (repr), the limit, and what to do. Third-party exceptions are translated where they arise.
"""

from __future__ import annotations


class HeadgateError(Exception):
    """Root of the tree."""


class UsageError(HeadgateError):
    """A mistake in set-up or use that the reader of the message can mend."""


class SettingsError(UsageError):
    """`headgate.toml` or an environment variable holds something that is not allowed."""


class CorpusError(UsageError):
    """The corpus can't be read as asked."""


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


class NotFoundError(UsageError):
    """The named bundle, report, release or interaction does not exist."""


class ReleaseRefused(UsageError):
    """The release rules forbid this promotion or rollback."""


class IntegrityError(HeadgateError):
    """Bytes do not match the digest that names them."""


class TrackingError(HeadgateError):
    """The tracking server can't be reached in time, or refuses. The report is kept regardless."""


class ParseFailure(HeadgateError):
    """One source file could not be parsed.

    Args:
        path: path of the file inside the corpus.
        reason: short machine-readable cause, for example `encrypted`, `timeout`, `memory`, `no_text`.
        detail: one sentence for people.
        transient: whether trying again later may help.
    """

    def __init__(self, path: str, reason: str, detail: str, *, transient: bool = False) -> None:
        super().__init__(f"{path!r}: {reason}: {detail}")
        self.path = path
        self.reason = reason
        self.detail = detail
        self.transient = transient


class ModelError(HeadgateError):
    """A chat or embedding model failed, or did not answer within its deadline."""
