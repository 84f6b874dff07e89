"""What is kept of a source between runs: its state for people, its listing for the next run.

sources/<corpus>/<source>.json            SourceState
source_listings/<corpus>/<source>.json    every file as it was last read
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

import orjson
from pydantic import ValidationError

from headgate.errors import IntegrityError, NotFoundError
from headgate.records import SourceState
from headgate.sources.items import Known
from headgate.sources.state.freshness import STATES
from headgate.storage import Store

_FORMAT = 1


def read_known(store: Store, corpus: str, source: str) -> dict[str, Known]:
    """Key → file as it was last read; empty before the first time.

    Raises:
        IntegrityError: it can't be read. Going on without it would take a source that is down for one that is empty.
    """
    key = _listing_key(corpus, source)
    try:
        content = json.loads(store.get(key))
        if content["format"] != _FORMAT:
            return {}
        return {entry["key"]: Known(**entry) for entry in content["files"]}
    except NotFoundError:
        return {}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"{key!r}, the last listing of source {source!r}, can't be read; delete it to read the source anew"
        ) from error


def write_known(store: Store, corpus: str, source: str, files: Iterable[Known]) -> None:
    content = {"format": _FORMAT, "files": [{name: getattr(file, name) for name in Known.__slots__} for file in files]}
    store.put(_listing_key(corpus, source), json.dumps(content).encode())  # keys may hold bytes that are not UTF-8


def read_state(store: Store, corpus: str, source: str) -> SourceState | None:
    """The state that the last run left; None before the first.

    Raises:
        IntegrityError: it can't be read.
    """
    key = _state_key(corpus, source)
    try:
        return SourceState.model_validate_json(store.get(key))
    except NotFoundError:
        return None
    except ValidationError as error:
        raise IntegrityError(
            f"{key!r}, how source {source!r} stood, can't be read ({error.error_count()} problems); delete it, the next ingest writes it anew"
        ) from error


def write_state(store: Store, state: SourceState) -> None:
    store.put(_state_key(state.corpus, state.name), orjson.dumps(state.model_dump(), option=orjson.OPT_INDENT_2))


def forget_sources(store: Store, corpus: str, keep: Collection[str]) -> None:
    """Drop what is kept of sources that are no longer in the settings."""
    for key in list(store.list(f"{STATES}/{corpus}")):
        source = PurePosixPath(key).stem
        if source not in keep:
            store.delete(key)
            store.delete(_listing_key(corpus, source))


def _state_key(corpus: str, source: str) -> str:
    return f"{STATES}/{corpus}/{source}.json"


def _listing_key(corpus: str, source: str) -> str:
    return f"source_listings/{corpus}/{source}.json"
