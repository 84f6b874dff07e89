"""Fixtures shared by the whole suite: real engines on temporary folders, the embedding model exported once a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from headgate.bundle import Bundle
from headgate.index.chunk_set import write_chunk_set
from headgate.records import Chunk, ChunkSetRef, DocumentMetadata, IndexResult
from headgate.settings import Settings, parse_settings
from headgate.storage import open_store, sha256_hex
from tests.s3 import bucket, proxy, s3_endpoint  # noqa: F401 - fixtures
from tests.verbs import create_bundle, ensure_model, update_table

#: A rule that shows the pages that carry no label to customers.
EVERYBODY = {"pattern": "**", "audience": "customer", "confidentiality": "public"}
REPOSITORY = Path(__file__).parent.parent
PUBLIC_DATA = REPOSITORY.parent / "shared" / "data"


def public_data(name: str) -> Path:
    """A public data set, or a skip that says why."""
    folder = PUBLIC_DATA / name
    if not folder.is_dir():
        pytest.skip(f"public data set {name!r} is not at ../shared/data")
    return folder


@pytest.fixture(scope="session")
def exported_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `models` folder holding the exported default model and no other; made once for all test processes, and for runs of other versions."""
    shared = tmp_path_factory.getbasetemp().parent / "exported-model"
    with FileLock(str(shared) + ".lock"):
        _, made = ensure_model(
            parse_settings({"corpus": {"folder": "."}, "storage": {"root": str(shared)}}, project_dir=shared.parent)
        )
    alone = tmp_path_factory.mktemp("models")
    shutil.copytree(made, alone / made.name, copy_function=os.link)
    return alone


@pytest.fixture
def make_project(tmp_path: Path, exported_model: Path) -> Callable[..., Settings]:
    """Makes settings of a project in a folder of its own, with the repository's prompts and the exported model in its store."""

    def make(name: str = "project", **sections: Any) -> Settings:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(REPOSITORY / "prompts", folder / "prompts", dirs_exist_ok=True)
        shutil.copytree(exported_model, folder / ".headgate" / "models", copy_function=os.link, dirs_exist_ok=True)
        (folder / "documents").mkdir(exist_ok=True)
        content = {"corpus": {"name": "test", "folder": "documents", "labels": [EVERYBODY]}} | sections
        return parse_settings(content, project_dir=folder)

    return make


@pytest.fixture
def settings(make_project: Callable[..., Settings]) -> Settings:
    return make_project()


def make_chunk(doc_id: str, text: str, *, ordinal: int = 0, heading: str = "", **metadata: str) -> Chunk:
    """A chunk as the ingest would make it, labels public and English unless given."""
    labels = {"language": "en", "confidentiality": "public", "title": doc_id} | metadata
    return Chunk(
        chunk_id=sha256_hex(f"{doc_id}\0{heading}\0{text}".encode())[:32],
        doc_id=doc_id,
        ordinal=ordinal,
        text=text,
        heading_path=(heading,) if heading else (),
        start=0,
        end=len(text),
        page=None,
        line=1,
        metadata=DocumentMetadata(**labels),
        context=heading,
    )


def put_chunks(settings: Settings, chunks: Sequence[Chunk], revision: str = "r1") -> ChunkSetRef:
    """A chunk set holding `chunks`, one document an id."""
    documents = [(None, [chunk]) for chunk in chunks]
    return write_chunk_set(open_store(settings), revision, documents)  # type: ignore[arg-type]


HELP_PAGES = (
    (
        "billing/refunds.md",
        "Refunds go back to the original payment method within 10 working days. Account credit arrives within 24 hours.",
    ),
    ("setup/lights.md", "A solid red light on the router means that there is no internet. A pulsing blue light means pairing."),
    ("plans/plus.md", "Home Plus costs £31.00 a month on an 18 month contract. Its download speed is 150 Mbps."),
    ("account/contact.md", "You can contact support on 01632 960200 from 08:00 to 20:00, Monday to Friday."),
)


def help_chunks() -> list[Chunk]:
    return [make_chunk(doc_id, text) for doc_id, text in HELP_PAGES]


@pytest.fixture
def indexed(settings: Settings) -> IndexResult:
    """Four help pages, indexed."""
    return update_table(settings, put_chunks(settings, help_chunks()))


@pytest.fixture
def bundle(settings: Settings, indexed: IndexResult) -> Bundle:
    """The bundle of four help pages."""
    return create_bundle(settings, indexed)
