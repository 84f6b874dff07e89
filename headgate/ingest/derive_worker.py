"""A process that makes documents, facts and chunks: `python -m headgate.ingest.derive_worker`, started by derive_pool.py.

in    the set-up, once; then for each document {"origin", "chunks"} and its parsed form, as JSON
out   {"ready": true}, once; then for each document
      {"made": true}, facts, rows, summary    or  {"failed": what the rules stumbled over}
      or  {"again": what is wrong here}       which says nothing of the document: whoever asked makes it, and meets the reason

All JSON but the made parts, which are bytes of the cache. Each part is preceded by its length, 8 bytes. It opens no file for a document and writes none; it ends with the process that started it.
"""

from __future__ import annotations

import os
import struct
import sys
from dataclasses import fields
from typing import Any, BinaryIO

import orjson
from pydantic import TypeAdapter

from headgate.detect.language import load_identifier
from headgate.errors import HeadgateError
from headgate.ingest.derive import Deriver, Origin, stumbled
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.sandbox.isolation import end_with_parent, limit_memory
from headgate.settings import IngestSetup

LENGTH = struct.Struct("<Q")
#: The set-up as JSON and back.
SETUP = TypeAdapter(IngestSetup)


def main() -> None:
    """Answer what comes in; ends when the input does."""
    end_with_parent()
    # What a library prints must not get between the replies.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    content = _read(sys.stdin.buffer)
    if content is None:
        return
    setup = SETUP.validate_json(content)
    deriver = Deriver(setup)
    deriver.load()
    load_identifier()
    limit_memory(setup.parse.memory_mib * 2**20)
    _send(replies, orjson.dumps({"ready": True}))
    while (question := _read(sys.stdin.buffer)) is not None and (parsed := _read(sys.stdin.buffer)) is not None:
        _send(replies, *_answer(deriver, orjson.loads(question), parsed, setup.parse.memory_mib))


def _answer(deriver: Deriver, question: dict[str, Any], parsed: bytes, memory_mib: int) -> list[bytes]:
    try:
        made = deriver.make(
            read_origin(question["origin"]), ParsedFile.from_json(orjson.loads(parsed)), chunks=question["chunks"]
        )
    except MemoryError:
        return [orjson.dumps({"failed": f"it needs more than parse.memory_mib = {memory_mib}"})]
    except (HeadgateError, OSError, ImportError) as error:
        return [orjson.dumps({"again": type(error).__name__})]
    except Exception as error:  # noqa: BLE001 - whatever a rule stumbles over in one document must not stop the others
        return [orjson.dumps({"failed": stumbled(error)})]
    return [orjson.dumps({"made": True}), *made]


def write_origin(origin: Origin) -> dict[str, str]:
    """Plain JSON."""
    return {one.name: getattr(origin, one.name) for one in fields(origin)} | {"content_key": origin.content_key.hex()}


def read_origin(content: dict[str, str]) -> Origin:
    """The origin that `write_origin` wrote."""
    values: dict[str, Any] = content | {"content_key": bytes.fromhex(content["content_key"])}
    return Origin(**values)


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def _send(replies: BinaryIO, *parts: bytes) -> None:
    for part in parts:
        replies.write(LENGTH.pack(len(part)))
        replies.write(part)
    replies.flush()


if __name__ == "__main__":
    main()
