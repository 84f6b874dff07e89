"""One source → its files: new, unchanged, left out or failed, and how the source stands.

listing ──► names ──► rules ──► fetch, several at a time ──► rules again ──► files
   │ fails, shrank, breaker open                  └─► fails: the file as it was known, marked failed
   └─► every known file, marked failed: a source that is down empties nothing
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from headgate.errors import Gone, SourceFault
from headgate.records import BreakerState, Remark, SourceState
from headgate.records.remarks import excluded
from headgate.settings import CorpusSetup
from headgate.settings.sources import RemoteSection, SourceSection
from headgate.sources.breaker import Breaker, Clock, now_utc
from headgate.sources.corpus_paths import settle_names
from headgate.sources.items import Fetched, Known, Listed, Listing, Source
from headgate.sources.rules import Asked, excluding_rule

_SHOWN = 20  # paths of gone files in the state
_IN_FLIGHT = 4  # files handed to each thread ahead of time


#: Newly read files between two checkpoints.
_CHECKPOINT = 200
#: Share of the files that may fail for a reason that may pass, and the source still counts as read whole: a page that always answers 503 is
#: a dead letter, not a stale source.
_UNREAD_SHARE = 0.05
_Wanted = tuple[Listed, str]
_UNREAD = SourceFault("unread", "")
#: Raised by libraries for odd strings that nobody foresaw. One source, or one file, must not stop the others.
_ODD = (ValueError, OverflowError, Gone)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file of a source as it is now. Exactly one of `rule` and `fault` is set where it is left out or failed; else neither."""

    path: str  # in the corpus, with the source's prefix
    known: Known
    rule: Remark | None = None
    fault: SourceFault | None = None
    place: Path | None = None  # where its bytes lie; None = in the object cache
    unchanged: bool = False
    rereads: int = 0

    @property
    def is_gone(self) -> bool:
        return self.rule is not None and self.rule.code == "gone"


@dataclass(frozen=True, slots=True)
class Reading:
    """`down`: why nothing could be read; "" when it could."""

    files: tuple[ReadFile, ...]
    state: SourceState
    down: str = ""

    @property
    def known(self) -> Iterator[Known]:
        """What the next run shall know: files whose bytes were had, now or before."""
        return (file.known for file in self.files if file.known.digest)


class SourceReader:
    """Reads one source.

    Args:
        open_source: makes the source; may raise SourceFault.
        has: whether the bytes of a digest and size are still on this machine or in the store.
        before, known: state and listing that the last run left.
        checkpoint: takes what is known so far, every now and then: a run that is killed is not paid for twice.
    """

    def __init__(
        self,
        section: SourceSection,
        setup: CorpusSetup,
        open_source: Callable[[], Source],
        *,
        has: Callable[[str, int], bool],
        before: SourceState | None,
        known: dict[str, Known],
        checkpoint: Callable[[Iterable[Known]], None] = lambda _known: None,
        clock: Clock = now_utc,
    ) -> None:
        self._section = section
        self._setup = setup
        self._open = open_source
        self._has = has
        self._before = before
        self._known = known
        self._checkpoint = checkpoint
        self._clock = clock
        remote = section if isinstance(section, RemoteSection) else None
        self._breaker = Breaker(
            before.breaker if before else BreakerState(),
            failures=remote.breaker_failures if remote else 1 << 30,
            cool_down=remote.cool_down_seconds if remote else 0,
            clock=clock,
        )
        self._parallel = remote.parallel if remote else 1
        self._until = time.monotonic() + (remote.run_minutes * 60 if remote else 1e9)

    def read(self) -> Reading:
        """Everything that is to be known of the source now; never raises for what is the source's fault."""
        if not self._breaker.admits():
            until = self._breaker.state.open_until
            why = f"it failed {self._breaker.state.failures} times in a row and is not asked before {until}"
            return self._down(SourceFault("source_down", self._with_last_problem(why)))
        try:
            source = self._open()
            listing = source.listing()
            kept_out, wanted = self._choose(listing)
        except SourceFault as fault:
            self._breaker.failed()
            return self._down(fault)
        except _ODD as error:
            self._breaker.failed()
            return self._down(_odd(error))
        self._breaker.succeeded()
        files = [*kept_out, *self._fetch_all(source, wanted)]
        files += self._carried(listing, {file.path for file in files})
        files = self._refuse_mass_loss(files)
        return Reading(_sorted(files), self._state(files, problem=_problem(files)))

    # --- a source that answers ------------------------------------------------------------------------------------

    def _choose(self, listing: Listing) -> tuple[list[ReadFile], list[_Wanted]]:
        """What is left out, and what is to be fetched with its path.

        Raises:
            SourceFault: the listing lost too much to be believed.
        """
        settled = settle_names({item.key: item.path for item in listing.items})
        kept_out: list[ReadFile] = []
        wanted: list[_Wanted] = []
        for item in listing.items:
            path, clash = settled[item.key]
            size = None if item.size < 0 else item.size
            modified = item.modified or (None if size is None else "")
            rule = item.rule or clash or excluding_rule(self._setup, Asked(self._full(path), size, modified))
            if rule:
                kept_out.append(ReadFile(self._full(path), _unread(item, path), rule=rule))
            else:
                wanted.append((item, path))
        if not listing.unlisted and (why := self._why_suspicious(len(wanted))):
            raise SourceFault("source_shrank", why)
        return kept_out, wanted

    def _fetch_all(self, source: Source, wanted: Sequence[_Wanted]) -> Iterator[ReadFile]:
        def fetch(entry: _Wanted) -> ReadFile:
            return self._fetch(source, *entry)

        files = map(fetch, wanted) if self._parallel == 1 else self._in_threads(fetch, wanted)
        new: dict[str, Known] = {}
        for file in files:
            if file.fault is None and not file.rule and not file.unchanged:
                new[file.known.key] = file.known
                if len(new) % _CHECKPOINT == 0:
                    self._checkpoint((self._known | new).values())
            yield file

    def _in_threads(self, fetch: Callable[[_Wanted], ReadFile], wanted: Iterable[_Wanted]) -> Iterator[ReadFile]:
        pending = iter(wanted)
        with ThreadPoolExecutor(self._parallel, thread_name_prefix=f"source-{self._section.name}") as threads:
            while batch := list(islice(pending, self._parallel * _IN_FLIGHT)):
                yield from threads.map(fetch, batch)

    def _fetch(self, source: Source, item: Listed, path: str) -> ReadFile:
        known = self._known.get(item.key)
        usable = known if known is not None and self._has(known.digest, known.size) else None
        if time.monotonic() > self._until:
            fault = SourceFault("timeout", "run_minutes were over before it could be read", transient=True)
            return self._not_read(item, path, fault)
        if not self._breaker.admits():
            why = f"the source failed {self._breaker.state.failures} times in a row and is left alone for now"
            return self._not_read(item, path, SourceFault("source_down", why, transient=True))
        try:
            taken = self._taken(item, path, source.fetch(item, usable))
        except Gone as gone:
            self._breaker.succeeded()
            return ReadFile(self._full(path), _unread(item, path), rule=excluded("gone", str(gone)))
        except SourceFault as fault:
            if fault.blames_source:
                self._breaker.failed()
            else:
                self._breaker.succeeded()
            return self._not_read(item, path, fault)
        except _ODD as error:
            self._breaker.succeeded()
            return self._not_read(item, path, _odd(error))
        self._breaker.succeeded()
        return taken

    def _not_read(self, item: Listed, path: str, fault: SourceFault) -> ReadFile:
        known = self._known.get(item.key)
        return ReadFile(self._full(path), replace(known, path=path) if known else _unread(item, path), fault=fault)

    def _taken(self, item: Listed, path: str, fetched: Fetched) -> ReadFile:
        modified = fetched.modified or item.modified
        known = Known(
            key=item.key,
            path=path,
            digest=fetched.digest,
            size=fetched.size,
            modified=modified,
            tag=item.tag,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            content_type=fetched.content_type,
            charset=fetched.charset,
            url=item.url,
        )
        full = self._full(path)
        rule = excluding_rule(self._setup, Asked(full, fetched.size, modified)) if item.size < 0 or not item.modified else None
        return ReadFile(full, known, rule, None, fetched.place, fetched.unchanged, fetched.rereads)

    def _carried(self, listing: Listing, present: set[str]) -> Iterator[ReadFile]:
        """What is known of folders that could not be listed."""
        for folder, fault in listing.unlisted.items():
            inside = [known for known in self._known.values() if known.path.startswith(f"{folder}/")]
            yield from (self._as_known(known, fault) for known in inside if self._full(known.path) not in present)
            if not inside:  # nothing is known of it: the folder itself stands for what it may hold
                yield ReadFile(self._full(folder), Known(folder, folder, "", 0), fault=fault)

    # --- a source that does not, or not to be believed ------------------------------------------------------------

    def _down(self, fault: SourceFault) -> Reading:
        marked = SourceFault("source_down", fault.detail, transient=True)
        files = [self._as_known(known, marked) for known in self._known.values()]
        return Reading(_sorted(files), self._state(files, problem=fault.detail, down=True), fault.detail)

    def _as_known(self, known: Known, fault: SourceFault) -> ReadFile:
        """A file that could not be looked at: failed, unless a rule leaves it out anyway."""
        path = self._full(known.path)
        rule = excluding_rule(self._setup, Asked(path, known.size, known.modified))
        return ReadFile(path, known, rule=rule) if rule else ReadFile(path, known, fault=fault)

    def _why_suspicious(self, now: int) -> str:
        """Why a source that has `now` files is not believed; "" when it is. Files that the rules leave out by now don't count."""
        known = [self._as_known(known, _UNREAD) for known in self._known.values()]
        before = sum(not file.rule for file in known)
        if now == self._section.shrunk_to or before - now <= self._section.max_shrink_share * before:
            return ""
        return (
            f"it has {now} files, {before} the last time: {(before - now) / before:.0%} fewer, max_shrink_share allows "
            f"{self._section.max_shrink_share:.0%}; if that is right, set shrunk_to = {now} for source {self._section.name!r}"
        )

    def _refuse_mass_loss(self, files: list[ReadFile]) -> list[ReadFile]:
        """Files that are listed but not there may be as wrong as a listing that lost them."""
        by_path = {self._full(known.path): known for known in self._known.values()}
        lost = {file.path for file in files if file.is_gone and file.path in by_path}
        if not lost or not (why := self._why_suspicious(sum(not file.rule for file in files))):
            return files
        fault = SourceFault("source_shrank", why, transient=True)
        return [ReadFile(file.path, by_path[file.path], fault=fault) if file.path in lost else file for file in files]

    def _with_last_problem(self, why: str) -> str:
        return f"{why}; last problem: {self._before.problem}" if self._before and self._before.problem else why

    # --- state ----------------------------------------------------------------------------------------------------

    def _state(self, files: Sequence[ReadFile], *, problem: str, down: bool = False) -> SourceState:
        now = self._clock().isoformat(timespec="seconds")
        before = self._before
        content = _content_digest(files)
        taken = [file.known for file in files if not file.rule and file.known.digest]
        breaker = self._breaker.state
        unread = sum(file.fault is not None and file.fault.transient for file in files)
        wanted = sum(not file.rule for file in files)
        whole = not down and breaker.state == "closed" and unread <= _UNREAD_SHARE * wanted
        state = SourceState(
            corpus=self._setup.corpus.name,
            name=self._section.name,
            kind=getattr(self._section, "kind", ""),
            prefix=self._section.prefix,
            listed=len(files),
            fetched=sum(not file.rule and file.fault is None and not file.unchanged for file in files),
            unchanged=sum(not file.rule and file.fault is None and file.unchanged for file in files),
            failed=sum(file.fault is not None for file in files),
            excluded=sum(bool(file.rule) for file in files),
            gone=tuple(sorted(file.path for file in files if file.is_gone)[:_SHOWN]),
            changed_while_read=sum(file.rereads for file in files),
            last_attempt=now,
            last_success=now if whole else before.last_success if before else "",
            newest_content=max((known.modified for known in taken), default=before.newest_content if before else ""),
            content_changed=before.content_changed if before and before.content_digest == content else now,
            content_digest=content,
            breaker=breaker,
            fresh_within_hours=self._section.fresh_within_hours,
            silent_after_days=self._section.silent_after_days,
            problem=problem[:500],
        )
        reason = state.staleness(self._clock())
        return state.model_copy(update={"fresh": not reason, "reason": reason})

    def _full(self, path: str) -> str:
        return f"{self._section.prefix}/{path}" if self._section.prefix else path


def _odd(error: Exception) -> SourceFault:
    """Its text is not told: it may repeat an address with a secret in it."""
    return SourceFault("odd_answer", f"it says something that can't be read ({type(error).__name__})", blames_source=False)


def _sorted(files: Iterable[ReadFile]) -> tuple[ReadFile, ...]:
    return tuple(sorted(files, key=lambda file: file.path))


def _problem(files: Iterable[ReadFile]) -> str:
    failed = [file for file in files if file.fault is not None]
    return f"{len(failed)} file(s) failed, the first {failed[0].path!r}: {failed[0].fault}" if failed else ""


def _unread(item: Listed, path: str) -> Known:
    return Known(item.key, path, "", max(item.size, 0), item.modified, item.tag, url=item.url)


def _content_digest(files: Iterable[ReadFile]) -> str:
    """Over path and digest of what was read or carried over."""
    digest = hashlib.sha256()
    for path, content in sorted((file.path, file.known.digest) for file in files if not file.rule and file.known.digest):
        digest.update(f"{path}\0{content}\n".encode())
    return digest.hexdigest()
