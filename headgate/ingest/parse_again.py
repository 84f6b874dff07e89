"""Dead letters parsed at once, outside an ingest: does it work now?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from headgate.ingest.derive import Deriver
from headgate.ingest.sandbox.pool import ParseTask
from headgate.ingest.sandbox.stream import parse_files
from headgate.ingest.state.cache import open_cache
from headgate.ingest.state.dead_letters import DeadLetters
from headgate.ingest.work import parse_limits, parse_signature
from headgate.records import Remark
from headgate.records.remarks import excluded, failed
from headgate.settings import IngestSetup
from headgate.sources.corpus import open_corpus
from headgate.storage import Store
from headgate.storage.scratch import scratch_folder


def retry_now(store: Store, setup: IngestSetup, paths: Sequence[str]) -> dict[str, Remark | None]:
    """Parse the files at `paths` as they are now; what parses is kept for the next ingest.

    Returns:
        Path → what went wrong, None where nothing did.

    Raises:
        CorpusError: the corpus can't be read.
        StorageError: an ingest of this corpus is running and does not end; or the disk is full.
    """
    name = setup.corpus.name
    outcomes: dict[str, Remark | None] = {}
    wait = setup.ingest.lock_wait_seconds
    with store.lock(f"ingest-{name}", wait_seconds=wait), scratch_folder(store.local_root) as scratch:
        corpus, letters, deriver = open_corpus(store, setup.corpus_setup), DeadLetters(store, name), Deriver(setup)
        now, limits, parser = datetime.now(UTC), parse_limits(setup.parse), parse_signature(setup.parse, deriver)
        files = {file.path: file for file in corpus.files}
        tasks = []
        for path in paths:
            file = files.get(path)
            media = corpus.media.get(path)
            if file is None:
                outcomes[path] = excluded("gone", "the corpus has no such file any more; the next ingest clears its letter")
            elif path in corpus.excluded:
                outcomes[path] = corpus.excluded[path]
            elif path in corpus.failed:
                outcomes[path] = failed(corpus.failed[path])
            elif media is not None and media.problem:
                outcomes[path] = Remark(*media.problem)
            else:
                tasks.append(ParseTask(path, corpus.local(path), file.media_type))
        with open_cache(store.local_root, name) as cache:
            digests = {task.path: files[task.path].digest for task in tasks}
            for reply in parse_files(tasks, digests, setup.parse, setup.ingest, folder=scratch) if tasks else ():
                file = files[reply.task.path]
                if reply.failure is not None:
                    outcomes[file.path] = failed(reply.failure)
                    letters.record(reply.failure, file, parser=parser, limits=limits, now=now)
                elif reply.parsed is not None:
                    outcomes[file.path] = None
                    cache.put("parsed", deriver.content_key(file), orjson.dumps(reply.parsed.to_json()))
                    letters.clear(file.path)
    return outcomes
