"""A bucket that misbehaves: what is refused, what is tried again, what is said."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.errors import AlreadyExistsError, NotFoundError, StorageError
from headgate.storage import S3Store, lease, s3, s3_errors, sha256_hex
from headgate.storage.lease import hold_lease
from tests.s3 import KEY_ID, SECRET, Bucket, HangUp, Proxy, Reply, Request, without_conditions


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_errors, "RETRIES", replace(s3_errors.RETRIES, first_pause=0.01))


@pytest.fixture
def store(bucket: Bucket, proxy: Proxy, tmp_path: Path) -> S3Store:
    """Through the proxy."""
    return bucket.store(tmp_path / "cache", endpoint=proxy.endpoint)


def error_body(code: str, message: str, more: str = "") -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>".encode()


def first(times: int, answer: Callable[[Request], Reply | None], *, method: str = "PUT") -> Callable[[Request], Reply | None]:
    """A rule for the first `times` requests of a method."""
    left = [times]

    def rule(request: Request) -> Reply | None:
        if request.method == method and left[0] > 0:
            left[0] -= 1
            return answer(request)
        return None

    return rule


def hang_up(*, forwarded: bool) -> Callable[[Request], Reply | None]:
    def rule(_: Request) -> Reply | None:
        raise HangUp(forwarded=forwarded)

    return rule


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.put("a", b""),
        lambda store: store.create("a", b""),
        lambda store: store.put_file("a", Path(__file__)),
        lambda store: store.check_writable(),
        lambda store: store.lock("a").__enter__(),
    ],
)
def test_a_store_without_conditional_writes_is_refused_before_anything_is_written(
    store: S3Store, bucket: Bucket, proxy: Proxy, write: Callable[[S3Store], object]
) -> None:
    proxy.rule = without_conditions
    with pytest.raises(StorageError, match=r"no conditional writes: it created the same key twice.*AWS S3 or MinIO, or a folder"):
        write(store)
    assert bucket.stored() == []


def test_reading_needs_no_conditional_writes_and_sends_no_probe(
    store: S3Store, bucket: Bucket, proxy: Proxy, tmp_path: Path
) -> None:
    bucket.store(tmp_path / "other").put("a", b"1")
    proxy.rule = without_conditions
    assert store.get("a") == b"1"
    assert list(store.list("x")) == []
    assert store.local("a").read_bytes() == b"1"
    assert proxy.count("PUT") == 0


def test_the_probe_is_sent_once_a_process(store: S3Store, bucket: Bucket, proxy: Proxy, tmp_path: Path) -> None:
    store.put("a", b"1")
    assert proxy.count("PUT") == 3
    store.put("b", b"1")
    bucket.store(tmp_path / "other", endpoint=proxy.endpoint).put("c", b"1")
    assert proxy.count("PUT") == 5


def test_a_request_that_fails_for_a_while_is_tried_again(store: S3Store, proxy: Proxy) -> None:
    store.put("a", b"0")
    for answer in (
        lambda _: Reply(503, error_body("SlowDown", "Please reduce your request rate.")),
        lambda _: Reply(500, b""),
        lambda _: Reply(409, error_body("ConditionalRequestConflict", "try again")),
        hang_up(forwarded=False),
        hang_up(forwarded=True),
    ):
        proxy.rule = first(3, answer)
        store.put("a", b"1")
        proxy.rule = first(3, answer, method="GET")
        assert store.get("a") == b"1"


def test_a_create_whose_answer_was_lost_has_still_one_winner(store: S3Store, proxy: Proxy) -> None:
    store.check_writable()
    proxy.rule = first(1, hang_up(forwarded=True))
    store.create("mine", b"content of mine")
    assert store.get("mine") == b"content of mine"
    store.create("theirs", b"content of theirs")
    proxy.rule = first(1, hang_up(forwarded=True))
    with pytest.raises(AlreadyExistsError):
        store.create("theirs", b"another content")
    proxy.rule = first(2, hang_up(forwarded=False))
    store.create("third", b"3")
    assert store.get("third") == b"3"


def test_a_store_that_stays_down_is_one_clear_error_after_a_bounded_number_of_tries(store: S3Store, proxy: Proxy) -> None:
    store.check_writable()
    proxy.rule = lambda _: Reply(503, error_body("ServiceUnavailable", "down for maintenance"))
    proxy.seen.clear()
    with pytest.raises(StorageError, match=r"answered 503 while writing 'a' \(ServiceUnavailable: down for maintenance\)"):
        store.put("a", b"")
    assert proxy.count("PUT") == s3_errors.RETRIES.tries
    proxy.rule = hang_up(forwarded=False)
    for operation in (store.get, store.exists, store.delete, store.local, lambda key: list(store.list(key))):
        with pytest.raises(StorageError, match=r"does not answer while .*check storage.endpoint and the network"):
            operation("a")


def test_no_endpoint_at_all_is_a_clear_error(bucket: Bucket, tmp_path: Path) -> None:
    store = bucket.store(tmp_path, endpoint="http://127.0.0.1:9")
    with pytest.raises(StorageError, match=rf"^the store at 's3://{bucket.name}/store' does not answer while reading 'a'"):
        store.get("a")
    with pytest.raises(StorageError, match="does not answer"):
        store.check_writable()


def test_an_endpoint_that_never_answers_is_given_up(store: S3Store, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "REQUEST_SECONDS", 1)
    monkeypatch.setattr(s3_errors, "RETRIES", replace(s3_errors.RETRIES, tries=2))

    def slow(_: Request) -> Reply | None:
        time.sleep(3)
        return Reply(200)

    proxy.rule = slow
    with pytest.raises(StorageError, match="does not answer"):
        store.get("a")
    assert proxy.count("GET") == 2


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken"])
def test_refused_credentials_are_told_at_once_and_never_shown(store: S3Store, proxy: Proxy, code: str) -> None:
    told = f"<AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId><StringToSign>{SECRET}</StringToSign>"
    proxy.rule = lambda _: Reply(403, error_body(code, "no", told))
    for operation in (store.get, lambda key: store.put(key, b""), lambda key: list(store.list(key)), store.local):
        with pytest.raises(StorageError, match=r"refuses the credentials .* check AWS_ACCESS_KEY_ID") as caught:
            operation("a")
        chain = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__suppress_context__}"
        assert KEY_ID not in chain
        assert SECRET not in chain
        assert chain.endswith("True")
    assert len(proxy.seen) == 4  # none was tried again


def test_a_bucket_that_does_not_exist_is_told_by_reading_and_by_writing(bucket: Bucket, tmp_path: Path) -> None:
    missing = Bucket(bucket.endpoint, "no-such-bucket").store(tmp_path)
    for operation in (
        missing.get,
        missing.exists,
        missing.local,
        lambda key: list(missing.list(key)),
        lambda key: missing.put(key, b""),
        lambda _: missing.check_writable(),
    ):
        with pytest.raises(StorageError, match=r"bucket 'no-such-bucket' of the store at .* does not exist; create it"):
            operation("a")


def test_an_object_that_changes_while_it_is_read_is_never_mixed(
    store: S3Store, proxy: Proxy, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "_PIECE", 1000)

    states = iter(f"{number:04}".encode() * 625 for number in range(100))

    def write() -> bytes:
        content = next(states)
        bucket.client().put_object(Bucket=bucket.name, Key="store/a", Body=content)
        return content

    times = 1
    written = write()

    def rule(request: Request) -> Reply | None:
        nonlocal times, written
        if times and request.method == "GET" and any(value.startswith("bytes=1000") for value in request.headers.values()):
            times, written = times - 1, write()
        return None

    proxy.rule = rule
    assert store.local("a").read_bytes() == written  # replaced once: read anew
    times = 1
    assert store.digest("a") == sha256_hex(written)
    times = 1000
    write()
    with pytest.raises(StorageError, match=r"'a' in the store at .* changed while it was read; try again"):
        store.local("a")
    times = 0
    assert store.local("a").read_bytes() == written


def test_a_fetched_copy_that_was_damaged_is_fetched_again(store: S3Store) -> None:
    store.put("a/b", b"content")
    path = store.local("a/b")
    path.write_bytes(b"cOntent")
    assert store.local("a/b").read_bytes() == b"content"
    path.write_bytes(b"")
    assert store.local("a/b", "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73").read_bytes() == b"content"


def test_a_copy_of_known_digest_is_used_without_a_word_from_the_store(store: S3Store, proxy: Proxy) -> None:
    store.put("a/b", b"content")
    path = store.local("a/b")
    proxy.rule = hang_up(forwarded=False)
    assert store.local("a/b", "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73") == path


def test_a_local_file_that_is_missing_is_not_taken_for_a_missing_key(store: S3Store, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="can't be read"):
        store.put_file("a", tmp_path / "nothing")


def old_lease(store: S3Store, *, seconds: float) -> None:
    content = {"holder": "process 1 on elsewhere", "machine": "another", "process": "1 1", "seconds": seconds, "released": False}
    store.put("locks/table/00000004.json", json.dumps(content).encode())


def test_a_lease_of_another_machine_is_free_once_it_is_old_by_the_store_s_clock(store: S3Store, proxy: Proxy) -> None:
    old_lease(store, seconds=3600)
    with pytest.raises(StorageError, match=r"being written by another run \(process 1 on elsewhere, last heard of \d+ s ago\)"):
        store.lock("table").__enter__()
    old_lease(store, seconds=-10)
    with store.lock("table") as held:
        held.check()
        assert list(store.list("locks")) == ["locks/table/00000005.json"]
    assert not list(store.list("locks-clock"))


def test_a_holder_that_was_overtaken_is_told_before_it_writes(store: S3Store) -> None:
    with store.lock("table") as stopped:
        old_lease(store, seconds=0)
        content = json.loads(store.get("locks/table/00000001.json"))
        store.put("locks/table/00000002.json", json.dumps(content).encode())
        with pytest.raises(StorageError, match=r"the lock 'table' was lost: another run took it over"):
            stopped.check()
    assert json.loads(store.get("locks/table/00000002.json"))["released"] is False  # what it does not hold, it does not free


def test_a_held_lease_is_renewed(store: S3Store) -> None:
    with hold_lease(store, "table", lease_seconds=0.3) as held:
        before = store.stat("locks/table/00000001.json").modified
        deadline = time.monotonic() + 30
        while store.stat("locks/table/00000001.json").modified == before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert store.stat("locks/table/00000001.json").modified > before
        held.check()


def test_a_holder_that_could_not_renew_in_time_is_told(store: S3Store, proxy: Proxy) -> None:
    with hold_lease(store, "table", lease_seconds=0.2) as held:
        proxy.rule = first(10_000, lambda _: Reply(503))
        time.sleep(0.5)
        with pytest.raises(StorageError, match="could not be renewed"):
            held.check()
        proxy.rule = lambda _: None


def test_a_dead_process_of_this_machine_is_told_from_a_living_one() -> None:
    import os

    assert lease._runs(lease._process(os.getpid()))
    assert not lease._runs(f"{os.getpid()} 1")  # the number was used again
    assert not lease._runs("")
    assert not lease._runs("999999999 1")


def test_a_missing_object_is_not_found_while_the_bucket_exists(store: S3Store) -> None:
    with pytest.raises(NotFoundError):
        store.stat("nothing")
