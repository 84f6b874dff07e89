"""The documents of the last accepted ingest.

    validation/baseline/<corpus>.json    revision, accepted revisions, shape of every indexed document, who saw every document so far

The baseline moves only when an ingest has no failed check of level error that was not accepted: otherwise a regression that was
refused would be the measure of the next run, and pass. What is indexed never depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson

from headgate.errors import IntegrityError, NotFoundError
from headgate.ingest.validate.facts.audiences import Seen
from headgate.ingest.validate.shapes import Shape
from headgate.settings import Audiences
from headgate.storage import Store
from headgate.storage.layout import BASELINES

#: In format 1 shapes held neither lines nor targets, and boxes counted as tables.
_FORMATS = {1: Shape.from_first_format, 2: Shape.from_json}
_FORMAT = 2
_MAX_REVISIONS = 500  # accepted ones that are remembered


@dataclass(frozen=True)
class Baseline:
    """The last accepted ingest of a corpus. `accepted`: revisions, oldest first."""

    revision: str
    shapes: Mapping[str, Shape]
    accepted: tuple[str, ...] = field(default=())
    seen: Mapping[str, Seen] = field(default_factory=dict)  # of every document that was indexed at any accepted ingest


def load_baseline(store: Store, corpus: str, audiences: Audiences) -> Baseline | None:
    """The last accepted ingest of a corpus; None when there is none yet.

    Raises:
        IntegrityError: it can't be read; regressions would pass unseen.
    """
    key = baseline_key(corpus)
    try:
        content = orjson.loads(store.get(key))
        read = _FORMATS[content["format"]]
        shapes = {path: read(shape) for path, shape in content["shapes"].items()}
        seen = {path: Seen(tuple(audiences), digest) for path, (audiences, digest) in content.get("seen", {}).items()}
        return Baseline(content["revision"], shapes, tuple(content["accepted"]), seen or _seen_by_shapes(shapes, audiences))
    except NotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(
            f"{key!r}, the documents of the last accepted ingest, can't be read; delete it to validate without comparison"
        ) from error


def store_baseline(
    store: Store, corpus: str, revision: str, shapes: Mapping[str, Shape], seen: Mapping[str, Seen], before: Baseline | None
) -> None:
    """Make `revision` the last accepted ingest of a corpus.

    Args:
        seen: who sees each document that is indexed. Who saw those that are not, when they last were, is kept.
    """
    known = {**(before.seen if before else {}), **{path: replace(one, ground="") for path, one in seen.items()}}
    accepted = [one for one in (before.accepted if before else ()) if one != revision][-_MAX_REVISIONS:]
    content = {
        "format": _FORMAT,
        "revision": revision,
        "accepted": [*accepted, revision],
        "shapes": {path: shape.to_json() for path, shape in sorted(shapes.items())},
        "seen": {path: [one.audiences, one.text_digest] for path, one in sorted(known.items())},
    }
    if before is not None and before.revision == revision and before.shapes == shapes and before.seen == known:
        return
    # Paths may hold what is no UTF-8: json escapes it, orjson refuses it.
    store.put(baseline_key(corpus), json.dumps(content, separators=(",", ":")).encode())


def baseline_key(corpus: str) -> str:
    return BASELINES.key(corpus)


def _seen_by_shapes(shapes: Mapping[str, Shape], audiences: Audiences) -> dict[str, Seen]:
    """Who saw the documents of a baseline that was written when a document without a label was shown to everybody."""
    everybody = tuple(sorted(audiences.access))
    return {
        path: Seen(
            tuple(sorted(audiences.seeing(shape.confidentiality))) if shape.confidentiality else everybody, shape.text_digest
        )
        for path, shape in shapes.items()
    }
