"""What is kept of a source between runs: its state for people, its listing for the next run.

sources/<corpus>/<source>.json            SourceState
source_listings/<corpus>/<source>.json    every file as it was last read
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from headgate.errors import IntegrityError, NotFoundError
from headgate.records import SourceState
from headgate.sources.items import Known
from headgate.storage import Store
from headgate.storage.layout import SOURCE_LISTINGS, SOURCES

_FORMAT = 1


def read_known(store: Store, corpus: str, source: str) -> dict[str, Known]:
    """Key → file as it was last read; empty before the first time.

    Raises:
        IntegrityError: it can't be read. Going on without it would take a source that is down for one that is empty.
    """
    key = _listing_key(corpus, source)
    try:
        listing = json.loads(store.get(key))
        return {file.key: file for file in _files(listing)} if listing["format"] == _FORMAT else {}
    except NotFoundError:
        return {}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"{key!r}, the last listing of source {source!r}, can't be read; delete it to read the source anew"
        ) from error


def parse_listing(content: bytes) -> tuple[Known, ...]:
    """The files of a listing.

    Raises:
        ValueError, KeyError, TypeError: it is no listing, or one of another format.
    """
    listing = json.loads(content)
    if listing["format"] != _FORMAT:
        raise ValueError(f"format {listing['format']!r}, not {_FORMAT}")
    return _files(listing)


def _files(listing: Mapping[str, Any]) -> tuple[Known, ...]:
    return tuple(Known(**entry) for entry in listing["files"])


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
    for key in list(store.list(SOURCES.prefix(corpus))):
        _, source = SOURCES.parse(key) or ("", "")
        if source and source not in keep:
            store.delete(key)
            store.delete(_listing_key(corpus, source))


def _state_key(corpus: str, source: str) -> str:
    return SOURCES.key(corpus, source)


def _listing_key(corpus: str, source: str) -> str:
    return SOURCE_LISTINGS.key(corpus, source)
