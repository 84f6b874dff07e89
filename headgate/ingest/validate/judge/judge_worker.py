"""The process that judges rows: imports Great Expectations, then answers batches until its input ends.

python -m headgate.ingest.validate.judge.judge_worker      started by headgate.ingest.validate.judge.engine

in    length, {"suite", "entries": [{"name", "kind", "kwargs", "place"}], "columns": {column: [value of each row]}, "rows": n}
out   length, {"failing": [[position of an entry, …] of each row]}, or {"settings": message}, or {"defect": message}
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, BinaryIO

import orjson

from headgate.errors import SettingsError
from headgate.ingest.validate.judge.expectations import Expectation, Suite
from headgate.ingest.validate.judge.gx_package import check_arguments, load_great_expectations

_LENGTH = struct.Struct("<Q")


def main() -> None:
    """Answer what comes in; ends when the input does."""
    # What a library prints must not get between the replies.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    load_great_expectations()
    while (question := _read(sys.stdin.buffer)) is not None:
        reply = orjson.dumps(_answer(orjson.loads(question)))
        replies.write(_LENGTH.pack(len(reply)) + reply)
        replies.flush()


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    entries = tuple(
        Expectation(one["name"], one["kind"], one["kwargs"], "", "", "", {}, one["place"]) for one in question["entries"]
    )
    try:
        return {"failing": judge(Suite(question["suite"], entries), question["columns"], question["rows"])}
    except SettingsError as error:
        return {"settings": str(error)}
    except Exception as error:  # noqa: BLE001 - any other is told where the rows come from, with its kind
        return {"defect": f"{type(error).__name__}: {str(error)[:500]}"}


def judge(suite: Suite, columns: Mapping[str, list[Any]], rows: int) -> list[list[int]]:
    """Positions of the failing entries of each row, ascending.

    Args:
        columns: the values of all rows, by column.

    Raises:
        SettingsError: an entry is none of Great Expectations, or could not be evaluated.
    """
    gx = load_great_expectations()
    import pandas as pd

    failing: list[list[int]] = [[] for _ in range(rows)]
    frame = pd.DataFrame(columns)
    frame["row"] = range(rows)
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": frame})
    outcome = batch.validate(
        gx.ExpectationSuite(name=suite.name, expectations=check_arguments(suite)),
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row"]},
    )
    positions = {entry.name: position for position, entry in enumerate(suite.entries)}
    for entry in outcome.results:
        position = positions[entry.expectation_config.meta["name"]]
        if "element_count" not in entry.result:
            stated = suite.entries[position]
            told = next(_messages(entry.exception_info), str(entry.exception_info)[:300])
            raise SettingsError(f"{stated.place}: {stated.name!r} can't be evaluated: {told}")
        for found in entry.result.get("unexpected_index_list") or ():
            failing[int(found["row"])].append(position)
    return [sorted(positions) for positions in failing]


@lru_cache(maxsize=1)
def _batch_definition() -> Any:
    """Where frames are handed to Great Expectations; made once a process."""
    gx = load_great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = gx.data_context.types.base.ProgressBarsConfig(globally=False)
    return context.data_sources.add_pandas("ingest").add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")


def _messages(exceptions: Any) -> Iterator[str]:
    if isinstance(exceptions, Mapping):
        if message := exceptions.get("exception_message"):
            yield " ".join(str(message).split())[:300]
        for inner in exceptions.values():
            yield from _messages(inner)


if __name__ == "__main__":
    main()
