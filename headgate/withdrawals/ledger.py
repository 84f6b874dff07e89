"""The list of withdrawals: numbered files that are created only if absent, as the releases are. It only grows.

    withdrawals/00000001.json   withdraw   plans/old.md     by Ann, because …
    withdrawals/00000002.json   undo       number 1         by Ben, because …

Alone: `headgate withdraw --list`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from pydantic import ValidationError

from headgate.errors import AlreadyExistsError, IntegrityError, NotFoundError, UsageError
from headgate.records import Withdrawal
from headgate.sources.patterns import matches
from headgate.storage import Store
from headgate.storage.layout import WITHDRAWALS

#: How often a number may be lost to somebody else before giving up.
_MAX_RACES = 20


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What may not be found of one corpus. Equal lists give equal values, whatever led to them."""

    documents: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    digests: frozenset[str] = frozenset()  # of source bytes
    texts: frozenset[str] = frozenset()  # of normalised texts

    def __bool__(self) -> bool:
        return bool(self.documents or self.patterns)

    def covers(self, path: str) -> bool:
        """Whether the document of this path is withdrawn."""
        return path in self.documents or any(matches(path, pattern) for pattern in self.patterns)

    def among(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Those of `paths` that are withdrawn, sorted, each once."""
        return tuple(sorted({path for path in paths if self.covers(path)}))


def latest_number(store: Store) -> int:
    """The highest number by file name alone, 0 before the first withdrawal: cheap enough to ask before every answer."""
    return max(
        (int(number) for key in store.list(WITHDRAWALS.prefix()) if (number := WITHDRAWALS.first(key)).isdigit()), default=0
    )


def history(store: Store) -> tuple[Withdrawal, ...]:
    """All lines, oldest first.

    Raises:
        IntegrityError: a number is missing or a line can't be read; nobody can tell what may be shown.
    """
    lines: list[Withdrawal] = []
    keys = list(store.list(WITHDRAWALS.prefix()))
    for number, (key, content) in enumerate(zip(keys, store.get_many(keys), strict=True), start=1):
        try:
            line = Withdrawal.model_validate_json(content)
        except ValidationError as error:
            raise IntegrityError(
                f"the list of withdrawals: {key!r} can't be read ({error.error_count()} problems); nothing is answered until it is "
                "restored from a backup"
            ) from error
        if line.number != number or WITHDRAWALS.first(key) != _name(number):
            raise IntegrityError(
                f"the list of withdrawals: number {number} is missing, {key!r} is number {line.number}; nothing is answered until it is "
                "restored from a backup"
            )
        lines.append(line)
    return tuple(lines)


def in_force(lines: Sequence[Withdrawal]) -> tuple[Withdrawal, ...]:
    """The withdrawals that were not taken back."""
    undone = {line.undoes for line in lines if line.kind == "undo"}
    return tuple(line for line in lines if line.kind == "withdraw" and line.number not in undone)


def withdrawn(lines: Sequence[Withdrawal], corpus: str) -> Withdrawn:
    """What may not be found of a corpus."""
    active = [line for line in in_force(lines) if line.corpus == corpus]
    return Withdrawn(
        documents=frozenset(path for line in active for path in line.documents),
        patterns=tuple(sorted({line.target for line in active if is_pattern(line.target) and line.target not in line.documents})),
        digests=frozenset(digest for line in active for digest in line.digests),
        texts=frozenset(digest for line in active for digest in line.texts),
    )


def read_withdrawn(store: Store, corpus: str) -> Withdrawn:
    """`withdrawn` of what the store has now. Raises as `history` does."""
    return withdrawn(history(store), corpus)


def is_pattern(target: str) -> bool:
    """Whether a target is a glob over corpus paths."""
    return any(sign in target for sign in "*?")


def withdraw(
    store: Store,
    corpus: str,
    target: str,
    *,
    documents: Collection[str],
    digests: Collection[str] = (),
    texts: Collection[str] = (),
    by: str,
    reason: str,
    erase: bool = False,
) -> Withdrawal:
    """Make a document, or all that a pattern matches now and later, unfindable.

    Args:
        documents, digests, texts: what it stands for, see `retention.withdrawing.documents_of`.

    Raises:
        UsageError: there is no name or no reason, or nothing is named.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("a withdrawal needs the name of who decides it and a reason; it is on record for good")
    if not target.strip():
        raise UsageError("a withdrawal names a document or a pattern")

    def line(lines: Sequence[Withdrawal]) -> Withdrawal:
        return Withdrawal(
            number=len(lines) + 1,
            kind="withdraw",
            corpus=corpus,
            target=target,
            documents=tuple(sorted(documents)),
            digests=tuple(sorted(digests)),
            texts=tuple(sorted(texts)),
            erase=erase,
            by=by,
            reason=reason,
            at=_now(),
        )

    return _append(store, line)


def undo(store: Store, number: int, *, by: str, reason: str) -> Withdrawal:
    """Take a withdrawal back.

    Raises:
        NotFoundError: there is none of this number in force.
        UsageError: there is no name or no reason.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("taking a withdrawal back needs the name of who decides it and a reason; it is on record for good")

    def line(lines: Sequence[Withdrawal]) -> Withdrawal:
        found = next((one for one in in_force(lines) if one.number == number), None)
        if found is None:
            known = ", ".join(str(one.number) for one in in_force(lines)) or "none"
            raise NotFoundError(f"no withdrawal {number} is in force; in force are {known}: see `headgate withdraw --list`")
        return Withdrawal(
            number=len(lines) + 1,
            kind="undo",
            corpus=found.corpus,
            target=found.target,
            undoes=number,
            by=by,
            reason=reason,
            at=_now(),
        )

    return _append(store, line)


def _append(store: Store, make: Callable[[Sequence[Withdrawal]], Withdrawal]) -> Withdrawal:
    for _ in range(_MAX_RACES):
        line = make(history(store))
        try:
            store.create(WITHDRAWALS.key(_name(line.number)), orjson.dumps(line.model_dump(), option=orjson.OPT_INDENT_2))
        except AlreadyExistsError:
            continue
        return line
    raise UsageError(f"the list of withdrawals: others wrote first {_MAX_RACES} times; try again")


def _name(number: int) -> str:
    return f"{number:08d}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
