"""Everything an answer depends on, under one content-addressed id.

    manifest = corpus revision + table version and digests + prompts + embedding model + vocabulary
               + evidence model + settings
    bundle_id = SHA-256 of the manifest's canonical JSON: no clock, no path

`open_bundle` verifies every byte that the manifest names and is the only constructor of `Answerer`. Evaluation, CI, the service and
replay all go through it. What is withdrawn is no part of a bundle: it is asked of the store, and holds for bundles of any age.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import orjson
from pydantic import ValidationError

from headgate.answer.engine import ENGINE_VERSION, Answerer
from headgate.answer.evidence import read_weights
from headgate.answer.extract import ExtractiveModel
from headgate.answer.generate import ChatModel
from headgate.answer.prompt import parse_answer_prompt, parse_refusal
from headgate.answer.retrieve import Retriever
from headgate.answer.weigh import UnitScorer
from headgate.errors import IntegrityError, NotFoundError, PromptError, SettingsError
from headgate.index.inventory import verify_inventory
from headgate.index.search import open_table
from headgate.index.vocabulary import Vocabulary, count_vocabulary
from headgate.models.files import EmbeddingModel
from headgate.models.open import open_embedder, open_reranker
from headgate.models.prepare import ensure_model, ensure_reranker
from headgate.models.rerank.reranker import RerankerModel
from headgate.models.tokens import whole_words
from headgate.records import (
    Answer,
    EvidenceModel,
    IndexResult,
    LanguageFusion,
    LastBuild,
    OrderModel,
    Question,
    Record,
    TableRef,
    Token,
)
from headgate.records.names import ObjectDigest
from headgate.settings import AnswerBehaviour, AnswerSettings, BundleSetup, GuardSettings, ModelSettings, RetrievalSettings
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import BUNDLES, HOLDS, LAST_BUILD, OBJECTS
from headgate.withdrawals.view import WithdrawalView

#: Raised when the manifest's layout changes.
MANIFEST_FORMAT = 4
#: Held while a bundle is written, and while `headgate.retention.clean_up` removes bundles and objects.
RETENTION_LOCK = "retention"
#: How long to wait for it, seconds.
LOCK_SECONDS = 120.0
_BUNDLE_ID = re.compile(r"[0-9a-f]{64}")
T = TypeVar("T")


class CorpusRef(Record):
    name: str
    revision: str


class Manifest(Record):
    """What a bundle is made of. Files are named by SHA-256 and lie among the objects."""

    format: int
    engine: int
    corpus: CorpusRef
    table: TableRef
    embedding: EmbeddingModel
    prompts: dict[str, ObjectDigest]  # "answer" and "refusal" → SHA-256
    vocabulary: ObjectDigest
    languages: tuple[str, ...]  # of the indexed documents, sorted
    fusion: tuple[LanguageFusion, ...]  # how much vectors count in each of them, as measured
    default_language: str
    retrieval: RetrievalSettings
    order: OrderModel | None = None  # of the built-in re-ranker; at most one of the two is there
    ordered: int = 0  # passages that are ordered anew
    reranker: RerankerModel | None = None
    answer: AnswerBehaviour
    evidence: EvidenceModel
    guard: GuardSettings
    model: ModelSettings

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no white space."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)


class Answering(Protocol):
    """An opened bundle, as service, rehearsal and replay see it."""

    def answer_now(self, question: Question) -> Answer: ...

    def stream(self, question: Question) -> AsyncIterator[Token]: ...

    def close(self) -> None: ...


OpenBundle = Callable[[Store, str], Answering]


@dataclass(frozen=True, slots=True)
class Bundle:
    bundle_id: str  # 64 hex digits
    manifest: Manifest


def create_bundle(store: Store, index: IndexResult, setup: BundleSetup) -> Bundle:
    """Write the bundle of an index version with today's prompts and `setup`. Making it again gives the same id.

    Raises:
        PromptError: a prompt file is missing or does not fit.
        IntegrityError: the table version is not what `index` says.
    """
    prompts = read_prompts(setup.answer, setup.project_dir)
    embedding, folder = ensure_model(store, setup.embedding)
    reranker = ensure_reranker(store, setup.reranker)
    if index.vocabulary and store.exists(OBJECTS.key(index.vocabulary)):  # counted with the version
        vocabulary, languages = store.get(OBJECTS.key(index.vocabulary)), index.languages
    else:
        counted, languages = _run(_read_table(store, index.ref))
        vocabulary = counted.to_bytes()
    weights = read_weights(setup.answer, setup.project_dir, engine=ENGINE_VERSION, embedding=embedding.name)
    manifest = Manifest(
        format=MANIFEST_FORMAT,
        engine=ENGINE_VERSION,
        corpus=CorpusRef(name=setup.corpus, revision=index.corpus_revision),
        table=index.ref,
        embedding=embedding,
        prompts={name: sha256_hex(content) for name, content in prompts.items()},
        vocabulary=sha256_hex(vocabulary),
        languages=languages,
        fusion=index.fusion,
        default_language=setup.default_language,
        retrieval=setup.retrieval,
        order=weights.order if setup.reranker.reranker.engine == "built-in" else None,
        ordered=setup.reranker.reranker.ordered,
        reranker=reranker[0] if reranker else None,
        answer=setup.answer.behaviour,
        evidence=weights.evidence,
        guard=setup.guard,
        model=setup.model,
    )
    bundle_id = sha256_hex(manifest.to_bytes())
    # Nothing that is found here is pruned before the manifest names it.
    with store.lock(RETENTION_LOCK, wait_seconds=LOCK_SECONDS) as held:
        for content in (*prompts.values(), vocabulary):
            if not store.exists(key := OBJECTS.key(sha256_hex(content))):
                store.put(key, content)
        models = [(embedding.files, folder), *([(reranker[0].files, reranker[1])] if reranker else [])]
        for name, digest, place in [(name, digest, place) for files, place in models for name, digest in files.items()]:
            if not store.exists(key := OBJECTS.key(digest)):
                store.put_file(key, place / name)
        held.check()
        store.put(BUNDLES.key(bundle_id), manifest.to_bytes())
    store.put(LAST_BUILD.key(), LastBuild(bundle_id=bundle_id).model_dump_json().encode())
    return Bundle(bundle_id=bundle_id, manifest=manifest)


def read_prompts(settings: AnswerSettings, project_dir: Path) -> dict[str, bytes]:
    """The bytes of today's prompt files, `answer` and `refusal`, each found to be usable.

    Raises:
        PromptError: a prompt file is missing or does not fit.
    """
    prompts = {
        name: _read_prompt(project_dir, path) for name, path in (("answer", settings.prompt), ("refusal", settings.refusal))
    }
    parse_answer_prompt(prompts["answer"], source=settings.prompt)
    parse_refusal(prompts["refusal"], source=settings.refusal)
    return prompts


def check_audience(manifest: Manifest, audience: str) -> None:
    """An audience that a bundle doesn't know would see nothing, and get only refusals.

    Raises:
        SettingsError: the bundle's access rules don't list `audience`.
    """
    if audience not in manifest.retrieval.access:
        known = ", ".join(manifest.retrieval.access)
        raise SettingsError(f"audience {audience!r} is not in retrieval.access of the bundle, which has {known}")


def load_manifest(store: Store, bundle_id: str) -> Manifest:
    """The manifest of a bundle.

    Raises:
        NotFoundError: no such bundle.
        IntegrityError: the stored manifest is not the one its id names, or of another format or engine.
    """
    if not _BUNDLE_ID.fullmatch(bundle_id) or not store.exists(key := BUNDLES.key(bundle_id)):
        raise NotFoundError(f"no bundle {bundle_id!r} in the store at {store.address!r}; `headgate build` makes one")
    content = store.get(key)
    if sha256_hex(content) != bundle_id:
        raise IntegrityError(f"bundle {bundle_id[:16]}…: its manifest was changed; build it again or roll back")
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise IntegrityError(
            f"bundle {bundle_id[:16]}…: made by another version of headgate; build it again ({error.error_count()} problems)"
        ) from error
    if (manifest.format, manifest.engine) != (MANIFEST_FORMAT, ENGINE_VERSION):
        raise IntegrityError(
            f"bundle {bundle_id[:16]}… is of format {manifest.format}, engine {manifest.engine}; this headgate has {MANIFEST_FORMAT} and {ENGINE_VERSION}: build it again"
        )
    return manifest


def open_bundle(store: Store, bundle_id: str) -> Answerer:
    """Verify everything the bundle names and open it for answering. May be called with or without a running event loop.

    Raises:
        NotFoundError: no such bundle.
        IntegrityError: a byte of the manifest, a prompt, a model file, the vocabulary or the table differs from what was evaluated; or the
            list of withdrawals can't be read.
    """
    manifest = load_manifest(store, bundle_id)
    withdrawals = WithdrawalView(store, manifest.corpus.name)
    objects = {digest: _local_object(store, bundle_id, what, digest) for what, digest in _objects(manifest)}
    verify_inventory(store, manifest.table.table, manifest.table.version, manifest.table.files_digest)
    table = _run(open_table(store, manifest.table))
    files = {name: objects[digest] for name, digest in manifest.embedding.files.items()}
    embedder = open_embedder(manifest.embedding, files)
    reranker = manifest.reranker
    vocabulary = Vocabulary.model_validate_json(objects[manifest.vocabulary].read_bytes())
    return Answerer(
        bundle_id=bundle_id,
        retriever=Retriever(
            table,
            embedder,
            vocabulary,
            manifest.retrieval,
            shares={one.language: one.share for one in manifest.fusion},
            default_language=manifest.default_language,
            withdrawals=withdrawals,
            order=manifest.order,
            reranker=open_reranker(reranker, {name: objects[digest] for name, digest in reranker.files.items()})
            if reranker
            else None,
            reranked=manifest.ordered,
            real_words=whole_words(files["tokenizer.json"]) if "tokenizer.json" in files else frozenset(),
        ),
        scorer=UnitScorer(vocabulary),
        vocabulary=vocabulary,
        model=_open_model(manifest),
        answer_prompt=parse_answer_prompt(objects[manifest.prompts["answer"]].read_bytes(), source="answer"),
        refusal=parse_refusal(objects[manifest.prompts["refusal"]].read_bytes(), source="refusal"),
        behaviour=manifest.answer,
        evidence_model=manifest.evidence,
        guard=manifest.guard,
        default_language=manifest.default_language,
    )


def hold_bundle(store: Store, bundle_id: str) -> None:
    """Keep a bundle from being pruned for the time of grace: for whoever is about to rely on it.

    Raises:
        NotFoundError: no such bundle.
    """
    with store.lock(RETENTION_LOCK, wait_seconds=LOCK_SECONDS) as held:
        if not _BUNDLE_ID.fullmatch(bundle_id) or not store.exists(BUNDLES.key(bundle_id)):
            raise NotFoundError(f"no bundle {bundle_id!r} in the store at {store.address!r}; `headgate build` makes one")
        held.check()
        store.put(HOLDS.key(bundle_id), b"{}")


def list_bundles(store: Store) -> list[str]:
    """Ids of all bundles in the store, sorted."""
    return [bundle_id for key in store.list(BUNDLES.prefix()) if (bundle_id := BUNDLES.first(key))]


def indexed_documents(store: Store, bundle_id: str) -> dict[str, list[str]]:
    """Document id → texts of its chunks in order, from the bundle's own table version."""

    async def read() -> dict[str, list[str]]:
        table = await open_table(store, load_manifest(store, bundle_id).table)
        return await table.document_texts()

    return _run(read())


def indexed_chunks(store: Store, bundle_id: str) -> dict[str, str]:
    """Chunk id → text, from the bundle's own table version."""

    async def read() -> dict[str, str]:
        table = await open_table(store, load_manifest(store, bundle_id).table)
        return await table.chunk_texts()

    return _run(read())


def last_built(store: Store) -> str:
    """Id of the bundle made last.

    Raises:
        NotFoundError: none was made.
    """
    if not store.exists(LAST_BUILD.key()):
        raise NotFoundError(f"no bundle was built in the store at {store.address!r}; run `headgate build`")
    return LastBuild.model_validate_json(store.get(LAST_BUILD.key())).bundle_id


def _objects(manifest: Manifest) -> list[tuple[str, str]]:
    named = [(f"prompt {name!r}", digest) for name, digest in manifest.prompts.items()]
    named += [(f"model file {name!r}", digest) for name, digest in manifest.embedding.files.items()]
    if manifest.reranker:
        named += [(f"file {name!r} of the re-ranking model", digest) for name, digest in manifest.reranker.files.items()]
    return [*named, ("vocabulary", manifest.vocabulary)]


def _local_object(store: Store, bundle_id: str, what: str, digest: str) -> Path:
    try:
        return store.local(OBJECTS.key(digest), digest)
    except NotFoundError:
        raise IntegrityError(
            f"bundle {bundle_id[:16]}…: {what} ({digest[:16]}…) is missing from the store; build the bundle again or roll back"
        ) from None
    except IntegrityError:
        raise IntegrityError(
            f"bundle {bundle_id[:16]}…: {what} was changed since it was evaluated; build the bundle again or roll back"
        ) from None


def _open_model(manifest: Manifest) -> ChatModel:
    if manifest.model.name == "extractive":
        return ExtractiveModel(manifest.answer.max_sentences)
    from headgate.answer.provider import ProviderModel

    return ProviderModel(manifest.model)


def _read_prompt(project_dir: Path, path: str) -> bytes:
    try:
        return (project_dir / path).read_bytes()
    except OSError as error:
        raise PromptError(
            f"prompt file {path!r} can't be read: {error.strerror}; set answer.prompt and answer.refusal"
        ) from error


async def _read_table(store: Store, ref: TableRef) -> tuple[Vocabulary, tuple[str, ...]]:
    table = await open_table(store, ref)
    chunks: Sequence[tuple[str, str, str]] = await table.searchable_texts()
    vocabulary = count_vocabulary((analyzed.split(), text, language) for analyzed, text, language in chunks)
    return vocabulary, tuple(sorted({language for _, _, language in chunks if language}))


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end, from a thread of its own where this one has an event loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
