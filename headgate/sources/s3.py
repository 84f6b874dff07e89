"""An S3-compatible bucket as a source: listed page by page, each object read in the version that was listed.

listing   ListObjectsV2 ─► key, size, entity tag, modified
fetch     same entity tag and size as before ─► unchanged │ GET with If-Match ─► whole │ cut off: Range │ 412: read anew

Keys are taken as they are, also those that are no paths; that is why this is not the store's client (docs/decisions/0015-two-s3-clients.md).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from headgate.errors import Gone, ObjectChanged, SourceFault
from headgate.process.retry import PASSING_CODES, PASSING_STATUSES, Retries, of_source
from headgate.records import Remark
from headgate.records.remarks import excluded
from headgate.settings import S3Source
from headgate.sources.corpus_paths import corpus_path
from headgate.sources.items import Fetched, Known, Listed, Listing
from headgate.sources.state.objects import Incoming, ObjectCache
from headgate.sources.values import iso_moment, retry_after

_PIECE = 1 << 16
#: Times that an object may change while it is read before it is given up.
_REREADS = 3
#: Content-Range of an answer that holds a part: first byte, size of the whole.
_RANGE = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)", re.ASCII | re.IGNORECASE)


class S3Reader:
    """The objects of one source.

    Args:
        environment: has the variables that the settings name.
        limit: larger objects are not read, bytes.

    Raises:
        SourceFault: boto3 is not installed, or a variable is not set.
    """

    def __init__(
        self,
        settings: S3Source,
        *,
        objects: ObjectCache,
        limit: int,
        environment: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._objects = objects
        self._limit = limit
        self._client = _open_client(settings, environment)
        self._retries = Retries(settings.retries + 1, settings.retry_seconds, deadline=settings.deadline_seconds, sleep=sleep)
        self._cut = settings.key_prefix.rpartition("/")[0] + "/" if "/" in settings.key_prefix else ""

    def listing(self) -> Listing:
        items: list[Listed] = []
        token = ""
        until = time.monotonic() + self._settings.run_minutes * 60
        while True:
            if time.monotonic() > until:
                raise SourceFault("timeout", f"run_minutes were over after {len(items)} entries of its listing")
            page = self._retries.call(lambda token=token: self._page(token), of_source)  # type: ignore[misc]
            items += [self._listed(entry) for entry in page.get("Contents", ())]
            if not page.get("IsTruncated"):
                return Listing(tuple(items))
            following = str(page.get("NextContinuationToken", ""))
            if not following or following == token:
                raise SourceFault(
                    "listing", f"the listing of bucket {self._settings.bucket!r} does not go on: no new continuation token"
                )
            token = following

    def _page(self, token: str) -> dict[str, Any]:
        settings = self._settings
        more = {"ContinuationToken": token} if token else {}
        what = f"bucket {settings.bucket!r}"
        try:
            with _translated(what):
                page: dict[str, Any] = self._client.list_objects_v2(
                    Bucket=settings.bucket, Prefix=settings.key_prefix, MaxKeys=settings.page_size, **more
                )
        except Gone as gone:
            raise SourceFault("missing", f"{what} can't be listed: {gone}; check bucket and endpoint") from gone
        except ObjectChanged as refusal:
            raise SourceFault("refused", f"{what} can't be listed: {refusal.__cause__}"[:300]) from refusal
        return page

    def _listed(self, entry: Mapping[str, Any]) -> Listed:
        key = str(entry["Key"])
        shown = key.removeprefix(self._cut)
        rule: Remark | None = None
        if key.endswith("/"):
            rule = excluded("placeholder", "keys that end with a slash stand for folders")
        elif any(part.startswith(".") and part.strip(".") for part in shown.split("/")):
            rule = excluded("hidden", "names that start with a dot")
        return Listed(
            key,
            corpus_path(shown),
            int(entry.get("Size", -1)),
            iso_moment(entry["LastModified"]) if entry.get("LastModified") else "",
            str(entry.get("ETag", "")),
            f"s3://{self._settings.bucket}/{key}",
            rule,
        )

    def fetch(self, item: Listed, known: Known | None) -> Fetched:
        if known and item.tag and (item.tag, item.size) == (known.etag, known.size):
            return Fetched(
                known.digest,
                known.size,
                unchanged=True,
                modified=item.modified,
                etag=known.etag,
                content_type=known.content_type,
                charset=known.charset,
            )
        if item.size > self._limit:
            raise SourceFault(
                "too_large",
                f"{item.size / 2**20:.1f} MiB, parse.max_file_mib allows {self._limit / 2**20:.0f}",
                blames_source=False,
            )
        until = time.monotonic() + self._settings.deadline_seconds
        with self._objects.receive() as incoming:
            download = _Download(self._client, self._settings.bucket, item, incoming, limit=self._limit, until=until)
            self._retries.call(download.attempt, of_source)
            size = incoming.size
            digest = self._objects.keep(incoming)
        unchanged = known is not None and known.digest == digest
        return Fetched(
            digest, size, unchanged, download.modified, download.tag, content_type=download.content_type, rereads=download.rereads
        )


class _Download:
    """One object over as many attempts as it takes; what has come stays while the object is the same."""

    def __init__(self, client: Any, bucket: str, item: Listed, incoming: Incoming, *, limit: int, until: float) -> None:
        self._client = client
        self._bucket = bucket
        self._item = item
        self._incoming = incoming
        self._limit = limit
        self._until = until
        self.tag = item.tag
        self.modified = item.modified
        self.content_type = ""
        self.rereads = 0

    def attempt(self) -> None:
        condition: dict[str, str] = {"IfMatch": self.tag} if self.tag else {}
        if self._incoming.size and self.tag:
            condition["Range"] = f"bytes={self._incoming.size}-"
        else:
            self._incoming.restart()
        try:
            with _translated("it"):
                answer = self._client.get_object(Bucket=self._bucket, Key=self._item.key, **condition)
                self._receive(answer)
        except ObjectChanged:
            self.rereads += 1
            self._incoming.restart()
            self.tag = ""  # whatever there is now; its own tag guards the rest of it
            raise SourceFault(
                "changed_while_read", "it changed while it was read", transient=self.rereads <= _REREADS, blames_source=False
            ) from None

    def _receive(self, answer: Mapping[str, Any]) -> None:
        self.tag = str(answer.get("ETag", ""))
        if answer.get("LastModified"):
            self.modified = iso_moment(answer["LastModified"])
        self.content_type = str(answer.get("ContentType", "")).partition(";")[0].strip().lower()[:100]
        body = answer["Body"]
        try:
            size = self._begin(answer)
            while piece := body.read(_PIECE):
                self._incoming.write(piece)
                if self._incoming.size > self._limit:
                    raise SourceFault("too_large", f"more than {self._limit / 2**20:.0f} MiB", blames_source=False)
                if time.monotonic() > self._until:
                    raise SourceFault("timeout", f"only {self._incoming.size} bytes came before the deadline", transient=True)
        finally:
            body.close()
        if size is not None and self._incoming.size != size:
            came = self._incoming.size
            self._incoming.restart()
            raise SourceFault("interrupted", f"{came} bytes came of an object that has {size}", transient=True)

    def _begin(self, answer: Mapping[str, Any]) -> int | None:
        """Put what comes where it belongs, and tell how large the whole is; None = the store does not say."""
        if not self._incoming.size:
            length = answer.get("ContentLength")
            return length if isinstance(length, int) and "ContentRange" not in answer else None
        if "ContentRange" not in answer:  # the whole, though the rest was asked for
            self._incoming.restart()
            return self._begin(answer)
        found = _RANGE.fullmatch(str(answer["ContentRange"]).strip())
        if found is None or int(found[1]) != self._incoming.size:
            self._incoming.restart()
            raise SourceFault("interrupted", "the store did not go on where the connection had ended", transient=True)
        return None if found[2] == "*" else int(found[2])


def _open_client(settings: S3Source, environment: Mapping[str, str]) -> Any:
    try:
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config
    except ImportError as error:
        raise SourceFault("not_installed", "a bucket as a source needs boto3; install headgate[s3]") from error
    named = {
        "aws_access_key_id": settings.key_id_variable,
        "aws_secret_access_key": settings.secret_variable,
        "aws_session_token": settings.token_variable,
    }
    credentials = {option: environment.get(variable, "") for option, variable in named.items() if variable}
    for option, value in credentials.items():
        if not value:
            raise SourceFault("credentials", f"the environment variable {named[option]!r} is not set")
    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint or None,
        region_name=settings.region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1",
        config=Config(
            connect_timeout=settings.timeout_seconds,
            read_timeout=settings.timeout_seconds,
            retries={"total_max_attempts": 1},  # tried again here, within one deadline
            max_pool_connections=settings.parallel,
            user_agent_extra="headgate",
            s3={"addressing_style": "path"} if settings.endpoint else {},
            **({"signature_version": UNSIGNED} if settings.anonymous else {}),
        ),
        **credentials,
    )


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Errors of the client as faults."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError, PartialCredentialsError
    from botocore.exceptions import ConnectionError as NoConnection
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        raise _answered(error, what) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise SourceFault(
            "credentials",
            "there are no credentials for the bucket; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or anonymous = true",
        ) from error
    except (HTTPClientError, NoConnection, HTTPError, TimeoutError, ConnectionError) as error:
        raise SourceFault(
            "unreachable", f"no answer, or a broken one: {type(error).__name__}: {str(error)[:200]}", transient=True
        ) from error
    except BotoCoreError as error:  # what the client itself refuses, and bodies that end early
        early = type(error).__name__ in (
            "IncompleteReadError",
            "ResponseStreamingError",
            "ReadTimeoutError",
            "FlexibleChecksumError",
        )
        raise SourceFault(
            "interrupted" if early else "refused", f"{type(error).__name__}: {str(error)[:200]}", transient=early
        ) from error


def _answered(error: Any, what: str) -> Exception:
    said = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    code, status = str(said.get("Code", "")), int(meta.get("HTTPStatusCode", 0))
    shown = f"{code or 'HTTP'} {status}".strip()
    if code == "NoSuchBucket":
        return SourceFault("missing", f"{what} does not exist; check bucket and endpoint")
    if code in ("PreconditionFailed", "InvalidRange") or status in (412, 416):
        return ObjectChanged()
    if code in ("NoSuchKey", "NoSuchVersion") or status in (404, 410):
        return Gone(shown)
    if code in PASSING_CODES or status == 409 or status in PASSING_STATUSES:
        asked = str(meta.get("HTTPHeaders", {}).get("retry-after", ""))
        return SourceFault("unavailable", shown, transient=True, retry_after=retry_after(asked))
    if code == "InvalidObjectState":
        return SourceFault("archived", f"{what} is archived ({shown}); restore it, or exclude it", blames_source=False)
    if status in (401, 403):
        return SourceFault("forbidden", f"{what}: {shown}; check the credentials and what they may read")
    if status == 301 or code == "AuthorizationHeaderMalformed":
        return SourceFault("region", f"{what} is in another region ({shown}); set region")
    return SourceFault("refused", f"{what}: {shown}: {str(said.get('Message', ''))[:200]}")
