"""A store in an S3 bucket, or in anything that speaks S3 and has conditional writes.

Credentials come from the standard AWS_* variables (or the machine's role) and are never kept. Every request has a timeout and is tried
again a bounded number of times. Before the first write of a process a probe shows that a key can be created only once: a store that
lets a second create through would lose rows and releases without an error, and is refused.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from headgate.errors import AlreadyExistsError, Ambiguous, IntegrityError, NotFoundError, ReplacedError, StorageError
from headgate.storage.fetched import FetchedFiles
from headgate.storage.layout import FETCHED, LANCE, LEASES, PROBES, SPOOL
from headgate.storage.lease import hold_lease
from headgate.storage.s3_errors import RETRIES, client_errors, explain, with_retries
from headgate.storage.store import Held, Store, StoredFile, checked_key, sha256_hex

if TYPE_CHECKING:
    from obstore.store import S3Store as Client

T = TypeVar("T")
#: Seconds to reach the endpoint, and for one request or piece with its answer.
CONNECT_SECONDS = 5
REQUEST_SECONDS = 30
#: Times that a read begins again because the object was replaced meanwhile.
_REREADS = 5
#: Larger objects travel in pieces of this size, bytes.
_PIECE = 16 << 20
#: Requests of `get_many` at the same time.
_AT_ONCE = 16
_probed: set[tuple[str, str]] = set()  # (endpoint, address) of the stores whose conditional writes were seen to work
_probing = threading.Lock()


class S3Store(Store):
    """A store below a prefix of a bucket.

    Args:
        root: `s3://bucket/prefix`.
        cache: folder for fetched files and for what stays on this machine.
        endpoint: address of an S3-compatible service, "" = AWS.
        region: "" = us-east-1.
        allow_http: whether the endpoint may be without TLS.

    Raises:
        StorageError: the store does not answer, refuses the credentials, has no such bucket, or no conditional writes.
    """

    def __init__(self, root: str, cache: Path, *, endpoint: str = "", region: str = "", allow_http: bool = False) -> None:
        self.bucket, _, prefix = root.removeprefix("s3://").partition("/")
        self.prefix = prefix.strip("/")
        self.address = f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        self.endpoint = endpoint
        self.region = region or "us-east-1"
        self.allow_http = allow_http
        own = sha256_hex(f"{endpoint} {self.address}".encode())[:16]  # a cache may serve several stores
        self.local_root = cache
        self.growing_root = cache / SPOOL.prefix(own)
        self.remote = True
        self._fetched = FetchedFiles(cache / FETCHED.prefix(own))
        self._bucket_seen = False

    @cached_property
    def _client(self) -> Client:
        from obstore.store import S3Store as Client

        config: Any = {"region": self.region}
        if self.endpoint:
            config |= {"endpoint": self.endpoint, "virtual_hosted_style_request": False}
        return Client(
            self.bucket,
            prefix=self.prefix or None,
            config=config,
            client_options={
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=REQUEST_SECONDS),
                **({"allow_http": True} if self.allow_http else {}),
            },
            retry_config={"max_retries": 0},  # retried here: a create that was tried twice must be told from one that lost
        )

    def exists(self, key: str) -> bool:
        try:
            self._head(key)
        except NotFoundError:
            return False
        return True

    def get(self, key: str) -> bytes:
        import obstore

        key = checked_key(key)

        def read() -> bytes | None:
            result = obstore.get(self._client, key)
            return bytes(result.bytes()) if result.meta["size"] <= _PIECE else None

        content = self._do(key, f"reading {key!r}", read)
        return content if content is not None else b"".join(self._pieces(key, self._head(key)))

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            yield from threads.map(self.get, keys)

    def put(self, key: str, content: bytes) -> None:
        self._put(checked_key(key), content)

    def put_file(self, key: str, source: Path) -> None:
        key = checked_key(key)
        if not source.is_file():
            raise StorageError(f"{str(source)!r} can't be read, so {key!r} can't be written to the store at {self.address!r}")
        self._put(key, source)

    def create(self, key: str, content: bytes) -> None:
        key = checked_key(key)
        self._require_conditional_writes()
        self._create(key, content)

    def entries(self, prefix: str) -> Iterator[StoredFile]:
        yield from self._below(checked_key(prefix))

    def all_entries(self) -> Iterator[StoredFile]:
        yield from self._below("")

    def _below(self, prefix: str) -> Iterator[StoredFile]:
        import obstore

        def read() -> list[StoredFile]:
            return [_stored(meta) for page in obstore.list(self._client, prefix or None) for meta in page]

        found = self._do(prefix, f"listing {prefix or self.address!r}", read)
        yield from sorted(found, key=lambda entry: entry.key)

    def stat(self, key: str) -> StoredFile:
        return _stored(self._head(key))

    def delete(self, key: str) -> None:
        import obstore

        key = checked_key(key)
        with suppress(NotFoundError):
            self._do(key, f"deleting {key!r}", lambda: obstore.delete(self._client, key))
        self._fetched.forget(key)

    def forget(self, key: str) -> None:
        self._fetched.forget(checked_key(key))

    def local(self, key: str, digest: str = "") -> Path:
        key = checked_key(key)
        if digest and (path := self._fetched.with_digest(key, digest)) is not None:
            return path
        path, found = self._read_state(lambda: self._fetch(key, any_known=not digest))
        if digest and found != digest:
            self._fetched.forget(key)
            raise IntegrityError(f"{key!r} in the store at {self.address!r} has SHA-256 {found[:16]}…, not {digest[:16]}…")
        return path

    def _fetch(self, key: str, *, any_known: bool) -> tuple[Path, str]:
        """A local copy of the object as it is, and its SHA-256; "" where a copy was there already and nobody asks for it."""
        meta = self._head(key)
        tag = str(meta["e_tag"])
        if any_known and (path := self._fetched.with_tag(key, tag)) is not None:
            return path, ""
        return self._fetched.keep(key, tag, self._pieces(key, meta))

    def digest(self, key: str) -> str:
        key = checked_key(key)

        def read() -> str:
            digest = hashlib.sha256()
            for piece in self._pieces(key, self._head(key)):
                digest.update(piece)
            return digest.hexdigest()

        return self._read_state(read)

    @staticmethod
    def _read_state(read: Callable[[], T]) -> T:
        """Read one state of an object, anew when it was replaced meanwhile: a log grows while it is read."""
        for _ in range(_REREADS):
            try:
                return read()
            except ReplacedError:
                continue
        return read()

    def lock(self, name: str, *, wait_seconds: float = 0.0) -> AbstractContextManager[Held]:
        checked_key(LEASES.prefix(name))
        return hold_lease(self, name, wait_seconds=wait_seconds)

    def lance_uri(self) -> str:
        return f"{self.address}/{LANCE.prefix()}"

    def lance_options(self) -> dict[str, str]:
        options = {
            "connect_timeout": f"{CONNECT_SECONDS}s",
            "timeout": f"{REQUEST_SECONDS}s",
            "client_max_retries": str(RETRIES.tries - 1),
            "client_retry_timeout": f"{RETRIES.deadline:.0f}",
            "region": self.region,
        }
        if self.endpoint:
            options |= {"endpoint": self.endpoint, "virtual_hosted_style_request": "false"}
        return options | ({"allow_http": "true"} if self.allow_http else {})

    def local_lance(self) -> Path:
        return self._fetched.path(LANCE.prefix())

    # --- requests -------------------------------------------------------------------------------------------------------

    def _do(self, key: str, what: str, request: Callable[[], T]) -> T:
        try:
            return with_retries(request)
        except client_errors() as error:
            raise self._explained(key, what, error) from None  # its text can hold the key id and what was signed

    def _explained(self, key: str, what: str, error: Exception) -> Exception:
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
            if not self._bucket_seen:  # a HEAD says only 404
                import obstore

                try:
                    with_retries(lambda: next(iter(obstore.list(self._client, key, chunk_size=1)), None))
                except client_errors() as problem:
                    return explain(problem, address=self.address, bucket=self.bucket, what=what)
                self._bucket_seen = True
            return NotFoundError(f"{key!r} is not in the store at {self.address!r}")
        if type(error).__name__ == "PreconditionError":
            return ReplacedError(f"{key!r} in the store at {self.address!r} changed while it was read; try again")
        return explain(error, address=self.address, bucket=self.bucket, what=what)

    def _head(self, key: str) -> Any:
        import obstore

        key = checked_key(key)
        return self._do(key, f"looking for {key!r}", lambda: obstore.head(self._client, key))

    def _pieces(self, key: str, meta: Any) -> Iterator[bytes]:
        """The bytes of one state of an object; a change meanwhile is an error."""
        import obstore

        size, tag = int(meta["size"]), meta["e_tag"]
        for start in range(0, size, _PIECE):
            end = min(size, start + _PIECE)
            yield self._do(
                key,
                f"reading {key!r}",
                lambda start=start, end=end: bytes(  # type: ignore[misc]
                    obstore.get(self._client, key, options={"range": (start, end), "if_match": tag}).bytes()
                ),
            )

    def _put(self, key: str, content: bytes | Path) -> None:
        import obstore

        self._require_conditional_writes()
        self._do(key, f"writing {key!r}", lambda: obstore.put(self._client, key, content, chunk_size=_PIECE))

    def _create(self, key: str, content: bytes) -> None:
        """One object, in one request: only that can be conditional."""
        import obstore
        from obstore.exceptions import AlreadyExistsError as Taken

        taken = AlreadyExistsError(f"{key!r} exists already in the store at {self.address!r}")
        try:
            with_retries(lambda: obstore.put(self._client, key, content, mode="create", use_multipart=False), tell_ambiguous=True)
        except Taken:
            raise taken from None
        except Ambiguous as unsure:
            if not isinstance(unsure.error, Taken):
                raise self._explained(key, f"creating {key!r}", unsure.error) from None
            if self.get(key) != content:  # else an earlier try was carried out, and only its answer was lost
                raise taken from None
        except client_errors() as error:
            raise self._explained(key, f"creating {key!r}", error) from None

    def _require_conditional_writes(self) -> None:
        """Once a process: create a key twice, and see the second refused."""
        identity = (self.endpoint, self.address)
        if identity in _probed:
            return
        with _probing:
            if identity in _probed:
                return
            import obstore

            key = PROBES.key(uuid.uuid4().hex)
            self._create(key, b"first")
            try:
                self._create(key, b"second")
            except AlreadyExistsError:
                _probed.add(identity)
                return
            finally:
                self._do(key, f"deleting {key!r}", lambda: obstore.delete(self._client, key))
        raise StorageError(
            f"the store at {self.address!r} has no conditional writes: it created the same key twice (it ignores If-None-Match: *), "
            "so two writers would overwrite each other's rows and releases; use a store that has them, such as AWS S3 or MinIO, or a folder"
        )


def _stored(meta: Any) -> StoredFile:
    return StoredFile(meta["path"], meta["size"], meta["last_modified"].timestamp())
